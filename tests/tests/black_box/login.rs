//! The login of clients (RFC 4643): 480, 481, 482 and 502 in the right places, and never at a provider.

use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::Provider;
use serde_json::json;
use tokio::process::Command;

use crate::{MODES, fetch, small};

#[tokio::test]
async fn everything_that_needs_a_login_is_480_without_one() {
    let provider = Provider::named("a").with(&small()).listen().await;
    for mode in MODES {
        let setup = Setup::with(&[&provider]).mode(mode).posting().client("me", "word");
        let daemon = Daemon::start(&setup).await;
        let mut client = daemon.client().await;
        for line in ["BODY <small@x>", "GROUP a.b", "XOVER", "POST", "IHAVE <x@y>", "LIST", "STAT"]
        {
            assert_eq!(client.ask(line).await.code(), "480", "{line} in {mode}");
        }
    }
    assert_eq!(provider.book().accepted, 0);
}

#[tokio::test]
async fn a_login_goes_as_rfc_4643_has_it_and_no_provider_hears_of_it() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let setup = Setup::with(&[&provider]).client("me", "a word  with blanks ");
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    client
        .talk(
            "C: AUTHINFO PASS too early
             S: 482 *
             C: AUTHINFO USER me
             S: 381 *
             C: AUTHINFO PASS a word with blanks
             S: 481 *
             C: AUTHINFO USER you
             C: AUTHINFO PASS a word  with blanks
             S: 381 *
             S: 481 *
             C: AUTHINFO
             S: 501 *
             C: authinfo user me
             S: 381 *",
        )
        .await;
    client.send("authinfo pass a word  with blanks ").await;
    client.talk("S: 281 *\nC: AUTHINFO USER me\nS: 502 *").await;
    fetch(&mut client, &small()).await;
    assert_eq!(provider.count("AUTHINFO"), 0);
}

#[tokio::test]
async fn each_client_has_its_own_password() {
    let setup = Setup::new().client("one", "first").client("two", "second");
    let daemon = Daemon::start(&setup).await;
    for (user, password, code) in [
        ("one", "first", "281"),
        ("two", "second", "281"),
        ("one", "second", "481"),
        ("two", "first", "481"),
        ("one", "firs", "481"),
        ("one", "first1", "481"),
        ("on", "first", "481"),
        ("ONE", "first", "481"),
    ] {
        let mut client = daemon.client().await;
        client.talk(&format!("C: AUTHINFO USER {user}\nS: 381 *")).await;
        let reply = client.ask(&format!("AUTHINFO PASS {password}")).await;
        assert_eq!(reply.code(), code, "{user} {password}");
    }
}

#[tokio::test]
async fn who_guesses_passwords_is_let_go() {
    let daemon = Daemon::start(&Setup::new().client("me", "word")).await;
    let mut client = daemon.client().await;
    for guess in 0..100 {
        if client.try_send("AUTHINFO USER me\r\nAUTHINFO PASS guess").await.is_err() {
            return;
        }
        let (Ok(_), Ok(answer)) = (client.try_line().await, client.try_line().await) else {
            return;
        };
        assert!(answer.starts_with("481") || answer.starts_with("400"), "{guess}: {answer}");
    }
    assert!(client.try_line().await.is_err(), "a hundred guesses and still connected");
}

#[tokio::test]
async fn where_no_login_is_needed_any_is_taken() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    let mut client = daemon.client().await;
    client.talk("C: AUTHINFO USER any\nS: 381 *\nC: AUTHINFO PASS thing\nS: 281 *").await;
    fetch(&mut client, &small()).await;
    assert_eq!(provider.count("AUTHINFO"), 0);
}

/// Only Linux tells whose a program is, and only root can start one as somebody else.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn programs_of_other_users_are_turned_away_where_only_ones_own_may_connect() {
    use std::os::unix::fs::MetadataExt;

    const NOBODY: u32 = 65534;

    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let provider = Provider::named("a").with(&small()).listen().await;
    let only_own = Setup::with(&[&provider]).set("listen", json!({ "all_users": false }));
    let with_login = only_own.clone().client("me", "word");
    for (setup, greeting) in [
        (&Setup::with(&[&provider]), "201 "),
        (
            &only_own,
            "400 Newsmux serves only its own user's programs: allow other users, or add a login",
        ),
        (&with_login, "201 "),
    ] {
        let daemon = Daemon::start(setup).await;
        let port = daemon.address().port();
        let script = format!(
            "use IO::Socket::INET; my $s = IO::Socket::INET->new('127.0.0.1:{port}') or die; print scalar <$s>"
        );
        let perl = Command::new("perl").args(["-e", &script]).uid(NOBODY).output().await.unwrap();
        let said = String::from_utf8_lossy(&perl.stdout);
        assert!(said.starts_with(greeting), "{said:?} instead of {greeting}");
        // Root's and one's own programs are always served.
        drop(daemon.client().await);
    }
}
