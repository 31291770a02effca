//! Every command, how it is routed, and what its reply looks like.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use bytes::Bytes;
use nntp::client::{Action, ClientFlow, Facts};
use nntp::command::{AuthInfo, Class, Effect, Framing, Local, Request, Upload};
use nntp::status::Code;

fn request(line: &str) -> Request {
    Request::parse(Bytes::copy_from_slice(line.as_bytes())).unwrap()
}

fn local(what: Local) -> Class {
    Class::Local(what)
}

#[test]
fn every_command_has_its_way() {
    use Effect::{Current, ListSelected, Number, Range, Select, Step};
    let ways: &[(Class, &[&str])] = &[
        (Class::ById, &["ARTICLE <1@x>", "HEAD <1@x>", "BODY <1@x>", "STAT <1@x>"]),
        (Class::ById, &["OVER <1@x>", "XOVER <1@x>", "HDR Subject <1@x>", "XHDR Path <1@x>"]),
        (Class::ById, &["XPAT Subject <1@x> *a* *b*", "body\t<a b?c=:|/d>", "STAT  <no-at>  "]),
        (Class::Stateless, &["DATE", "LIST", "LIST ACTIVE misc.*", "list overview.fmt"]),
        (Class::Stateless, &["NEWGROUPS 20260101 000000 GMT", "NEWNEWS * 20260101 000000"]),
        (Class::Stateless, &["XGTITLE misc.*", "CHECK <1@x>"]),
        (Class::Stateful(Select), &["GROUP misc.test", "LISTGROUP misc.test", "listgroup a 1-9"]),
        (Class::Stateful(ListSelected), &["LISTGROUP", "LISTGROUP "]),
        (Class::Stateful(Number), &["ARTICLE 1", "HEAD 1", "BODY 1", "STAT 1"]),
        (Class::Stateful(Current), &["ARTICLE", "HEAD", "BODY ", "stat\t"]),
        (Class::Stateful(Step), &["NEXT", "LAST", "next"]),
        (Class::Stateful(Range), &["OVER", "OVER 1-9", "XOVER 1-", "HDR Subject", "XHDR Path"]),
        (Class::Stateful(Range), &["XHDR Path 1-9", "XPAT Subject 1-9 *a*", "XZVER 1-9"]),
        (Class::Stateful(Range), &["XZHDR Subject 1-9", "XPAT Subject 1-9 <1@x>"]),
        (Class::Upload(Upload::Post), &["POST", "post"]),
        (Class::Upload(Upload::IHave), &["IHAVE <1@x>"]),
        (Class::Upload(Upload::TakeThis), &["TAKETHIS <1@x>"]),
        (Class::Unknown, &["XREPLIC a:1", "SLAVE", "XPATH <1@x>", "XINDEX g", "XROVER 1-9"]),
        (Class::Unknown, &["XTHREAD", "XBATCH 5", "MODE CANCEL", "MODE", "BODYGUARD <1@x>", "x"]),
        (local(Local::Capabilities), &["CAPABILITIES", "CAPABILITIES AUTOUPDATE"]),
        (local(Local::ModeReader), &["MODE READER", "mode  reader"]),
        (local(Local::ModeStream), &["MODE STREAM"]),
        (local(Local::Quit), &["QUIT", "quit"]),
        (local(Local::Help), &["HELP"]),
        (local(Local::StartTls), &["STARTTLS"]),
        (local(Local::Compress), &["COMPRESS DEFLATE"]),
        (local(Local::XFeature), &["XFEATURE COMPRESS GZIP TERMINATOR"]),
        (local(Local::Empty), &["", "  ", "\t"]),
        (local(Local::AuthInfo(AuthInfo::User)), &["AUTHINFO USER a", "authinfo\tuser a"]),
        (local(Local::AuthInfo(AuthInfo::Pass)), &["AUTHINFO PASS a b", "AuthInfo Pass"]),
        (local(Local::AuthInfo(AuthInfo::Sasl)), &["AUTHINFO SASL PLAIN"]),
        (local(Local::AuthInfo(AuthInfo::Other)), &["AUTHINFO", "AUTHINFO GENERIC x"]),
    ];
    for (class, lines) in ways {
        for line in *lines {
            assert_eq!(request(line).class(), *class, "{line}");
        }
    }
}

#[test]
fn a_request_is_sent_on_as_it_came() {
    for line in ["body <1@x>", "  GROUP  misc.test ", "XYZZY\tplugh", "HEAD <\u{e9} @x>"] {
        for end in ["", "\n", "\r\n"] {
            let request = request(&format!("{line}{end}"));
            assert_eq!(*request.wire(), format!("{line}\r\n"));
        }
    }
}

#[test]
fn a_line_that_could_be_two_is_refused() {
    for line in ["BODY <1@x>\r\nQUIT", "BODY\rQUIT", "BODY\nQUIT\r\n", "BODY \0", "a\r\r\n"] {
        let refused = Request::parse(Bytes::copy_from_slice(line.as_bytes())).unwrap_err();
        assert_eq!(refused.reply(), "501 The line has control characters in it\r\n", "{line:?}");
    }
}

#[test]
fn what_no_server_can_understand_is_refused_here() {
    for line in [
        "BODY <a\tb@x>",
        "BODY <a\u{1}b@x>",
        "STAT <a@x\u{7f}>",
        "GROUP misc\u{8}.test",
        "XYZZY \u{1b}[0m",
        "ARTICLE <a@x> c",
        "HEAD <a@x",
        "BODY <",
        "BODY <>",
        "STAT < ",
        "OVER <a@x",
        "HDR Subject <a@x",
        "IHAVE <>",
    ] {
        let refused = Request::parse(Bytes::copy_from_slice(line.as_bytes())).unwrap_err();
        assert!(refused.reply().starts_with("501 "), "{line:?}");
        assert_eq!(refused.is_garbage(), line.starts_with("XYZZY"), "{line:?}");
    }
    for line in [
        "BODY <no-at>",
        "BODY <a b@x>",
        "BODY <a?b=c:d|e/f>",
        "BODY <a>b>",
        "BODY\t<a@x>\t",
        "HDR\tSubject\t<a@x>",
        "XPAT Subject <a@x> *a <b",
        "TAKETHIS <a",
        "AUTHINFO PASS a\u{1}\tb",
        "ARTICLE <\u{e9}@x>",
    ] {
        assert!(Request::parse(Bytes::copy_from_slice(line.as_bytes())).is_ok(), "{line:?}");
    }
}

#[test]
fn a_downloader_may_have_many_bad_ids() {
    let facts = Facts { posting: false, login_needed: false, stateful: false };
    let mut flow = ClientFlow::new(facts);
    for _ in 0..50 {
        for line in ["BODY <a\tb@x>", "STAT <a@x", "ARTICLE <a@x> c"] {
            let action = flow.receive(Ok(Bytes::from_static(line.as_bytes())));
            assert!(matches!(&action, Action::Reply(r) if r.starts_with(b"501 ")), "{action:?}");
        }
    }
}

#[test]
fn arguments_message_ids_and_groups_are_found() {
    assert_eq!(request("AUTHINFO PASS  a b ").args(), b"a b ");
    assert_eq!(request("LISTGROUP misc.test 1-9").selected_group(), Some(&b"misc.test"[..]));
    assert_eq!(request("GROUP  misc.test ").selected_group(), Some(&b"misc.test"[..]));
    assert_eq!(request("BODY 1").selected_group(), None);
    for (line, id) in [
        ("BODY <a>b>", Some("<a>b>")),
        ("XPAT Subject <1@x> <pattern>", Some("<1@x>")),
        ("HDR Subject <a b>", Some("<a b>")),
        ("BODY 1 <1@x>", None),
        ("GROUP <1@x>", None),
    ] {
        let found = request(line);
        assert_eq!(found.message_id().map(|id| id.as_bytes()), id.map(str::as_bytes), "{line}");
    }
}

#[test]
fn an_ordinary_message_id_is_as_the_rfc_wants_it() {
    let long = format!("<{}@x>", "x".repeat(250));
    for (id, ordinary) in
        [("<a$b.c@x>", true), ("<no-at>", false), ("<a b@x>", false), (long.as_str(), false)]
    {
        let request = request(&format!("BODY {id}"));
        assert_eq!(request.message_id().unwrap().is_ordinary(), ordinary, "{id}");
    }
}

/// Which codes of 100 to 399 a request may be answered by, and which of them have a block.
#[test]
fn every_reply_is_framed_by_its_code_and_its_request() {
    let replies: &[(&str, &[u16], &[u16])] = &[
        ("ARTICLE <1@x>", &[], &[220, 221, 222]),
        ("BODY 1", &[], &[220, 221, 222]),
        ("HEAD", &[], &[221]),
        ("STAT <1@x>", &[223], &[]),
        ("NEXT", &[223], &[]),
        ("LAST", &[223], &[]),
        ("GROUP g", &[211], &[]),
        ("LISTGROUP g", &[], &[211]),
        ("LISTGROUP", &[], &[211]),
        ("OVER 1-9", &[], &[224]),
        ("XOVER <1@x>", &[], &[224]),
        ("XZVER 1-9", &[], &[224]),
        ("HDR Subject 1-9", &[], &[225]),
        ("XHDR Subject 1-9", &[], &[221, 225]),
        ("XPAT Subject 1-9 *", &[], &[221, 225]),
        ("XZHDR Subject 1-9", &[], &[221, 225]),
        ("LIST", &[], &[215]),
        ("NEWGROUPS 1 2", &[], &[231]),
        ("NEWNEWS * 1 2", &[], &[230]),
        ("XGTITLE *", &[], &[282]),
        ("DATE", &[111], &[]),
        ("CHECK <1@x>", &[238], &[]),
        ("POST", &[235, 239, 240], &[]),
        ("IHAVE <1@x>", &[235, 239, 240], &[]),
        ("XYZZY", &[], &[100, 101, 215, 220, 221, 222, 224, 225, 230, 231, 282]),
    ];
    for (line, lines, blocks) in replies {
        for code in 100..600_u16 {
            let expected = match code {
                400.. => Framing::Line,
                340 if *line == "POST" => Framing::Continue,
                335 if line.starts_with("IHAVE") => Framing::Continue,
                _ if lines.contains(&code) => Framing::Line,
                _ if blocks.contains(&code) => Framing::Block,
                _ => Framing::Unexpected,
            };
            let framing = request(line).framing(Code::new(code).unwrap());
            assert_eq!(framing, expected, "{code} to {line}");
        }
    }
}

#[test]
fn missing_is_said_in_many_ways_of_an_article_by_message_id_alone() {
    for code in 100..600 {
        let code = Code::new(code).unwrap();
        let missing = [412, 420, 423, 430, 451].contains(&code.get());
        assert_eq!(request("BODY <1@x>").means_missing(code), missing, "{code}");
        assert!(!request("BODY 1").means_missing(code) && !request("DATE").means_missing(code));
    }
}

#[test]
fn a_command_has_512_octets_and_an_argument_that_needs_it_more() {
    let facts = Facts { posting: true, login_needed: false, stateful: true };
    let answered = |line: String| ClientFlow::new(facts).receive(Ok(line.into()));
    let is_sent_on = |line| matches!(answered(line), Action::Forward(_));
    // 512 octets are 510 and the line end.
    assert!(is_sent_on(format!("GROUP {}", "g".repeat(504))));
    let too_long = Action::Reply("501 The line is too long\r\n".into());
    assert_eq!(answered(format!("GROUP {}", "g".repeat(505))), too_long);
    for long in ["BODY <{}@x>", "XPAT Subject 1-9 {}", "NEWNEWS {} 20260101 000000", "IHAVE <{}>"] {
        assert!(is_sent_on(long.replace("{}", &"x".repeat(900))), "{long}");
    }
}

#[test]
fn nothing_of_a_request_but_its_verb_is_printed() {
    let printed = format!("{:?}", request("AUTHINFO PASS secret"));
    assert!(!printed.contains("secret"), "{printed}");
    let action = Action::CheckLogin { user: "me".into(), password: "secret".into() };
    assert_eq!(format!("{action:?}"), "CheckLogin(***)");
}
