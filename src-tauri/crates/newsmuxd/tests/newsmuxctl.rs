//! newsmuxctl beside a running newsmuxd.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

/// A newsmuxd with one provider, and where it listens. It ends with this value.
struct Daemon {
    process: Child,
    address: String,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn program(name: &str, home: &TempDir) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("HOME", home.path());
    command
}

fn newsmuxd(home: &TempDir, arguments: &[&str]) -> Command {
    let settings = home.path().join("settings.json");
    let quota = json!({"bytes": 500_000_000_000_u64});
    let provider = json!({"id": "a", "name": "Main", "host": "127.0.0.1", "port": 9, "tls": "off", "quota": quota});
    fs::write(&settings, json!({"version": 1, "providers": [provider]}).to_string()).unwrap();
    let mut command = program(env!("CARGO_BIN_EXE_newsmuxd"), home);
    command.arg("--settings").arg(settings).args(["--listen", "127.0.0.1:0"]).args(arguments);
    command
}

fn start(home: &TempDir, arguments: &[&str]) -> Daemon {
    let mut process = newsmuxd(home, arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    Daemon { process, address }
}

fn newsmuxctl(home: &TempDir, arguments: &[&str]) -> Output {
    program(env!("CARGO_BIN_EXE_newsmuxctl"), home).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn status_says_how_it_is() {
    let home = tempdir().unwrap();
    let daemon = start(&home, &[]);
    let text = said(&newsmuxctl(&home, &["status"]));
    let first =
        format!("newsmuxd {} (process {}): idle", env!("CARGO_PKG_VERSION"), daemon.process.id());
    assert!(text.starts_with(&first), "{text}");
    for part in [&*daemon.address, "Main", "untried, 0 of 8 connections"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let status: Value =
        serde_json::from_str(&said(&newsmuxctl(&home, &["status", "--json"]))).unwrap();
    assert_eq!(status["address"], daemon.address);
    assert_eq!(status["process"], daemon.process.id());
    assert_eq!(status["providers"][0]["name"], "Main");
}

#[test]
fn status_and_stats_say_the_same_of_accounts() {
    let home = tempdir().unwrap();
    let _daemon = start(&home, &[]);
    let line = "account Main: 0 B used, 500.0 GB left";
    let [status, stats] = ["status", "stats"].map(|what| {
        let text = said(&newsmuxctl(&home, &[what]));
        assert!(text.contains(line), "{text}");
        let json = said(&newsmuxctl(&home, &[what, "--json"]));
        serde_json::from_str::<Value>(&json).unwrap()["accounts"]["a"].clone()
    });
    assert_eq!((&status["name"], &status["quota"]), (&json!("Main"), &json!(500_000_000_000_u64)));
    assert_eq!(status, stats);
}

#[test]
fn each_channel_leads_to_its_own_newsmuxd() {
    let home = tempdir().unwrap();
    let paths: Vec<PathBuf> = ["a", "b"].map(|name| home.path().join(name)).into();
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    let daemons: Vec<_> =
        paths.iter().map(|path| start(&home, &["--control", &at(path)])).collect();
    for (path, daemon) in paths.iter().zip(&daemons) {
        let text = said(&newsmuxctl(&home, &["--control", &at(path), "status"]));
        assert!(text.contains(&daemon.address), "{text}");
    }
    let taken = newsmuxd(&home, &["--control", &at(&paths[0])]).output().unwrap();
    let sentence = String::from_utf8(taken.stderr).unwrap();
    assert_eq!(taken.status.code(), Some(1));
    assert!(sentence.contains("another Newsmux uses this control channel"), "{sentence}");
}

#[test]
fn a_second_newsmuxd_serves_without_the_usual_channel() {
    let home = tempdir().unwrap();
    let first = start(&home, &[]);
    let second = start(&home, &[]);
    assert_ne!(first.address, second.address);
    assert!(said(&newsmuxctl(&home, &["status"])).contains(&first.address));
}

#[test]
fn without_a_newsmux_it_says_so() {
    let home = tempdir().unwrap();
    let output = newsmuxctl(&home, &["status"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "newsmuxctl: Newsmux is not running\n");
}
