//! Start, stop, pause, and where programs connect.

use std::net::SocketAddr;
use std::time::Duration;

use api::request::FailureCode;
use api::snapshot::{Happened, ProviderState, Retry, State, Trouble};
use control::status::status;
use newsmux_tests::provider::{Fault, Provider, Script, on};
use serde_json::json;
use settings::TrafficMode;
use tokio::net::TcpListener;

use crate::app::{
    App, Begin, Call, PASSWORD, at, fetch, is_refused, one_article, program, provider,
};

async fn serving() -> (App, SocketAddr) {
    let app = Begin::new().start();
    let address = app.address().await;
    (app, address)
}

#[tokio::test]
async fn a_provider_that_is_entered_serves_at_once_and_after_the_next_start() {
    let ((news, article), app) = (one_article().await, Begin::new().start());
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    app.must(json!({"do": "save_provider", "provider": at("", &news), "password": password})).await;
    let mut client = program(app.address().await).await;
    fetch(&mut client, &article).await;
    let now = app.until(|now| now.figures.bytes > 200_000 && now.figures.replies == 1).await;
    let view = provider(&now, "127-0-0-1");
    assert_eq!((view.state, view.replies, view.allowed), (ProviderState::Up, 1, 2));
    assert_eq!((now.state, now.clients.len()), (State::Active, 1));
    app.happened(|happened| matches!(happened, Happened::ProviderUp { .. })).await;
    app.happened(|happened| *happened == Happened::SettingsChanged).await;

    let app = app.quit().await.start();
    fetch(&mut program(app.address().await).await, &article).await;
    assert!(!app.saved().to_string().contains(PASSWORD));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_without_a_login_is_known_by_its_name() {
    use crate::app::is_this_program;

    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut client = program(app.address().await).await;
    fetch(&mut client, &article).await;
    let now = app.until(|now| now.clients.len() == 1).await;
    assert!(now.clients[0].program.as_deref().is_some_and(is_this_program), "{now:?}");
    assert_eq!(now.clients[0].name, None);
}

#[tokio::test]
async fn what_is_stopped_stays_so_until_it_is_started() {
    let (app, address) = serving().await;
    app.must(json!({"do": "stop"})).await;
    assert_eq!(app.until(|now| now.state == State::Stopped).await.troubles, []);
    assert!(is_refused(address).await);
    app.happened(|happened| *happened == Happened::Stopped).await;
    let app = app.quit().await.start();
    assert_eq!(app.until(|now| now.state != State::Starting).await.state, State::Stopped);
    app.must(json!({"do": "start"})).await;
    program(app.address().await).await;
}

#[tokio::test]
async fn a_pause_ends_by_the_clock_on_the_wall_or_by_the_user_and_programs_wait_meanwhile() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut client = program(app.address().await).await;
    fetch(&mut client, &article).await;
    for ends_by in ["resume", "start", "itself"] {
        let quarter = json!({"is": "minutes", "minutes": 15});
        app.must(json!({"do": "pause", "lasts": quarter})).await;
        let paused = app.until(|now| matches!(now.state, State::Paused { .. })).await;
        let State::Paused { until: Some(until) } = paused.state else { unreachable!() };
        assert!(until.abs_diff(paused.figures.at).abs_diff(15 * 60_000) < 60_000);
        let asked = news.count("BODY");
        client.send(&format!("BODY {}", article.id())).await;
        // A second program is let in, and what is small is answered.
        let mut other = program(app.address().await).await;
        assert_eq!(other.ask(&format!("STAT {}", article.id())).await.code(), "223");
        assert_eq!(news.count("BODY"), asked);
        match ends_by {
            "itself" => app.begin.world.sleep(Duration::from_secs(15 * 60)),
            end => drop(app.must(json!({"do": end})).await),
        }
        app.until(|now| matches!(now.state, State::Idle | State::Active)).await;
        let reply = client.reply_to(&format!("BODY {}", article.id())).await;
        assert_eq!(reply.block(), article.body_block(), "the pause was ended by {ends_by}");
        // A clock that jumps looks like sleep, after which connections are made anew.
        let kept = ends_by == "itself" || news.book().accepted == 1;
        assert!(kept, "the provider's connection was not kept: {ends_by}");
    }
    assert!(app.now().settings.desktop.on);
}

#[tokio::test]
async fn the_schedule_is_followed_and_a_choice_holds_until_its_next_change() {
    let rule = json!({"from": "00:00", "to": "00:00", "slow": true});
    let (news, _) = one_article().await;
    let limits = json!({"slow_speed": 300_000, "schedule": [rule]});
    let settings = json!({"providers": [at("a", &news)], "limits": limits});
    let app = Begin::with_provider(&news).settings(settings).start();
    let slow = TrafficMode::Slow;
    app.until(|now| now.traffic.mode == slow && now.traffic.speed == Some(300_000)).await;
    app.must(json!({"do": "set_traffic", "mode": {"is": "normal"}})).await;
    assert_eq!(app.now().traffic.mode, TrafficMode::Normal);
    // All day: it never changes by itself.
    assert_eq!((app.now().traffic.until, app.now().traffic.next), (None, None));
    let pause = json!({"from": "00:00", "to": "00:00", "pause": true});
    app.must(json!({"do": "set_limits", "limits": {"slow_speed": 300_000, "schedule": [pause]}}))
        .await;
    app.until(|now| now.state == State::Paused { until: None }).await;
    app.must(json!({"do": "resume"})).await;
    app.until(|now| now.traffic.mode == TrafficMode::Normal).await;
}

#[tokio::test]
async fn sessions_go_on_when_settings_and_the_address_change() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let before = app.address().await;
    let mut client = program(before).await;
    fetch(&mut client, &article).await;
    app.must(json!({"do": "set_posting", "posting": true})).await;
    app.must(json!({"do": "set_listen", "listen": {"host": "localhost", "port": 0}})).await;
    let now = app.until(|now| now.address.host == "localhost").await;
    assert_ne!(now.address.port, before.port());
    for host in ["127.0.0.1", "[::1]"] {
        program(format!("{host}:{}", now.address.port).parse().unwrap()).await;
    }
    assert!(is_refused(before).await);
    fetch(&mut client, &article).await;
    assert_eq!(news.book().accepted, 1, "the provider's connection was kept");
}

#[tokio::test]
async fn the_same_port_at_another_address_is_no_conflict_with_ourselves() {
    let (app, before) = serving().await;
    for host in ["localhost", "127.0.0.1"] {
        let listen = json!({"host": host, "port": before.port()});
        app.must(json!({"do": "set_listen", "listen": listen})).await;
        app.until(|now| now.address.host == host && now.state == State::NoProvider).await;
        program(before).await;
    }
}

#[tokio::test]
async fn a_busy_port_is_told_with_who_has_it_and_taken_when_it_is_free() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let app = Begin::new().settings(json!({"listen": {"host": "127.0.0.1", "port": port}})).start();
    let now = app.until(|now| now.state == State::Attention).await;
    let Some(Trouble::PortBusy { port: busy, holder, free: Some(free) }) = now.troubles.first()
    else {
        panic!("{:?}", now.troubles)
    };
    assert_eq!(*busy, port);
    let ours = format!("({})", std::process::id());
    let is_told = holder.as_ref().is_some_and(|holder| holder.ends_with(&ours));
    // Wine names no process.
    assert!(is_told || cfg!(windows) && holder.is_none(), "{holder:?}");
    TcpListener::bind(("127.0.0.1", *free)).await.unwrap();
    app.happened(|happened| matches!(happened, Happened::Trouble { .. })).await;
    drop(other);
    assert_eq!(app.until(|now| now.state == State::NoProvider).await.troubles, []);
    program(app.address().await).await;
}

#[tokio::test]
async fn the_free_port_that_was_offered_can_be_taken() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let app = Begin::new().settings(json!({"listen": {"host": "127.0.0.1", "port": port}})).start();
    let now = app.until(|now| now.state == State::Attention).await;
    let Some(Trouble::PortBusy { free: Some(free), .. }) = now.troubles.first() else { panic!() };
    app.must(json!({"do": "set_listen", "listen": {"host": "127.0.0.1", "port": free}})).await;
    let now = app.until(|now| now.state == State::NoProvider).await;
    assert_eq!((now.address.port, now.settings.listen.port), (*free, *free));
    program(app.address().await).await;
}

#[tokio::test]
async fn an_address_that_cannot_be_leaves_the_old_one_as_it_is() {
    let (app, address) = serving().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap().port();
    for (host, port, field, code) in [
        ("127.0.0.1", taken, "port", FailureCode::Refused),
        ("203.0.113.7", 0, "host", FailureCode::Invalid),
        ("nonsense", 0, "host", FailureCode::Invalid),
    ] {
        let refused =
            app.refused(json!({"do": "set_listen", "listen": {"host": host, "port": port}}));
        assert_eq!(refused.await, (code, Some(field.into())), "{host}:{port}");
    }
    assert_eq!(app.saved()["listen"]["port"], 0);
    program(address).await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_down_and_one_that_refuses_the_login_needs_the_user() {
    let (mut news, article) = one_article().await;
    let begin = Begin::new().settings(json!({"providers": [at("a", &news)]}));
    let app = begin.password("a", "a wrong one").start();
    let mut client = program(app.address().await).await;
    client.send(&format!("BODY {}", article.id())).await;
    let now = app.until(|now| now.state == State::Attention).await;
    assert!(
        matches!(&now.troubles[..], [Trouble::LoginRefused { provider, .. }] if provider == "a")
    );
    app.happened(|happened| matches!(happened, Happened::LoginRefused { .. })).await;

    news.stop().await;
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    app.must(json!({"do": "save_provider", "provider": at("a", &news), "password": password}))
        .await;
    let mut client = program(app.address().await).await;
    client.send(&format!("BODY {}", article.id())).await;
    let now = app.until(|now| now.state == State::Down).await;
    assert!(matches!(&now.troubles[..], [Trouble::ProviderDown { said, .. }] if !said.is_empty()));
    assert_eq!(app.provider("a").state, ProviderState::Down);
}

#[tokio::test]
async fn quit_stops_the_engine_first_and_waits_for_no_one_for_long() {
    let news = Provider::named("a").rule(on("BODY", Fault::stall(0))).listen().await;
    let mut entry = at("a", &news);
    entry["username"] = json!(null);
    let app = Begin::new().settings(json!({"providers": [entry]})).start();
    let address = app.address().await;
    let mut client = program(address).await;
    client.send("BODY <a@b>").await;
    news.until_asked("BODY").await;
    let watch = app.handle.watch();
    let begin = app.quit().await;
    assert!(is_refused(address).await);
    assert_eq!(watch.borrow().state, State::Stopped, "it does not say that it serves");
    assert_eq!(begin.desk.calls.borrow().as_slice(), &[] as &[Call]);
}

#[tokio::test]
async fn when_nobody_is_left_to_speak_to_it_it_ends() {
    let (app, address) = serving().await;
    let App { handle, begin } = app;
    drop(handle);
    let calls = crate::app::saw(&begin.desk.calls, |calls| calls.contains(&Call::Dropped)).await;
    assert!(!calls.contains(&Call::Quit), "{calls:?}");
    assert!(is_refused(address).await);
}

#[tokio::test]
async fn a_provider_that_refused_the_login_is_tried_again_when_the_user_says_so() {
    let (news, article) = one_article().await;
    news.play(Script::new().and(on("AUTHINFO PASS", Fault::say("481 no"))));
    let app = Begin::with_provider(&news).start();
    let address = app.address().await;
    assert_eq!(program(address).await.ask("BODY <1@x>").await.code(), "400");
    let now = app.until(|now| now.providers[0].state == ProviderState::LoginRefused).await;
    let Some(Retry::At { time }) = now.providers[0].retry else { panic!("{now:?}") };
    assert!(time > now.figures.at + 60_000);
    assert!(status(&now).providers[0].retry_secs > Some(60));
    news.play(Script::new());
    app.must(json!({"do": "try_now", "provider": null})).await;
    let now = app.until(|now| now.providers[0].state == ProviderState::Up).await;
    assert_eq!((now.providers[0].retry, status(&now).providers[0].retry_secs), (None, None));
    fetch(&mut program(address).await, &article).await;
}
