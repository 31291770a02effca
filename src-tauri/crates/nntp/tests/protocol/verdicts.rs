//! What a provider's refusal means, and what the client gets to see of it.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use bytes::Bytes;
use nntp::command::Request;
use nntp::status::StatusLine;
use nntp::verdict::{self, Verdict};

use Verdict::{
    Account, Answer, Farewell, LoginNeeded, Missing, ModeReaderNeeded, Refused, TooManyConnections,
    Unable, UnknownCommand,
};

fn request(line: &str) -> Request {
    Request::parse(Bytes::copy_from_slice(line.as_bytes())).unwrap()
}

fn status(line: &str) -> StatusLine {
    StatusLine::parse(Bytes::copy_from_slice(line.as_bytes())).unwrap()
}

/// Every reply to a request for an article that was seen at some provider.
const TO_AN_ARTICLE: [(&str, Verdict); 53] = [
    ("222 0 <1@x> body", Answer),
    ("430 No such article", Missing),
    ("423 No such number", Missing),
    ("451 Taken down", Missing),
    ("420 No current article", Missing),
    ("412 No newsgroup selected", Missing),
    ("501 Syntax error", Refused),
    ("411 No such group", Refused),
    ("410 Gone", Refused),
    ("435 Not wanted", Refused),
    ("437 Rejected", Refused),
    ("499 Who knows", Refused),
    ("452 Out of order", Refused),
    ("504 Bad base64", Refused),
    ("500 What?", UnknownCommand),
    ("500 Line too long", UnknownCommand),
    ("400 Unrecognized command", UnknownCommand),
    ("400 Command not recognized", UnknownCommand),
    ("400 Idle timeout", Farewell),
    ("400 Going down", Farewell),
    ("400", Farewell),
    ("503 Timeout", Farewell),
    ("502 Session timed out", Farewell),
    ("502 Bye", Farewell),
    ("205 Closing connection", Farewell),
    ("480 Authentication required", LoginNeeded),
    ("401 MODE-READER", ModeReaderNeeded),
    ("401 mode-reader first", ModeReaderNeeded),
    ("401 STREAMING", Refused),
    ("403 Disk on fire", Unable),
    ("483 Encryption required", Unable),
    ("502 No permission", Unable),
    ("503 Not now", Unable),
    ("502 Article blocked", Unable),
    ("503 Article expired", Unable),
    ("502 Message disabled", Unable),
    ("503 Session expired", Farewell),
    ("502 Connection closed", Farewell),
    ("502 Byte limit exceeded", Account),
    ("482 Download limit exceeded", Account),
    ("400 quota exceeded", Account),
    ("400 Bandwidth limit reached", Account),
    ("502 account blocked", Account),
    ("502 Your account has expired", Account),
    ("503 Out of credits", Account),
    ("481 Payment required", Account),
    ("502 Account suspended", Account),
    ("502 Too many connections", TooManyConnections),
    ("502 connection limit (8) reached", TooManyConnections),
    ("400 Too many connections", TooManyConnections),
    ("482 Too many connections for your user", TooManyConnections),
    ("481 Exceeded simultaneous connections", TooManyConnections),
    ("430 too many connections", Missing),
];

#[test]
fn a_refusal_of_an_article_is_about_the_article_the_connection_or_the_account() {
    for verb in ["ARTICLE", "BODY", "HEAD", "STAT"] {
        for (line, meant) in TO_AN_ARTICLE {
            let verdict = verdict::of(&request(&format!("{verb} <1@x>")), &status(line));
            assert_eq!(verdict, meant, "{line} to {verb}");
        }
    }
}

#[test]
fn a_refusal_of_another_request_is_its_answer_unless_it_is_about_more() {
    for (asked, line, meant) in [
        ("GROUP a.b", "211 1 1 1 a.b", Answer),
        ("GROUP a.b", "411 No such group", Refused),
        ("GROUP a.b", "480 Authentication required", LoginNeeded),
        ("LIST SUBSCRIPTIONS", "400 Unrecognized command", UnknownCommand),
        ("LIST SUBSCRIPTIONS", "503 Not kept here", Refused),
        ("OVER 1-9", "500 What?", UnknownCommand),
        ("OVER 1-9", "423 No articles", Refused),
        ("OVER <1@x>", "503 Not by message-id", Refused),
        ("OVER <1@x>", "430 No such article", Missing),
        ("BODY 1", "423 No such number", Refused),
        ("NEWNEWS * 1 2", "503 NEWNEWS disabled", Refused),
        ("NEWNEWS * 1 2", "502 NEWNEWS is disabled", Unable),
        ("LIST", "502 Byte limit exceeded", Account),
        ("LIST", "502 Account blocked", Account),
        ("DATE", "503 Timeout", Farewell),
        ("POST", "440 Posting not allowed", Refused),
        ("POST", "340 Send it", Answer),
        ("XYZZY", "205 Nothing happens", Answer),
    ] {
        assert_eq!(verdict::of(&request(asked), &status(line)), meant, "{line} to {asked}");
    }
}

#[test]
fn a_client_sees_no_refusal_that_sends_it_into_a_loop() {
    for (asked, line, shown) in [
        ("BODY <1@x>", "500 What?", "430 What?"),
        ("STAT <1@x>", "501 Bad id", "430 Bad id"),
        ("HEAD <1@x>", "480 Log in", "430 Log in"),
        ("HEAD <1@x>", "400 Unrecognized command", "430 Unrecognized command"),
        ("ARTICLE <1@x>", "423 Not here", "423 Not here"),
        ("ARTICLE 7", "500 What?", "423 What?"),
        ("ARTICLE", "500 What?", "420 What?"),
        ("GROUP a.b", "480 Not for you", "411 Not for you"),
        ("GROUP a.b", "411 None", "411 None"),
        ("OVER 1-9", "411 None", "412 None"),
        ("XOVER 1-9", "411 None", "412 None"),
        ("HDR Subject 1-9", "411 None", "412 None"),
        ("NEXT", "411 None", "412 None"),
        ("LIST SUBSCRIPTIONS", "400 Unrecognized command", "500 Unrecognized command"),
        ("LIST SUBSCRIPTIONS", "400 No", "503 No"),
        ("LIST", "483 Encrypt", "502 Encrypt"),
        ("POST", "440 No", "440 No"),
        ("OVER 1-9", "500 What?", "500 What?"),
    ] {
        assert_eq!(verdict::shown(&request(asked), &status(line)), status(shown), "{asked}");
    }
}

#[test]
fn a_command_has_another_name_only_where_the_answer_is_exactly_the_same() {
    for (asked, sent, said, shown) in [
        ("OVER 1-9", Some("XOVER 1-9"), "224 Overview", "224 Overview"),
        ("OVER 1-9", Some("XOVER 1-9"), "420 None", "423 None"),
        ("OVER", Some("XOVER"), "420 None", "420 None"),
        ("xover 1-9", Some("OVER 1-9"), "423 None", "420 None"),
        ("OVER <1@x>", Some("XOVER <1@x>"), "224 Overview", "224 Overview"),
        ("HDR Subject 1-9", Some("XHDR Subject 1-9"), "221 Headers", "225 Headers"),
        ("XHDR Subject 1-9", Some("HDR Subject 1-9"), "225 Headers", "221 Headers"),
        ("HDR Subject <1@x>", None, "", ""),
        ("STAT <1@x>", Some("HEAD <1@x>"), "221 0 <1@x>", "223 0 <1@x>"),
        ("STAT 7", Some("HEAD 7"), "423 None", "423 None"),
        ("BODY <1@x>", None, "", ""),
    ] {
        let (asked, alternative) = (request(asked), request(asked).alternative());
        let wire = alternative.as_ref().map(|sent| sent.wire().clone());
        assert_eq!(wire, sent.map(|line| Bytes::from(format!("{line}\r\n"))));
        if let Some(sent) = alternative {
            assert_eq!(asked.translated(&sent, status(said)), status(shown));
        }
    }
}
