//! Encryption towards providers: every level of verification, and never a downgrade.

use std::path::PathBuf;

use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Ending, Fault, Listening, Provider, on};
use newsmux_tests::tls::Authority;
use serde_json::json;
use tempfile::TempDir;

use crate::{body, fetch, fetch_from, small};

/// An authority, and the file of it.
fn authority() -> (Authority, PathBuf, TempDir) {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("ca.pem");
    authority.write(&file);
    (authority, file, folder)
}

fn provider() -> Provider {
    Provider::named("a").with(&small()).account("u", "p")
}

fn daemon(account: Account) -> Setup {
    Setup::new().provider(account.login("u", "p").timeout(3))
}

/// The proxy does not get in, and has said nothing that is not for everyone's ears.
async fn is_refused(provider: &Listening, account: Account, why: &str) {
    let daemon = Daemon::start(&daemon(account)).await;
    let mut client = daemon.client().await;
    client.send(&body(&small())).await;
    daemon.until_logged(why).await;
    assert_eq!(provider.count("AUTHINFO") + provider.count("BODY"), 0);
}

#[tokio::test]
async fn a_good_certificate_is_accepted_at_every_level() {
    let (authority, file, _folder) = authority();
    let identity = authority.identity("localhost");
    for verify in ["full", "certificate", "none"] {
        let provider = provider().tls(&identity).listen().await;
        let account = Account::at(&provider).tls(&file).set("verify", json!(verify));
        let daemon = Daemon::start(&daemon(account)).await;
        fetch_from(&daemon, &small()).await;
        assert_eq!(provider.book().on(1), ["AUTHINFO USER u", "AUTHINFO PASS p", "BODY <small@x>"]);
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_accepted_by_certificate_and_none_only() {
    let (authority, file, _folder) = authority();
    let identity = authority.identity("elsewhere.example");
    for verify in ["certificate", "none"] {
        let provider = provider().tls(&identity).listen().await;
        let account = Account::at(&provider).tls(&file).set("verify", json!(verify));
        fetch_from(&Daemon::start(&daemon(account)).await, &small()).await;
    }
    let provider = provider().tls(&identity).listen().await;
    is_refused(&provider, Account::at(&provider).tls(&file), "certificate").await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_accepted_by_none_only() {
    let ((_, file, _folder), stranger) = (authority(), Authority::new());
    let identity = stranger.identity("localhost");
    for verify in ["full", "certificate"] {
        let provider = provider().tls(&identity).listen().await;
        let account = Account::at(&provider).tls(&file).set("verify", json!(verify));
        is_refused(&provider, account, "certificate").await;
    }
    let provider = provider().tls(&identity).listen().await;
    let account = Account::at(&provider).tls(&file).set("verify", json!("none"));
    fetch_from(&Daemon::start(&daemon(account)).await, &small()).await;
}

#[tokio::test]
async fn without_a_ca_file_only_the_systems_authorities_count() {
    let identity = Authority::new().identity("localhost");
    let provider = provider().tls(&identity).listen().await;
    let account = Account::at(&provider).set("tls", json!("on")).set("host", json!("localhost"));
    is_refused(&provider, account, "certificate").await;
}

#[tokio::test]
async fn an_expired_certificate_is_accepted_by_none_only() {
    let (authority, file, _folder) = authority();
    let identity = authority.expired("localhost");
    for verify in ["full", "certificate"] {
        let provider = provider().tls(&identity).listen().await;
        let account = Account::at(&provider).tls(&file).set("verify", json!(verify));
        is_refused(&provider, account, "certificate").await;
    }
    let provider = provider().tls(&identity).listen().await;
    let account = Account::at(&provider).tls(&file).set("verify", json!("none"));
    fetch_from(&Daemon::start(&daemon(account)).await, &small()).await;
}

#[tokio::test]
async fn an_address_may_be_certified_too() {
    let (authority, file, _folder) = authority();
    let provider = provider().tls(&authority.identity("127.0.0.1")).listen().await;
    let account = Account::at(&provider).tls(&file).set("host", json!("127.0.0.1"));
    fetch_from(&Daemon::start(&daemon(account)).await, &small()).await;
}

#[tokio::test]
async fn starttls_encrypts_before_the_login() {
    let (authority, file, _folder) = authority();
    let provider = provider().start_tls(&authority.identity("localhost")).listen().await;
    let account = Account::at(&provider).tls(&file).set("tls", json!("starttls"));
    let daemon = Daemon::start(&daemon(account)).await;
    fetch_from(&daemon, &small()).await;
    let lines = ["STARTTLS", "AUTHINFO USER u", "AUTHINFO PASS p", "BODY <small@x>"];
    assert_eq!(provider.book().on(1), lines);
}

#[tokio::test]
async fn a_refused_starttls_is_never_a_downgrade() {
    let (authority, file, _folder) = authority();
    let starttls =
        |provider: &Listening| Account::at(provider).tls(&file).set("tls", json!("starttls"));
    for words in
        ["580 Not here", "502 Not now", "500 What?", "483 No", "381 Password?", "281 Welcome"]
    {
        let provider = provider().rule(on("STARTTLS", Fault::say(words))).listen().await;
        is_refused(&provider, starttls(&provider), "WARN").await;
        assert!(provider.count("STARTTLS") >= 1);
    }
    let stranger = Authority::new().identity("localhost");
    let provider = provider().start_tls(&stranger).listen().await;
    is_refused(&provider, starttls(&provider), "certificate").await;
    // Bytes that were slipped in before the encryption are not taken for the provider's.
    let slipped = Fault::Extra(b"281 Welcome\r\n".to_vec());
    let identity = authority.identity("localhost");
    let provider = provider_with(on("STARTTLS", slipped)).start_tls(&identity).listen().await;
    is_refused(&provider, starttls(&provider), "WARN").await;
}

fn provider_with(rule: newsmux_tests::provider::Rule) -> Provider {
    provider().rule(rule)
}

#[tokio::test]
async fn a_provider_without_tls_is_not_spoken_to_in_clear() {
    let (_, file, _folder) = authority();
    let provider = provider().listen().await;
    is_refused(&provider, Account::at(&provider).tls(&file), "WARN").await;
}

#[tokio::test]
async fn tls_on_a_plain_port_is_told_from_a_dead_provider() {
    let (authority, _file, _folder) = authority();
    let provider = provider().tls(&authority.identity("localhost")).listen().await;
    let daemon = Daemon::start(&daemon(Account::at(&provider))).await;
    daemon.client().await.send(&body(&small())).await;
    daemon.until_logged("WARN").await;
    assert_eq!(provider.count("AUTHINFO"), 0);
}

#[tokio::test]
async fn articles_are_exact_and_resumed_over_tls_too() {
    let (authority, file, _folder) = authority();
    let article = newsmux_tests::article::Article::binary(8, 2_000_000);
    let cut = on("BODY", Fault::cut(900_000, Ending::Reset)).once();
    let identity = authority.identity("localhost");
    let provider = provider().with(&article).rule(cut).tls(&identity).listen().await;
    let daemon = Daemon::start(&daemon(Account::at(&provider).tls(&file))).await;
    let mut client = daemon.client().await;
    for _ in 0..3 {
        fetch(&mut client, &article).await;
    }
    assert_eq!(provider.book().accepted, 2);
}

#[tokio::test]
async fn a_replaced_ca_file_is_read_anew_on_reload() {
    let (_, file, _folder) = authority();
    let renewed = Authority::new();
    let provider = provider().tls(&renewed.identity("localhost")).listen().await;
    let setup = daemon(Account::at(&provider).tls(&file));
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    client.send(&body(&small())).await;
    daemon.until_logged("certificate").await;
    renewed.write(&file);
    daemon.reload(&setup).await;
    fetch_from(&daemon, &small()).await;
}
