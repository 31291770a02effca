//! The search for the best number of connections.

use newsmux_tests::article::Article;
use newsmux_tests::provider::Provider;
use serde_json::{Value, json};

use api::request::FailureCode;
use api::snapshot::{Snapshot, TuneOutcome, TuneUnable};
use nntp_proxy::tune::LEAST_ARTICLES;

use crate::app::{Begin, PASSWORD, fetch, one_article, program};

fn tune(id: &str) -> Value {
    json!({"do": "tune_provider", "id": id, "connections": 6, "volume": false})
}

fn unable(now: &Snapshot) -> Option<&TuneUnable> {
    match now.tuning.as_ref()?.outcome.as_ref()? {
        TuneOutcome::Unable { unable } => Some(unable),
        TuneOutcome::Tuned { .. } => None,
    }
}

#[tokio::test]
async fn without_a_download_it_says_so_until_it_is_dismissed() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    fetch(&mut program(app.address().await).await, &article).await;
    app.must(tune("a")).await;
    assert_eq!(unable(&app.now()), Some(&TuneUnable::NoArticles));
    app.must(json!({"do": "dismiss_tuning"})).await;
    assert_eq!(app.now().tuning, None);
    assert_eq!(app.refused(tune("other")).await.0, FailureCode::Unknown);
}

#[tokio::test]
async fn speeds_are_shown_as_they_are_measured_and_dismissing_it_ends_all_connections() {
    let articles: Vec<_> =
        (0..LEAST_ARTICLES as u64).map(|n| Article::binary(n + 1, 50_000)).collect();
    let news = Provider::named("a").account("me", PASSWORD).rate_of_each(500_000);
    let news = articles.iter().fold(news, Provider::with).listen().await;
    let app = Begin::with_provider(&news).start();
    let mut program = program(app.address().await).await;
    for article in &articles {
        fetch(&mut program, article).await;
    }
    app.must(tune("a")).await;
    let measured = |now: &Snapshot| now.tuning.as_ref().is_some_and(|one| one.points.len() == 1);
    let now = app.until(measured).await;
    let tuning = now.tuning.as_ref().unwrap();
    assert_eq!((tuning.provider.as_str(), &tuning.outcome), ("a", &None));
    let speed = tuning.points[0].speed;
    assert!((300_000..700_000).contains(&speed), "{speed}");
    news.until("two connections", |book| book.open >= 2).await;
    app.must(json!({"do": "dismiss_tuning"})).await;
    news.until_alone().await;
    assert_eq!(app.now().tuning, None);
}
