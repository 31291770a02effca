//! Programs of other users of this computer.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use api::snapshot::{Happened, State, Trouble};
use serde_json::json;
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::timeout;

use crate::app::{App, Begin, one_article, program};

const NOBODY: u32 = 65534;

/// Only root can start a program as another user.
fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The first line that a program of another user gets. It stays until it is turned away.
async fn greeted(app: &App) -> String {
    let port = app.address().await.port();
    let script = format!(
        "use IO::Socket::INET; my $s = IO::Socket::INET->new('127.0.0.1:{port}') or die; my $l = <$s>; print $l; <$s> if $l =~ /^400/"
    );
    let perl = move || Command::new("perl").args(["-e", &script]).uid(NOBODY).output();
    let perl = spawn_blocking(perl).await.unwrap().unwrap();
    String::from_utf8(perl.stdout).unwrap()
}

#[tokio::test]
async fn programs_of_other_users_cannot_connect_until_they_are_allowed() {
    if !is_root() {
        return;
    }
    let (news, _) = one_article().await;
    let app = Begin::with_provider(&news).start();
    for (allowed, greeting) in [(None, "400 "), (Some(true), "20"), (Some(false), "400 ")] {
        if let Some(all) = allowed {
            let before = app.address().await;
            app.must(json!({"do": "set_all_users", "all": all})).await;
            app.until(|now| now.address.port != before.port()).await;
        }
        let line = greeted(&app).await;
        assert!(line.starts_with(greeting), "{allowed:?}: {line:?}");
        program(app.address().await).await;
    }
}

#[tokio::test]
async fn a_program_of_another_user_is_told_of_once_until_it_is_served() {
    if !is_root() {
        return;
    }
    let (news, _) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let is_other = |trouble: &Trouble| matches!(trouble, Trouble::OtherUser { .. });
    let refusals = async |app: &App| {
        let all = app.events().await;
        let refused = all.iter().filter(|e| matches!(e.happened, Happened::OtherUser { .. }));
        refused.map(|event| event.times).sum::<u32>()
    };
    assert!(greeted(&app).await.starts_with("400 "));
    let now = app.until(|now| now.troubles.iter().any(is_other)).await;
    assert!(now.state == State::Attention && now.serves);
    let trays = app.begin.desk.trays.borrow().last().unwrap().clone();
    assert!(trays.tooltip.ends_with("can't connect: it runs as another user"), "{trays:?}");
    app.dismiss(is_other).await;
    assert_eq!(app.until(|now| now.state == State::Idle).await.troubles, []);
    let before = refusals(&app).await;
    assert!(greeted(&app).await.starts_with("400 "));
    app.happened(|happened| matches!(happened, Happened::OtherUser { .. })).await;
    while refusals(&app).await == before {
        yield_now().await;
    }
    assert_eq!(app.now().troubles, [], "it was dismissed");

    // When it is refused again after that was changed, the user does not know of it. The address is opened anew.
    let served = async |begins: &str| {
        let asking = async { while !greeted(&app).await.starts_with(begins) {} };
        timeout(Duration::from_secs(20), asking).await.unwrap();
    };
    app.must(json!({"do": "set_all_users", "all": true})).await;
    served("20").await;
    app.must(json!({"do": "set_all_users", "all": false})).await;
    served("400 ").await;
    app.until(|now| now.troubles.iter().any(is_other)).await;
    app.must(json!({"do": "set_all_users", "all": true})).await;
    assert_eq!(app.now().troubles, []);
}
