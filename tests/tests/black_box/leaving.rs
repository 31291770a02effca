//! Clients that leave in the middle of anything, or read slowly: nobody else pays for it.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{At, Fault, Gate, Listening, Provider, on};
use tokio::time::Duration;

use crate::{MODES, body, fetch, fetch_from, small, some};

/// A single connection for all.
async fn narrow(provider: &Listening, mode: &str) -> Daemon {
    let account = Account::at(provider).connections(1);
    Daemon::start(&Setup::new().provider(account).mode(mode)).await
}

#[tokio::test]
async fn a_client_that_leaves_within_a_reply_costs_nobody_anything() {
    let large = Article::binary(77, 3_000_000);
    for mode in MODES {
        let provider = Provider::named("a").with(&small()).with(&large).listen().await;
        let daemon = narrow(&provider, mode).await;
        // Whether the proxy notices it while it reads, writes or waits is a matter of luck: try often.
        for round in 0..80 {
            let mut client = daemon.client().await;
            client.send(&body(&large)).await;
            client.bytes(100_000).await;
            match round % 2 {
                0 => client.abort(),
                _ => drop(client),
            }
            let next = daemon.client().await;
            fetch(&mut next.with_patience(Duration::from_secs(5)), &small()).await;
        }
        assert_eq!(provider.book().peak, 1, "in {mode}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_its_reply_leaves_nothing_to_others() {
    for mode in ["per-command", "hybrid"] {
        let (gate, articles) = (Gate::closed(), some(4));
        let held = on("BODY", Fault::Hold(At::Byte(10), gate.clone())).once();
        let provider = articles.iter().fold(Provider::named("a"), Provider::with).rule(held);
        let provider = provider.listen().await;
        let daemon = narrow(&provider, mode).await;
        let mut clients = Vec::new();
        for article in &articles {
            let mut client = daemon.client().await;
            client.send(&body(article)).await;
            clients.push((client, article));
        }
        provider.until("four requests", |book| book.count("BODY") >= 4).await;
        // The first, whose reply has begun, and one in the line behind it.
        clients.remove(2).0.abort();
        drop(clients.remove(0));
        gate.open();
        for (mut client, article) in clients {
            crate::check(&client.reply_to(&body(article)).await, article);
        }
        fetch_from(&daemon, &articles[0]).await;
        assert_eq!(provider.book().peak, 1, "in {mode}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_within_a_line_or_a_login_is_forgotten() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let setup = Setup::with(&[&provider]).client("me", "word");
    let daemon = Daemon::start(&setup).await;
    for part in
        ["BOD", "AUTHINFO USER me\r\nAUTHIN", "AUTHINFO USER me\r\nAUTHINFO PASS word\r\nBODY <sm"]
    {
        let mut client = daemon.client().await;
        client.try_send_bytes(part.as_bytes()).await.expect("a connection");
        drop(client);
    }
    let mut client = daemon.client().await;
    client.talk("C: AUTHINFO USER me\nC: AUTHINFO PASS word\nS: 381 *\nS: 281 *").await;
    fetch(&mut client, &small()).await;
    assert_eq!(provider.book().commands.len(), 1);
}

#[tokio::test]
async fn a_client_that_closes_its_writing_side_still_gets_what_it_asked_for() {
    for mode in MODES {
        let provider = Provider::named("a").with(&small()).listen().await;
        let daemon = narrow(&provider, mode).await;
        let mut client = daemon.client().await;
        client.send("BODY <small@x>\r\nDATE").await;
        tokio::io::AsyncWriteExt::shutdown(client.stream()).await.expect("a connection");
        crate::check(&client.reply_to("BODY").await, &small());
        client.talk("S: 111 *\nS: (closed)").await;
    }
}

#[tokio::test]
async fn a_slow_reader_does_not_hold_the_connection_that_others_wait_for() {
    for mode in ["per-command", "hybrid"] {
        for size in [600_000, 8_000_000] {
            let article = Article::binary(5, size);
            let provider = Provider::named("a").with(&small()).with(&article).listen().await;
            let daemon = narrow(&provider, mode).await;
            let mut slow = daemon.client().await;
            slow.send(&body(&article)).await;
            let mut got = slow.bytes(1000).await;
            for _ in 0..5 {
                fetch_from(&daemon, &small()).await;
            }
            let whole = format!("222 0 {}\r\n", article.id()).len() + article.body_block().len();
            got.extend(slow.bytes(whole - 1000).await);
            assert!(got.ends_with(&article.body_block()), "{size} in {mode}");
            assert_eq!(provider.book().peak, 1, "in {mode}");
        }
    }
}

#[tokio::test]
async fn many_slow_readers_do_not_stop_the_others() {
    let articles: Vec<_> = (0..40).map(|n| Article::binary(n, 1_500_000)).collect();
    let provider = articles.iter().fold(Provider::named("a"), Provider::with).with(&small());
    let provider = provider.listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    let mut slow = Vec::new();
    for article in &articles {
        let mut client = daemon.client().await;
        client.send(&body(article)).await;
        slow.push(client);
    }
    for _ in 0..5 {
        fetch_from(&daemon, &small()).await;
    }
    for (mut client, article) in slow.into_iter().zip(&articles) {
        crate::check(&client.reply_to(&body(article)).await, article);
    }
    assert!(provider.book().peak <= 4);
}
