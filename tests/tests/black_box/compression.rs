//! Overviews that come compressed, and programs that ask for compression themselves.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Listening, Provider};
use newsmux_tests::tls::Authority;
use serde_json::json;

use crate::{MODES, fetch, small, some};

const OVERVIEW: &str = "XOVER 1-200";

fn provider() -> Provider {
    let articles: Vec<_> = (1..=200).map(|n| Article::text(&format!("<{n}@x>"), &["x"])).collect();
    let numbered: Vec<_> = (1..).zip(&articles).collect();
    some(4).iter().fold(Provider::named("a").group("g", &numbered), Provider::with)
}

fn compressing(provider: &Listening) -> Account {
    Account::at(provider).set("compression", json!("auto"))
}

#[tokio::test]
async fn overviews_come_compressed_only_where_the_settings_say_so() {
    let plain = provider().compresses().listen().await;
    let compressed = provider().compresses().listen().await;
    let without = Daemon::start(&Setup::with(&[&plain])).await;
    let with = Daemon::start(&Setup::new().provider(compressing(&compressed))).await;
    let mut replies = Vec::new();
    for daemon in [&without, &with] {
        let mut reader = daemon.client().await;
        reader.talk("C: GROUP g\nS: 211 *").await;
        let (overview, again) = (reader.ask(OVERVIEW).await, reader.ask(OVERVIEW).await);
        assert_eq!(overview, again);
        replies.push(overview);
        for article in some(4) {
            fetch(&mut reader, &article).await;
        }
    }
    assert_eq!(replies[0].code(), "224");
    assert_eq!(replies[0], replies[1]);
    assert_eq!((plain.count("COMPRESS"), compressed.count("COMPRESS")), (0, 1));
}

#[tokio::test]
async fn compression_goes_with_tls_and_with_every_mode() {
    let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new());
    let ca_file = folder.path().join("ca.pem");
    authority.write(&ca_file);
    let identity = authority.identity("localhost");
    for mode in ["standard", "hybrid"] {
        let provider = provider().account("u", "p").tls(&identity).compresses().listen().await;
        let account = compressing(&provider).tls(&ca_file).login("u", "p");
        let daemon = Daemon::start(&Setup::new().mode(mode).provider(account)).await;
        let mut reader = daemon.client().await;
        reader.talk("C: GROUP g\nS: 211 *").await;
        assert_eq!(reader.ask(OVERVIEW).await.code(), "224", "{mode}");
        assert_eq!(reader.ask("XHDR Subject 1-").await.code(), "221", "{mode}");
        let said = provider.book();
        let at = |line: &str| said.commands.iter().position(|one| one.line.starts_with(line));
        assert!(at("AUTHINFO PASS") < at("COMPRESS") && at("COMPRESS") < at("XOVER"), "{mode}");
        assert_eq!(provider.count("COMPRESS"), 1, "{mode}");
    }
}

#[tokio::test]
async fn programs_that_ask_for_compression_get_what_is_true() {
    let compressed = "224 here it comes\r\n=ybegin line=128 size=3\r\n..abc\r\n=yend\r\n.\r\n";
    for mode in MODES {
        let knows = move |line: &str| line.starts_with("XZVER").then(|| compressed.to_owned());
        let provider = provider().with(&small()).compresses().answers(knows).listen().await;
        let daemon = Daemon::start(&Setup::new().mode(mode).provider(compressing(&provider))).await;
        let mut client = daemon.client().await;
        let offered = client.ask("CAPABILITIES").await;
        let offered = String::from_utf8_lossy(offered.block()).to_uppercase();
        for never in ["COMPRESS", "XZVER", "XZHDR", "XFEATURE"] {
            assert!(!offered.contains(never), "{mode}: {offered}");
        }
        client.talk("C: COMPRESS DEFLATE\nS: 503 *\nC: XFEATURE COMPRESS GZIP\nS: 503 *").await;
        if mode != "per-command" {
            // What the provider itself knows is passed on as it is.
            client.talk("C: XZVER 1-3\nS: 412 *\nC: GROUP g\nS: 211 *\nC: XZVER 1-3").await;
            let reply = client.bytes(compressed.len()).await;
            assert!(reply == compressed.as_bytes(), "{mode}");
            client.talk("C: XZHDR Subject 1-3\nS: 500 *").await;
        }
        fetch(&mut client, &small()).await;
        assert_eq!(provider.count("COMPRESS"), 0, "{mode}");
    }
}
