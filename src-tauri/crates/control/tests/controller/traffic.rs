//! Speed limits: slow mode from the tray and the window, and the limits of programs.

use api::request::FailureCode;
use api::snapshot::{Happened, TrafficView};
use control::status::traffic;
use control::tray::{Action, Item, Tray};
use serde_json::{Value, json};
use settings::{Language, TrafficMode};

use crate::app::{Begin, at, fetch, one_article, program, saw};

/// The tick before slow mode, and what a click on it does.
fn slow(tray: &Tray) -> Option<(bool, Action)> {
    tray.menu.iter().find_map(|item| match item {
        Item::Action { does: does @ Action::Slow(_), checked, .. } => Some(((*checked)?, *does)),
        _ => None,
    })
}

#[tokio::test]
async fn slow_mode_is_one_click_in_the_tray_and_can_be_seen_there_while_it_is_on() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    fetch(&mut program(app.address().await).await, &article).await;
    for on in [true, false] {
        let tray = Tray::of(&app.now(), Language::En);
        let (ticked, click) = slow(&tray).unwrap();
        assert_eq!((ticked, click), (!on, Action::Slow(on)));
        app.handle.act(click);
        let mode = if on { TrafficMode::Slow } else { TrafficMode::Normal };
        let speed = on.then_some(1_000_000);
        app.until(|now| now.traffic == TrafficView { mode, speed, until: None, next: None }).await;
        app.happened(|happened| *happened == Happened::TrafficMode { mode }).await;
        let shown = |tray: &Tray| tray.tooltip.contains("Slow mode") == on;
        saw(&app.begin.desk.trays, |trays| trays.last().is_some_and(shown)).await;
    }
}

#[tokio::test]
async fn the_speed_that_was_chosen_is_what_newsmuxctl_is_told() {
    let (news, _) = one_article().await;
    let settings = json!({"providers": [at("a", &news)], "limits": {"speed": 9_000_000}});
    let app = Begin::with_provider(&news).settings(settings).start();
    app.address().await;
    let said = || {
        let now = traffic(&app.now());
        (now.mode, now.speed)
    };
    assert_eq!(said(), ("normal".into(), Some(9_000_000)));
    app.must(json!({"do": "set_traffic", "mode": {"is": "speed", "speed": 2_500_000}})).await;
    assert_eq!(said(), ("speed".into(), Some(2_500_000)));
    let tray = Tray::of(&app.now(), Language::De);
    assert!(tray.tooltip.contains("2,5 MB/s"), "{}", tray.tooltip);
    let too_slow = json!({"do": "set_traffic", "mode": {"is": "speed", "speed": 1}});
    assert_eq!(app.refused(too_slow).await.0, FailureCode::Invalid);
    let limits = json!({"slow_speed": 100});
    let (code, field) = app.refused(json!({"do": "set_limits", "limits": limits})).await;
    assert_eq!((code, field.as_deref()), (FailureCode::Invalid, Some("slow_speed")));
}

#[tokio::test]
async fn a_program_is_limited_by_its_login_or_its_own_name() {
    let app = Begin::new().start();
    let limit = |name: &str, speed: Value| json!({"do": "limit_program", "program": {"name": name, "speed": speed}});
    app.must(limit("SABnzbd", json!(5_000_000))).await;
    let alone = json!([{"name": "SABnzbd", "login": false, "speed": 5_000_000}]);
    assert_eq!(app.saved()["clients"], alone);
    app.must(json!({"do": "add_client", "name": "kodi", "hold": "this_session"})).await;
    app.must(limit("kodi", json!(2_000_000))).await;
    assert_eq!(app.saved()["clients"][1], json!({"name": "kodi", "speed": 2_000_000}));
    // A login of the same name keeps the limit.
    app.must(json!({"do": "add_client", "name": "SABnzbd", "hold": "this_session"})).await;
    assert_eq!(app.saved()["clients"][0], json!({"name": "SABnzbd", "speed": 5_000_000}));
    for name in ["SABnzbd", "kodi"] {
        app.must(limit(name, Value::Null)).await;
    }
    assert_eq!(app.saved()["clients"], json!([{"name": "SABnzbd"}, {"name": "kodi"}]));
    app.must(limit("Pan", json!(3_000_000))).await;
    app.must(limit("Pan", Value::Null)).await;
    assert_eq!(app.saved()["clients"].as_array().map(Vec::len), Some(2));
    for (field, value) in [("speed", json!(1)), ("connections", json!(0))] {
        let program = json!({"name": "Pan", field: value});
        let refused = app.refused(json!({"do": "limit_program", "program": program})).await;
        assert_eq!(refused, (FailureCode::Invalid, Some(field.into())));
    }
    let program = json!({"name": "Pan", "priority": "high", "connections": 4});
    app.must(json!({"do": "limit_program", "program": program})).await;
    let saved = json!({"name": "Pan", "login": false, "priority": "high", "connections": 4});
    assert_eq!(app.saved()["clients"][2], saved);
}
