//! The keyring against a real Secret Service: each test has a D-Bus, a home and a gnome-keyring of its own.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use newsmux_tests::desktop::Desktop;
use newsmux_tests::real::{Tool, skip};
use nntp_proxy::config::Secret;
use secrets::{Keyring, Owner, Secrets};

/// Set for the process that asks the keyring.
const STARTED_BY_A_TEST: &str = "NEWSMUX_STARTED_BY_A_TEST";

/// What the tests run.
const TOOLS: [Tool; 3] = [Tool::Dbus, Tool::Keyring, Tool::SecretTool];

fn newsmux(desktop: &Desktop) -> Newsmux {
    Newsmux::start(desktop.program(env::current_exe().unwrap()))
}

/// A process that asks its keyring as the application does.
struct Newsmux {
    child: Child,
    answers: BufReader<ChildStderr>,
}

impl Newsmux {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .args(["--exact", "the_process_that_the_tests_start", "--nocapture"])
            .env(STARTED_BY_A_TEST, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stderr.take().unwrap());
        Self { child, answers }
    }

    fn ask(&mut self, question: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

impl Drop for Newsmux {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.answers.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success() || thread::panicking(), "{rest}");
    }
}

/// Not a test but what the tests start. It takes questions, one a line, and answers each in a line.
#[tokio::test]
async fn the_process_that_the_tests_start() {
    if env::var_os(STARTED_BY_A_TEST).is_none() {
        return;
    }
    let secrets = Secrets::with_limit(Arc::new(Keyring::new()), Duration::from_secs(3));
    for question in io::stdin().lines().map(Result::unwrap) {
        let words: Vec<_> = question.split(' ').collect();
        let answer = match *words.as_slice() {
            ["get", id] => {
                let found = secrets.get(&Owner::Provider(id.into())).await;
                format!("{:?}", found.map(|found| found.map(|secret| secret.expose().to_owned())))
            }
            ["set", id, password] => {
                let owner = Owner::Provider(id.into());
                format!("{:?}", secrets.set(&owner, &Secret::new(password)).await)
            }
            ["delete", id] => format!("{:?}", secrets.delete(&Owner::Provider(id.into())).await),
            ["settled"] => format!("{:?}", secrets.settled().await),
            _ => "what?".into(),
        };
        eprintln!("{answer}");
    }
}

#[test]
fn what_one_process_keeps_another_reads_until_it_is_deleted() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_keyring();
    let mut one = newsmux(&desktop);
    assert_eq!(one.ask("get a"), "Ok(None)");
    assert_eq!(one.ask("set a hunter1"), "Ok(())");
    assert_eq!(one.ask("set a hunter2"), "Ok(())");
    assert_eq!(one.ask("set b geheim☂"), "Ok(())");
    drop(one);
    let mut other = newsmux(&desktop);
    assert_eq!(other.ask("get a"), "Ok(Some(\"hunter2\"))");
    assert_eq!(other.ask("get b"), "Ok(Some(\"geheim☂\"))");
    assert_eq!(desktop.look_up("provider/a").unwrap(), "hunter2");
    assert_eq!(other.ask("delete a"), "Ok(())");
    assert_eq!(other.ask("delete a"), "Ok(())");
    assert_eq!(other.ask("get a"), "Ok(None)");
    assert_eq!(desktop.look_up("provider/a"), None);
    assert_eq!(other.ask("get b"), "Ok(Some(\"geheim☂\"))");
}

/// A desktop whose keyring is locked, with a password in it, and a Newsmux.
fn locked() -> (Desktop, Newsmux) {
    let desktop = Desktop::with_keyring();
    let mut newsmux = newsmux(&desktop);
    assert_eq!(newsmux.ask("set a hunter2"), "Ok(())");
    desktop.lock();
    (desktop, newsmux)
}

#[test]
fn a_locked_keyring_that_cannot_ask_is_locked_until_it_is_unlocked() {
    if skip(&TOOLS) {
        return;
    }
    let (desktop, mut newsmux) = locked();
    assert_eq!(newsmux.ask("get a"), "Err(Locked)");
    assert_eq!(newsmux.ask("set a new"), "Err(Locked)");
    assert_eq!(newsmux.ask("set b new"), "Err(Locked)");
    assert_eq!(newsmux.ask("delete a"), "Err(Locked)");
    desktop.start_keyring();
    assert_eq!(newsmux.ask("get a"), "Ok(Some(\"hunter2\"))");
}

#[test]
fn a_dialog_is_waited_for_once_and_when_it_is_dismissed_the_keyring_is_locked() {
    if skip(&TOOLS) {
        return;
    }
    let (desktop, mut newsmux) = locked();
    let dialog = desktop.dialog();
    assert_eq!(newsmux.ask("get a"), "Err(TimedOut)");
    assert_eq!(newsmux.ask("get a"), "Err(TimedOut)");
    drop(dialog);
    assert_eq!(newsmux.ask("settled"), "Err(Locked)");
    desktop.start_keyring();
    assert_eq!(newsmux.ask("get a"), "Ok(Some(\"hunter2\"))");
}

#[test]
fn a_keyring_that_appears_later_is_found_and_one_that_ends_is_missed() {
    if skip(&TOOLS) {
        return;
    }
    let mut desktop = Desktop::without_bus();
    let mut newsmux = newsmux(&desktop);
    let absent = |answer: String| assert!(answer.starts_with("Err(Absent("), "{answer}");
    absent(newsmux.ask("get a"));
    desktop.start_bus();
    absent(newsmux.ask("get a"));
    absent(newsmux.ask("set a hunter2"));
    desktop.start_keyring();
    assert_eq!(newsmux.ask("get a"), "Ok(None)");
    assert_eq!(newsmux.ask("set a hunter2"), "Ok(())");
    desktop.end_bus();
    absent(newsmux.ask("get a"));
    desktop.start_bus();
    desktop.start_keyring();
    assert_eq!(newsmux.ask("get a"), "Ok(Some(\"hunter2\"))");
}

#[test]
fn where_nobody_is_logged_in_there_is_no_keyring() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::without_bus();
    let mut command = desktop.program(env::current_exe().unwrap());
    command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    let answer = Newsmux::start(command).ask("get a");
    assert!(answer.starts_with("Err(Absent("), "{answer}");
}
