//! The sample provider: for those without an account, and gone when there is one.

use std::fs;

use api::request::{FailureCode, Reply};
use api::snapshot::{ProviderState, Snapshot, State};
use newsmux_tests::client::Client;
use serde_json::json;
use settings::{FirstSteps, SAMPLE_ID as ID};
use tokio::net::TcpStream;

use crate::app::{App, Begin, Call, PASSWORD, at, fetch, one_article, program, provider};

const WELCOME: &str = "BODY <welcome@sample.invalid>";

async fn sampled() -> (App, Client<TcpStream>) {
    let app = Begin::new().start();
    let address = app.address().await;
    app.must(json!({"do": "use_sample", "on": true})).await;
    (app, program(address).await)
}

async fn saved(app: &App) -> String {
    match app.must(json!({"do": "save_sample_nzb"})).await {
        Reply::File { path } => path,
        other => panic!("{other:?}"),
    }
}

fn has_sample(now: &Snapshot) -> bool {
    now.providers.iter().any(|view| view.id == ID)
}

#[tokio::test]
async fn a_text_is_saved_where_downloads_go_under_a_name_alone() {
    let app = Begin::new().start();
    fs::create_dir(app.begin.folder.path().join("downloads")).unwrap();
    let save = |name: &str| json!({"do": "save_text", "name": name, "text": "a,b\n1,2\n"});
    let Reply::File { path } = app.must(save("use.csv")).await else { panic!("no file") };
    assert_eq!(fs::read_to_string(path).unwrap(), "a,b\n1,2\n");
    for name in ["../use.csv", "/use.csv", "a/use.csv", "..", ""] {
        let (code, field) = app.refused(save(name)).await;
        assert_eq!((code, field.as_deref()), (FailureCode::Invalid, Some("name")), "{name}");
    }
}

#[tokio::test]
async fn it_serves_without_an_account_and_after_the_next_start() {
    let (app, mut client) = sampled().await;
    assert_eq!(client.ask(WELCOME).await.code(), "222");
    assert_eq!(client.ask("GROUP newsmux.help").await.status, "211 5 1 5 newsmux.help");
    let now = app.until(|now| now.figures.replies > 1).await;
    assert!(now.sample && now.settings.providers.is_empty());
    assert_eq!(now.providers.len(), 1);
    let view = provider(&now, ID);
    assert_eq!((view.state, view.name.as_str()), (ProviderState::Up, "Newsmux Sample"));
    assert!(view.bytes > 0 && now.troubles.is_empty());
    assert_eq!(app.saved()["providers"], json!([]));

    let app = app.quit().await.start();
    let address = app.address().await;
    app.until(has_sample).await;
    assert_eq!(program(address).await.ask(WELCOME).await.code(), "222");
}

#[tokio::test]
async fn the_picture_comes_whole_by_its_nzb() {
    let (app, mut client) = sampled().await;
    fs::create_dir(app.begin.folder.path().join("downloads")).unwrap();
    let nzb = fs::read_to_string(saved(&app).await).unwrap();
    let segments = nzb.split("</segment>").filter_map(|line| line.rsplit_once('>'));
    let asked: Vec<_> = segments.map(|(_, id)| format!("BODY <{id}>")).take(5).collect();
    let asked: Vec<_> = asked.iter().map(String::as_str).collect();
    let mut size = 0;
    for reply in client.ask_all(&asked).await {
        assert_eq!(reply.code(), "222");
        size += reply.block().len();
    }
    assert!(size > sample::picture().len(), "{size}");
}

#[tokio::test]
async fn the_nzb_is_saved_where_downloads_go_and_nothing_is_written_over() {
    let (app, _client) = sampled().await;
    let (code, _) = app.refused(json!({"do": "save_sample_nzb"})).await;
    assert_eq!(code, FailureCode::Refused, "there is no such folder yet");
    let folder = app.begin.folder.path().join("downloads");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("newsmux-sample.nzb"), "somebody else's").unwrap();
    let file = folder.join("newsmux-sample-2.nzb").display().to_string();
    assert_eq!((saved(&app).await, saved(&app).await), (file.clone(), file.clone()));
    assert!(fs::read_to_string(file).unwrap().contains("newsmux.binaries"));
    let other = fs::read_to_string(folder.join("newsmux-sample.nzb")).unwrap();
    assert_eq!(other, "somebody else's");
    app.told(&Call::Open(folder)).await;
}

#[tokio::test]
async fn it_is_switched_off_again() {
    let (app, mut client) = sampled().await;
    app.must(json!({"do": "use_sample", "on": false})).await;
    let now = app.now();
    assert!(!now.sample && now.providers.is_empty() && !now.settings.desktop.sample);
    assert_eq!(client.ask(WELCOME).await.code(), "400");
    let (code, _) = app.refused(json!({"do": "save_sample_nzb"})).await;
    assert_eq!(code, FailureCode::Unknown);
    for _ in 0..2 {
        app.must(json!({"do": "use_sample", "on": true})).await;
    }
    assert_eq!(program(app.address().await).await.ask(WELCOME).await.code(), "222");
}

#[tokio::test]
async fn a_real_provider_ends_it_for_good() {
    let ((news, article), (app, mut client)) = (one_article().await, sampled().await);
    assert_eq!(client.ask(WELCOME).await.code(), "222");
    app.until(|now| now.figures.articles == 1).await;
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    app.must(json!({"do": "save_provider", "provider": at("a", &news), "password": password}))
        .await;
    let now = app.now();
    assert!(!now.sample && !has_sample(&now) && !now.settings.desktop.sample);
    assert_eq!(app.saved()["desktop"]["sample"], false);
    assert!(!now.settings.desktop.first_steps.article_delivered);
    let mut client = program(app.address().await).await;
    fetch(&mut client, &article).await;
    app.until(|now| now.settings.desktop.first_steps.article_delivered).await;
    assert_eq!(client.ask(WELCOME).await.code(), "430");
    let (code, _) = app.refused(json!({"do": "use_sample", "on": true})).await;
    assert_eq!(code, FailureCode::Invalid);

    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    assert!(!app.now().sample, "it came back by itself");
    app.must(json!({"do": "undo"})).await;
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn what_it_delivered_is_no_first_step_of_a_provider_that_is_broken() {
    let (app, mut client) = sampled().await;
    assert_eq!(client.ask(WELCOME).await.code(), "222");
    app.until(|now| now.figures.articles == 1).await;
    let broken = json!({"id": "", "host": "127.0.0.1", "port": 1, "tls": "off"});
    app.must(json!({"do": "save_provider", "provider": broken, "password": null})).await;
    let mut client = program(app.address().await).await;
    assert_eq!(client.ask("BODY <a@b>").await.code(), "400");
    let now = app.until(|now| now.state == State::Down).await;
    assert_eq!(now.settings.desktop.first_steps, FirstSteps::default());
    assert_eq!(app.saved()["desktop"]["first_steps"]["article_delivered"], false);
}

#[tokio::test]
async fn it_waits_as_long_as_newsmux_is_off() {
    let app = Begin::new().settings(json!({"desktop": {"on": false, "sample": true}})).start();
    let now = app.until(has_sample).await;
    assert_eq!(provider(&now, ID).state, ProviderState::Off);
    app.must(json!({"do": "start"})).await;
    assert_eq!(program(app.address().await).await.ask(WELCOME).await.code(), "222");
}
