//! The application's window in a real web view, driven as a hand and an eye would.

use std::fs;
use std::net::TcpStream;
use std::path::Path;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use newsmux_tests::desktop::Desktop;
use newsmux_tests::real::process::{Process, children, free_port, wait_for};
use serde_json::{Value, json, to_value};
use tokio::time::{Instant, timeout};

use crate::app::{PATIENCE, is_dead, kill, program, until};
use crate::display::{Display, LazyDisplay};

/// How long the driver may take to end, in seconds.
const ENDING: u32 = 15;

/// Newsmux, started with its window.
pub(crate) struct Window {
    web: Client,
    driver: Process,
    pub(crate) display: LazyDisplay,
}

impl Window {
    /// Starts the application, and waits for its window.
    pub(crate) async fn open(desktop: &Desktop) -> Self {
        let options = json!({"webkitgtk:browserOptions": {"binary": program(), "args": []}});
        Self::drive(desktop, "driver.log", None, &options).await
    }

    /// The window of the same application after it was closed and opened again.
    pub(crate) async fn reopened(&self, desktop: &Desktop) -> Self {
        // The driver has told the application where a driver is to find it. Its next window is there, too.
        let environment = fs::read(format!("/proc/{}/environ", self.application().unwrap()));
        let environment = String::from_utf8(environment.unwrap()).unwrap();
        let mut variables = environment.split('\0');
        let target =
            variables.find_map(|one| one.strip_prefix("WEBKIT_INSPECTOR_SERVER=")).unwrap();
        until("the window to drive", || TcpStream::connect(target).is_ok());
        Self::drive(desktop, "driver-2.log", Some(target), &json!({})).await
    }

    async fn drive(desktop: &Desktop, log: &str, target: Option<&str>, options: &Value) -> Self {
        let port = free_port();
        let mut command = desktop.program("WebKitWebDriver");
        command.arg(format!("--port={port}")).arg("--host=127.0.0.1");
        command.args(target.map(|target| format!("--target={target}")));
        command.env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = Process::start(&command, &desktop.path().join(log), ENDING);
        driver.wait_for_port(port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(options.as_object().unwrap().clone());
        let web = builder.connect(&format!("http://127.0.0.1:{port}")).await.unwrap();
        let window = Self { web, driver, display: Display::open_later(desktop) };
        window.see("//h1").await;
        window
    }

    /// Waits for something to be seen.
    pub(crate) async fn see(&self, xpath: &str) -> Element {
        let wait = self.web.wait().at_most(PATIENCE);
        match wait.for_element(Locator::XPath(xpath)).await {
            Ok(element) => element,
            Err(error) => panic!("{xpath}: {error}\n{}", self.text().await),
        }
    }

    /// Waits for words, somewhere.
    pub(crate) async fn reads(&self, words: &str) {
        self.see(&format!("//body//*[contains(normalize-space(.), \"{words}\")]")).await;
    }

    /// Waits until words are nowhere any more.
    pub(crate) async fn reads_no_more(&self, words: &str) {
        let xpath = format!("//main//*[contains(normalize-space(.), \"{words}\")]");
        let end = Instant::now() + PATIENCE;
        // What is drawn anew while it is looked for may still be there.
        while self.web.find_all(Locator::XPath(&xpath)).await.map_or(true, |all| !all.is_empty()) {
            assert!(Instant::now() < end, "still says {words}");
        }
    }

    /// All that is to be read now.
    pub(crate) async fn text(&self) -> String {
        let body = self.web.find(Locator::Css("body")).await.unwrap();
        body.text().await.unwrap()
    }

    /// Presses a button, by its words or its label.
    pub(crate) async fn press(&self, name: &str) {
        self.click(&format!("//button[normalize-space()=\"{name}\" or @aria-label=\"{name}\"]"))
            .await;
    }

    /// Clicks on something, scrolled to where nothing covers it, as a bar at the bottom does.
    async fn click(&self, xpath: &str) {
        let element = self.see(xpath).await;
        let middle = "arguments[0].scrollIntoView({block: 'center'})";
        self.web.execute(middle, vec![to_value(&element).unwrap()]).await.unwrap();
        element.click().await.unwrap();
    }

    /// Presses a button that ends the window: the driver may have nobody left to ask what came of it.
    pub(crate) async fn press_last(&self, name: &str) {
        let button = self.see(&format!("//button[normalize-space()=\"{name}\"]")).await;
        drop(button.click().await);
    }

    /// Presses a key together with Ctrl. The window may end by that, and the driver then has nobody to ask.
    pub(crate) async fn press_with_ctrl(&self, key: &str) {
        let body = self.see("//body").await;
        drop(body.send_keys(&(Key::Control + key)).await);
    }

    /// Enters a text into the field of this label.
    pub(crate) async fn enter(&self, label: &str, text: &str) {
        let label = self.see(&format!("//label[normalize-space()=\"{label}\"]")).await;
        let id = label.attr("for").await.unwrap().unwrap();
        let field = self.web.find(Locator::Id(&id)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
        // Keys arrive one by one, behind the driver's answer.
        let end = Instant::now() + PATIENCE;
        while field.prop("value").await.unwrap().as_deref() != Some(text) {
            let stands = field.prop("value").await.unwrap();
            assert!(Instant::now() < end, "{text} never stood there: {stands:?}");
        }
    }

    /// Unfolds what is folded under these words.
    pub(crate) async fn unfold(&self, title: &str) {
        self.click(&format!("//summary[normalize-space()=\"{title}\"]")).await;
    }

    /// Turns to a page.
    pub(crate) async fn go(&self, page: &str) {
        self.see(&format!("//nav//*[normalize-space()=\"{page}\"]")).await.click().await.unwrap();
        self.see(&format!("//h1[normalize-space()=\"{page}\"]")).await;
    }

    /// What a script in the window comes to: the function's `done` takes it.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        self.web.execute_async(&script, Vec::new()).await.unwrap()
    }

    /// Keeps a picture, where `SCREENSHOTS` names a folder.
    pub(crate) async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("SCREENSHOTS") else { return };
        // The web view paints when there is something new, and has been seen to wait for that for ever.
        let picture = timeout(PATIENCE, self.web.screenshot()).await.unwrap().unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(Path::new(&folder).join(format!("{name}.png")), picture).unwrap();
    }

    /// What the button in the window's corner does.
    pub(crate) fn close(&self) {
        self.display.close("Newsmux");
    }

    /// Waits until the application has ended by itself.
    pub(crate) fn until_ended(&self) {
        until("the end of Newsmux", || self.application().is_none());
    }

    /// The application's process.
    pub(crate) fn application(&self) -> Option<u32> {
        let drivers = self.driver.programs().into_iter();
        drivers.flat_map(children).find(|child| !is_dead(*child))
    }

    /// What a desktop does at its end, or when somebody kills the application.
    pub(crate) fn kill(&self) {
        kill(self.application().unwrap());
        wait_for(PATIENCE, || self.application().is_none().then_some(())).unwrap();
    }
}
