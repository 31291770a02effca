//! newsmuxd between a real provider and a real client.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a helper of tests: what goes wrong here fails the test"
)]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::inn::Inn;
use super::process::{Process, run, wait_for};
use super::{Login, Server};

/// What a client of the proxy logs in with, where one is asked for.
pub const CLIENT: Login = Login { username: "desk", password: "a key phrase" };

/// The provider that the proxy asks.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// Its port and our account there.
    pub server: Server,
    /// With TLS, whom to trust.
    pub ca_file: Option<&'a Path>,
}

impl<'a> Provider<'a> {
    /// INN without TLS.
    pub fn plain(inn: &'a Inn) -> Self {
        Self { server: inn.plain, ca_file: None }
    }

    /// INN with TLS, its certificate fully verified.
    pub fn tls(inn: &'a Inn) -> Self {
        Self { server: inn.tls, ca_file: Some(&inn.ca_file) }
    }
}

/// A running newsmuxd. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub server: Server,
    _process: Process,
}

impl Proxy {
    /// Starts it in `mode` with four connections to `provider` and posting on; with `login`, clients must log in.
    pub fn start(folder: &Path, mode: &str, provider: Provider<'_>, login: Option<Login>) -> Self {
        let home = tempfile::tempdir_in(folder).expect("a folder").keep();
        let (settings, credentials) = (home.join("settings.json"), home.join("credentials.json"));
        write_private(&settings, &settings_of(mode, provider, login));
        write_private(&credentials, &credentials_of(provider, login));

        let mut newsmuxd = Command::new(newsmuxd());
        newsmuxd.arg("--settings").arg(settings).arg("--credentials").arg(credentials);
        newsmuxd.args(["--listen", "127.0.0.1:0"]).env("RUST_LOG", "info");
        let process = Process::start(&newsmuxd, &home.join("newsmuxd.log"), 10);
        let Some(port) = wait_for(Duration::from_secs(10), || ready(&process)) else {
            panic!("newsmuxd did not start");
        };
        Self { server: Server { port, login }, _process: process }
    }
}

fn settings_of(mode: &str, provider: Provider<'_>, login: Option<Login>) -> Value {
    let clients: Vec<_> = login.iter().map(|login| json!({ "name": login.username })).collect();
    json!({
        "version": 1,
        "routing": { "mode": mode },
        "posting": true,
        "clients": clients,
        "providers": [{
            "id": "real",
            "host": "localhost",
            "port": provider.server.port,
            "tls": if provider.ca_file.is_some() { "on" } else { "off" },
            "ca_file": provider.ca_file,
            "username": provider.server.login.map(|login| login.username),
            "connections": 4,
        }],
    })
}

fn credentials_of(provider: Provider<'_>, login: Option<Login>) -> Value {
    let passwords = |name: &str, login: Option<Login>| match login {
        Some(login) => json!({ name: login.password }),
        None => json!({}),
    };
    json!({
        "providers": passwords("real", provider.server.login),
        "clients": passwords(CLIENT.username, login),
    })
}

fn write_private(file: &Path, value: &Value) {
    fs::write(file, value.to_string()).expect("a file for newsmuxd");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// The port of the line that newsmuxd prints when it is ready.
fn ready(process: &Process) -> Option<u16> {
    process
        .output()
        .lines()
        .find_map(|line| line.strip_prefix("listening on 127.0.0.1:")?.parse().ok())
}

/// The program as it is built now, in the target folder and the profile of the running test.
fn newsmuxd() -> PathBuf {
    let test = env::current_exe().expect("the running test");
    let profile = test.parent().and_then(Path::parent).expect("the folder of the profile");
    let target = profile.parent().expect("the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--workspace", "--bin", "newsmuxd", "--target-dir"])
        .arg(target);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    run(cargo.current_dir(env!("CARGO_MANIFEST_DIR")));
    profile.join("newsmuxd")
}
