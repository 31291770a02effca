//! A refusal is an answer: to one article, one group, one command. The session lives, no connection
//! and no login is wasted on it, and what is about the account or the connection is told apart.

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{
    Ending, Fault, GREETING, Limit, Listening, Provider, Quirk, UPLOADED, on,
};
use tokio::net::TcpStream;
use tokio::time::Duration;

use crate::{MODES, fetch, small, text};

const ARTICLE: &[u8] = b"From: a@b\r\nSubject: s\r\n\r\nthe end\r\n";

/// A group of articles 10 to 13.
fn stocked(name: &str) -> Provider {
    let articles: Vec<_> =
        (1..=4).map(|n| Article::text(&format!("<{n}@x>"), &["line", "end"])).collect();
    let numbered: Vec<_> = (10..).zip(&articles).collect();
    Provider::named(name).with(&small()).group("misc.test", &numbered)
}

fn at(provider: &Listening) -> Account {
    Account::at(provider).login("u", "p")
}

async fn alone(provider: &Listening, mode: &str) -> Daemon {
    let account = Account::at(provider).connections(1);
    Daemon::start(&Setup::new().provider(account).mode(mode)).await
}

#[tokio::test]
async fn a_code_of_four_digits_condemns_the_connection() {
    for mode in MODES {
        let odd = on("BODY", Fault::say("2222 0 <small@x>\r\nwrong\r\n.")).once();
        let provider = stocked("a").rule(odd).listen().await;
        let daemon = alone(&provider, mode).await;
        fetch(&mut daemon.client().await, &small()).await;
        assert_eq!(provider.book().accepted, 2, "in {mode}");
    }
}

#[tokio::test]
async fn a_malformed_request_is_refused_before_any_provider_is_touched() {
    for mode in MODES {
        let provider = stocked("a").listen().await;
        let daemon = alone(&provider, mode).await;
        let mut client = daemon.client().await;
        let bad = [
            "BODY <a\tb@x>",
            "BODY <a\u{1}@x>",
            "STAT <a\u{7f}@x>",
            "ARTICLE <a@b> c",
            "HEAD <a@b",
            "BODY <>",
        ];
        for _ in 0..5 {
            let replies = client.ask_all(&bad).await;
            assert!(replies.iter().all(|reply| reply.code() == "501"), "{replies:?}");
        }
        assert_eq!(provider.book().accepted, 0, "in {mode}");
        fetch(&mut client, &small()).await;
    }
}

#[tokio::test]
async fn a_refusal_of_one_article_is_a_430_and_what_is_pipelined_behind_it_is_served() {
    for mode in MODES {
        for words in [
            "501 Bad message-id",
            "500 Line too long",
            "411 No such group",
            "410 Gone",
            "435 Not wanted",
            "437 Rejected",
            "499 Who knows",
            "400 Unrecognized command",
        ] {
            let provider = stocked("a").rule(on("BODY <no-domain>", Fault::say(words)));
            let provider = provider.listen().await;
            let daemon = alone(&provider, mode).await;
            let mut client = daemon.client().await;
            let mut lines = vec!["BODY <small@x>"; 12];
            lines[4] = "BODY <no-domain>";
            let replies = client.ask_all(&lines).await;
            for (line, reply) in lines.iter().zip(&replies) {
                let code = if line.contains("small") { "222" } else { "430" };
                assert_eq!(reply.code(), code, "{words} in {mode}: {}", reply.status);
            }
            client.talk("C: BODY <no-domain>\nS: 430 *").await;
            fetch(&mut client, &small()).await;
            assert_eq!(provider.book().accepted, 1, "{words} in {mode}");
        }
    }
}

#[tokio::test]
async fn an_article_that_one_provider_refuses_comes_from_another() {
    for words in ["501 Bad message-id", "480 Not you", "400 Unrecognized command", "500 What?"] {
        let a = stocked("a").account("u", "p").rule(on("BODY", Fault::say(words))).listen().await;
        let b = stocked("b").listen().await;
        let setup = Setup::new().provider(at(&a)).provider(Account::at(&b).tier(1));
        let daemon = Daemon::start(&setup).await;
        let mut client = daemon.client().await;
        for _ in 0..6 {
            fetch(&mut client, &small()).await;
        }
        let logins = a.book().logins;
        assert!(logins <= 3, "{logins} logins for {words}");
    }
}

#[tokio::test]
async fn a_480_to_an_article_is_worth_one_more_login_and_no_session() {
    let provider = stocked("a").account("u", "p").rule(on("BODY", Fault::say("480 Not you")));
    let provider = provider.listen().await;
    let setup = Setup::new().provider(at(&provider).connections(1));
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    client.talk("C: STAT <small@x>\nS: 223 *\nC: BODY <small@x>\nS: 430 *").await;
    assert_eq!(provider.book().logins, 2);
    for n in 0..30 {
        client.talk(&format!("C: BODY <{n}@y>\nS: 430 *\nC: STAT <small@x>\nS: 223 *")).await;
    }
    let logins = provider.book().logins;
    assert!(logins <= 4, "{logins} logins");
}

#[tokio::test]
async fn a_480_after_the_login_is_shown_as_a_refusal_and_costs_one_more_login() {
    for mode in ["standard", "hybrid"] {
        for (asked, code) in [
            ("GROUP local.x", 411),
            ("LIST", 502),
            ("NEWGROUPS 20260101 000000", 502),
            ("POST", 502),
        ] {
            let refused = on(asked, Fault::say("480 For members"));
            let provider = stocked("a").account("u", "p").rule(refused).listen().await;
            let setup = Setup::new().provider(at(&provider).connections(1)).mode(mode).posting();
            let daemon = Daemon::start(&setup).await;
            let mut client = daemon.client().await;
            client.talk("C: STAT <small@x>\nS: 223 *").await;
            for _ in 0..5 {
                client.talk(&format!("C: {asked}\nS: {code} For members")).await;
            }
            client.talk("C: GROUP misc.test\nS: 211 *\nC: NEXT\nS: 223 11 *").await;
            assert_eq!(provider.book().logins, 2, "{asked} in {mode}");
        }
    }
}

#[tokio::test]
async fn thirty_two_groups_that_are_refused_with_480_cost_a_handful_of_logins() {
    for mode in ["standard", "hybrid"] {
        for connections in [1, 4] {
            for login in [true, false] {
                let provider = stocked("a").rule(on("GROUP a", Fault::say("480 For members")));
                let provider = if login { provider.account("u", "p") } else { provider };
                let provider = provider.listen().await;
                let account = Account::at(&provider).connections(connections);
                let account = if login { account.login("u", "p") } else { account };
                let daemon = Daemon::start(&Setup::new().provider(account).mode(mode)).await;
                let mut client = daemon.client().await;
                client.talk("C: STAT <small@x>\nS: 223 *").await;
                for n in 1..=32 {
                    client.talk(&format!("C: GROUP a{n}\nS: 411 For members")).await;
                }
                client.talk("C: GROUP misc.test\nS: 211 *\nC: NEXT\nS: 223 11 *").await;
                let what = format!("in {mode} over {connections}, with a login: {login}");
                let (logins, accepted) = (provider.book().logins, provider.book().accepted);
                assert!(accepted <= if login { 2 } else { 1 }, "{accepted} connections {what}");
                assert_eq!(logins, if login { accepted } else { 0 }, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_480_right_after_the_login_costs_no_other_one() {
    for asked in ["GROUP local.x", "BODY <small@x>", "LIST"] {
        let refused = on(asked, Fault::say("480 For members"));
        let provider = stocked("a").account("u", "p").rule(refused).listen().await;
        let setup = Setup::new().provider(at(&provider).connections(1));
        let daemon = Daemon::start(&setup).await;
        let mut client = daemon.client().await;
        assert!(client.ask(asked).await.code() >= "411");
        client.talk("C: GROUP misc.test\nS: 211 *").await;
        assert_eq!((provider.book().logins, provider.book().accepted), (1, 1), "{asked}");
    }
}

#[tokio::test]
async fn a_400_that_does_not_end_the_connection_is_an_answer() {
    for mode in ["standard", "hybrid"] {
        let provider = stocked("premiumize")
            .rule(on("LIST SUBSCRIPTIONS", Fault::say("400 Unrecognized command")))
            .rule(on("OVER", Fault::say("400 Unrecognized command")))
            .rule(on("XOVER", Fault::say("400 Unrecognized command")))
            .listen()
            .await;
        let daemon = alone(&provider, mode).await;
        let mut client = daemon.client().await;
        client
            .talk(
                "C: LIST SUBSCRIPTIONS
                 C: GROUP misc.test
                 C: OVER 10-11
                 C: NEXT
                 S: 500 Unrecognized command
                 S: 211 *
                 S: 500 *
                 S: 223 11 *",
            )
            .await;
        assert_eq!(provider.book().accepted, 1, "in {mode}");
    }
}

#[tokio::test]
async fn a_400_that_says_nothing_is_tried_on_a_fresh_connection_and_then_believed() {
    for mode in ["standard", "hybrid"] {
        let provider = stocked("a").rule(on("LIST SUBSCRIPTIONS", Fault::say("400 No")));
        let provider = provider.listen().await;
        let daemon = alone(&provider, mode).await;
        let mut client = daemon.client().await;
        client.talk("C: DATE\nC: LIST SUBSCRIPTIONS\nC: DATE\nS: 111 *\nS: 503 No\nS: 111 *").await;
        let accepted = provider.book().accepted;
        assert!(accepted <= 4, "{accepted} connections in {mode}");
    }
}

#[tokio::test]
async fn the_last_words_of_an_idle_connection_are_never_taken_for_the_answer() {
    for mode in MODES {
        for words in ["503 Timeout", "502 Session timed out", "205 Closing", "400 Idle timeout"] {
            for (asked, code) in [("BODY <small@x>", "222"), ("DATE", "111"), ("LIST", "215")] {
                let farewell = on(asked, Fault::say_and_close(words)).connection(1);
                let provider = stocked("a").rule(farewell).listen().await;
                let daemon = alone(&provider, mode).await;
                let mut client = daemon.client().await;
                client.talk("C: STAT <small@x>\nS: 223 *").await;
                let reply = client.ask(asked).await;
                assert_eq!(reply.code(), code, "{words} to {asked} in {mode}");
                assert_eq!(provider.book().accepted, 2, "{words} to {asked} in {mode}");
            }
        }
    }
}

#[tokio::test]
async fn a_used_up_account_is_set_aside_and_the_next_tier_serves() {
    for words in [
        "502 Byte limit exceeded",
        "482 Download limit exceeded",
        "400 quota exceeded",
        "502 account blocked",
        "502 Account expired",
    ] {
        let a = stocked("a").account("u", "p").rule(on("BODY", Fault::say(words))).listen().await;
        let b = stocked("b").listen().await;
        let setup = Setup::new().provider(at(&a)).provider(Account::at(&b).tier(1));
        let daemon = Daemon::start(&setup).await;
        let mut client = daemon.client().await;
        for _ in 0..6 {
            fetch(&mut client, &small()).await;
        }
        assert_eq!((a.count("BODY"), a.book().logins), (1, 1), "{words}");
        assert!(!daemon.log().contains("grants"), "{words} was taken for a limit");
    }
}

#[tokio::test]
async fn where_the_only_account_is_used_up_clients_are_told_so_without_asking_again() {
    let words = "502 Byte limit exceeded";
    let provider = stocked("a").account("u", "p").rule(on("BODY", Fault::say(words)));
    let provider = provider.listen().await;
    let daemon = Daemon::start(&Setup::new().provider(at(&provider))).await;
    for _ in 0..5 {
        let mut client = daemon.client().await;
        client.talk("C: BODY <small@x>\nS: 400 *Byte limit exceeded*\nS: (closed)").await;
    }
    assert_eq!((provider.count("BODY"), provider.book().logins), (1, 1));
}

#[tokio::test]
async fn a_bare_481_beside_connections_that_stand_is_a_limit() {
    let provider = stocked("a").account("u", "p").limit(Limit::AfterLogin(1, "481".into()));
    let provider = provider.listen().await;
    let daemon = Daemon::start(&Setup::new().provider(at(&provider).connections(3))).await;
    let mut client = daemon.client().await;
    fetch(&mut client, &small()).await;
    let lines = ["ARTICLE <small@x>"; 24];
    assert!(client.ask_all(&lines).await.iter().all(|reply| reply.code() == "220"));
    assert!(!daemon.log().contains("refuses the user name"));
}

#[tokio::test]
async fn a_411_to_a_request_without_a_group_is_shown_as_412() {
    for asked in ["OVER 10-11", "XOVER 10-11", "HDR Subject 10-11", "XHDR Subject 10-11"] {
        let provider = stocked("a").rule(on(asked, Fault::say("411 No such group")));
        let provider = provider.listen().await;
        let daemon = alone(&provider, "hybrid").await;
        let dialogue = format!("C: GROUP misc.test\nC: {asked}\nS: 211 *\nS: 412 *");
        daemon.client().await.talk(&dialogue).await;
    }
}

#[tokio::test]
async fn where_the_current_article_is_gone_no_other_takes_its_place() {
    for mode in ["standard", "hybrid"] {
        let provider = stocked("a").listen().await;
        let daemon = alone(&provider, mode).await;
        let mut client = daemon.client().await;
        client.talk("C: GROUP misc.test\nS: 211 *\nC: STAT 12\nS: 223 12 *").await;
        provider.remove(&Article::text("<3@x>", &[]));
        provider.hang_up("", Ending::Close);
        provider.until_alone().await;
        for asked in [
            "ARTICLE",
            "HEAD",
            "BODY",
            "STAT",
            "OVER",
            "XOVER",
            "HDR Subject",
            "XHDR Subject",
            "NEXT",
            "LAST",
        ] {
            let reply = client.ask(asked).await;
            assert_eq!(reply.code(), "420", "{asked} in {mode}: {}", reply.status);
        }
        client.talk("C: STAT 12\nC: STAT\nC: STAT 11\nC: NEXT\nS: 423 *\nS: 420 *").await;
        client.talk("S: 223 11 *\nS: 223 13 *").await;
    }
}

#[tokio::test]
async fn overviews_and_headers_are_asked_for_by_the_name_that_the_provider_knows() {
    for (lacked, asked, code, sent) in [
        ("OVER", "OVER 10-11", "224", "XOVER 10-11"),
        ("XOVER", "XOVER 10-11", "224", "OVER 10-11"),
        ("HDR", "HDR Subject 10-11", "225", "XHDR Subject 10-11"),
        ("XHDR", "XHDR Subject 10-11", "221", "HDR Subject 10-11"),
    ] {
        for mode in ["standard", "hybrid"] {
            let provider = stocked("a").quirk(Quirk::Lacks(lacked)).listen().await;
            let daemon = alone(&provider, mode).await;
            let mut client = daemon.client().await;
            client.talk("C: GROUP misc.test\nS: 211 *").await;
            for _ in 0..3 {
                let reply = client.ask(asked).await;
                assert_eq!(reply.code(), code, "{asked} in {mode}: {}", reply.status);
                assert_eq!(text(&reply).lines().count(), 3);
            }
            assert_eq!((provider.count(asked), provider.count(sent)), (1, 3), "{asked}");
            let offered = text(&client.ask("CAPABILITIES").await);
            assert!(offered.contains("\r\nOVER\r\n") && offered.contains("\r\nHDR\r\n"));
        }
    }
}

/// Each command is tried before it is promised, once.
#[tokio::test]
async fn what_the_provider_has_under_no_name_is_not_promised() {
    for (lacked, promised) in [("HDR", "OVER"), ("OVER", "HDR"), ("", "OVER")] {
        let old = if lacked == "HDR" { "XHDR" } else { "XOVER" };
        let mut provider = stocked("a");
        if !lacked.is_empty() {
            provider = provider.quirk(Quirk::Lacks(lacked)).quirk(Quirk::Lacks(old));
        }
        let provider = provider.listen().await;
        let daemon = alone(&provider, "hybrid").await;
        let mut client = daemon.client().await;
        let offered = text(&client.ask("CAPABILITIES").await);
        let has = |label: &str| offered.lines().any(|line| line == label);
        assert!(has(promised) && !has(lacked) && !has("IHAVE"), "{offered}");
        let asked = provider.book().commands.len();
        assert_eq!(text(&client.ask("CAPABILITIES").await), offered);
        assert_eq!(provider.book().commands.len(), asked, "{:?}", provider.book().commands);
        assert_eq!(provider.book().accepted, 1);
    }
}

#[tokio::test]
async fn the_provider_that_serves_groups_decides_what_is_promised() {
    let lacks =
        |provider: Provider| provider.quirk(Quirk::Lacks("HDR")).quirk(Quirk::Lacks("XHDR"));
    let other = Article::text("<other@x>", &["line"]);
    let groups = |name: &str| stocked(name).group("other.test", &[(1, &other)]);
    let mut a = lacks(stocked("a")).listen().await;
    let b = groups("b").listen().await;
    let setup = Setup::new().provider(Account::at(&a)).provider(Account::at(&b).tier(1));
    let daemon = Daemon::start(&setup.mode("hybrid")).await;
    let mut client = daemon.client().await;
    client.talk("C: GROUP misc.test\nS: 211 *\nC: HDR Subject 10-11\nS: 50*").await;
    for _ in 0..3 {
        client.talk("C: HDR Subject 10-11\nS: 50*\nC: XHDR Subject 10-11\nS: 50*").await;
    }
    let offers = async |client: &mut Client<TcpStream>, lines: &[&str]| {
        let replies = client.ask_all(lines).await;
        text(replies.last().unwrap()).contains("HDR")
    };
    assert!(!offers(&mut client, &["CAPABILITIES"]).await);
    // Where a group is selected, its provider counts, also for what was sent together.
    assert!(offers(&mut client, &["GROUP other.test", "CAPABILITIES"]).await);
    assert!(!offers(&mut client, &["GROUP misc.test", "CAPABILITIES"]).await);
    a.stop().await;
    a.hang_up("400 Going down", Ending::Close);
    let mut new = daemon.client().await;
    fetch(&mut new, &small()).await;
    assert!(offers(&mut new, &["CAPABILITIES"]).await, "the first is down");
}

#[tokio::test]
async fn stat_is_asked_as_head_where_the_provider_does_not_know_it() {
    for mode in MODES {
        let provider = stocked("a").quirk(Quirk::Lacks("STAT")).listen().await;
        let daemon = alone(&provider, mode).await;
        let mut client = daemon.client().await;
        for _ in 0..3 {
            client.talk("C: STAT <small@x>\nC: STAT <none@x>\nS: 223 0 <small@x>*\nS: 430 *").await;
        }
        fetch(&mut client, &small()).await;
        assert_eq!(provider.book().accepted, 1, "in {mode}");
        assert!(provider.count("STAT") <= 2, "in {mode}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_know_a_command_is_set_aside_for_it() {
    let a = stocked("a").quirk(Quirk::Lacks("BODY")).listen().await;
    let b = stocked("b").listen().await;
    let setup = Setup::with(&[&a]).provider(Account::at(&b).tier(1));
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    for _ in 0..10 {
        fetch(&mut client, &small()).await;
        client.talk("C: STAT <small@x>\nS: 223 *").await;
    }
    assert_eq!((a.count("BODY"), a.count("STAT")), (3, 10));
    daemon.until_logged("does not know BODY").await;
}

#[tokio::test]
async fn a_row_of_strange_ids_does_not_set_a_provider_aside() {
    let confused = on("BODY <strange", Fault::say("500 What?"));
    let provider = stocked("a").rule(confused).listen().await;
    let daemon = alone(&provider, "hybrid").await;
    let mut client = daemon.client().await;
    for _ in 0..2 {
        for n in 0..10 {
            client.talk(&format!("C: BODY <strange {n}>\nS: 430 *")).await;
        }
        fetch(&mut client, &small()).await;
    }
    for n in 0..10 {
        client.talk(&format!("C: BODY <strange{n}@x>\nS: 430 *")).await;
    }
    fetch(&mut client, &small()).await;
    assert_eq!(provider.book().accepted, 1);
}

#[tokio::test]
async fn a_server_in_transit_mode_is_told_to_serve_a_reader() {
    for mode in MODES {
        let innd = || stocked("innd").quirk(Quirk::TransitFirst);
        let open = innd().listen().await;
        let daemon = alone(&open, mode).await;
        let mut client = daemon.client().await;
        for _ in 0..3 {
            fetch(&mut client, &small()).await;
        }
        assert_eq!(open.book().accepted, 2, "in {mode}");
        assert_eq!(open.book().on(2)[..2], ["MODE READER", "BODY <small@x>"]);

        let closed = innd().account("u", "p").listen().await;
        let daemon = Daemon::start(&Setup::new().provider(at(&closed)).mode(mode)).await;
        fetch(&mut daemon.client().await, &small()).await;
        assert_eq!((closed.book().accepted, closed.book().logins), (1, 1), "in {mode}");
    }
}

#[tokio::test]
async fn capabilities_show_that_a_server_needs_mode_reader() {
    let list = Fault::say("101 Capabilities\r\nVERSION 2\r\nIHAVE\r\nMODE-READER\r\n.");
    let list = on("CAPABILITIES", list);
    for mode in MODES {
        // INN's greeting says what it is.
        let transit =
            Fault::say("200 a.example InterNetNews server INN 2.7.1 ready (transit mode)");
        let innd = stocked("innd").quirk(Quirk::TransitFirst).rule(list.clone());
        let innd = innd.rule(on(GREETING, transit)).listen().await;
        let daemon = alone(&innd, mode).await;
        fetch(&mut daemon.client().await, &small()).await;
        assert_eq!(innd.book().accepted, 1, "in {mode}");
        assert_eq!(innd.book().on(1)[..3], ["CAPABILITIES", "MODE READER", "BODY <small@x>"]);

        // Another does not know articles until then.
        let unknown = on("BODY", Fault::say("500 Unknown command")).connection(1);
        let other = stocked("other").rule(list.clone()).rule(unknown).listen().await;
        let daemon = alone(&other, mode).await;
        fetch(&mut daemon.client().await, &small()).await;
        assert_eq!(other.book().on(1)[..1], ["BODY <small@x>"], "in {mode}");
        let second = ["CAPABILITIES", "MODE READER", "BODY <small@x>"];
        assert_eq!(other.book().on(2)[..3], second, "in {mode}");
        other.hang_up("", Ending::Close);
        other.until_alone().await;
        fetch(&mut daemon.client().await, &small()).await;
        assert_eq!(other.book().on(3)[..2], second[1..], "it is known from then on, in {mode}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_like_to_be_asked_for_its_capabilities_is_asked_once() {
    let unknown = on("BODY", Fault::say("500 Unknown command")).connection(1);
    let closing = on("CAPABILITIES", Fault::say_and_close("400 Unknown command"));
    let provider = stocked("a").rule(unknown).rule(closing).listen().await;
    let daemon = alone(&provider, "hybrid").await;
    fetch(&mut daemon.client().await, &small()).await;
    provider.hang_up("", Ending::Close);
    provider.until_alone().await;
    fetch(&mut daemon.client().await, &small()).await;
    assert_eq!(provider.count("CAPABILITIES"), 1);
}

#[tokio::test]
async fn a_server_is_asked_for_its_capabilities_only_where_that_may_help() {
    let provider = stocked("a").rule(on("BODY <odd@x>", Fault::say("500 What?"))).listen().await;
    let daemon = alone(&provider, "hybrid").await;
    let mut client = daemon.client().await;
    fetch(&mut client, &small()).await;
    client.talk("C: BODY <odd@x>\nS: 430 *\nC: LIST NOTHING\nS: 50*").await;
    assert_eq!((provider.book().accepted, provider.count("CAPABILITIES")), (1, 0));
    assert_eq!(provider.count("MODE READER"), 0);
}

#[tokio::test]
async fn an_article_that_one_provider_does_not_take_is_offered_to_the_next() {
    for words in ["440 Posting not allowed", "480 For members", "502 No permission"] {
        let a =
            stocked("a").rule(on("POST", Fault::say(words))).rule(on("IHAVE", Fault::say(words)));
        let (a, b) = (a.listen().await, stocked("b").listen().await);
        let daemon = Daemon::start(&Setup::with(&[&a, &b]).posting()).await;
        let mut client = daemon.client().await;
        client.talk("C: POST\nS: 340 *").await;
        client.upload(ARTICLE).await;
        client.talk("S: 240 *\nC: IHAVE <new@x>\nS: 335 *").await;
        client.upload(ARTICLE).await;
        client.talk("S: 235 *").await;
        assert_eq!((a.book().posted.len(), b.book().posted.len()), (0, 2), "{words}");
    }
}

#[tokio::test]
async fn what_a_provider_says_about_the_posted_article_itself_holds() {
    let a = stocked("a").rule(on(UPLOADED, Fault::say("441 Too dull"))).listen().await;
    let b = stocked("b").listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a, &b]).posting()).await;
    let mut client = daemon.client().await;
    client.talk("C: IHAVE <small@x>\nS: 435 *\nC: POST\nS: 340 *").await;
    client.upload(ARTICLE).await;
    client.talk("S: 441 Too dull").await;
    assert_eq!(b.count("POST") + b.count("IHAVE"), 0);
}

#[tokio::test]
async fn a_provider_that_greets_with_201_is_asked_to_post_only_where_nobody_else_is() {
    let a = stocked("a").quirk(Quirk::NoPosting).listen().await;
    let b = stocked("b").listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a, &b]).posting()).await;
    let mut client = daemon.client().await;
    client.talk("C: POST\nS: 340 *").await;
    client.upload(ARTICLE).await;
    client.talk("S: 240 *").await;
    assert_eq!((a.count("POST"), b.count("POST")), (0, 1));

    let daemon = Daemon::start(&Setup::with(&[&a]).posting()).await;
    let mut client = daemon.client().await;
    client.talk("C: POST\nS: 340 *").await;
    client.upload(ARTICLE).await;
    client.talk("S: 240 *").await;
}

#[tokio::test]
async fn lists_come_from_the_first_provider_however_long_it_takes_to_connect() {
    let slow = Fault::Delay(Duration::from_millis(900));
    let a = stocked("a").rule(on(GREETING, slow)).listen().await;
    let b = stocked("b").listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    for _ in 0..3 {
        assert_eq!(text(&client.ask("LIST MOTD").await), "This is a\r\n.\r\n");
        a.hang_up("", Ending::Close);
        a.until_alone().await;
    }
    assert_eq!(b.count("LIST"), 0);
}

#[tokio::test]
async fn newsmuxd_does_not_start_with_a_password_that_no_server_can_be_told() {
    let provider = stocked("a").listen().await;
    for bad in ["secret\rx", "secret\nx", "secret\0x"] {
        let setup = Setup::new().provider(Account::at(&provider).login("u", bad));
        let home = newsmux_tests::daemon::Home::new(&setup);
        let ended = home.run(&mut home.command()).await;
        assert!(!ended.status.success());
        let why = "providers.a: a password cannot contain a line break or a NUL character";
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}

#[tokio::test]
async fn at_the_level_trace_each_command_is_one_line_without_a_secret() {
    let provider = stocked("a").listen().await;
    let setup = Setup::with(&[&provider]).client("sab", "hidden");
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    client.talk("C: AUTHINFO USER sab\nC: AUTHINFO PASS hidden\nS: 381 *\nS: 281 *").await;
    fetch(&mut client, &small()).await;
    client.talk("C: STAT <none@x>\nS: 430 *\nC: HELP\nS: 100 *\nS: ...\nC: QUIT\nS: 205 *").await;
    client.closed().await;
    daemon.until_logged("QUIT 205").await;
    let log = daemon.log();
    let traced: Vec<_> = log.lines().filter(|line| line.contains("TRACE")).collect();
    let said = |what: &str| traced.iter().filter(|line| line.contains(what)).count();
    assert_eq!((said("BODY 222"), said("STAT 430"), said("HELP 100")), (1, 1, 1), "{traced:?}");
    assert_eq!((traced.len(), said("\"a\"") >= 1), (6, true), "{traced:?}");
    assert_eq!((said("AUTHINFO PASS 281"), said("client=\"sab\"")), (1, 5), "{traced:?}");
    for secret in ["hidden", "small@x", "none@x"] {
        assert_eq!(said(secret), 0, "{traced:?}");
    }
}
