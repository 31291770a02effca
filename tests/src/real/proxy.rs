//! newsmuxd between a real provider and a real client.
#![expect(clippy::panic, reason = "a helper of tests: what goes wrong here fails the test")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use super::inn::Inn;
use super::process::{Process, wait_for};
use super::{Login, Server};
use crate::daemon::Home;

/// What a client of the proxy logs in with, where one is asked for.
pub const CLIENT: Login = Login { username: "desk", password: "a key phrase" };

/// The provider that the proxy asks.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// Its port and our account there.
    pub server: Server,
    /// With TLS, whom to trust.
    pub ca_file: Option<&'a Path>,
    /// Whether overviews come compressed.
    pub compressed: bool,
}

impl<'a> Provider<'a> {
    /// INN without TLS.
    pub fn plain(inn: &'a Inn) -> Self {
        Self { server: inn.plain, ca_file: None, compressed: false }
    }

    /// INN with TLS, its certificate fully verified.
    pub fn tls(inn: &'a Inn) -> Self {
        Self { server: inn.tls, ca_file: Some(&inn.ca_file), compressed: false }
    }
}

/// A running newsmuxd. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub server: Server,
    process: Process,
    home: Home,
}

impl Proxy {
    /// Starts it in `mode` with four connections to `provider` and posting on; with `login`, clients must log in.
    pub fn start(mode: &str, provider: Provider<'_>, login: Option<Login>) -> Self {
        let home = Home::empty();
        home.write_settings(&settings(mode, provider, login).to_string());
        home.write_credentials(&credentials(provider, login).to_string());

        let newsmuxd = home.command();
        Self::launch(home, newsmuxd, login)
    }

    /// Starts it with nothing but its own sample provider, in `mode`, writing the sample's .nzb as `nzb`.
    pub fn sample(mode: &str, nzb: &Path) -> Self {
        let home = Home::empty();
        let settings = json!({ "providers": [], "routing": { "mode": mode } });
        home.write_settings(&settings.to_string());
        let mut newsmuxd = home.bare_command();
        newsmuxd.arg("--settings").arg(home.settings()).arg("--sample-nzb").arg(nzb);
        Self::launch(home, newsmuxd, None)
    }

    /// The same for clients that log in, also over TLS on this port, with a certificate of its own.
    pub fn sample_encrypted(nzb: &Path, port: u16) -> Self {
        let home = Home::empty();
        let (listen, clients) =
            (json!({ "tls": { "port": port } }), [json!({ "name": CLIENT.username })]);
        let settings = json!({ "listen": listen, "clients": clients, "providers": [] });
        home.write_settings(&settings.to_string());
        let passwords = json!({ "clients": { CLIENT.username: CLIENT.password } });
        home.write_credentials(&passwords.to_string());
        let mut newsmuxd = home.command();
        newsmuxd.arg("--sample-nzb").arg(nzb);
        Self::launch(home, newsmuxd, Some(CLIENT))
    }

    /// What programs import that connect over TLS.
    pub fn certificate(&self) -> PathBuf {
        self.home.path().join(".local/state/newsmux/tls/newsmux-certificate.crt")
    }

    /// Asks it by newsmuxctl.
    pub fn ctl(&self, arguments: &[&str]) -> String {
        let mut ctl = self.home.ctl();
        match ctl.as_std_mut().args(arguments).output() {
            Ok(output) if output.status.success() => {
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            }
            other => panic!("newsmuxctl {arguments:?}: {other:?}"),
        }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.process.output()
    }

    fn launch(home: Home, mut newsmuxd: Command, login: Option<Login>) -> Self {
        newsmuxd
            .args(["--listen", "127.0.0.1:0"])
            .env("RUST_LOG", "info,nntp_proxy::backend::compressed=debug");
        let process = Process::start(newsmuxd.as_std(), &home.path().join("newsmuxd.log"), 10);
        let Some(port) = wait_for(Duration::from_secs(10), || ready(&process)) else {
            panic!("newsmuxd did not start");
        };
        Self { server: Server { port, login }, process, home }
    }
}

fn settings(mode: &str, provider: Provider<'_>, login: Option<Login>) -> Value {
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
            "compression": if provider.compressed { "auto" } else { "off" },
        }],
    })
}

fn credentials(provider: Provider<'_>, login: Option<Login>) -> Value {
    let passwords = |name: &str, login: Option<Login>| match login {
        Some(login) => json!({ name: login.password }),
        None => json!({}),
    };
    json!({
        "providers": passwords("real", provider.server.login),
        "clients": passwords(CLIENT.username, login),
    })
}

/// The port of the line that newsmuxd prints when it is ready.
fn ready(process: &Process) -> Option<u16> {
    process
        .output()
        .lines()
        .find_map(|line| line.strip_prefix("listening on 127.0.0.1:")?.parse().ok())
}
