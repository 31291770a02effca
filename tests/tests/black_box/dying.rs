//! A provider that dies within a reply, at every byte of it.

use newsmux_tests::article::{Article, block};
use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{At, Ending, Fault, Listening, Provider, Script, on};
use tokio::net::TcpStream;

use crate::{body, check, fetch, small};

const ENDINGS: [Ending; 2] = [Ending::Close, Ending::Reset];

/// Whatever was sent, the end of a block is not in it.
fn has_no_end(bytes: &[u8]) -> bool {
    let end = b"\r\n.\r\n";
    !bytes.windows(end.len()).any(|window| window == end)
}

/// Lets `provider` die behind `cut` bytes of its next reply to `verb`.
fn dies(provider: &Listening, verb: &str, cut: usize) {
    let how = ENDINGS[cut % 2];
    provider.play(Script::new().and(on(verb, Fault::cut(cut, how))));
}

async fn ask(daemon: &Daemon, line: &str) -> Result<Vec<u8>, Vec<u8>> {
    let mut client: Client<TcpStream> = daemon.client().await;
    client.send(line).await;
    let mut got = Vec::new();
    match client.try_line().await {
        Ok(status) => got.extend_from_slice(format!("{status}\r\n").as_bytes()),
        Err(_) => return Err(client.rest().await),
    }
    match client.try_block().await {
        Ok(block) => Ok([got, block].concat()),
        Err(_) => Err([got, client.rest().await].concat()),
    }
}

#[tokio::test]
async fn at_every_byte_of_a_body_another_provider_completes_it() {
    let a = Provider::named("a").with(&small()).listen().await;
    let b = Provider::named("b").with(&small()).listen().await;
    let setup = Setup::with(&[&a]).provider(Account::at(&b).tier(1));
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    let whole = b"222 0 <small@x>\r\n".len() + small().body_block().len();
    for cut in 0..whole {
        dies(&a, "BODY", cut);
        check(&client.ask(&body(&small())).await, &small());
    }
    assert!(a.book().peak <= 4);
}

#[tokio::test]
async fn at_every_byte_of_a_body_the_same_provider_completes_it_on_another_connection() {
    let provider = Provider::named("a").with(&small()).listen().await;
    for mode in ["standard", "per-command", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        let whole = b"222 0 <small@x>\r\n".len() + small().body_block().len();
        for cut in 0..whole {
            let fault = Fault::cut(cut, ENDINGS[cut % 2]);
            provider.play(Script::new().and(on("BODY", fault).once()));
            check(&client.ask(&body(&small())).await, &small());
        }
    }
}

#[tokio::test]
async fn at_every_byte_of_an_article_it_is_completed_where_the_headers_are_the_same() {
    let provider = |name| Provider::named(name).with(&small()).plain_headers();
    let (a, b) = (provider("a").listen().await, provider("b").listen().await);
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let status = b"220 0 <small@x>\r\n".as_slice();
    let whole = [status, &a.article_block(&small())].concat();
    for cut in 0..whole.len() {
        dies(&a, "ARTICLE", cut);
        dies(&b, "ARTICLE", whole.len());
        let got = ask(&daemon, "ARTICLE <small@x>").await;
        assert_eq!(got.as_ref(), Ok(&whole), "cut at {cut}");
    }
}

#[tokio::test]
async fn at_every_byte_of_an_article_headers_are_never_mixed() {
    let (a, b) = (Provider::named("a").with(&small()), Provider::named("b").with(&small()));
    let (a, b) = (a.listen().await, b.listen().await);
    let setup = Setup::with(&[&a]).provider(Account::at(&b).tier(1));
    let daemon = Daemon::start(&setup).await;
    let status = b"220 0 <small@x>\r\n".as_slice();
    let of_a = [status, &a.article_block(&small())].concat();
    let of_b = [status, &b.article_block(&small())].concat();
    let body_at = of_a.len() - small().body_block().len();
    for cut in 0..of_a.len() {
        dies(&a, "ARTICLE", cut);
        match ask(&daemon, "ARTICLE <small@x>").await {
            Ok(got) => assert!(got == of_a || got == of_b, "mixed at {cut}"),
            Err(got) => {
                assert!(cut <= body_at && of_a.starts_with(&got), "broken at {cut}");
                assert!(has_no_end(&got), "a false end at {cut}");
            }
        }
    }
}

#[tokio::test]
async fn at_every_byte_of_one_line_another_provider_answers() {
    let a = Provider::named("a").with(&small()).listen().await;
    let b = Provider::named("b").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    for cut in 0..b"223 0 <small@x>\r\n".len() {
        dies(&a, "STAT", cut);
        dies(&b, "DATE", cut);
        client.talk("C: STAT <small@x>\nC: DATE\nS: 223 0 <small@x>\nS: 111 *").await;
    }
}

#[tokio::test]
async fn a_copy_that_differs_never_completes_a_body() {
    let (ours, theirs) = (Article::with_id("<x@x>", 1, 4000), Article::with_id("<x@x>", 2, 4000));
    let a = Provider::named("a").with(&ours).listen().await;
    let b = Provider::named("b").with(&theirs).listen().await;
    let setup = Setup::with(&[&a]).provider(Account::at(&b).tier(1));
    let whole = [b"222 0 <x@x>\r\n".as_slice(), &ours.body_block()].concat();
    for cut in (14..whole.len()).step_by(97) {
        // Each time another: a provider that keeps dying is set aside, and the other is asked first.
        let daemon = Daemon::start(&setup).await;
        dies(&a, "BODY", cut);
        let got = ask(&daemon, "BODY <x@x>").await;
        let Err(got) = got else { panic!("completed with another body at {cut}") };
        assert!(whole.starts_with(&got) && has_no_end(&got), "wrong bytes at {cut}");
    }
}

#[tokio::test]
async fn one_bit_turned_over_in_the_copy_is_noticed() {
    let article = Article::binary(3, 4000);
    let a = Provider::named("a").with(&article).listen().await;
    let b = Provider::named("b").with(&article).listen().await;
    let setup = Setup::with(&[&a]).provider(Account::at(&b).tier(1));
    let whole = article.body_block().len();
    for at in (100..whole - 500).step_by(251) {
        let daemon = Daemon::start(&setup).await;
        dies(&a, "BODY", whole - 100);
        b.play(Script::new().and(on("BODY", Fault::Corrupt(At::Byte(at)))));
        let got = ask(&daemon, &body(&article)).await;
        let Err(got) = got else { panic!("byte {at} was not noticed") };
        assert!(has_no_end(&got));
    }
}

#[tokio::test]
async fn a_large_body_survives_a_chain_of_deaths() {
    let article = Article::binary(9, 2_000_000);
    let a = Provider::named("a").with(&article).listen().await;
    let b = Provider::named("b").with(&article).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    for _ in 0..3 {
        a.play(Script::new().and(on("BODY", Fault::cut(700_000, Ending::Reset)).once()));
        b.play(Script::new().and(on("BODY", Fault::cut(1_400_000, Ending::Close)).once()));
        fetch(&mut client, &article).await;
    }
}

#[tokio::test]
async fn a_stall_within_a_body_is_resumed_elsewhere() {
    let article = Article::binary(9, 300_000);
    let a =
        Provider::named("a").with(&article).rule(on("BODY", Fault::stall(150_000))).listen().await;
    let b = Provider::named("b").with(&article).listen().await;
    let setup = Setup::new().provider(Account::at(&a).timeout(1)).provider(Account::at(&b).tier(1));
    let daemon = Daemon::start(&setup).await;
    fetch(&mut daemon.client().await, &article).await;
    assert_eq!(b.count("BODY"), 1);
}

#[tokio::test]
async fn a_reply_without_another_copy_ends_without_an_end() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    dies(&provider, "BODY", 40);
    let whole = [b"222 0 <small@x>\r\n".as_slice(), &block(small().body())].concat();
    let Err(got) = ask(&daemon, &body(&small())).await else { panic!("completed by nobody") };
    assert_eq!(got, whole[..40]);
}
