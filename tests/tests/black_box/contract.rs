//! The contract of newsmuxd: arguments, the ready line, signals, and sentences when it cannot start.

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Ended, Home, Setup};
use newsmux_tests::provider::{At, Fault, Gate, Limit, Listening, Provider, on};
use serde_json::json;

use crate::{body, check, fetch_from, small};

async fn provider() -> Listening {
    Provider::named("main").with(&small()).account("u", "p").listen().await
}

/// It ended badly and soon, with one sentence on stderr that has all these words in it.
pub(super) fn failed_with(ended: &Ended, began: Instant, words: &[&str]) {
    assert_ne!(ended.status.code(), Some(0));
    assert!(began.elapsed().as_millis() < 1000, "took {:?}", began.elapsed());
    assert_eq!(ended.stdout, "");
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    for word in words {
        assert!(lines[0].contains(word), "no {word:?} in {:?}", lines[0]);
    }
    for dump in ["Error:", "Err(", "Os {", "panicked"] {
        assert!(!lines[0].contains(dump), "a dump: {:?}", lines[0]);
    }
}

/// Starts it with this settings file, and sees it fail.
async fn refuses(settings: &str, words: &[&str]) {
    let home = Home::new(&Setup::new());
    home.write_settings(settings);
    let mut command = home.command();
    let began = Instant::now();
    failed_with(&home.run(command.args(["--listen", "127.0.0.1:0"])).await, began, words);
}

#[tokio::test]
async fn one_line_says_that_it_is_ready() {
    let mut daemon = Daemon::start(&Setup::new()).await;
    assert!(daemon.address().ip().is_loopback());
    Client::connect(daemon.address()).await.talk("S: 20*").await;
    daemon.signal("TERM").await;
    let ended = daemon.ended().await;
    assert_eq!(ended.stdout, "", "a second line");
    assert_eq!(ended.status.code(), Some(0));
}

#[tokio::test]
async fn localhost_is_both_loopback_addresses() {
    let listen = json!({"host": "localhost", "port": 0});
    let home = Home::new(&Setup::new().set("listen", listen));
    let command = home.command();
    let daemon = Daemon::launch(home, command).await;
    assert!(daemon.address().is_ipv4());
    let six = (std::net::Ipv6Addr::LOCALHOST, daemon.address().port()).into();
    for address in [daemon.address(), six] {
        Client::connect(address).await.talk("S: 20*").await;
    }
}

#[tokio::test]
async fn without_arguments_the_settings_are_looked_for_in_the_configuration_folder() {
    let home = Home::empty();
    let mut command = home.bare_command();
    command.args(["--listen", "127.0.0.1:0"]);
    let folder = home.path().join(".config/newsmux");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("settings.json"), r#"{"providers": [], "nonsense": 1}"#).expect("a file");
    let began = Instant::now();
    failed_with(
        &home.run(&mut command).await,
        began,
        &[".config/newsmux/settings.json", "nonsense"],
    );

    fs::remove_file(folder.join("settings.json")).expect("no file");
    let daemon = Daemon::launch(home, command).await;
    daemon.until_logged(".config/newsmux/settings.json").await;
}

#[tokio::test]
async fn with_no_provider_it_starts_and_tells_clients_so() {
    for mode in crate::MODES {
        let daemon = Daemon::start(&Setup::new().mode(mode)).await;
        let mut client = daemon.client().await;
        client.talk("C: BODY <small@x>\nS: 400 *no provider*\nS: (closed)").await;
        daemon.until_logged("no provider").await;
    }
}

#[tokio::test]
async fn a_disabled_provider_is_left_alone() {
    let provider = provider().await;
    let account = Account::at(&provider).set("enabled", json!(false));
    let daemon = Daemon::start(&Setup::new().provider(account)).await;
    daemon.client().await.talk("C: BODY <small@x>\nS: 400 *no provider*\nS: (closed)").await;
    assert_eq!(provider.book().accepted, 0);
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = other.local_addr().expect("its address").port().to_string();
    let home = Home::new(&Setup::new());
    let mut command = home.command();
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    let began = Instant::now();
    failed_with(&home.run(&mut command).await, began, &[&port, "another program"]);
}

#[tokio::test]
async fn bad_settings_are_named_by_file_and_field() {
    refuses("{", &["settings.json"]).await;
    refuses("[]", &["settings.json"]).await;
    refuses(r#"{"version": 99, "providers": []}"#, &["settings.json", "version", "99"]).await;
    refuses(r#"{"providers": [], "portt": 1}"#, &["settings.json", "portt"]).await;
    refuses(r#"{"providers": [], "routing": {"mode": "fast"}}"#, &["routing.mode", "fast"]).await;
    refuses(r#"{"providers": [], "listen": {"port": 70000}}"#, &["listen.port"]).await;
    let with = |fields: &str| {
        format!(r#"{{"providers": [{{"id": "a", "host": "h"}}, {{"id": "b", {fields}}}]}}"#)
    };
    refuses(&with(r#""name": "no host""#), &["providers[1]", "host"]).await;
    refuses(&with(r#""host": "h", "port": 0"#), &["providers[1].port"]).await;
    refuses(&with(r#""host": "h", "port": "119""#), &["providers[1].port"]).await;
    refuses(&with(r#""host": "h", "connections": 0"#), &["providers[1].connections"]).await;
    refuses(&with(r#""host": "h", "tls": "maybe""#), &["providers[1].tls", "maybe"]).await;
    refuses(&with(r#""host": "https://h/""#), &["providers[1].host"]).await;
    refuses(&with(r#""host": "h", "id": "a""#), &["providers[1]"]).await;
    refuses(&with(r#""host": "h", "password": "p""#), &["providers[1]", "password"]).await;
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let provider = provider().await;
    let setup = Setup::new().provider(Account::at(&provider).login("u", "p"));
    let start = |home: &Home| {
        let mut command = home.command();
        command.args(["--listen", "127.0.0.1:0"]);
        command
    };
    let home = Home::new(&setup);
    fs::set_permissions(home.credentials(), Permissions::from_mode(0o644)).expect("its mode");
    let words = ["credentials.json", "chmod 600"];
    failed_with(&home.run(&mut start(&home)).await, Instant::now(), &words);

    home.write_credentials("{");
    failed_with(&home.run(&mut start(&home)).await, Instant::now(), &["credentials.json"]);
    home.write_credentials(r#"{"providers": {"main": "p", "nobody": "x"}}"#);
    failed_with(
        &home.run(&mut start(&home)).await,
        Instant::now(),
        &["credentials.json", "nobody"],
    );
    home.write_credentials(r#"{"providers": {}}"#);
    failed_with(&home.run(&mut start(&home)).await, Instant::now(), &["main", "password"]);
    fs::remove_file(home.credentials()).expect("no file");
    failed_with(&home.run(&mut start(&home)).await, Instant::now(), &["credentials.json"]);
    fs::remove_file(home.settings()).expect("no file");
    failed_with(&home.run(&mut start(&home)).await, Instant::now(), &["settings.json"]);
}

#[tokio::test]
async fn a_login_without_a_password_is_named() {
    let provider = provider().await;
    let setup = Setup::new().provider(Account::at(&provider).login("u", "p"));
    let home = Home::new(&setup);
    let mut command = home.bare_command();
    command.arg("--settings").arg(home.settings()).args(["--listen", "127.0.0.1:0"]);
    failed_with(&home.run(&mut command).await, Instant::now(), &["main", "--credentials"]);
    home.write(&setup.client("me", "word"));
    home.write_credentials(r#"{"providers": {"main": "p"}}"#);
    let mut command = home.command();
    command.args(["--listen", "127.0.0.1:0"]);
    failed_with(&home.run(&mut command).await, Instant::now(), &["me", "password"]);
}

#[tokio::test]
async fn bad_arguments_are_named() {
    let home = Home::new(&Setup::new());
    for (arguments, word) in [
        (["--nonsense", "x"], "--nonsense"),
        (["--listen", "nowhere"], "--listen"),
        (["--listen", "127.0.0.1:99999"], "--listen"),
    ] {
        let mut command = home.command();
        let began = Instant::now();
        failed_with(&home.run(command.args(arguments)).await, began, &[word]);
    }
}

#[tokio::test]
async fn other_computers_are_not_let_in_without_a_login() {
    let home = Home::new(&Setup::new());
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let mut command = home.command();
        let began = Instant::now();
        failed_with(&home.run(command.args(["--listen", address])).await, began, &["login"]);
    }
    let listen = json!({"host": "0.0.0.0", "port": 0});
    home.write(&Setup::new().set("listen", listen));
    let words = ["settings.json", "listen.host"];
    failed_with(&home.run(&mut home.command()).await, Instant::now(), &words);
}

#[tokio::test]
async fn help_and_version_are_said() {
    let home = Home::empty();
    for (argument, words) in [("--help", "--credentials"), ("--version", env!("CARGO_PKG_VERSION"))]
    {
        let ended = home.run(home.bare_command().arg(argument)).await;
        assert_eq!(ended.status.code(), Some(0));
        assert!(ended.stdout.contains(words), "{}", ended.stdout);
    }
}

#[tokio::test]
async fn check_says_what_it_found_at_each_provider() {
    let (good, mut dead) = (provider().await, Provider::named("dead").listen().await);
    let setup = Setup::new().provider(Account::at(&good).login("u", "p"));
    let home = Home::new(&setup);
    let ended = home.run(home.command().arg("--check")).await;
    assert_eq!(ended.status.code(), Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("main"), "{}", ended.stdout);
    assert!(ended.stdout.contains("4 of 4 granted"), "{}", ended.stdout);
    let book = good.until_alone().await;
    assert_eq!((book.logins, book.peak), (4, 4), "as many as were entered, and no more");

    dead.stop().await;
    home.write(&setup.provider(Account::at(&dead)));
    let ended = home.run(home.command().arg("--check")).await;
    assert_ne!(ended.status.code(), Some(0));
    assert!(ended.stderr.contains("dead") && !ended.stderr.contains("main"), "{}", ended.stderr);

    home.write(&Setup::new().provider(Account::at(&good).login("u", "wrong")));
    let ended = home.run(home.command().arg("--check")).await;
    assert_ne!(ended.status.code(), Some(0));
    assert!(ended.stdout.contains("password"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("wrong\n") && !ended.stderr.contains("listening"));
}

#[tokio::test]
async fn check_names_what_to_change_and_doubt_alone_is_no_failure() {
    let limit = Limit::AtGreeting(2, "502 connection limit (2) reached".into());
    let provider = Provider::named("main").account("u", "p").limit(limit).listen().await;
    let home = Home::new(&Setup::new().provider(Account::at(&provider).login("u", "p")));
    let ended = home.run(home.command().arg("--check")).await;
    assert_eq!(ended.status.code(), Some(0), "{}{}", ended.stdout, ended.stderr);
    for words in [
        "WARNING  connections: 2 of 4 granted",
        "it says: 502 connection limit (2) reached",
        "what would help: set connections to 2",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn term_and_int_let_a_request_finish() {
    for signal in ["TERM", "INT"] {
        let gate = Gate::closed();
        let held = on("BODY", Fault::Hold(At::Byte(30), gate.clone()));
        let provider = Provider::named("a").with(&small()).rule(held).listen().await;
        let mut daemon = Daemon::start(&Setup::with(&[&provider])).await;
        let (mut client, mut idle) = (daemon.client().await, daemon.client().await);
        client.send(&body(&small())).await;
        provider.until_asked("BODY").await;
        daemon.signal(signal).await;
        daemon.until_logged("stopping").await;
        idle.rest().await;
        gate.open();
        check(&client.reply_to(&body(&small())).await, &small());
        let ended = daemon.ended().await;
        assert_eq!(ended.status.code(), Some(0));
        provider.until_alone().await;
    }
}

#[tokio::test]
async fn a_stop_is_quick_when_nothing_is_under_way() {
    let provider = provider().await;
    let setup = Setup::new().provider(Account::at(&provider).login("u", "p"));
    let mut daemon = Daemon::start(&setup).await;
    fetch_from(&daemon, &small()).await;
    let idle = daemon.client().await;
    let began = Instant::now();
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await.status.code(), Some(0));
    assert!(began.elapsed().as_secs() < 3, "{:?}", began.elapsed());
    drop(idle);
}
