//! The harness against itself: scripted clients directly on scripted providers.

use std::sync::Arc;

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::provider::{
    At, Ending, Fault, Gate, Limit, Provider, ProviderState, Quirk, Script, on, serve_connection,
};
use tokio::io::DuplexStream;
use tokio::time::{Duration, Instant};

/// A client at the other end of a pipe.
fn connect(provider: &Arc<ProviderState>) -> Client<DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(4096);
    tokio::spawn(serve_connection(theirs, Arc::clone(provider)));
    Client::over(ours)
}

async fn greeted(provider: &Arc<ProviderState>) -> Client<DuplexStream> {
    let mut client = connect(provider);
    client.talk("S: 200 *").await;
    client
}

fn text() -> Article {
    Article::text("<one@x>", &["line one", ".line two", "", "."])
}

#[tokio::test(start_paused = true)]
async fn a_group_is_read_as_rfc_3977_has_it() {
    let (one, two) = (text(), Article::text("<two@x>", &["2"]));
    let provider = Provider::named("a").group("misc.test", &[(3, &one), (7, &two)]).state();
    greeted(&provider)
        .await
        .talk(
            "C: XOVER
             S: 412 *
             C: GROUP misc.test
             S: 211 2 3 7 misc.test
             C: NEXT
             C: NEXT
             C: LAST
             S: 223 7 <two@x>
             S: 421 *
             S: 223 3 <one@x>
             C: BODY
             S: 222 3 <one@x>
             S: line one
             S: ..line two
             S:
             S: ..
             S: .
             C: ARTICLE 5
             S: 423 *
             C: HEAD 7
             S: 221 7 <two@x>
             S: Path: a!not-for-mail
             S: ...
             C: STAT
             S: 223 7 <two@x>
             C: OVER 4-
             S: 224 *
             S: 7	a text	*	<two@x>		3	1	Xref: a 7
             S: .
             C: LISTGROUP misc.test 1-6
             S: 211 *
             S: 3
             S: .
             C: XHDR Message-ID 1-
             S: 221 *
             S: 3 <one@x>
             S: 7 <two@x>
             S: .
             C: FROB
             S: 500 *
             C: quit
             S: 205 *
             S: (closed)",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_login_is_asked_for_and_counted() {
    let provider = Provider::named("a").account("u", "p w").with(&text()).state();
    let mut client = greeted(&provider).await;
    client
        .talk(
            "C: BODY <one@x>
             S: 480 *
             C: AUTHINFO PASS p w
             S: 482 *
             C: AUTHINFO USER u
             C: AUTHINFO PASS wrong
             S: 381 *
             S: 481 *
             C: authinfo user u
             C: authinfo pass p w
             S: 381 *
             S: 281 *
             C: AUTHINFO USER u
             S: 502 *
             C: BODY <one@x>
             S: 222 0 <one@x>
             S: ...",
        )
        .await;
    drop(client);
    let book = provider.until_alone().await;
    assert_eq!((book.logins, book.accepted), (1, 1));
    assert_eq!(book.on(1)[1], "AUTHINFO PASS p w");
}

#[tokio::test(start_paused = true)]
async fn articles_are_taken_and_their_lines_are_no_commands() {
    let provider = Provider::named("a").state();
    let mut client = greeted(&provider).await;
    client.talk("C: POST\nS: 340 *").await;
    client.upload(b"Subject: s\r\n\r\nQUIT\r\n.dot\r\n").await;
    client.talk("S: 240 *\nC: IHAVE <new@x>\nS: 335 *").await;
    client.upload(b"x\r\n").await;
    client
        .talk("S: 235 *\nC: TAKETHIS <t@x>\nC: QUIT\nC: .\nC: DATE\nS: 239 <t@x>\nS: 111 *")
        .await;
    let book = provider.book();
    assert_eq!(book.on(1), ["POST", "IHAVE <new@x>", "TAKETHIS <t@x>", "DATE"]);
    assert_eq!(book.posted[0], b"Subject: s\r\n\r\nQUIT\r\n..dot\r\n");
    assert_eq!(book.posted.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn latency_counts_from_arrival_and_overlaps() {
    let provider = Provider::named("a").latency(Duration::from_millis(50)).state();
    let (mut client, began) = (greeted(&provider).await, Instant::now());
    client.ask_all(&["DATE"; 20]).await;
    assert_eq!(began.elapsed().as_millis(), 50);
    client.ask("DATE").await;
    assert_eq!(began.elapsed().as_millis(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_cut_at_any_byte() {
    let provider = Provider::named("a").with(&text()).state();
    let whole = [b"222 0 <one@x>\r\n".as_slice(), &text().body_block()].concat();
    for cut in 0..=whole.len() {
        for how in [Ending::Close, Ending::Reset] {
            provider.play(Script::new().and(on("BODY", Fault::cut(cut, how))));
            let mut client = greeted(&provider).await;
            client.send("BODY <one@x>").await;
            assert_eq!(client.rest().await, whole[..cut], "cut {cut}");
        }
    }
    assert_eq!(provider.until_alone().await.peak, 1);
}

#[tokio::test(start_paused = true)]
async fn faults_work_together_and_rules_count() {
    let gate = Gate::closed();
    let provider = Provider::named("a")
        .with(&text())
        .rule(on("STAT", Fault::say("500 no")).skip(1).once())
        .rule(on("BODY", Fault::Impostor).once())
        .rule(on("BODY", Fault::Trickle))
        .rule(on("BODY", Fault::Corrupt(At::Byte(0))))
        .rule(on("BODY", Fault::Extra(b"400 idle\r\n".to_vec())))
        .rule(on("DATE", Fault::Hold(At::Byte(4), gate.clone())))
        .state();
    let mut client = greeted(&provider).await;
    client
        .talk(
            "C: STAT <one@x>
             C: STAT <one@x>
             C: STAT <one@x>
             S: 223 *
             S: 500 no
             S: 223 *
             C: BODY <one@x>
             S: 222 0 <another.one@x>
             S: mine one
             S: ...
             S: 400 idle
             C: BODY <one@x>
             S: 222 0 <one@x>
             S: ...
             S: 400 idle
             C: DATE",
        )
        .await;
    assert_eq!(client.bytes(4).await, b"111 ");
    gate.open();
    client.talk("S: 20230102030405").await;
}

#[tokio::test(start_paused = true)]
async fn a_stalled_provider_still_sees_the_clients_end() {
    let provider = Provider::named("a").rule(on("DATE", Fault::stall(3))).state();
    let mut client = greeted(&provider).await;
    client.send("DATE").await;
    assert_eq!(client.bytes(3).await, b"111");
    drop(client);
    provider.until_alone().await;
}

#[tokio::test(start_paused = true)]
async fn limits_refuse_as_real_providers_do() {
    let refusal = || "502 connection limit (1) reached".to_owned();
    let provider = Provider::named("a").limit(Limit::AtGreeting(1, refusal())).state();
    let first = greeted(&provider).await;
    connect(&provider).talk("S: 502 connection limit (1) reached\nS: (closed)").await;
    drop(first);
    provider.until_alone().await;
    drop(greeted(&provider).await);
    let book = provider.until_alone().await;
    assert_eq!((book.peak, book.refused, book.accepted), (2, 1, 3));

    let login = "C: AUTHINFO USER u\nC: AUTHINFO PASS p\nS: 381 *";
    let provider = Provider::named("b").account("u", "p").limit(Limit::AfterLogin(1, refusal()));
    let provider = provider.lingering(Duration::from_secs(60)).state();
    let mut first = greeted(&provider).await;
    first.talk(&format!("{login}\nS: 281 *")).await;
    drop(first);
    let refused = format!("{login}\nS: 502 *\nS: (closed)");
    greeted(&provider).await.talk(&refused).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    greeted(&provider).await.talk(&format!("{login}\nS: 281 *")).await;
}

#[tokio::test(start_paused = true)]
async fn connections_are_hung_up_by_the_test_and_when_idle() {
    let provider = Provider::named("a").idle(Duration::from_secs(9), "400 idle\r\n").state();
    let (mut one, mut two) = (greeted(&provider).await, greeted(&provider).await);
    provider.hang_up("400 bye\r\n", Ending::Close);
    one.talk("S: 400 bye\nS: (closed)").await;
    two.talk("S: 400 bye\nS: (closed)").await;
    greeted(&provider).await.talk("S: 400 idle\nS: (closed)").await;
}

#[tokio::test(start_paused = true)]
async fn quirks_are_what_they_are_called() {
    let provider = Provider::named("nserv")
        .with(&text())
        .group("misc.test", &[(1, &text())])
        .quirk(Quirk::CommaBehindCode)
        .quirk(Quirk::BodySays(220))
        .quirk(Quirk::ArticleSays(222))
        .quirk(Quirk::EchoesMangledGroup)
        .quirk(Quirk::ListgroupWithoutNumbers)
        .quirk(Quirk::MissingNumberIs430)
        .quirk(Quirk::BareStat)
        .quirk(Quirk::Lacks("DATE"))
        .quirk(Quirk::IgnoresEmptyLines)
        .quirk(Quirk::RefusesCapabilities(480))
        .state();
    greeted(&provider)
        .await
        .talk(
            "C: BODY <one@x>
             S: 220, 0 <one@x>
             S: ...
             C: ARTICLE <one@x>
             S: 222, 0 <one@x>
             S: ...
             C: STAT <one@x>
             S: 223
             C: GROUP misc.test
             S: 211 1 1 1 mangled.name
             C: LISTGROUP misc.test
             S: 211 Article list follows
             S: 1
             S: .
             C: BODY 9
             S: 430 *
             C:
             C: DATE
             S: 500 *
             C: CAPABILITIES
             S: 480 *",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_random_script_repeats_itself_and_spares_most_replies() {
    let outcome = |seed| async move {
        let script = Script::random(seed);
        let provider = Provider::named("a").with(&text()).script(script).state();
        let mut whole = Vec::new();
        for _ in 0..50 {
            let mut client = connect(&provider);
            let reply = match client.try_line().await {
                Ok(_) => client.try_ask("BODY <one@x>").await,
                Err(error) => Err(error),
            };
            whole.push(reply.is_ok_and(|reply| reply.block == Some(text().body_block())));
        }
        whole
    };
    let first = outcome(1).await;
    assert_eq!(first, outcome(1).await);
    assert_ne!(first, outcome(2).await);
    let spared = first.iter().filter(|whole| **whole).count();
    assert!((25..50).contains(&spared), "{spared} of 50 spared");
}

#[tokio::test(start_paused = true)]
async fn all_connections_share_a_slow_line_until_it_is_fast() {
    let article = Article::binary(1, 50_000);
    let provider = Provider::named("a").with(&article).rate(10_000).state();
    let body = format!("BODY {}", article.id());
    let both = async || {
        let (mut one, mut other) = (greeted(&provider).await, greeted(&provider).await);
        let began = Instant::now();
        tokio::join!(one.ask(&body), other.ask(&body));
        began.elapsed().as_secs()
    };
    assert_eq!(both().await, 10);
    provider.set_rate(None);
    assert_eq!(both().await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_book_tells_bytes_that_somebody_has_from_those_on_a_lost_connection() {
    let (whole, half) = (Article::binary(1, 10_000), Article::binary(2, 10_000));
    let broken = on(&format!("BODY {}", half.id()), Fault::Cut(At::Part(500), Ending::Close));
    let provider = Provider::named("a").with(&whole).with(&half).rule(broken).state();
    let mut client = greeted(&provider).await;
    client.ask(&format!("BODY {}", whole.id())).await;
    client.send(&format!("BODY {}", half.id())).await;
    let status = format!("222 0 {}\r\n", half.id()).len();
    let lost = (client.rest().await.len() - status) as u64;
    let book = provider.until_alone().await;
    let delivered = whole.body_block().len() as u64;
    assert_eq!((book.articles, book.lost), (delivered + lost, lost));
    assert_eq!(book.broken, [(format!("BODY {}", half.id()), false)]);
    assert!(book.served.contains(&1));
}

#[tokio::test(start_paused = true)]
async fn scripted_answers_go_before_the_providers_own_and_lines_of_one_write_come_together() {
    let answer =
        |line: &str| line.strip_prefix("BODY ").map(|id| format!("222 0 {id}\r\nx\r\n.\r\n"));
    let provider = Provider::named("a").answers(answer).state();
    let dialogue = "
        C: BODY <1@x>
        C: DATE
        S: 222 0 <1@x>
        S: x
        S: .
        S: 111 *
        C: DATE
        S: 111 *
    ";
    greeted(&provider).await.talk(dialogue).await;
    let reads: Vec<_> = provider.book().commands.iter().map(|command| command.read).collect();
    assert_eq!(reads, [1, 1, 2]);
}
