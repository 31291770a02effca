//! Settings that this version does not understand, or cannot read, or may not change: they stay as they are.

use std::fs;

use serde_json::{Value, json};

use api::request::FailureCode;
use api::snapshot::{Snapshot, Trouble};

use crate::app::{App, Begin, Call, PASSWORD, at, fetch, one_article, program};

fn troubles(now: &Snapshot) -> Value {
    serde_json::to_value(&now.troubles).unwrap()
}

/// Why the settings can only be read, if that is so.
fn why(now: &Snapshot) -> Option<Value> {
    let all = troubles(now);
    let read_only = |one: &&Value| one["what"] == "settings_read_only";
    all.as_array().unwrap().iter().find(read_only).map(|one| one["why"].clone())
}

fn posting() -> Value {
    json!({"do": "set_posting", "posting": true})
}

async fn copies(app: &App) -> Vec<Value> {
    let reply = serde_json::to_value(app.must(json!({"do": "settings_copies"})).await).unwrap();
    reply["copies"].as_array().unwrap().clone()
}

async fn cannot_be_changed(app: &App) {
    let failure = app.ask(posting()).await.unwrap_err();
    let code = serde_json::to_value(failure.code).unwrap();
    assert_eq!(code, "settings_read_only", "{failure:?}");
}

#[tokio::test]
async fn settings_of_a_newer_version_are_used_as_far_as_they_are_understood_and_left_alone() {
    let (news, article) = one_article().await;
    let mut provider = at("a", &news);
    provider["backbone"] = json!("omicron");
    let lost = json!({"id": "b", "host": "b.example", "tls": "quantum", "connections": 0});
    let newer = json!({"version": 2, "posting": {"from": "me"}, "limits": {"speed": 1},
        "clients": [], "providers": [provider, lost, {"id": "no host"}]});
    let mut begin = Begin::new().settings(newer).password("a", PASSWORD).hidden();
    let text = fs::read(begin.file()).unwrap();
    for _ in 0..2 {
        let app = begin.start();
        let now = app.until(|now| why(now).is_some()).await;
        assert_eq!(why(&now), Some(json!({"is": "newer", "version": 2})));
        let ids: Vec<_> = now.settings.providers.iter().map(|p| p.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        let address = app.address().await;
        fetch(&mut program(address).await, &article).await;
        cannot_be_changed(&app).await;
        app.dismiss(|_| true).await;
        assert!(why(&app.now()).is_some(), "it is said until it is settled");
        app.told(&Call::Show).await;
        begin = app.quit().await;
        assert_eq!(fs::read(begin.file()).unwrap(), text);
    }
}

#[tokio::test]
async fn a_field_that_is_not_known_is_named_and_taken_out_only_when_the_user_says_so() {
    let unknown = json!({"posting": true, "speed": 5, "providers": [{"id": "a", "host": "a.example", "colour": 1}]});
    let app = Begin::new().settings(unknown.clone()).start();
    let now = app.until(|now| why(now).is_some()).await;
    assert_eq!(why(&now), Some(json!({"is": "not_understood"})));
    assert!(troubles(&now)[0]["said"].as_str().unwrap().contains("colour"), "{:?}", now.troubles);
    assert!(now.settings.posting);
    cannot_be_changed(&app).await;
    let before = fs::read(app.begin.file()).unwrap();
    app.must(json!({"do": "adopt_settings"})).await;
    assert_eq!(why(&app.now()), None);
    app.must(json!({"do": "set_posting", "posting": false})).await;
    assert_eq!(app.saved()["providers"][0]["host"], "a.example");
    let copies = copies(&app).await;
    assert_eq!(copies.len(), 1, "{copies:?}");
    let copy = app.begin.folder.path().join(copies[0]["file"].as_str().unwrap());
    assert_eq!(fs::read(copy).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_was_mended_counts_at_once() {
    let app = Begin::new().settings(json!({"speed": 5})).start();
    app.until(|now| why(now).is_some()).await;
    fs::write(app.begin.file(), json!({"providers": [], "posting": true}).to_string()).unwrap();
    let now = app.until(|now| why(now).is_none()).await;
    assert!(now.settings.posting);
    app.must(json!({"do": "set_posting", "posting": false})).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_for_a_moment_is_not_replaced() {
    let begin = Begin::new();
    let (file, aside) = (begin.file(), begin.folder.path().join("aside"));
    fs::rename(&file, &aside).unwrap();
    // Nobody can read a folder as a file, not even root.
    fs::create_dir(&file).unwrap();
    let app = begin.start();
    let now = app.until(|now| why(now).is_some()).await;
    assert_eq!(why(&now), Some(json!({"is": "unreadable"})));
    cannot_be_changed(&app).await;
    let refused = app.ask(json!({"do": "adopt_settings"})).await.unwrap_err();
    assert_ne!(refused.code, FailureCode::Unknown);
    assert!(file.is_dir());
    fs::remove_dir(&file).unwrap();
    fs::rename(&aside, &file).unwrap();
    app.until(|now| why(now).is_none()).await;
    app.must(posting()).await;
}

#[tokio::test]
async fn that_a_damaged_file_was_set_aside_is_said_until_it_is_answered_also_after_a_start() {
    let begin = Begin::new();
    fs::write(begin.file(), "{\"providers\": [").unwrap();
    let is_told = |now: &Snapshot| troubles(now).to_string().contains("settings.broken-1.json");
    let app = begin.start();
    app.until(is_told).await;
    app.must(json!({"do": "set_listen", "listen": {"host": "127.0.0.1", "port": 0}})).await;
    app.must(posting()).await;
    let app = app.quit().await.start();
    app.until(is_told).await;
    app.dismiss(|_| true).await;
    app.until(|now| !is_told(now)).await;
    let app = app.quit().await.start();
    app.must(posting()).await;
    assert!(!is_told(&app.now()));
    assert!(app.begin.folder.path().join("settings.broken-1.json").exists());
}

#[tokio::test]
async fn a_notice_that_was_not_dismissed_itself_is_still_there() {
    let begin = Begin::new();
    fs::write(begin.file(), "{\"providers\": [").unwrap();
    let is_told = |now: &Snapshot| troubles(now).to_string().contains("settings.broken-1.json");
    let is_alert = |trouble: &Trouble| matches!(trouble, Trouble::AccountUsed { .. });
    let app = begin.start();
    app.until(is_told).await;
    let account =
        json!({"id": "", "host": "a.example", "quota": {"bytes": 100, "used_before": 95}});
    app.must(json!({"do": "save_provider", "provider": account, "password": null})).await;
    app.until(|now| now.troubles.iter().any(is_alert)).await;
    app.dismiss(is_alert).await;
    app.until(|now| !now.troubles.iter().any(is_alert)).await;
    assert!(is_told(&app.now()));
    let app = app.quit().await.start();
    app.until(is_told).await;
    app.dismiss(|trouble| matches!(trouble, Trouble::SettingsSetAside { .. })).await;
    app.until(|now| !is_told(now)).await;
}

#[tokio::test]
async fn a_notice_that_has_changed_since_it_was_seen_is_not_dismissed() {
    let begin = Begin::new();
    fs::write(begin.file(), "{\"providers\": [").unwrap();
    let app = begin.start();
    app.until(|now| !now.troubles.is_empty()).await;
    let other = json!({"what": "settings_set_aside", "file": "settings.broken-7.json", "said": ""});
    app.must(json!({"do": "dismiss_troubles", "troubles": [other]})).await;
    assert_eq!(app.now().troubles.len(), 1);
}

#[tokio::test]
async fn a_copy_is_kept_before_another_version_changes_the_settings_and_can_be_restored() {
    let app =
        Begin::new().settings(json!({"providers": [{"id": "a", "host": "a.example"}]})).start();
    assert_eq!(copies(&app).await, Vec::<Value>::new());
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    app.must(posting()).await;
    let kept = copies(&app).await;
    assert_eq!(kept.len(), 1, "one for each version: {kept:?}");
    let restore = |file: &Value| json!({"do": "restore_settings", "file": file});
    for nowhere in ["../settings.json", "settings.json", "settings.none.json"] {
        assert_eq!(
            app.refused(restore(&json!(nowhere))).await.0,
            FailureCode::Unknown,
            "{nowhere}"
        );
    }
    app.must(restore(&kept[0]["file"])).await;
    let now = app.now();
    assert_eq!((now.settings.providers.len(), now.settings.posting), (1, false));
    assert_eq!(copies(&app).await.len(), 2, "what was there is kept too");
}

#[tokio::test]
async fn two_that_run_at_once_do_not_write_over_each_other() {
    let first = Begin::new().start();
    first.must(posting()).await;
    let begin = Begin { folder: first.begin.folder.clone(), ..Begin::new() };
    let second = begin.start();
    let now = second.until(|now| why(now).is_some()).await;
    let by = format!("process {}", std::process::id());
    let why_not = why(&now).unwrap();
    assert_eq!(why_not["is"], "held");
    assert!(why_not["by"].as_str().unwrap().contains(&by), "{why_not}");
    assert!(now.settings.posting, "it can be read");
    cannot_be_changed(&second).await;
    // Neither is the vault, which the other may use.
    let vault = second.begin.folder.path().join("vault.json");
    let open = json!({"do": "open_vault", "passphrase": "second"});
    assert_eq!(second.refused(open).await.0, FailureCode::SettingsReadOnly);
    assert!(!vault.exists(), "the second made a vault");
    first.must(json!({"do": "open_vault", "passphrase": "first"})).await;
    let before = fs::read(&vault).unwrap();
    for request in [
        json!({"do": "change_passphrase", "passphrase": "first", "new": "second"}),
        json!({"do": "start_vault_over", "passphrase": "second"}),
    ] {
        assert_eq!(second.refused(request).await.0, FailureCode::SettingsReadOnly);
        assert_eq!(fs::read(&vault).unwrap(), before);
    }
    let third = Begin { folder: first.quit().await.folder, ..Begin::new() };
    second.until(|now| why(now).is_none()).await;
    second.must(json!({"do": "set_posting", "posting": false})).await;
    drop(third);
}
