//! What a click could lose for good: what was removed, what was done in a program, a new password, a download.

use std::fs;

use api::request::{FailureCode, Reply};
use api::snapshot::{PasswordState, State};
use nntp_proxy::config::Secret;
use serde_json::{Value, json};

use crate::app::{Begin, Call, PASSWORD, at, fetch, one_article, program};
use crate::connecting::{
    Played, behind_tls, connect, nzbget, of_nzbget, sabnzbd, saved_options, undo,
};

/// Everything that is in the application's files.
fn files(begin: &Begin) -> String {
    let files = fs::read_dir(begin.folder.path()).unwrap().flatten();
    files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect()
}

#[tokio::test]
async fn a_removed_provider_can_be_put_back_after_a_start_and_asks_for_its_password() {
    let (news, _) = one_article().await;
    let other = json!({"id": "z", "host": "z.example"});
    let begin = Begin::new().settings(json!({"providers": [at("a", &news), other]}));
    let app = begin.password("a", PASSWORD).start();
    app.address().await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    app.must(json!({"do": "retry_passwords"})).await;
    let begin = app.quit().await;
    assert!(!files(&begin).contains(PASSWORD), "no secret is on the disk");
    let app = begin.start();
    assert_eq!(app.now().removed.as_deref(), Some("a"));
    app.must(json!({"do": "undo"})).await;
    assert_eq!(app.now().settings.providers[0].id, "a");
    app.until(|now| now.providers[0].password == PasswordState::Missing).await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    app.must(json!({"do": "forget_removed"})).await;
    let app = app.quit().await.start();
    assert_eq!(app.refused(json!({"do": "undo"})).await.0, FailureCode::Unknown);
}

fn with_key(mut undo: Value) -> Value {
    undo["secret"] = json!("the key");
    undo
}

/// Whether each server of its own was last switched on.
fn is_enabled(sabnzbd: &Played) -> bool {
    let asked = sabnzbd.asked();
    let own = asked.iter().rev().find(|body| body.contains("keyword=own")).unwrap();
    own.contains("enable=1")
}

#[tokio::test]
async fn what_was_done_in_two_programs_is_undone_in_each_in_any_order() {
    let (sabnzbd, nzbget) = (sabnzbd("").await, nzbget().await);
    for first_is_first in [true, false] {
        let app = Begin::new().start();
        app.address().await;
        app.must(connect(&sabnzbd.address, "the key")).await;
        app.must(of_nzbget(connect(&nzbget.address, "the key"))).await;
        assert_eq!(app.now().connected.len(), 2);
        assert!(!is_enabled(&sabnzbd));
        let own = ("Server1.Active".to_owned(), "no".to_owned());
        assert!(saved_options(&nzbget).contains(&own));
        // And after a start, with the keys.
        let app = app.quit().await.start();
        assert_eq!(app.now().connected.len(), 2);
        let mut undoes = [undo(&sabnzbd.address), of_nzbget(undo(&nzbget.address))].map(with_key);
        if !first_is_first {
            undoes.reverse();
        }
        for undo in undoes {
            app.must(undo).await;
        }
        assert_eq!(app.now().connected, []);
        assert!(is_enabled(&sabnzbd));
        let options = saved_options(&nzbget);
        let own = ("Server1.Active".to_owned(), "yes".to_owned());
        assert!(options.contains(&own) && options.len() == 4, "{options:?}");
    }
}

#[tokio::test]
async fn a_program_that_is_set_up_twice_has_its_servers_back_after_one_undo() {
    let app = Begin::new().start();
    app.address().await;
    let (sabnzbd, nzbget) = (sabnzbd("").await, nzbget().await);
    for address in [sabnzbd.address.clone(), format!("{}/", sabnzbd.address)] {
        app.must(connect(&address, "the key")).await;
        let connected = app.now().connected.clone();
        assert_eq!((connected.len(), connected[0].disabled[0].name.as_str()), (1, "Own"));
    }
    app.must(undo(&app.now().connected[0].address)).await;
    assert!(is_enabled(&sabnzbd));
    let asked = sabnzbd.asked();
    let ours = asked.iter().rev().find(|body| body.contains("keyword=Newsmux")).unwrap();
    assert!(ours.contains("mode=del_config"), "{asked:?}");
    assert_eq!(app.now().connected, []);

    for _ in 0..2 {
        app.must(of_nzbget(connect(&nzbget.address, "the key"))).await;
    }
    assert_eq!(app.now().connected[0].disabled[0].name, "Own");
    app.must(of_nzbget(undo(&nzbget.address))).await;
    let options = saved_options(&nzbget);
    assert!(options.contains(&("Server1.Active".to_owned(), "yes".to_owned())), "{options:?}");
    assert_eq!(options.len(), 4, "{options:?}");
}

#[tokio::test]
async fn a_program_at_two_addresses_does_not_get_the_entry_back_by_the_second_undo() {
    let app = Begin::new().start();
    app.address().await;
    let (sabnzbd, nzbget) = (sabnzbd("").await, nzbget().await);
    let addresses = [sabnzbd.address.clone(), behind_tls(&sabnzbd).await];
    for address in &addresses {
        app.must(connect(address, "the key")).await;
    }
    assert_eq!(app.now().connected.len(), 2);
    for address in &addresses {
        app.must(undo(address)).await;
    }
    let asked = sabnzbd.asked();
    let ours = asked.iter().rev().find(|body| body.contains("keyword=Newsmux")).unwrap();
    assert!(ours.contains("mode=del_config"), "{asked:?}");
    assert!(is_enabled(&sabnzbd));

    let [first, second] = [nzbget.address.clone(), behind_tls(&nzbget).await];
    for address in [&first, &second] {
        app.must(of_nzbget(connect(address, "the key"))).await;
    }
    app.must(of_nzbget(undo(&first))).await;
    let failure = app.ask(of_nzbget(undo(&second))).await.unwrap_err();
    assert_eq!(failure.code, FailureCode::ClientFailed);
    assert!(failure.message.contains("no server named Newsmux"), "{failure:?}");
    assert_eq!(saved_options(&nzbget).len(), 4, "{:?}", saved_options(&nzbget));
}

#[tokio::test]
async fn what_an_earlier_version_did_in_a_program_can_still_be_undone() {
    let app = Begin::new().start();
    app.address().await;
    let sabnzbd = sabnzbd("").await;
    app.must(connect(&sabnzbd.address, "the key")).await;
    let begin = app.quit().await;
    let file = begin.folder.path().join("undo.json");
    let mut saved: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    // It knew the last program only.
    let earlier = json!({"removed": null, "connected": saved["programs"][0].take()});
    assert!(earlier["connected"].is_object());
    fs::write(&file, earlier.to_string()).unwrap();
    let app = begin.start();
    app.must(with_key(undo(&sabnzbd.address))).await;
    assert!(is_enabled(&sabnzbd));
}

#[tokio::test]
async fn what_can_be_undone_is_not_overwritten_when_it_cannot_be_read() {
    let begin = Begin::new().settings(json!({"providers": [{"id": "a", "host": "a.example"}]}));
    let (folder, file) = (begin.folder.path().to_owned(), begin.folder.path().join("undo.json"));
    fs::write(&file, "of another version").unwrap();
    fs::write(folder.join("undo.broken-1.json"), "earlier").unwrap();
    let app = begin.start();
    app.address().await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    let begin = app.quit().await;
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read("undo.broken-1.json"), "earlier");
    assert_eq!(read("undo.broken-2.json"), "of another version");
    assert!(read("undo.json").contains("a.example"));

    // A folder in its place cannot be read as a file.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let begin = begin.settings(json!({"providers": [{"id": "b", "host": "b.example"}]}));
    let app = begin.start();
    app.address().await;
    app.must(json!({"do": "remove_provider", "id": "b"})).await;
    assert_eq!(app.now().removed.as_deref(), Some("b"));
    let _begin = app.quit().await;
    assert!(file.is_dir());
}

#[tokio::test]
async fn what_was_done_in_a_program_is_undone_after_a_start_with_its_key() {
    let app = Begin::new().start();
    app.address().await;
    let sabnzbd = sabnzbd("").await;
    app.must(connect(&sabnzbd.address, "the key")).await;
    let begin = app.quit().await;
    assert!(!files(&begin).contains("the key"));
    let app = begin.start();
    let connected = app.now().connected[0].clone();
    assert_eq!((connected.entry.as_str(), connected.disabled.len()), ("Newsmux", 1));
    assert_eq!(app.refused(undo(&sabnzbd.address)).await.0, FailureCode::ClientKey);
    app.must(with_key(undo(&sabnzbd.address))).await;
    let asked = sabnzbd.asked();
    assert!(asked.iter().any(|body| body.contains("keyword=own&enable=1&quota=5G")), "{asked:?}");
    assert!(asked.last().unwrap().contains("mode=del_config"), "{asked:?}");
    let app = app.quit().await.start();
    assert_eq!(app.now().connected, []);
}

#[tokio::test]
async fn a_new_password_is_shown_until_the_user_noted_it_even_in_a_new_window() {
    let app = Begin::new().start();
    app.address().await;
    let add = json!({"do": "add_client", "name": "sab", "hold": "keep"});
    let Reply::Password { secret } = app.must(add).await else { panic!() };
    assert_eq!(app.now().new_password.as_deref(), Some("sab"));
    assert!(!serde_json::to_string(&*app.now()).unwrap().contains(secret.expose()));
    app.handle.notice(control::controller::Notice::WindowGone);
    let again = app.must(json!({"do": "new_password"})).await;
    assert_eq!(again, Reply::Password { secret: Secret::new(secret.expose()) });
    app.must(json!({"do": "password_noted"})).await;
    assert_eq!(app.refused(json!({"do": "new_password"})).await.0, FailureCode::Unknown);
    assert_eq!(app.now().new_password, None);
}

#[tokio::test]
async fn quitting_asks_once_while_programs_download() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut client = program(app.address().await).await;
    fetch(&mut client, &article).await;
    for ask_again in [true, false] {
        fetch(&mut client, &article).await;
        app.must(json!({"do": "quit"})).await;
        assert!(app.until(|now| now.asks_to_quit).await.state != State::Stopped);
        if ask_again {
            app.must(json!({"do": "keep_running"})).await;
            assert!(!app.now().asks_to_quit);
        }
    }
    app.told(&Call::Show).await;
    app.must(json!({"do": "quit"})).await;
    app.told(&Call::Quit).await;
}

#[tokio::test]
async fn quitting_asks_once_while_a_new_password_is_shown() {
    for notes_it in [false, true] {
        let app = Begin::new().start();
        app.address().await;
        app.must(json!({"do": "add_client", "name": "sab", "hold": "keep"})).await;
        app.must(json!({"do": "quit"})).await;
        app.until(|now| now.asks_to_quit).await;
        app.must(json!({"do": "keep_running"})).await;
        assert_eq!(app.now().new_password.as_deref(), Some("sab"));
        if notes_it {
            app.must(json!({"do": "password_noted"})).await;
        } else {
            app.must(json!({"do": "quit"})).await;
            app.until(|now| now.asks_to_quit).await;
        }
        app.must(json!({"do": "quit"})).await;
        app.told(&Call::Quit).await;
    }
}
