//! Passwords stay out of logs and replies, at every level and whatever providers and clients say.

use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Fault, Provider, on};

use crate::{fetch, small};

const OURS: &str = "correct-horse-battery";
const CLIENTS: &str = "hunter2-hunter2";
const GUESS: &str = "wrong-guess-of-mine";

fn holds_none(text: &str) {
    for secret in [OURS, CLIENTS, GUESS] {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
}

#[tokio::test]
async fn no_log_holds_a_password_when_all_goes_well() {
    let provider = Provider::named("a").with(&small()).account("u", OURS).listen().await;
    let setup = Setup::new().provider(Account::at(&provider).login("u", OURS));
    let mut daemon = Daemon::start(&setup.client("me", CLIENTS)).await;
    let mut client = daemon.client().await;
    client
        .talk(&format!("C: AUTHINFO USER me\nC: AUTHINFO PASS {GUESS}\nS: 381 *\nS: 481 *"))
        .await;
    client
        .talk(&format!("C: AUTHINFO USER me\nC: authinfo pass {CLIENTS}\nS: 381 *\nS: 281 *"))
        .await;
    fetch(&mut client, &small()).await;
    client
        .talk(&format!("C: AUTHINFO PASS {CLIENTS}\nS: *\nC: AUTHINFO GENERIC {CLIENTS}\nS: *"))
        .await;
    client.send(&format!("AUTHINFOPASS {CLIENTS}")).await;
    client.line().await;
    daemon.signal("HUP").await;
    daemon.until_logged("reloaded").await;
    daemon.signal("TERM").await;
    let ended = daemon.ended().await;
    assert!(!ended.stderr.is_empty());
    holds_none(&ended.stderr);
}

#[tokio::test]
async fn a_provider_that_repeats_the_password_is_not_repeated() {
    for verb in ["AUTHINFO USER", "AUTHINFO PASS"] {
        let words = format!("481 Wrong password {OURS} for u");
        let refusal = on(verb, Fault::say(&words));
        let provider = Provider::named("a").account("u", "x").rule(refusal).listen().await;
        let setup = Setup::new().provider(Account::at(&provider).login("u", OURS));
        let mut daemon = Daemon::start(&setup).await;
        let mut client = daemon.client().await;
        client.send("BODY <small@x>").await;
        let answer = String::from_utf8_lossy(&client.rest().await).into_owned();
        assert!(answer.starts_with("400 "), "{answer}");
        holds_none(&answer);
        let check = daemon.home().run(daemon.home().command().arg("--check")).await;
        holds_none(&check.stdout);
        holds_none(&check.stderr);
        daemon.signal("TERM").await;
        holds_none(&daemon.ended().await.stderr);
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_read_are_not_shown() {
    let home = newsmux_tests::daemon::Home::new(&Setup::new());
    for broken in [
        format!(r#"{{"providers": {{"a": ["{OURS}"]}}}}"#),
        format!(r#"{{"providers": "{OURS}"}}"#),
        format!(r#"{{"providers": {{"a": "{OURS}""#),
        format!(r#""{OURS}""#),
    ] {
        home.write_credentials(&broken);
        let ended = home.run(home.command().args(["--listen", "127.0.0.1:0"])).await;
        assert_ne!(ended.status.code(), Some(0));
        holds_none(&ended.stderr);
    }
}
