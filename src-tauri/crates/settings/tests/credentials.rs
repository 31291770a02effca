//! The file of passwords: who may read it, what it may hold, and that no message quotes it.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs;
use std::num::{NonZeroU8, NonZeroU64};
use std::path::{Path, PathBuf};

use nntp_proxy::config::{
    Bind, Compression, Config, IpVersion, RoutingMode, Tls, TlsOptions, Verify,
};
use serde_json::{Value, json};
use settings::configure;
use settings::credentials::{Credentials, load};
use settings::{self, Settings};
use tempfile::TempDir;

const SECRET: &str = "hunter2";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A file that only its owner can read.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.path().join(name);
        fs::write(&file, text).unwrap();
        permit(&file, 0o600);
        file
    }

    /// Settings with two clients and these providers.
    fn settings(&self, providers: &Value) -> Settings {
        let clients = json!([{"name": "sab"}, {"name": "get"}]);
        let json = json!({"clients": clients, "providers": providers});
        settings::load(&self.write("settings.json", &json.to_string())).unwrap()
    }

    fn credentials(&self, text: &str) -> Result<Credentials, String> {
        let file = self.write("credentials.json", text);
        let loaded = load(&file, &self.settings(&providers()));
        let loaded = loaded.map_err(|e| e.to_string());
        if let Err(said) = &loaded {
            assert!(!said.contains(SECRET), "{said}");
            assert!(said.starts_with(&file.display().to_string()), "{said}");
        }
        loaded
    }
}

#[cfg(unix)]
fn permit(file: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn permit(_: &Path, _: u32) {}

fn providers() -> Value {
    json!([
        {"id": "a", "name": "Alpha", "host": "a.example", "username": "u"},
        {"id": "b", "host": "b.example"},
        {"id": "c", "host": "c.example", "username": "u", "enabled": false}
    ])
}

const GOOD: &str = r#"{"providers": {"a": "hunter2", "c": "hunter2"},
    "clients": {"sab": "hunter2", "get": "hunter2"}}"#;

#[test]
fn passwords_are_read_and_never_printed() {
    let read = Folder::new().credentials(GOOD).unwrap();
    let printed = format!("{read:?}");
    assert!(printed.contains("***") && !printed.contains(SECRET), "{printed}");
    assert!(Folder::new().credentials("{}").is_ok());
}

#[test]
fn names_that_the_settings_do_not_have_are_refused() {
    for (text, path) in [
        (r#"{"providers": {"a": "hunter2", "x": "hunter2"}}"#, "providers.x"),
        (r#"{"clients": {"sabnzbd": "hunter2"}}"#, "clients.sabnzbd"),
        (r#"{"clients": {"a": "hunter2"}}"#, "clients.a"),
        (r#"{"providers": {"sab": "hunter2"}}"#, "providers.sab"),
    ] {
        let said = Folder::new().credentials(text).unwrap_err();
        let why = format!("{path}: the settings have none of that name: correct it here or there");
        assert!(said.ends_with(&why), "{said}");
    }
}

#[test]
fn a_password_that_no_server_can_be_told_is_refused_by_its_field() {
    for (owner, id) in [("providers", "a"), ("clients", "sab")] {
        for bad in ["\\r", "\\n", "\\u0000"] {
            let text = format!(r#"{{"{owner}": {{"{id}": "hunter2{bad}x"}}}}"#);
            let said = Folder::new().credentials(&text).unwrap_err();
            let why = "a password cannot contain a line break or a NUL character";
            assert!(said.ends_with(&format!("{owner}.{id}: {why}")), "{said}");
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_without_its_words() {
    for (text, place) in [
        ("", "line 1 column 0"),
        ("\"hunter2\"", "line 1 column 9"),
        ("{\"providers\": {\"a\": \"hunter2\"}", "line 1 column 30"),
        ("{\"providers\": {\"a\":\n \"hunter2}}", "line 2 column 11"),
        ("{\"providers\": {\"a\": {\"password\": \"hunter2\"}}}", "providers.a: "),
        ("{\"providers\": {\"a\": 5}}", "providers.a: "),
        ("{\"providers\": \"hunter2\"}", "providers: "),
        ("{\"a\": \"hunter2\"}", "a: something is wrong"),
        ("{\"providers\": [\"hunter2\"]}", "providers: "),
        ("{\"providers\": {}} \"hunter2\"", "line 1 column 19"),
        ("hunter2", "line 1 column 1"),
    ] {
        let said = Folder::new().credentials(text).unwrap_err();
        assert!(said.contains(place) && said.contains("the form is {\"providers\""), "{said}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = Folder::new();
    let file = folder.0.path().join("none.json");
    let said = load(&file, &Settings::default()).unwrap_err().to_string();
    assert!(said.starts_with(&format!("cannot read {}: ", file.display())), "{said}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused() {
    let folder = Folder::new();
    let settings = folder.settings(&providers());
    let file = folder.write("credentials.json", GOOD);
    for mode in [0o644, 0o640, 0o440, 0o604, 0o620, 0o602, 0o610, 0o601] {
        permit(&file, mode);
        let said = load(&file, &settings).unwrap_err().to_string();
        let name = file.display();
        let why = format!("{name} can be read by others and holds passwords: run chmod 600 {name}");
        assert_eq!(said, why, "{mode:o}");
    }
    for mode in [0o600, 0o400, 0o700] {
        permit(&file, mode);
        assert!(load(&file, &settings).is_ok(), "{mode:o}");
    }
}

#[test]
fn a_program_without_a_login_needs_no_password_and_lets_everybody_in() {
    let folder = Folder::new();
    let clients = json!([{"name": "SABnzbd", "login": false, "speed": 5_000_000}]);
    let json = json!({"clients": clients, "providers": [], "limits": {"speed": 80_000_000}});
    let settings = settings::load(&folder.write("settings.json", &json.to_string())).unwrap();
    let config = configure(Path::new("settings.json"), &settings, &Credentials::default()).unwrap();
    assert!(!config.auth.login_needed());
    assert_eq!(config.traffic.speed.map(NonZeroU64::get), Some(80_000_000));
    let limits = config.traffic.programs["SABnzbd"];
    assert_eq!(limits.speed.map(NonZeroU64::get), Some(5_000_000));
}

fn configured(providers: &Value, credentials: &str) -> Result<Config, String> {
    let folder = Folder::new();
    let settings = folder.settings(providers);
    let read = load(&folder.write("credentials.json", credentials), &settings);
    let read = read.map_err(|e| e.to_string())?;
    configure(Path::new("settings.json"), &settings, &read).map_err(|e| e.to_string())
}

#[test]
fn a_password_that_is_missing_is_named() {
    for (credentials, path, name) in [
        (r#"{"clients": {"sab": "x", "get": "x"}}"#, "providers[0]", "Alpha"),
        (r#"{"providers": {"a": "x"}, "clients": {"sab": "x"}}"#, "clients[1]", "get"),
        ("{}", "clients[0]", "sab"),
    ] {
        let why = format!(
            "settings.json: {path}: there is no password for {name}: put it into the file that \
             --credentials names"
        );
        assert_eq!(configured(&providers(), credentials).unwrap_err(), why);
    }
}

#[test]
fn providers_that_are_switched_off_are_left_out_and_need_no_password() {
    let good = r#"{"providers": {"a": "hunter2"}, "clients": {"sab": "x", "get": "y"}}"#;
    let config = configured(&providers(), good).unwrap();
    let ids: Vec<_> = config.backends.iter().map(|backend| backend.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let login = config.backends[0].login.as_ref().unwrap();
    assert_eq!((login.user.as_str(), login.password.expose()), ("u", SECRET));
    assert!(config.backends[1].login.is_none());
    assert!(config.auth.login_needed());
    assert_eq!(config.auth.check(b"sab", b"x"), Some("sab"));
    assert_eq!(config.auth.check(b"sab", b"y"), None);
}

#[test]
fn every_setting_reaches_the_engine() {
    let provider = json!([{
        "id": "a", "name": " ", "host": "news.example.com", "port": 5119, "tls": "starttls",
        "verify": "certificate", "ca_file": "ca.pem", "username": "", "connections": 20, "tier": 2,
        "required": true, "pipelining": 7, "timeout_secs": 60, "speed": 20_000_000,
        "compression": "auto"
    }]);
    let config = configured(&provider, r#"{"clients": {"sab": "x", "get": "y"}}"#).unwrap();
    assert_eq!((config.mode, config.posting), (RoutingMode::Hybrid, false));
    let backend = &config.backends[0];
    assert_eq!((backend.id.as_str(), backend.name.as_str()), ("a", "a"));
    assert_eq!((backend.host.as_str(), backend.port), ("news.example.com", 5119));
    let options = TlsOptions { verify: Verify::Certificate, ca_file: Some("ca.pem".into()) };
    assert_eq!(backend.tls, Tls::StartTls(options));
    assert!(backend.login.is_none() && backend.required);
    assert_eq!((backend.connections.get(), backend.tier), (20, 2));
    assert_eq!(backend.pipelining, NonZeroU8::new(7));
    assert_eq!(backend.limits.first_byte.as_secs(), 60);
    assert_eq!(backend.compression, Compression::Auto);
    assert_eq!(config.traffic.providers["a"].get(), 20_000_000);
}

/// A provider with a proxy that wants a login.
fn proxied() -> Value {
    json!([{"id": "a", "name": "Alpha", "host": "news.example.com", "proxy": "socks5://me@proxy.example"}])
}

#[test]
fn a_proxys_password_is_kept_under_proxies() {
    let clients = r#""clients": {"sab": "x", "get": "y"}"#;
    let given = format!(r#"{{"proxies": {{"a": "{SECRET}"}}, {clients}}}"#);
    let config = configured(&proxied(), &given).unwrap();
    let proxy = config.backends[0].via.proxy.as_ref().unwrap();
    assert_eq!((proxy.host.as_str(), proxy.port), ("proxy.example", 1080));
    let login = proxy.login.as_ref().unwrap();
    assert_eq!((login.user.as_str(), login.password.expose()), ("me", SECRET));

    let missing = configured(&proxied(), &format!("{{{clients}}}")).unwrap_err();
    assert!(missing.starts_with("settings.json: providers[0].proxy: "), "{missing}");
    assert!(missing.contains("Alpha"), "{missing}");
    let nobody = configured(&json!([{"id": "a", "host": "h"}]), &given).unwrap_err();
    assert!(nobody.contains("proxies.a"), "{nobody}");
    let empty = format!(r#"{{"proxies": {{"a": ""}}, {clients}}}"#);
    assert!(configured(&proxied(), &empty).unwrap_err().contains("proxies.a"));
}

#[test]
fn the_interface_and_the_version_of_ip_reach_the_engine() {
    let way = json!([
        {"id": "a", "host": "h", "bind": "tun0", "ip": "v4"},
        {"id": "b", "host": "h", "bind": "10.8.0.2"}
    ]);
    let config = configured(&way, r#"{"clients": {"sab": "x", "get": "y"}}"#).unwrap();
    let via: Vec<_> = config.backends.iter().map(|backend| backend.via.clone()).collect();
    assert_eq!(
        (via[0].bind.clone(), via[0].ip),
        (Some(Bind::Interface("tun0".into())), IpVersion::V4)
    );
    assert_eq!(via[1].bind, Some(Bind::Address([10, 8, 0, 2].into())));
}
