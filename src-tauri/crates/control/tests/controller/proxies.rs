//! A provider behind a SOCKS5 proxy: its password is kept beside the provider's, and goes to that proxy alone.

use api::snapshot::{PasswordState, ProviderState};
use newsmux_tests::article::Article;
use newsmux_tests::provider::Listening;
use newsmux_tests::socks::{Proxying, Socks};
use secrets::Owner;
use serde_json::{Value, json};

use crate::app::{App, Begin, PASSWORD, at, fetch, one_article, program};

const PROXY_PASSWORD: &str = "the proxy's own";

/// A provider that only the proxy can find.
struct Behind {
    news: Listening,
    article: Article,
    proxy: Proxying,
}

impl Behind {
    async fn start() -> Self {
        let (news, article) = one_article().await;
        let proxy = Socks::new().name("news.invalid", news.address()).login("me", PROXY_PASSWORD);
        Self { proxy: proxy.listen().await, news, article }
    }

    fn entry(&self) -> Value {
        let mut entry = at("a", &self.news);
        entry["host"] = json!("news.invalid");
        entry["proxy"] = json!(format!("socks5://me@{}", self.proxy.address()));
        entry
    }

    fn save(&self) -> Value {
        let secret = |secret: &str| json!({"secret": secret, "hold": "keep"});
        json!({"do": "save_provider", "provider": self.entry(),
            "password": secret(PASSWORD), "proxy_password": secret(PROXY_PASSWORD)})
    }

    async fn app(&self) -> App {
        let app = Begin::new().settings(json!({"providers": []})).start();
        app.must(self.save()).await;
        app
    }
}

fn request(what: &str, provider: &Value) -> Value {
    json!({"do": what, "provider": provider, "password": null})
}

/// What the keyring has for the provider's proxy.
fn kept_for_proxy(app: &App) -> Option<String> {
    let all = app.begin.keyring.secrets();
    let saved = all.get(&Owner::Proxy("a".into()))?.expose().to_owned();
    let saved: Value = serde_json::from_str(&saved).unwrap();
    Some(saved["password"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn both_passwords_are_kept_and_used() {
    let behind = Behind::start().await;
    let app = behind.app().await;
    fetch(&mut program(app.address().await).await, &behind.article).await;
    assert_eq!(kept_for_proxy(&app).as_deref(), Some(PROXY_PASSWORD));
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    let view = app.provider("a");
    assert_eq!((view.password, view.proxy_password), (PasswordState::Kept, PasswordState::Kept));
    assert!(behind.proxy.asked().iter().all(|name| name.starts_with("news.invalid:")));
    for text in [app.saved().to_string(), serde_json::to_string(&*app.now()).unwrap()] {
        assert!(!text.contains(PROXY_PASSWORD), "{text}");
    }
}

#[tokio::test]
async fn the_password_of_a_proxy_is_not_sent_to_another() {
    let behind = Behind::start().await;
    let app = behind.app().await;
    let stranger = Socks::new().login("me", PROXY_PASSWORD).listen().await;
    for proxy in [
        format!("socks5://me@{}", stranger.address()),
        format!("socks5://you@{}", behind.proxy.address()),
        format!("socks5://me@localhost:{}", behind.proxy.address().port()),
    ] {
        let mut moved = behind.entry();
        moved["proxy"] = json!(proxy);
        for what in ["check_provider", "save_provider"] {
            let field = app.refused(request(what, &moved)).await.1;
            assert_eq!(field.as_deref(), Some("proxy_password"), "{what} {proxy}");
        }
    }
    assert_eq!(stranger.asked(), Vec::<String>::new());
    // The rest can be changed.
    let mut other = behind.entry();
    other["connections"] = json!(2);
    app.must(request("save_provider", &other)).await;
}

#[tokio::test]
async fn the_password_goes_with_the_proxy_and_with_the_provider() {
    let behind = Behind::start().await;
    let app = behind.app().await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    app.until(|now| now.providers.is_empty()).await;
    app.at_last(|app| (app.kept("a"), kept_for_proxy(app)) == (None, None)).await;
    app.must(json!({"do": "undo"})).await;
    assert_eq!(kept_for_proxy(&app).as_deref(), Some(PROXY_PASSWORD));
    fetch(&mut program(app.address().await).await, &behind.article).await;

    let mut direct = behind.entry();
    direct["proxy"] = Value::Null;
    app.must(request("save_provider", &direct)).await;
    app.at_last(|app| kept_for_proxy(app).is_none()).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    assert_eq!(app.provider("a").proxy_password, PasswordState::NotNeeded);
}

#[tokio::test]
async fn without_the_password_of_its_proxy_a_provider_is_not_used() {
    let behind = Behind::start().await;
    let begin = Begin::new().settings(json!({"providers": [behind.entry()]}));
    let app = begin.password("a", PASSWORD).start();
    app.until(|now| now.providers[0].state == ProviderState::NoPassword).await;
    let view = app.provider("a");
    assert_eq!((view.password, view.proxy_password), (PasswordState::Kept, PasswordState::Missing));
    assert_eq!(behind.news.book().accepted, 0);
}

#[tokio::test]
async fn the_interfaces_of_this_computer_can_be_listed() {
    let app = Begin::new().settings(json!({"providers": []})).start();
    let reply = app.must(json!({"do": "network_interfaces"})).await;
    assert!(serde_json::to_value(reply).unwrap()["interfaces"].is_array());
}

#[tokio::test]
async fn a_value_that_cannot_be_names_its_field() {
    let (news, _) = one_article().await;
    let app = Begin::new().settings(json!({"providers": []})).start();
    for (field, value) in
        [("proxy", "http://h:1"), ("proxy", "socks5://u:p@h"), ("bind", "0.0.0.0")]
    {
        let mut entry = at("a", &news);
        entry[field] = json!(value);
        let refused = app.refused(request("save_provider", &entry)).await.1;
        assert_eq!(refused.as_deref(), Some(field), "{value}");
    }
}
