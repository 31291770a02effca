//! The first hour: without an account, and with what another program knows already.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use newsmux_tests::client::Client;
use newsmux_tests::desktop::{Desktop, Panel};
use newsmux_tests::real::nserv::Nserv;
use newsmux_tests::real::nzbget::Nzbget;
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::{Tool, folder, skip};
use serde_json::json;

use crate::app::{settings, write_settings};
use crate::first_day::{enter_provider, files_with, provider};
use crate::window::Window;
use crate::{PASSWORD, TOOLS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_tried_without_an_account_until_there_is_one() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let _panel = Panel::start(&desktop);
    let (news, _) = provider(&desktop).await;
    let port = free_port();
    write_settings(&desktop, port, json!([]));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));

    let window = Window::open(&desktop).await;
    window.press("Try it without an account").await;
    window.reads("Sample provider (not real Usenet)").await;
    let mut client = Client::connect(address).await;
    assert!(client.line().await.starts_with("20"));
    assert_eq!(client.ask("GROUP newsmux.welcome").await.code(), "211");
    assert_eq!(client.ask("BODY <welcome@sample.invalid>").await.code(), "222");
    window.press("Save the sample .nzb").await;
    window.reads("Saved as").await;
    assert_eq!(files_with(&desktop.home(), "newsmux.binaries").len(), 1, "the .nzb");
    window.picture("sample").await;

    window.go("Providers").await;
    enter_provider(&window, &desktop, &news).await;
    window.go("Overview").await;
    window.reads_no_more("Sample provider (not real Usenet)").await;
    let mut client = Client::connect(address).await;
    assert!(client.line().await.starts_with("20"));
    assert_eq!(client.ask("BODY <welcome@sample.invalid>").await.code(), "430");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nzbget_gives_its_provider_is_set_up_and_downloads() {
    if skip(&TOOLS) || skip(&[Tool::Nzbget]) {
        return;
    }
    let desktop = Desktop::with_display();
    let _panel = Panel::start(&desktop);
    let nserv = Nserv::start(desktop.path(), 8);
    let elsewhere = folder();
    let nzbget = nzbget(elsewhere.path(), nserv.server.port);
    let settings_of_nzbget = || fs::read_to_string(nzbget.settings()).unwrap();
    let before = settings_of_nzbget();
    fs::copy(nzbget.settings(), desktop.home().join(".nzbget")).unwrap();
    write_settings(&desktop, free_port(), json!([]));

    let window = Window::open(&desktop).await;
    window.press("Import from SABnzbd or NZBGet").await;
    window.press("Show NZBGet servers").await;
    window.reads("with password").await;
    window.picture("import").await;
    window.press("Import 1 provider").await;
    window.reads("1 provider imported.").await;
    assert_eq!(desktop.look_up("provider/northwind").as_deref(), Some(PASSWORD));
    assert_eq!(files_with(desktop.path(), PASSWORD), [desktop.home().join(".nzbget")]);
    assert_eq!(settings(&desktop)["providers"][0]["connections"], 3);

    window.go("Overview").await;
    window.press("Test it").await;
    window.reads("It works, with warnings.").await;
    window.press("Cancel").await;

    window.go("Overview").await;
    window.press("Set one up").await;
    window.see("//label[normalize-space()=\"NZBGet\"]").await.click().await.unwrap();
    window.press("Set it up for me").await;
    window.reads("Newsmux uses the password from the imported settings.").await;
    window.press("Set it up").await;
    window.reads("Newsmux is now a server in NZBGet").await;
    window.reads("Disabled in NZBGet: Northwind.").await;
    window.picture("connected").await;
    nzbget.wait();
    nzbget.download(&nserv.post);
    window.reads("The first article came through Newsmux.").await;
    window.go("Overview").await;
    window.reads("All set").await;
    window.picture("all_set").await;
    window.go("Programs").await;

    window.press("Undo").await;
    window.reads("Changes in NZBGet undone.").await;
    let active = |text: &str| text.contains("Server1.Active=yes") && !text.contains("=Newsmux");
    assert!(active(&before) && active(&settings_of_nzbget()), "{}", settings_of_nzbget());
}

/// With one server.
fn nzbget(folder: &Path, port: u16) -> Nzbget {
    let port = format!("Server1.Port={port}");
    let password = format!("Server1.Password={PASSWORD}");
    Nzbget::start(
        folder,
        &[
            "Server1.Active=yes",
            "Server1.Name=Northwind",
            "Server1.Host=127.0.0.1",
            &port,
            "Server1.Encryption=no",
            "Server1.Username=me",
            &password,
            "Server1.Connections=3",
        ],
    )
}
