//! Where programs connect over TLS: what is read, what cannot be, and what is safe.

#![expect(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test may fail so")]

use std::fs;

use certificate::Source;
use serde_json::{Value, json};
use settings::{Listen, ListenTls, Settings, load};

fn read(settings: &Value) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    fs::write(&file, settings.to_string()).unwrap();
    let name = |error: settings::Error| {
        error.to_string().replace(&file.display().to_string(), "settings.json")
    };
    load(&file).map_err(name)
}

fn with_tls(tls: &Value, logins: &Value) -> Result<Settings, String> {
    let provider = json!({"id": "a", "host": "h", "listen_port": 10090});
    read(&json!({"listen": {"tls": tls}, "clients": logins, "providers": [provider]}))
}

#[test]
fn all_of_it_has_defaults_and_none_of_it_is_written_where_there_is_none() {
    let settings = with_tls(&json!({}), &json!([])).unwrap();
    assert_eq!(settings.listen.tls, Some(ListenTls::default()));
    let encrypted = Listen { port: 10563, ..Listen::default() };
    assert_eq!(settings.listen.encrypted(), Some(encrypted));
    assert_eq!(settings.listen.plain(), Listen::default());
    let written = serde_json::to_value(Listen::default()).unwrap();
    assert_eq!(written, json!({"host": "127.0.0.1", "port": 10080, "all_users": null}));
    let written = serde_json::to_value(ListenTls::default()).unwrap();
    assert_eq!(written, json!({"port": 10563, "certificate": "auto"}));
}

#[test]
fn the_certificate_is_newsmuxs_own_or_in_files() {
    let source = |tls| with_tls(&tls, &json!([])).unwrap().listen.tls.unwrap().source("S".as_ref());
    assert_eq!(source(json!({})), Source::Own("S/tls".into()));
    let given = source(json!({"certificate": "c.pem", "key": "k.pem"}));
    assert_eq!(given, Source::Given { certificate: "c.pem".into(), key: "k.pem".into() });
}

#[test]
fn what_cannot_be_is_named_with_its_place() {
    for (tls, said) in [
        (json!({"port": 10080}), "listen.tls.port: 10080 is the port without TLS"),
        (json!({"port": 10090}), "providers[0].listen_port: 10090 is the port in listen.tls"),
        (json!({"port": 70000}), "listen.tls.port: "),
        (json!({"host": "home"}), "listen.tls.host: has to be an address such as 127.0.0.1"),
        (json!({"key": "k.pem"}), "listen.tls.key: goes with a certificate file"),
        (json!({"certificate": "c.pem"}), "listen.tls.key: is missing"),
        (json!({"certificate": "c.pem", "key": ""}), "listen.tls.key: is empty"),
        (json!({"certificate": ""}), "listen.tls.certificate: is empty"),
        (json!({"password": "hunter2"}), "listen.tls.password: "),
        (json!(true), "listen.tls: "),
    ] {
        let error = with_tls(&tls, &json!([])).unwrap_err();
        assert!(error.starts_with(&format!("settings.json: {said}")), "{tls}: {error}");
        assert!(!error.contains("hunter2"));
    }
}

#[test]
fn others_need_a_login_to_connect_over_tls_too() {
    for host in ["0.0.0.0", "::", "192.0.2.1"] {
        let error = with_tls(&json!({"host": host}), &json!([])).unwrap_err();
        let said = "settings.json: listen.tls.host: other computers could connect without a login";
        assert!(error.starts_with(said), "{error}");
        let settings = with_tls(&json!({"host": host}), &json!([{"name": "sab"}])).unwrap();
        assert!(settings.listen.is_loopback(), "the port without TLS stays on this computer");
        assert!(!settings.listen.encrypted().unwrap().is_loopback());
    }
}
