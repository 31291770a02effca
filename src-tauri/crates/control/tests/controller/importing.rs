//! Providers from the settings of other programs.

use std::fs;
use std::path::PathBuf;

use api::request::FailureCode;
use api::snapshot::PasswordState;
use control::controller::Notice;
use downloaders::Program;
use downloaders::places::Candidate;
use secrets::StoreError;
use serde_json::{Value, json};

use crate::app::{App, Begin, PASSWORD, at, fetch, one_article, program};

const SECRET: &str = "the secret of the first";
const INI: &str = "[servers]\n[[a]]\nhost = a.example\nport = 563\nssl = 1\nusername = u\n\
                   password = the secret of the first\n\
                   [[b]]\nhost = b.example\nssl = 1\nusername = u\npassword = another secret\npriority = 1\n\
                   [[c]]\ndisplayname = a\nhost = c.example\nssl = 1\n[[d]]\nhost =\n";

fn text(text: &str) -> Value {
    json!({"do": "read_import_text", "text": text})
}

fn import(chosen: &[usize], hold: &str) -> Value {
    json!({"do": "import", "chosen": chosen, "same_account": [], "hold": hold})
}

/// Several hosts of one account, and others that only look like it.
const HOSTS: &str = "[servers]\n[[us]]\nhost = us.a.example\nssl = 1\nusername = u\nconnections = 30\n\
                     [[eu]]\nhost = EU.A.example\nssl = 1\nusername = u\nquota = 500G\nexpire_date = 2031-01-31\n\
                     [[other user]]\nhost = x.a.example\nssl = 1\nusername = v\n\
                     [[no user]]\nhost = y.a.example\nssl = 1\n\
                     [[address]]\nhost = 192.0.2.1\nssl = 1\nusername = u\n\
                     [[address 2]]\nhost = 193.0.2.1\nssl = 1\nusername = u\n\
                     [[b]]\nhost = news.b.example\nssl = 1\nusername = u\nquota = 7G\n";

#[tokio::test]
async fn hosts_of_one_account_are_named_as_such() {
    let known = json!([{"id": "x", "name": "B", "host": "news2.b.example", "username": "u", "quota": {"bytes": 9}}]);
    let app = Begin::new().settings(json!({ "providers": known })).start();
    let preview = shown(&app, text(HOSTS)).await;
    let servers = preview["servers"].as_array().unwrap();
    let same: Vec<_> = servers.iter().map(|server| server["same_account_as"].clone()).collect();
    let us = json!({"provider": null, "servers": [0]});
    let b = json!({"provider": "x", "servers": []});
    let none = Value::Null;
    assert_eq!(same, [none.clone(), us, none.clone(), none.clone(), none.clone(), none, b]);
}

#[tokio::test]
async fn the_first_chosen_host_of_an_account_has_it() {
    const THREE: &str = "[servers]\n[[a]]\nhost = a.news.example\nusername = u\n\
                         [[b]]\nhost = b.news.example\nusername = u\nquota = 5G\n\
                         [[c]]\nhost = c.news.example\nusername = u\nquota = 7G\n";
    let app = Begin::new().start();
    let preview = shown(&app, text(THREE)).await;
    let servers = preview["servers"].as_array().unwrap().iter();
    let same: Vec<_> = servers.map(|one| one["same_account_as"]["servers"].clone()).collect();
    assert_eq!(same, [Value::Null, json!([0]), json!([0, 1])]);
    let import = json!({"do": "import", "chosen": [1, 2], "same_account": [2], "hold": "keep"});
    app.must(import).await;
    let now = app.now();
    let all = now.settings.providers.iter();
    let all: Vec<_> = all.map(|one| (one.account.as_deref(), one.quota.map(|q| q.bytes))).collect();
    assert_eq!(all, [(None, Some(5 << 30)), (Some("b"), None)]);
}

#[tokio::test]
async fn hosts_of_one_account_share_it_where_that_is_wanted_and_lose_nothing_that_was_bought() {
    let import = |chosen: &[usize], same: &[usize]| json!({"do": "import", "chosen": chosen, "same_account": same, "hold": "keep"});
    let accounts = |app: &App| {
        let now = app.now();
        let all = now.settings.providers.iter();
        all.map(|one| (one.account.clone(), one.quota.is_some(), one.expires.is_some()))
            .collect::<Vec<_>>()
    };
    let app = Begin::new().start();
    app.must(text(HOSTS)).await;
    app.must(import(&[0, 1], &[1])).await;
    let shared = [(None, true, true), (Some("us".to_owned()), false, false)];
    assert_eq!(accounts(&app), shared);
    // One that is imported later joins them.
    app.must(text(&HOSTS.replace("us.a.", "asia.a."))).await;
    app.must(import(&[0], &[0])).await;
    assert_eq!(accounts(&app)[2], (Some("us".to_owned()), false, false));

    for (chosen, same) in [(&[0, 1][..], &[][..]), (&[1], &[1]), (&[0, 1], &[0])] {
        let app = Begin::new().start();
        app.must(text(HOSTS)).await;
        app.must(import(chosen, same)).await;
        let all = accounts(&app);
        assert!(all.iter().all(|(account, _, _)| account.is_none()), "{all:?}");
        assert_eq!(all.last(), Some(&(None, true, true)));
    }
}

/// What the window gets to see.
async fn shown(app: &App, request: Value) -> Value {
    serde_json::to_value(app.must(request).await).unwrap()
}

fn ids(app: &App) -> Vec<String> {
    app.now().settings.providers.iter().map(|provider| provider.id.clone()).collect()
}

/// With these files as the usual ones.
fn with(files: &[(Program, &str, &str)]) -> (Begin, Vec<Candidate>) {
    let mut begin = Begin::new();
    let place =
        |(program, name, _): &(Program, &str, &str)| (*program, begin.folder.path().join(name));
    let places: Vec<Candidate> = files.iter().map(place).collect();
    for ((_, path), (_, _, text)) in places.iter().zip(files).filter(|(_, file)| !file.2.is_empty())
    {
        fs::write(path, text).unwrap();
    }
    begin.world.1.clone_from(&places);
    (begin, places)
}

#[tokio::test]
async fn what_is_in_a_usual_place_is_found_and_nothing_else_can_be_read() {
    let (begin, places) = with(&[
        (Program::Sabnzbd, "sabnzbd.ini", INI),
        (Program::Nzbget, "absent.conf", ""),
        (Program::Nzbget, "nzbget.conf", "Server1.Host=n.example\n"),
    ]);
    let app = begin.start();
    let found = shown(&app, json!({"do": "find_imports"})).await;
    assert_eq!(
        found["files"],
        json!([
            {"program": "sabnzbd", "path": places[0].1},
            {"program": "nzbget", "path": places[2].1},
        ])
    );
    let read = |path: PathBuf| json!({"do": "read_import", "path": path});
    let preview = shown(&app, read(places[2].1.clone())).await;
    assert_eq!(preview["servers"][0]["provider"]["host"], "n.example");
    assert_eq!(app.refused(read(places[1].1.clone())).await.0, FailureCode::ImportRead);
    // A window that asks for another file is not one of ours.
    assert_eq!(app.refused(read(app.begin.file())).await.0, FailureCode::ImportRead);
}

#[tokio::test]
async fn a_preview_has_all_but_the_passwords() {
    let known = json!([{"id": "x", "host": "B.example", "username": "u"}]);
    let app = Begin::new().settings(json!({ "providers": known })).password("x", "x").start();
    let preview = shown(&app, text(INI)).await;
    assert_eq!((&preview["is"], &preview["program"]), (&json!("import"), &json!("sabnzbd")));
    let of = |field: &str| {
        let servers = preview["servers"].as_array().unwrap().iter();
        servers.map(|server| server.pointer(field).unwrap().clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("/provider/name"), ["a", "b", "a"]);
    assert_eq!(of("/password"), [true, true, false]);
    assert_eq!(of("/known"), [false, true, false]);
    assert_eq!(preview["left_out"], json!([{"name": "d", "why": "host"}]));
    assert!(!preview.to_string().contains("secret"), "{preview}");
    assert!(!format!("{:?}", app.ask(text(INI)).await).contains("secret"));
    assert_eq!((ids(&app), app.begin.keyring.secrets().len()), (vec!["x".to_owned()], 1));
}

#[tokio::test]
async fn those_that_are_chosen_are_taken_with_their_passwords() {
    let app = Begin::new().start();
    app.must(text(INI)).await;
    app.must(import(&[2, 0], "keep")).await;
    assert_eq!(ids(&app), ["a", "a-2"]);
    let now = app.now();
    let hosts: Vec<_> = now.settings.providers.iter().map(|one| one.host.as_str()).collect();
    assert_eq!(hosts, ["a.example", "c.example"]);
    assert_eq!((app.kept("a").as_deref(), app.begin.keyring.secrets().len()), (Some(SECRET), 1));
    assert_eq!(app.provider("a").password, PasswordState::Kept);
    assert_eq!(app.saved()["providers"][1]["id"], "a-2");
    assert!(!fs::read_to_string(app.begin.file()).unwrap().contains("secret"));
    // What was read is forgotten.
    assert_eq!(app.refused(import(&[1], "keep")).await.0, FailureCode::Unknown);
}

#[tokio::test]
async fn what_was_taken_serves_programs() {
    let (news, article) = one_article().await;
    let app = Begin::new().start();
    let port = at("a", &news)["port"].clone();
    let file = format!(
        "Server1.Host=127.0.0.1\nServer1.Port={port}\nServer1.Username=me\nServer1.Password={PASSWORD}\n"
    );
    app.must(text(&file)).await;
    app.must(import(&[0], "keep")).await;
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn what_cannot_be_chosen_or_was_dismissed_is_not_taken() {
    let app = Begin::new().start();
    assert_eq!(app.refused(import(&[0], "keep")).await.0, FailureCode::Unknown);
    app.must(text(INI)).await;
    assert_eq!(app.refused(import(&[0, 3], "keep")).await.0, FailureCode::Unknown);
    app.must(json!({"do": "dismiss_import"})).await;
    assert_eq!(app.refused(import(&[0], "keep")).await.0, FailureCode::Unknown);
    app.must(text(INI)).await;
    app.handle.notice(Notice::WindowGone);
    assert_eq!(app.refused(import(&[0], "keep")).await.0, FailureCode::Unknown);
    app.must(text(INI)).await;
    assert_eq!(app.refused(text("nonsense")).await.0, FailureCode::ImportKind);
    assert_eq!(app.refused(import(&[0], "keep")).await.0, FailureCode::Unknown);
    assert_eq!((ids(&app).len(), app.begin.keyring.calls()), (0, 0));
}

#[tokio::test]
async fn where_one_password_cannot_be_kept_nothing_is_taken_until_it_can() {
    for (error, code) in [
        (StoreError::Locked, FailureCode::KeepClosed),
        (StoreError::Absent("none".into()), FailureCode::KeepAbsent),
        (StoreError::Failed("it burns".into()), FailureCode::Refused),
    ] {
        let app = Begin::new().start();
        app.must(text(INI)).await;
        app.begin.keyring.fail_always(Some(error));
        assert_eq!(app.refused(import(&[0, 1], "keep")).await.0, code);
        assert_eq!((ids(&app).len(), app.begin.keyring.secrets().len()), (0, 0));
        app.must(import(&[0, 1], "this_session")).await;
        assert_eq!(app.provider("a").password, PasswordState::ThisSession);
        assert_eq!(app.begin.keyring.secrets().len(), 0);
    }
}

#[tokio::test]
async fn a_keyring_that_closes_in_between_is_left_as_it_was() {
    let app = Begin::new().start();
    app.must(text(INI)).await;
    // The first is kept, the second is not.
    app.begin.keyring.fail_after(1, StoreError::Locked);
    assert_eq!(app.refused(import(&[0, 1], "keep")).await.0, FailureCode::KeepClosed);
    assert_eq!(ids(&app).len(), 0);
    assert_eq!(app.kept("a").as_deref(), Some(SECRET), "it cannot be deleted yet");
    app.must(import(&[1], "keep")).await;
    // It waits until the first is deleted.
    app.must(json!({"do": "retry_passwords"})).await;
    assert_eq!((app.kept("a"), app.kept("b").is_some()), (None, true));
}

#[tokio::test]
async fn where_the_settings_cannot_be_written_no_password_stays() {
    let app = Begin::new().start();
    app.must(text(INI)).await;
    let in_the_way = app.begin.folder.path().join(".settings.json.new/in the way");
    fs::create_dir_all(&in_the_way).unwrap();
    for hold in ["keep", "this_session"] {
        assert_eq!(app.refused(import(&[0, 1], hold)).await.0, FailureCode::NotSaved);
        app.must(json!({"do": "retry_passwords"})).await;
        assert_eq!((ids(&app).len(), app.begin.keyring.secrets().len()), (0, 0));
    }
    fs::remove_dir_all(in_the_way.parent().unwrap()).unwrap();
    app.must(import(&[0, 1], "keep")).await;
    assert_eq!(app.begin.keyring.secrets().len(), 2);
}
