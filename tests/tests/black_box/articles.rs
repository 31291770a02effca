//! Every byte of an article, however it comes.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::{Fault, Provider, Quirk, Script, on};
use tokio::time::Duration;

use crate::{MODES, body, check, fetch, small};

#[tokio::test]
async fn articles_of_all_sizes_arrive_as_they_are() {
    let sizes = [0, 1, 1460, 16_384, 65_536, 262_144, 1_048_576, 5_000_000];
    let articles = sizes.map(|size| Article::binary(size as u64, size));
    for mode in MODES {
        let provider = articles.iter().fold(Provider::named("a"), Provider::with).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        for article in &articles {
            fetch(&mut client, article).await;
        }
        let whole = client.ask(&format!("ARTICLE {}", articles[4].id())).await;
        assert!(whole.block() == provider.article_block(&articles[4]));
    }
}

#[tokio::test]
async fn a_reply_that_comes_one_byte_at_a_time_is_whole() {
    for mode in MODES {
        let article = Article::binary(1, 5000);
        let provider = Provider::named("a").with(&article).group("misc.test", &[(3, &article)]);
        let provider = provider.rule(on("", Fault::Trickle)).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        fetch(&mut client, &article).await;
        if mode != "per-command" {
            client
                .talk("C: GROUP misc.test\nC: XOVER 3\nS: 211 1 3 3 misc.test\nS: 224 *\nS: ...")
                .await;
        }
        fetch(&mut client, &article).await;
    }
}

#[tokio::test]
async fn a_reply_split_anywhere_is_whole_and_so_is_the_next() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    let mut client = daemon.client().await;
    let lines = [body(&small()), "STAT <small@x>".into(), body(&small())];
    let lines = lines.each_ref().map(String::as_str);
    for at in 1..b"222 0 <small@x>\r\n".len() + small().body_block().len() {
        let split = Fault::Split(vec![at], Duration::from_millis(2));
        provider.play(Script::new().and(on("BODY", split)));
        let replies = client.ask_all(&lines).await;
        check(&replies[0], &small());
        assert_eq!(replies[1].status, "223 0 <small@x>");
        check(&replies[2], &small());
    }
}

#[tokio::test]
async fn status_line_and_block_in_two_writes_cost_nothing() {
    let provider = Provider::named("inn").with(&small()).quirk(Quirk::SplitsBlock).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    let mut client = daemon.client().await;
    for _ in 0..20 {
        fetch(&mut client, &small()).await;
    }
}

#[tokio::test]
async fn a_client_sees_the_first_bytes_before_the_provider_has_sent_the_last() {
    let article = Article::binary(4, 3_000_000);
    for mode in MODES {
        let gate = newsmux_tests::provider::Gate::closed();
        let half = newsmux_tests::provider::At::Byte(100_000);
        let held = on("BODY", Fault::Hold(half, gate.clone()));
        let provider = Provider::named("a").with(&article).rule(held).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        client.send(&body(&article)).await;
        let mut got = client.bytes(100_000).await;
        gate.open();
        let whole = format!("222 0 {}\r\n", article.id()).len() + article.body_block().len();
        got.extend(client.bytes(whole - 100_000).await);
        assert!(got.ends_with(&article.body_block()));
    }
}
