//! SIGHUP: new settings and credentials without dropping anyone.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{At, Fault, Gate, Provider, on};

use crate::{body, check, fetch, small};

#[tokio::test]
async fn sessions_go_on_and_find_a_new_provider() {
    let other = Article::text("<other@x>", &["x"]);
    let a = Provider::named("a").group("misc.test", &[(1, &small()), (2, &small())]).listen().await;
    let b = Provider::named("b").with(&other).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a])).await;
    let mut client = daemon.client().await;
    client.talk("C: GROUP misc.test\nS: 211 *\nC: BODY <other@x>\nS: 430 *").await;
    daemon.reload(&Setup::with(&[&a, &b])).await;
    fetch(&mut client, &other).await;
    client.talk("C: NEXT\nS: 223 2 *").await;
    assert_eq!(a.book().accepted, a.book().open, "a connection was dropped");
}

#[tokio::test]
async fn a_request_under_way_finishes_where_it_began() {
    let gate = Gate::closed();
    let held = on("BODY", Fault::Hold(At::Byte(30), gate.clone()));
    let a = Provider::named("a").with(&small()).rule(held).listen().await;
    let b = Provider::named("b").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a])).await;
    let mut client = daemon.client().await;
    client.send(&body(&small())).await;
    client.bytes(10).await;
    daemon.reload(&Setup::with(&[&b])).await;
    gate.open();
    client.line().await;
    assert_eq!(client.try_block().await.ok(), Some(small().body_block()));
    a.until_alone().await;
    fetch(&mut client, &small()).await;
    assert_eq!(b.count("BODY"), 1);
}

#[tokio::test]
async fn a_mended_password_works_at_once() {
    let a = Provider::named("a").with(&small()).account("u", "right").listen().await;
    let setup = |password| Setup::new().provider(Account::at(&a).login("u", password));
    let daemon = Daemon::start(&setup("wrong")).await;
    daemon.client().await.talk("C: BODY <small@x>\nS: 400 *\nS: (closed)").await;
    daemon.reload(&setup("right")).await;
    fetch(&mut daemon.client().await, &small()).await;
}

#[tokio::test]
async fn broken_settings_are_refused_and_the_old_ones_stay() {
    let a = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a])).await;
    let mut client = daemon.client().await;
    for (broken, word) in
        [("{", "settings.json"), (r#"{"providers": [], "x": 1}"#, "unknown field")]
    {
        let from = daemon.log().len();
        daemon.home().write_settings(broken);
        daemon.signal("HUP").await;
        daemon.until_logged_behind(from, word).await;
        fetch(&mut client, &small()).await;
    }
}

#[tokio::test]
async fn logins_of_clients_change_for_those_that_come() {
    let a = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a])).await;
    let mut old = daemon.client().await;
    daemon.reload(&Setup::with(&[&a]).client("me", "word")).await;
    fetch(&mut old, &small()).await;
    let mut new = daemon.client().await;
    new.talk("C: BODY <small@x>\nS: 480 *\nC: AUTHINFO USER me\nC: AUTHINFO PASS word").await;
    new.talk("S: 381 *\nS: 281 *").await;
    check(&new.ask(&body(&small())).await, &small());
}

#[tokio::test]
async fn a_lower_number_of_connections_is_kept_once_the_surplus_is_closed() {
    let a = Provider::named("a").with(&small()).listen().await;
    let wide = Setup::new().provider(Account::at(&a).connections(4));
    let daemon = Daemon::start(&wide).await;
    fetch(&mut daemon.client().await, &small()).await;
    daemon.reload(&Setup::new().provider(Account::at(&a).connections(1))).await;
    fetch(&mut daemon.client().await, &small()).await;
    assert!(a.book().peak <= 4);
    a.until("one connection", |book| book.open == 1).await;
}
