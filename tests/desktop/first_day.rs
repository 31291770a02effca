//! From the first start to the second: a provider is entered, an article fetched, the window closed, the application
//! ended, and all is still there.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::desktop::{Desktop, Item, Panel};
use newsmux_tests::provider::{Listening, Provider};
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::skip;
use newsmux_tests::tls::Authority;
use serde_json::json;

use crate::app::{App, settings, until, until_shown, write_settings};
use crate::window::Window;
use crate::{PASSWORD, TOOLS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_entered_an_article_fetched_and_all_is_there_the_next_time() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let (news, article) = provider(&desktop).await;
    let port = free_port();
    write_settings(&desktop, port, json!([]));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));

    let window = Window::open(&desktop).await;
    window.reads("Welcome to Newsmux").await;
    enter_provider(&window, &desktop, &news).await;
    assert_eq!(desktop.look_up("provider/northwind").as_deref(), Some(PASSWORD));
    assert_eq!(files_with(desktop.path(), PASSWORD), Vec::<PathBuf>::new());

    fetch(address, &article).await;
    window.go("Overview").await;
    window.reads("1 reply since Newsmux started").await;
    window.picture("overview").await;
    let tray = panel.item();
    stop_and_start(&window, &tray, address).await;
    window.press("Copy address").await;
    window.see("//*[@aria-live and normalize-space()=\"Copied\"]").await;
    close(&window, &desktop).await;
    assert_eq!(window.display.clipboard(), address.to_string());
    let hint = window.display.clipboard_as("x-kde-passwordManagerHint");
    assert_eq!(hint, "secret", "a history of the clipboard would keep it");
    fetch(address, &article).await;
    tray.choose("Quit Newsmux");
    window.until_ended();
    until("a closed door", || TcpStream::connect(address).is_err());
    drop(window);

    let app = App::start(&desktop, &["--hidden"]);
    let tray = panel.item();
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    assert_eq!(app.window_processes(), Vec::<u32>::new());
    fetch(address, &article).await;
    assert_eq!(files_with(desktop.path(), PASSWORD), Vec::<PathBuf>::new());
    for _ in 0..2 {
        tray.choose("Open Newsmux");
        app.until_drawn();
        app.close_window();
        app.until_shown(false);
        app.until_freed();
    }
    tray.choose("Quit Newsmux");
    app.until_ended();
}

/// A provider with TLS (by a private authority) and a login.
pub(crate) async fn provider(desktop: &Desktop) -> (Listening, Article) {
    let authority = Authority::new();
    authority.write(&desktop.path().join("authority.pem"));
    let article = Article::binary(1, 300_000);
    let news = Provider::named("a").account("me", PASSWORD).with(&article);
    (news.tls(&authority.identity("127.0.0.1")).listen().await, article)
}

pub(crate) async fn enter_provider(window: &Window, desktop: &Desktop, news: &Listening) {
    window.press("Add provider").await;
    window.enter("News server", "127.0.0.1").await;
    window.enter("User name", "me").await;
    window.enter("Password", PASSWORD).await;
    window.enter("Connections", "2").await;
    window.enter("Port", &news.address().port().to_string()).await;
    window.unfold("More").await;
    window.enter("Name", "Northwind").await;
    let authority = desktop.path().join("authority.pem");
    window.enter("Custom CA certificate", authority.to_str().unwrap()).await;
    window.press("Test").await;
    window.reads("It works.").await;
    window.picture("form").await;
    window.press("Save").await;
    window.see("//h3[normalize-space()=\"Northwind\"]").await;
    let saved = settings(desktop);
    assert_eq!(
        (&saved["providers"][0]["id"], &saved["providers"][0]["connections"]),
        (&json!("northwind"), &json!(2))
    );
}

async fn fetch(address: SocketAddr, article: &Article) {
    let mut client = Client::connect(address).await;
    assert!(client.line().await.starts_with("20"));
    let body = client.ask(&format!("BODY {}", article.id())).await;
    assert_eq!(body.block(), article.body_block());
}

/// By the tray, and the window follows.
async fn stop_and_start(window: &Window, tray: &Item<'_>, address: SocketAddr) {
    let before = tray.icon();
    tray.choose("Stop");
    window.reads("Newsmux is off.").await;
    until("a closed door", || TcpStream::connect(address).is_err());
    tray.until("that it is off", |says| says == "Newsmux: Off");
    assert_ne!(tray.icon(), before);
    tray.choose("Start");
    window.reads("Newsmux is on").await;
}

/// The first time, it says that it keeps running in the tray; the web view is gone with the window.
async fn close(window: &Window, desktop: &Desktop) {
    window.close();
    window.reads("Newsmux keeps running in the tray").await;
    window.picture("farewell").await;
    window.press_last("Close window").await;
    until_shown(&window.display, false);
    assert_eq!(settings(desktop)["desktop"]["told_of_tray"], true);
}

/// The files below a folder that have these words in them.
pub(crate) fn files_with(folder: &Path, words: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_with(&entry.path(), words));
        } else if kind.is_file() && has(&fs::read(entry.path()).unwrap_or_default(), words) {
            found.push(entry.path());
        }
    }
    found
}

fn has(text: &[u8], words: &str) -> bool {
    text.windows(words.len()).any(|window| window == words.as_bytes())
}
