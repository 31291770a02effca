//! What the window takes while it shows *Activity* and a lot happens: programs that ask for thousands of articles a minute, half
//! of which no provider has.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::desktop::Desktop;
use newsmux_tests::provider::Provider;
use newsmux_tests::real::process::{children, free_port};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::time::{Instant, interval, sleep_until};

use crate::app::write_settings;
use crate::memory;
use crate::window::Window;

/// Programs that ask at the same time.
const PROGRAMS: u64 = 4;
/// After how long each asks for one more article, and for one that is missing.
const PACE: Duration = Duration::from_millis(20);
const MINUTE: Duration = Duration::from_secs(60);

/// Watches the window for so many minutes.
pub(crate) fn watch(minutes: u32) {
    Runtime::new().unwrap().block_on(async {
        let desktop = Desktop::with_display();
        let article = Article::binary(1, 100_000);
        let news = Provider::named("a").with(&article).listen().await;
        let (host, port) = ("127.0.0.1", free_port());
        let provider = json!({"id": "a", "host": host, "port": news.address().port(), "tls": "off"});
        write_settings(&desktop, port, json!([provider]));
        let window = Window::open(&desktop).await;
        window.go("Activity").await;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        for program in 0..PROGRAMS {
            tokio::spawn(download(address, program, article.id().to_string()));
        }
        let began = Instant::now();
        println!("\n| *Activity*, after minutes | web view, MiB | window, MiB | tray, MiB |\n| ---: | ---: | ---: | ---: |");
        for minute in 0..=minutes {
            sleep_until(began + MINUTE * minute).await;
            let tray = window.application().unwrap();
            let shell = children(tray)[0];
            let web = children(shell).into_iter().filter(|process| is_web_view(*process));
            let web: u64 = web.map(|process| memory(process, "Rss:")).sum();
            println!("| {minute} | {web} | {} | {} |", memory(shell, "Rss:"), memory(tray, "Rss:"));
        }
    });
}

fn is_web_view(process: u32) -> bool {
    // The kernel keeps 15 letters of it.
    fs::read_to_string(format!("/proc/{process}/comm"))
        .is_ok_and(|name| name.starts_with("WebKitWeb"))
}

/// Asks for an article and for one that is missing, again and again until Newsmux ends.
async fn download(address: SocketAddr, program: u64, id: String) {
    let mut client = Client::connect(address).await;
    client.line().await;
    let mut pace = interval(PACE);
    for number in 0_u64.. {
        pace.tick().await;
        let missing = format!("BODY <{number}.{program}@missing.example>");
        for request in [format!("BODY {id}"), missing] {
            if client.try_ask(&request).await.is_err() {
                return;
            }
        }
    }
}
