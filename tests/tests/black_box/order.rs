//! Replies come in the order of the requests, whatever the mixture.

use newsmux_tests::article::Article;
use newsmux_tests::client::Reply;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{At, Fault, Gate, Provider, on};
use tokio::time::Duration;

use crate::{MODES, body, check, small, some};

/// Requests of every kind, and the code each is answered with in Hybrid and Standard.
const MIXTURE: [(&str, &str); 18] = [
    ("BODY <small@x>", "222"),
    ("CAPABILITIES", "101"),
    ("DATE", "111"),
    ("STAT <nothing@x>", "430"),
    ("MODE READER", "201"),
    ("GROUP misc.test", "211"),
    ("XOVER 1-9", "224"),
    ("HEAD <small@x>", "221"),
    ("HELP", "100"),
    ("NEXT", "421"),
    ("ARTICLE 3", "220"),
    ("LIST", "215"),
    ("POST", "440"),
    ("GROUP misc.none", "411"),
    ("ARTICLE <small@x>", "220"),
    ("LISTGROUP", "211"),
    ("STARTTLS", "502"),
    ("BODY <small@x>", "222"),
];

#[tokio::test]
async fn any_mixture_of_pipelined_requests_is_answered_in_order() {
    for mode in ["standard", "hybrid"] {
        let slow = on("BODY", Fault::Delay(Duration::from_millis(100)));
        let provider = Provider::named("a").group("misc.test", &[(3, &small())]).rule(slow);
        let provider = provider.listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let lines: Vec<_> = MIXTURE.iter().map(|(line, _)| *line).collect();
        let replies = daemon.client().await.ask_all(&lines).await;
        let codes: Vec<_> = replies.iter().map(Reply::code).collect();
        let expected: Vec<_> = MIXTURE.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes, expected, "in {mode}");
        check(&replies[0], &small());
        check(&replies[17], &small());
    }
}

#[tokio::test]
async fn per_command_answers_a_mixture_in_order_too() {
    let slow = on("BODY", Fault::Delay(Duration::from_millis(100)));
    let provider = Provider::named("a").with(&small()).rule(slow).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).mode("per-command")).await;
    let lines = [
        "BODY <small@x>",
        "DATE",
        "GROUP a.b",
        "CAPABILITIES",
        "STAT <none@x>",
        "XOVER 1-2",
        "QUIT",
    ];
    let mut client = daemon.client().await;
    let replies = client.ask_all(&lines).await;
    let codes: Vec<_> = replies.iter().map(Reply::code).collect();
    assert_eq!(codes, ["222", "111", "503", "101", "430", "503", "205"]);
    client.closed().await;
}

#[tokio::test]
async fn pipelined_requests_run_at_once_and_are_answered_in_order() {
    for mode in ["per-command", "hybrid"] {
        let (gate, articles) = (Gate::closed(), some(8));
        let held = on(&body(&articles[0]), Fault::Hold(At::Byte(0), gate.clone()));
        let provider = articles.iter().fold(Provider::named("a"), Provider::with).rule(held);
        let provider = provider.listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        let lines: Vec<_> = articles.iter().map(body).collect();
        client.send(&lines.join("\r\n")).await;
        provider.until("all eight requests", |book| book.count("BODY") >= 8).await;
        gate.open();
        for (line, article) in lines.iter().zip(&articles) {
            check(&client.reply_to(line).await, article);
        }
    }
}

#[tokio::test]
async fn one_connection_carries_requests_of_several_clients_at_once() {
    let (gate, articles) = (Gate::closed(), some(4));
    let held = on("BODY", Fault::Hold(At::Byte(0), gate.clone())).once();
    let provider = articles.iter().fold(Provider::named("a"), Provider::with).rule(held);
    let provider = provider.listen().await;
    let account = Account::at(&provider).connections(1);
    let daemon = Daemon::start(&Setup::new().provider(account)).await;
    let mut clients = Vec::new();
    for article in &articles {
        let mut client = daemon.client().await;
        client.send(&body(article)).await;
        clients.push(client);
    }
    provider.until("four requests", |book| book.count("BODY") == 4).await;
    gate.open();
    for (client, article) in clients.iter_mut().zip(&articles) {
        check(&client.reply_to(&body(article)).await, article);
    }
    assert_eq!(provider.book().accepted, 1);
}

#[tokio::test]
async fn hundreds_of_pipelined_requests_come_back_in_order_and_whole() {
    let articles = some(10);
    let nothing = Article::text("<nothing@x>", &[]);
    for mode in MODES {
        let provider = articles.iter().fold(Provider::named("a"), Provider::with);
        let provider = provider.latency(Duration::from_millis(3)).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        let wanted: Vec<_> = articles.iter().chain([&nothing]).cycle().take(300).collect();
        let lines: Vec<_> = wanted.iter().map(|article| body(article)).collect();
        client.send(&lines.join("\r\n")).await;
        for (line, article) in lines.iter().zip(wanted) {
            let reply = client.reply_to(line).await;
            match article.id() == nothing.id() {
                true => assert_eq!(reply.code(), "430"),
                false => check(&reply, article),
            }
        }
    }
}
