//! What the settings file may hold, and what is said about one that cannot be.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use settings::{
    Compression, Desktop, FirstSteps, IpVersion, Language, Limits, Listen, LogLevel, Mode, Notify,
    Provider, Routing, Settings, StoreKind, Theme, TlsMode, VerifyLevel, load, load_default,
};
use tempfile::TempDir;

/// What is read of a file with this text, or what is said about it, without the folder's name.
fn read(text: impl AsRef<[u8]>) -> Result<Settings, String> {
    let (file, _folder) = written(text);
    let name = file.display().to_string();
    load(&file).map_err(|e| e.to_string().replace(&name, "settings.json"))
}

fn written(text: impl AsRef<[u8]>) -> (PathBuf, TempDir) {
    let (file, folder) = file();
    fs::write(&file, text).unwrap();
    (file, folder)
}

fn file() -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (folder.path().join("settings.json"), folder)
}

/// Settings that are good, but for what is at `pointer`.
fn with(pointer: &str, value: Value) -> Value {
    let mut settings = json!({
        "version": 1,
        "listen": {"host": "127.0.0.1", "port": 10080},
        "routing": {"mode": "hybrid"},
        "posting": false,
        "clients": [{"name": "sabnzbd"}, {"name": "nzbget"}],
        "providers": [
            {"id": "a", "name": "A", "enabled": true, "host": "news.example.com", "port": 563,
             "tls": "on", "verify": "full", "ca_file": null, "username": "u", "connections": 8,
             "tier": 0, "required": false, "pipelining": 4, "timeout_secs": 30},
            {"id": "b", "host": "fill.example.com"}
        ]
    });
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = settings.pointer_mut(parent).unwrap();
    match key.parse::<usize>() {
        Ok(at) => parent[at] = value,
        Err(_) => parent[key] = value,
    }
    settings
}

#[test]
fn everything_that_can_be_said_is_read() {
    let settings = read(with("/posting", json!(true)).to_string()).unwrap();
    assert!(settings.posting);
    assert_eq!(settings.clients.len(), 2);
    assert_eq!(settings.providers[0].username.as_deref(), Some("u"));
    let again = read(serde_json::to_string(&settings).unwrap()).unwrap();
    assert_eq!(again, settings);
}

#[test]
fn the_smallest_file_has_every_default() {
    let expected = Settings {
        version: 1,
        listen: Listen { host: "127.0.0.1".into(), port: 10080, all_users: None, tls: None },
        routing: Routing { mode: Mode::Hybrid },
        posting: false,
        clients: Vec::new(),
        providers: Vec::new(),
        limits: Limits { speed: None, slow_speed: 1_000_000, schedule: Vec::new() },
        desktop: Desktop {
            on: true,
            start_hidden: false,
            language: Language::System,
            theme: Theme::System,
            log: LogLevel::Info,
            notify: Notify { attention: true, outages: true, accounts: true },
            passwords: StoreKind::Keyring,
            pending: BTreeSet::new(),
            told_of_tray: false,
            first_steps: FirstSteps::default(),
            first_steps_done: false,
            sample: false,
            set_aside_seen: 0,
        },
    };
    assert_eq!(expected, Settings::default());
    assert_eq!(read(r#"{"providers": []}"#), Ok(expected));

    let settings = read(r#"{"providers": [{"id": "a", "host": "news.example.com"}]}"#).unwrap();
    let expected = Provider {
        id: "a".into(),
        name: None,
        enabled: true,
        host: "news.example.com".into(),
        port: None,
        tls: TlsMode::On,
        verify: VerifyLevel::Full,
        ca_file: None,
        username: None,
        connections: 8,
        tier: 0,
        required: false,
        pipelining: None,
        timeout_secs: 30,
        account: None,
        quota: None,
        expires: None,
        backbone: None,
        price: None,
        speed: None,
        listen_port: None,
        proxy: None,
        bind: None,
        ip: IpVersion::Auto,
        compression: Compression::Off,
    };
    assert_eq!(settings.providers, [expected]);
    assert_eq!(settings.providers[0].display_name(), "a");
}

#[test]
fn the_usual_port_goes_with_the_encryption() {
    for (tls, port) in [("on", 563), ("starttls", 119), ("off", 119)] {
        let settings = read(with("/providers/1/tls", json!(tls)).to_string()).unwrap();
        assert_eq!(settings.providers[1].port(), port, "{tls}");
    }
    let settings = read(with("/providers/1/port", json!(443)).to_string()).unwrap();
    assert_eq!(settings.providers[1].port(), 443);
}

#[test]
fn a_text_editors_byte_order_mark_is_no_error() {
    assert!(read("\u{feff}{\"providers\": []}").is_ok());
}

#[test]
fn each_value_that_cannot_be_is_named_with_its_place() {
    let long = "has to be a host name alone, without a scheme or a path, such as news.example.com";
    let out = |value: &str, to: &str| format!("{value} is not between 1 and {to}");
    let word = "must not be empty or have line breaks";
    let a = "/providers/0";
    for (pointer, value, path, why) in [
        ("/listen/host", json!("home"), "listen.host", "has to be an address such as 127.0.0.1"),
        ("/clients/1/name", json!("sabnzbd"), "clients[1].name", "there is another client"),
        ("/clients/0/name", json!(" "), "clients[0].name", word),
        ("/clients/0/name", json!("a\nb"), "clients[0].name", word),
        ("/providers/1/id", json!("a"), "providers[1].id", "there is another \"a\""),
        ("/providers/0/id", json!(""), "providers[0].id", word),
        (a, json!({"id": "a", "host": ""}), "providers[0].host", "is empty: enter"),
        ("/providers/0/host", json!("nntps://news.example.com"), "providers[0].host", long),
        ("/providers/0/host", json!("news.example.com/x"), "providers[0].host", long),
        ("/providers/0/host", json!(" news.example.com"), "providers[0].host", "has blanks in it"),
        ("/providers/0/host", json!("a.example:563"), "providers[0].host", "has a port in it"),
        ("/providers/0/host", json!("a\u{0}b"), "providers[0].host", "has blanks in it"),
        ("/providers/0/port", json!(0), "providers[0].port", &out("0", "65535")),
        ("/providers/0/connections", json!(0), "providers[0].connections", &out("0", "500")),
        ("/providers/0/connections", json!(501), "providers[0].connections", &out("501", "500")),
        ("/providers/0/pipelining", json!(0), "providers[0].pipelining", &out("0", "64")),
        ("/providers/0/pipelining", json!(65), "providers[0].pipelining", &out("65", "64")),
        ("/providers/0/timeout_secs", json!(0), "providers[0].timeout_secs", &out("0", "600")),
        ("/providers/0/timeout_secs", json!(601), "providers[0].timeout_secs", &out("601", "600")),
    ] {
        is_named(pointer, &value, path, why);
    }
}

#[test]
fn limits_that_cannot_be_are_named_with_their_place() {
    for (pointer, value, path, why) in [
        ("/providers/0/speed", json!(0), "providers[0].speed", "0 is too slow: use at least 1000"),
        (
            "/clients/1/connections",
            json!(0),
            "clients[1].connections",
            "0 is not between 1 and 500",
        ),
        ("/clients/1/speed", json!(999), "clients[1].speed", "999 is too slow: use at least 1000"),
        ("/limits", json!({"speed": 5}), "limits.speed", "5 is too slow: use at least 1000"),
        ("/limits", json!({"slow_speed": 0}), "limits.slow_speed", "0 is too slow"),
        (
            "/limits",
            json!({"schedule": [{"from": "18:00", "to": "23:00"}]}),
            "limits.schedule[0]",
            "needs one of speed, slow, pause and full",
        ),
        (
            "/limits",
            json!({"schedule": [{"from": "18:00", "to": "23:00", "slow": true, "full": true}]}),
            "limits.schedule[0]",
            "needs one of speed, slow, pause and full",
        ),
        (
            "/limits",
            json!({"schedule": [{"from": "18:00", "to": "24:00", "slow": true}]}),
            "limits.schedule[0].to",
            "\"24:00\" is no time such as 18:00",
        ),
    ] {
        is_named(pointer, &value, path, why);
    }
}

/// Whether a file with this value is refused with its place and the reason.
#[track_caller]
fn is_named(pointer: &str, value: &Value, path: &str, why: &str) {
    let said = read(with(pointer, value.clone()).to_string()).unwrap_err();
    let expected = format!("settings.json: {path}: {why}");
    assert!(said.starts_with(&expected), "{pointer} {value}: {said:?}, not {expected:?}");
}

#[test]
fn ports_and_ways_that_cannot_be_are_named_with_their_place() {
    let a = "/providers/0";
    let out = "0 is not between 1 and 65535";
    let proxy = "has to be the address of a SOCKS5 proxy, such as socks5://127.0.0.1:1080";
    for (pointer, value, path, why) in [
        ("/providers/0/listen_port", json!(0), "providers[0].listen_port", out),
        (
            "/providers/0/listen_port",
            json!(10080),
            "providers[0].listen_port",
            "10080 is the port in listen",
        ),
        (
            "/providers",
            json!([{"id": "a", "host": "h", "listen_port": 7}, {"id": "b", "host": "h", "listen_port": 7}]),
            "providers[1].listen_port",
            "7 is the port of \"a\"",
        ),
        ("/providers/0/proxy", json!("127.0.0.1:1080"), "providers[0].proxy", proxy),
        (
            "/providers/0/proxy",
            json!("socks5://u:p@h"),
            "providers[0].proxy",
            "must not have a pass",
        ),
        (
            "/providers/0/compression",
            json!("always"),
            "providers[0].compression",
            "unknown variant `always`",
        ),
        ("/providers/0/bind", json!(" "), "providers[0].bind", "has to be a network interface"),
        ("/providers/0/bind", json!("0.0.0.0"), "providers[0].bind", "0.0.0.0 is no address"),
        (
            a,
            json!({"id": "a", "host": "::1", "ip": "v4"}),
            "providers[0].ip",
            "IPv4 does not go with host",
        ),
        (
            a,
            json!({"id": "a", "host": "h", "bind": "10.8.0.2", "ip": "v6"}),
            "providers[0].ip",
            "IPv6 does not go with bind",
        ),
        (
            a,
            json!({"id": "a", "host": "::1", "bind": "10.8.0.2"}),
            "providers[0].bind",
            "is an address",
        ),
    ] {
        is_named(pointer, &value, path, why);
    }
}

#[test]
fn each_value_of_the_wrong_kind_is_named_with_its_place() {
    for (pointer, value, path, why) in [
        ("/providers/0/port", json!(70000), "providers[0].port", "from 0 to 65535"),
        ("/providers/0/port", json!("563"), "providers[0].port", "from 0 to 65535"),
        ("/providers/0/tier", json!(256), "providers[0].tier", "from 0 to 255"),
        ("/providers/0/tls", json!("yes"), "providers[0].tls", "`on`, `starttls`, `off`"),
        (
            "/providers/0/verify",
            json!("no"),
            "providers[0].verify",
            "`full`, `certificate`, `none`",
        ),
        ("/providers/0/host", json!(null), "providers[0].host", "expected a string"),
        ("/routing/mode", json!("fast"), "routing.mode", "`standard`, `per-command`, `hybrid`"),
        ("/posting", json!("yes"), "posting", "expected a boolean"),
        ("/providers/1", json!({"host": "h"}), "providers[1]", "missing field `id`"),
        ("/providers/1", json!({"id": "b"}), "providers[1]", "missing field `host`"),
        ("/providers", json!({}), "providers", "expected a list"),
        ("/listen", json!("x"), "listen", "expected the fields of Listen"),
        ("/version", json!("1"), "version", "a whole number"),
    ] {
        let said = read(with(pointer, value.clone()).to_string()).unwrap_err();
        let expected = format!("settings.json: {path}: ");
        assert!(said.starts_with(&expected) && said.contains(why), "{pointer} {value}: {said}");
    }
}

#[test]
fn fields_that_are_unknown_are_named_and_their_values_are_not() {
    for (pointer, path) in [
        ("/password", "password"),
        ("/listen/password", "listen.password"),
        ("/routing/password", "routing.password"),
        ("/clients/0/password", "clients[0].password"),
        ("/providers/0/password", "providers[0].password"),
    ] {
        let said = read(with(pointer, json!("hunter2")).to_string()).unwrap_err();
        let expected = format!("settings.json: {path}: unknown field `password`");
        assert!(said.starts_with(&expected), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn another_version_says_so_whatever_its_fields() {
    for text in [r#"{"version": 2, "accounts": []}"#, r#"{"version": 2, "providers": []}"#] {
        let said = read(text).unwrap_err();
        assert_eq!(
            said,
            "settings.json: version: this Newsmux reads version 1, not 2: use the one that wrote it"
        );
    }
    assert!(read(r#"{"version": 0, "providers": []}"#).is_err());
}

#[test]
fn what_is_no_json_is_told_with_its_line() {
    for (text, why) in [
        ("", "settings.json: EOF while parsing a value at line 1 column 0"),
        ("{", "settings.json: EOF while parsing an object at line 1 column 1"),
        ("{\"providers\": [{", "settings.json: providers[0]: EOF while parsing an object"),
        ("{\n\"providers\": [}", "line 2 column 15"),
        ("{}", "missing field `providers`"),
        ("{\"providers\": []} x", "trailing characters at line 1"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.starts_with("settings.json: ") && said.contains(why), "{text:?}: {said}");
    }
}

#[test]
fn others_need_a_login_to_connect() {
    let listen = |host: &str, clients: Value| {
        let json = json!({"listen": {"host": host}, "clients": clients, "providers": []});
        read(json.to_string())
    };
    for host in ["127.0.0.1", "127.0.0.2", "::1", "localhost"] {
        assert!(listen(host, json!([])).unwrap().listen.is_loopback(), "{host}");
    }
    for host in ["0.0.0.0", "::", "192.0.2.1"] {
        let said = listen(host, json!([])).unwrap_err();
        let expected = "settings.json: listen.host: other computers could connect without a login: \
                        add one to clients, or use 127.0.0.1";
        assert_eq!(said, expected, "{host}");
        assert!(listen(host, json!([{"name": "sab"}])).is_ok(), "{host}");
        let said = listen(host, json!([{"name": "SABnzbd", "login": false}])).unwrap_err();
        assert_eq!(said, expected, "{host}, with a program without a login");
    }
}

#[test]
fn hosts_that_are_good_are_taken() {
    for host in ["news.example.com", "192.0.2.1", "2001:db8::1", "localhost", "news-1_eu.example"] {
        assert!(read(with("/providers/0/host", json!(host)).to_string()).is_ok(), "{host}");
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_only_when_it_was_named() {
    let (file, _folder) = file();
    assert_eq!(load_default(&file).unwrap(), Settings::default());
    let said = load(&file).unwrap_err().to_string();
    assert!(said.starts_with(&format!("cannot read {}: ", file.display())), "{said}");

    fs::write(&file, "{").unwrap();
    assert!(load_default(&file).is_err());
}
