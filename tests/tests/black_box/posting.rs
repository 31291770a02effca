//! POST and IHAVE: through when allowed, refused before any provider when not, and never sent twice.

use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::{Ending, Fault, Provider, UPLOADED, on};

use crate::{MODES, fetch, small};

const ARTICLE: &[u8] = b"From: a@b\r\nSubject: s\r\n\r\n.dot\r\n.\r\n..\r\nQUIT\r\nthe end\r\n";
/// What a provider gets of it.
const STUFFED: &[u8] = b"From: a@b\r\nSubject: s\r\n\r\n..dot\r\n..\r\n...\r\nQUIT\r\nthe end\r\n";

#[tokio::test]
async fn posting_is_refused_before_any_provider_unless_it_is_switched_on() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let off = |mode: &str| Setup::with(&[&provider]).mode(mode);
    let setups = MODES.map(off).into_iter().chain([off("per-command").posting()]);
    for setup in setups {
        let daemon = Daemon::start(&setup).await;
        let mut client = daemon.client().await;
        client.talk("C: POST\nC: IHAVE <new@x>\nS: 440 *\nS: 4*").await;
        client
            .talk("C: TAKETHIS <new@x>\nC: QUIT\nC: .\nC: MODE READER\nS: 439 <new@x>*\nS: 20*")
            .await;
    }
    assert_eq!(provider.book().accepted, 0);
}

#[tokio::test]
async fn an_article_is_posted_byte_for_byte() {
    for mode in ["standard", "hybrid"] {
        let provider = Provider::named("a").with(&small()).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode).posting()).await;
        let mut client = daemon.client().await;
        client.talk("C: POST\nS: 340 *").await;
        client.upload(ARTICLE).await;
        client.talk("S: 240 *\nC: IHAVE <new@x>\nS: 335 *").await;
        client.upload(ARTICLE).await;
        client.talk("S: 235 *\nC: IHAVE <small@x>\nS: 435 *").await;
        fetch(&mut client, &small()).await;
        assert_eq!(provider.book().posted, [STUFFED, STUFFED], "in {mode}");
    }
}

#[tokio::test]
async fn a_large_article_is_posted_whole() {
    let provider = Provider::named("a").listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).posting()).await;
    let article = newsmux_tests::article::Article::binary(5, 1_000_000);
    let mut client = daemon.client().await;
    client.talk("C: POST\nS: 340 *").await;
    client.upload(article.body()).await;
    client.talk("S: 240 *").await;
    let mut expected = article.body_block();
    expected.truncate(expected.len() - 3);
    assert!(provider.book().posted == [expected]);
}

#[tokio::test]
async fn a_providers_refusal_is_the_clients_answer() {
    let provider = Provider::named("a").without_posting().with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).posting()).await;
    let mut client = daemon.client().await;
    client.talk("C: POST\nS: 440 *").await;
    fetch(&mut client, &small()).await;

    let provider =
        Provider::named("a").rule(on(UPLOADED, Fault::say("441 Too dull"))).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).posting()).await;
    let mut client = daemon.client().await;
    client.talk("C: POST\nS: 340 *").await;
    client.upload(ARTICLE).await;
    client.talk("S: 441 Too dull").await;
}

#[tokio::test]
async fn a_connection_lost_before_the_article_is_asked_for_is_replaced() {
    for mode in ["standard", "hybrid"] {
        let lost = on("POST", Fault::cut(0, Ending::Close)).once();
        let provider = Provider::named("a").rule(lost).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode).posting()).await;
        let mut client = daemon.client().await;
        client.talk("C: POST\nS: 340 *").await;
        client.upload(ARTICLE).await;
        client.talk("S: 240 *").await;
        assert_eq!(provider.book().posted.len(), 1);
    }
}

#[tokio::test]
async fn a_connection_lost_behind_the_article_is_never_retried() {
    for mode in ["standard", "hybrid"] {
        for cut in [0, 2] {
            let lost = on(UPLOADED, Fault::cut(cut, Ending::Reset));
            let a = Provider::named("a").with(&small()).rule(lost).listen().await;
            let b = Provider::named("b").with(&small()).listen().await;
            let daemon = Daemon::start(&Setup::with(&[&a, &b]).mode(mode).posting()).await;
            let mut client = daemon.client().await;
            client.talk("C: POST\nS: 340 *").await;
            client.upload(ARTICLE).await;
            let answer = String::from_utf8_lossy(&client.rest().await).into_owned();
            assert!(answer.is_empty() || answer.starts_with("400 "), "{answer:?}");
            // A later request proves that nothing was still on its way.
            fetch(&mut daemon.client().await, &small()).await;
            let posted = a.book().posted.len() + b.book().posted.len();
            assert_eq!((posted, a.count("POST") + b.count("POST")), (1, 1), "in {mode}");
        }
    }
}

#[tokio::test]
async fn an_article_that_its_author_breaks_off_is_not_posted() {
    for mode in ["standard", "hybrid"] {
        let provider = Provider::named("a").with(&small()).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode).posting()).await;
        for abrupt in [false, true] {
            let mut client = daemon.client().await;
            client.talk("C: POST\nS: 340 *\nC: Subject: half").await;
            if abrupt {
                client.abort();
            } else {
                drop(client);
            }
            provider.until_alone().await;
        }
        fetch(&mut daemon.client().await, &small()).await;
        assert!(provider.book().posted.is_empty(), "in {mode}");
    }
}
