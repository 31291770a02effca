//! The settings file: read, put aside, written, and edited by others.

use std::fs;

use api::request::FailureCode;
use api::snapshot::{Happened, State, Trouble};
use serde_json::json;
use settings::LogLevel;

use crate::app::{Begin, Call, PASSWORD, at, one_article, program};

#[tokio::test]
async fn a_broken_file_is_put_aside_told_and_not_lost() {
    let begin = Begin::new();
    fs::write(begin.file(), "{\"providers\": [").unwrap();
    fs::write(begin.folder.path().join("settings.broken-1.json"), "an older one").unwrap();
    let app = begin.hidden().start();
    app.told(&Call::Show).await;
    let now = app.until(|now| !now.troubles.is_empty()).await;
    let Trouble::SettingsSetAside { file, .. } = &now.troubles[0] else { panic!("{now:#?}") };
    assert!(file.ends_with("settings.broken-2.json"), "{file}");
    assert_eq!(fs::read_to_string(file).unwrap(), "{\"providers\": [");
    app.dismiss(|_| true).await;
    app.until(|now| now.troubles.is_empty()).await;
}

#[tokio::test]
async fn what_cannot_be_saved_is_not_done_and_no_password_changes() {
    let (news, _) = one_article().await;
    let begin = Begin::with_provider(&news);
    let in_the_way = begin.folder.path().join(".settings.json.new/in the way");
    let app = begin.start();
    app.address().await;
    fs::create_dir_all(&in_the_way).unwrap();
    let mut changed = at("a", &news);
    changed["connections"] = json!(5);
    let password = json!({"secret": "another", "hold": "keep"});
    for request in [
        json!({"do": "set_posting", "posting": true}),
        json!({"do": "save_provider", "provider": changed, "password": password}),
        json!({"do": "set_listen", "listen": {"host": "localhost", "port": 0}}),
        json!({"do": "remove_provider", "id": "a"}),
        json!({"do": "add_client", "name": "sab", "hold": "keep"}),
        json!({"do": "stop"}),
    ] {
        assert_eq!(app.refused(request).await, (FailureCode::NotSaved, None));
    }
    // Whatever was kept for settings that were not saved is put back before the next is answered.
    app.must(json!({"do": "retry_passwords"})).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    assert_eq!(app.begin.keyring.secrets().len(), 1);
    let now = app.now();
    assert!(matches!(now.troubles[..], [Trouble::SettingsNotSaved { .. }]), "{:?}", now.troubles);
    assert_eq!((now.settings.posting, now.settings.providers[0].connections), (false, 2));
    assert_eq!((now.state, now.removed.as_ref()), (State::Idle, None));
    program(app.address().await).await;

    fs::remove_dir_all(in_the_way.parent().unwrap()).unwrap();
    app.must(json!({"do": "set_posting", "posting": true})).await;
    assert_eq!(app.now().troubles, []);
}

#[tokio::test]
async fn what_another_program_wrote_takes_effect_with_the_next_change() {
    let app = Begin::new().settings(json!({})).start();
    app.address().await;
    let mut edited = app.saved();
    edited["routing"] = json!({"mode": "standard"});
    edited["desktop"] = json!({"log": "debug"});
    fs::write(app.begin.file(), edited.to_string()).unwrap();
    app.must(json!({"do": "set_posting", "posting": true})).await;
    let saved = app.saved();
    assert_eq!((&saved["routing"]["mode"], &saved["posting"]), (&json!("standard"), &json!(true)));
    app.told(&Call::Log(LogLevel::Debug)).await;
}

#[tokio::test]
async fn every_setting_is_saved_and_shown() {
    let app = Begin::new().start();
    app.told(&Call::Log(LogLevel::Info)).await;
    for (request, place, value) in [
        (json!({"do": "set_mode", "mode": "per-command"}), "/routing/mode", json!("per-command")),
        (json!({"do": "set_posting", "posting": true}), "/posting", json!(true)),
        (json!({"do": "set_all_users", "all": true}), "/listen/all_users", json!(true)),
        (json!({"do": "set_language", "language": "de"}), "/desktop/language", json!("de")),
        (json!({"do": "set_theme", "theme": "dark"}), "/desktop/theme", json!("dark")),
        (json!({"do": "set_log", "log": "trace"}), "/desktop/log", json!("trace")),
        (
            json!({"do": "set_notify", "notify": {"attention": true, "outages": false}}),
            "/desktop/notify",
            json!({"attention": true, "outages": false, "accounts": true}),
        ),
        (json!({"do": "set_start_hidden", "hidden": true}), "/desktop/start_hidden", json!(true)),
        (json!({"do": "end_first_steps"}), "/desktop/first_steps_done", json!(true)),
    ] {
        app.must(request).await;
        assert_eq!(app.saved().pointer(place), Some(&value), "{place}");
        let shown = serde_json::to_value(&app.now().settings).unwrap();
        assert_eq!(shown.pointer(place), Some(&value), "{place}");
    }
    app.told(&Call::Log(LogLevel::Trace)).await;
    let event = app.happened(|happened| *happened == Happened::SettingsChanged).await;
    assert_eq!(event.times, 3, "what only the desktop does is no event");
}
