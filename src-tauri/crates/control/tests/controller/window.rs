//! The window and the tray: shown, closed, never out of reach.

use std::net::SocketAddr;

use api::request::Reply;
use api::snapshot::State;
use control::controller::Notice;
use control::tray::{Action, Icon, Item};
use serde_json::{Value, json};
use settings::PauseFor;
use tokio::join;

use crate::app::{App, Begin, Call, saw};

fn with_provider() -> Value {
    json!({"providers": [{"id": "a", "host": "a.example"}]})
}

/// What the window was told after it all began.
fn window(app: &App) -> Vec<Call> {
    let calls = app.begin.desk.calls.borrow();
    calls
        .iter()
        .filter(|call| matches!(call, Call::Show | Call::Close | Call::Minimize))
        .cloned()
        .collect()
}

/// Waits until all notices were heard.
async fn heard(app: &App) {
    app.events().await;
}

#[tokio::test]
async fn the_window_is_shown_at_the_start_unless_it_is_to_be_hidden() {
    let hidden =
        || json!({"desktop": {"start_hidden": true}, "providers": with_provider()["providers"]});
    for (settings, by_login, shown) in [
        (json!({}), false, true),
        (json!({}), true, true),
        (with_provider(), false, true),
        (with_provider(), true, false),
        (hidden(), false, false),
    ] {
        let begin = Begin { hidden: by_login, ..Begin::new().settings(settings.clone()) };
        let app = begin.start();
        app.until(|now| now.state != State::Starting).await;
        assert_eq!(window(&app).contains(&Call::Show), shown, "{settings} {by_login}");
    }
}

#[tokio::test]
async fn a_start_that_needs_the_user_shows_the_window_but_not_at_login() {
    let needs = json!({
        "desktop": {"start_hidden": true},
        "providers": [{"id": "a", "host": "a.example", "username": "u"}],
    });
    for by_login in [false, true] {
        let app = Begin { hidden: by_login, ..Begin::new().settings(needs.clone()) }.start();
        app.until(|now| now.state == State::Attention).await;
        heard(&app).await;
        assert_eq!(window(&app).contains(&Call::Show), !by_login);
    }
}

#[tokio::test]
async fn the_first_close_says_where_it_goes_on_and_later_ones_just_close() {
    let app = Begin::new().settings(with_provider()).start();
    app.handle.notice(Notice::Tray(true));
    app.handle.notice(Notice::CloseAsked);
    assert!(app.until(|now| now.farewell).await.tray);
    app.must(json!({"do": "stay_open"})).await;
    assert!(!app.now().farewell);
    app.must(json!({"do": "close"})).await;
    app.until(|now| now.farewell).await;
    app.must(json!({"do": "close_window"})).await;
    app.told(&Call::Close).await;
    assert!(!app.now().farewell);
    assert_eq!(app.saved()["desktop"]["told_of_tray"], true);
    app.handle.notice(Notice::WindowGone);
    app.handle.notice(Notice::StartedAgain);
    app.handle.notice(Notice::WindowShown);
    app.handle.notice(Notice::CloseAsked);
    heard(&app).await;
    assert_eq!(window(&app), [Call::Show, Call::Close, Call::Show, Call::Close]);
}

#[tokio::test]
async fn without_a_tray_the_window_is_minimized_and_never_gone() {
    let app = Begin::new().settings(with_provider()).start();
    app.handle.notice(Notice::CloseAsked);
    app.must(json!({"do": "close_window"})).await;
    app.handle.notice(Notice::Tray(true));
    app.handle.notice(Notice::WindowGone);
    app.handle.notice(Notice::Tray(false));
    heard(&app).await;
    assert_eq!(window(&app), [Call::Show, Call::Minimize, Call::Minimize, Call::Show]);
}

#[tokio::test]
async fn the_tray_is_drawn_when_it_differs_in_the_language_of_the_settings_or_the_system() {
    let begin = Begin { language: Some("de-AT".into()), ..Begin::new().settings(with_provider()) };
    let app = begin.start();
    app.until(|now| now.state == State::Idle).await;
    app.must(json!({"do": "stop"})).await;
    app.must(json!({"do": "set_language", "language": "en"})).await;
    heard(&app).await;
    let trays = app.begin.desk.trays.borrow().clone();
    assert!(trays.windows(2).all(|two| two[0] != two[1]));
    let tips: Vec<_> = trays.iter().map(|tray| tray.tooltip.as_str()).collect();
    assert_eq!(
        tips,
        ["Newsmux: Startet …", "Newsmux: An, Leerlauf", "Newsmux: Aus", "Newsmux: Off",]
    );
    assert_eq!(trays.last().unwrap().icon, Icon::Stopped);
}

#[tokio::test]
async fn the_trays_entries_do_what_they_say() {
    let app = Begin::new().settings(with_provider());
    *app.desk.starts_at_login.lock().unwrap() = Some(false);
    let app = app.start();
    let address: SocketAddr = app.address().await;
    app.handle.act(Action::CopyAddress);
    app.told(&Call::Copy(address.to_string())).await;
    app.handle.act(Action::StartAtLogin(true));
    app.told(&Call::StartAtLogin(true)).await;
    app.until(|now| now.start_at_login == Some(true)).await;
    let ticked = |item: &Item| matches!(item, Item::Action { checked: Some(true), .. });
    saw(&app.begin.desk.trays, |all| all.last().is_some_and(|t| t.menu.iter().any(ticked))).await;
    app.handle.act(Action::Stop);
    app.until(|now| now.state == State::Stopped).await;
    app.handle.act(Action::Start);
    app.until(|now| now.state == State::Idle).await;
    app.handle.act(Action::Pause(PauseFor::Resumed));
    app.until(|now| matches!(now.state, State::Paused { .. })).await;
    app.handle.act(Action::Resume);
    app.until(|now| now.state == State::Idle).await;
    app.handle.act(Action::Quit);
    app.told(&Call::Quit).await;
}

#[tokio::test]
async fn what_the_desktop_refuses_is_said() {
    let app = Begin::new().settings(with_provider()).start();
    app.must(json!({"do": "open_logs"})).await;
    app.told(&Call::Open(app.begin.folder.path().join("logs"))).await;
    let failure = app.ask(json!({"do": "set_start_at_login", "start": true})).await.unwrap_err();
    assert_eq!(failure.message, "this desktop has no such thing");
    assert_eq!(app.now().start_at_login, None);
}

#[tokio::test]
async fn a_window_that_is_wanted_while_it_closes_comes_back() {
    let desktop = json!({"told_of_tray": true});
    let settings = json!({"desktop": desktop, "providers": with_provider()["providers"]});
    let app = Begin::new().settings(settings).start();
    for notice in [Notice::Tray(true), Notice::CloseAsked, Notice::StartedAgain, Notice::WindowGone]
    {
        app.handle.notice(notice);
        heard(&app).await;
    }
    assert_eq!(window(&app), [Call::Show, Call::Close, Call::Show]);
    app.handle.notice(Notice::WindowShown);
    app.handle.notice(Notice::CloseAsked);
    app.must(json!({"do": "show"})).await;
    app.must(json!({"do": "show"})).await;
    assert_eq!(window(&app)[3..], [Call::Close, Call::Show], "it may not close after all");
}

#[tokio::test]
async fn what_is_copied_in_the_window_is_the_desktops() {
    let app = Begin::new().settings(with_provider()).start();
    let text = "a password";
    app.ask(json!({"do": "copy", "text": text})).await.unwrap();
    app.told(&Call::Copy(text.into())).await;
}

#[tokio::test]
async fn a_file_is_chosen_while_everything_else_continues() {
    let app = Begin::new().settings(with_provider()).start();
    let choose = json!({"do": "choose_file", "title": "Choose a CA certificate"});
    let answer = |path: Option<&str>| {
        let chosen = app.begin.desk.choosing.lock().unwrap().pop().unwrap();
        if let Some(path) = path {
            chosen.send(path.into()).unwrap();
        }
    };
    let user = async |path| {
        app.told(&Call::ChooseFile("Choose a CA certificate".into())).await;
        app.must(json!({"do": "set_posting", "posting": true})).await;
        answer(path);
        app.begin.desk.calls.send_modify(Vec::clear);
    };
    let (reply, ()) = join!(app.must(choose.clone()), user(Some("/etc/ca.pem")));
    assert_eq!(reply, Reply::File { path: "/etc/ca.pem".into() });
    let (reply, ()) = join!(app.must(choose.clone()), user(None));
    assert_eq!(reply, Reply::Done, "the dialog was cancelled");
}
