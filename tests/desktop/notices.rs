//! Notifications, as the desktop gets them.

use newsmux_tests::desktop::{Desktop, Notices, Panel};
use newsmux_tests::real::process::{free_port, wait_for};
use newsmux_tests::real::skip;
use serde_json::json;

use crate::TOOLS;
use crate::app::{App, PATIENCE, write_settings};
use crate::first_day::files_with;

#[test]
fn a_notification_says_what_newsmux_needs_and_a_click_opens_the_window() {
    if skip(&TOOLS) {
        return;
    }
    let mut desktop = Desktop::without_keyring();
    desktop.start_display();
    let panel = Panel::start(&desktop);
    let notices = Notices::start(&desktop);
    let provider = json!({"id": "a", "host": "127.0.0.1", "tls": "off", "username": "me"});
    write_settings(&desktop, free_port(), json!([provider]));
    let app = App::start(&desktop, &["--hidden"]);
    let says = "Newsmux: Nothing can be downloaded: Newsmux can't use the keyring";
    panel.item().until("what is wrong", |tooltip| tooltip == says);
    let come = notices.next();
    let [notice] = &come[..] else { panic!("{come:#?}") };
    assert_eq!(notice.title, "Newsmux can't use the keyring");
    assert_eq!(notice.body, "Programs can't download until Newsmux can read your passwords.");
    assert_eq!(
        [&notice.application, &notice.icon, &notice.entry],
        ["Newsmux", "newsmux", "Newsmux"]
    );
    assert_eq!(notice.actions, ["default", "Open Newsmux"]);
    app.until_shown(false);
    notices.click(notice);
    app.until_shown(true);
}

#[test]
fn a_notification_that_comes_before_the_desktop_shows_any_is_shown_once_it_does() {
    if skip(&TOOLS) {
        return;
    }
    let mut desktop = Desktop::without_keyring();
    desktop.start_display();
    let _panel = Panel::start(&desktop);
    let provider = json!({"id": "a", "host": "127.0.0.1", "tls": "off", "username": "me"});
    write_settings(&desktop, free_port(), json!([provider]));
    let _app = App::start(&desktop, &["--hidden"]);
    let said = "this desktop shows no notifications";
    // It takes longer than most: it comes when something has lasted.
    let has_failed = || (!files_with(desktop.path(), said).is_empty()).then_some(());
    wait_for(PATIENCE * 2, has_failed).unwrap();
    let come = Notices::start(&desktop).next();
    assert_eq!(come.len(), 1, "{come:#?}");
    assert_eq!(come[0].title, "Newsmux can't use the keyring");
}
