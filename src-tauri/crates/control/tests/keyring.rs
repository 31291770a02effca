//! The keyring against a real Secret Service: each test has a D-Bus, a home and a gnome-keyring of its own.

#![cfg(all(unix, not(target_os = "macos")))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use control::secrets::{Keyring, Owner, Secrets};
use nntp_proxy::config::Secret;
use tempfile::TempDir;
use zbus::blocking::connection::Builder;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, Proxy};
use zbus::names::BusName;
use zbus::zvariant::{ObjectPath, OwnedObjectPath};

/// Set for the process that asks the keyring.
const STARTED_BY_A_TEST: &str = "NEWSMUX_STARTED_BY_A_TEST";

/// What the tests run, and the packages that have it.
const PROGRAMS: [(&str, &str); 3] = [
    ("dbus-daemon", "dbus"),
    ("gnome-keyring-daemon", "gnome-keyring"),
    ("secret-tool", "libsecret-tools"),
];

/// Whether the test is to be skipped; says so, and why, past the capture of test output. In continuous
/// integration, or with `NEWSMUX_REQUIRE_ALL` set, it fails instead.
fn skip() -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &str| env::split_paths(&folders).any(|f| f.join(program).is_file());
    let Some((program, package)) = PROGRAMS.iter().find(|(program, _)| !is_there(program)) else {
        return false;
    };
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let reason = format!("{test} was skipped: there is no {program}: install {package}\n");
    if ["CI", "NEWSMUX_REQUIRE_ALL"].iter().any(|name| env::var_os(name).is_some()) {
        panic!("{reason}");
    }
    drop(io::stderr().write_all(reason.as_bytes()));
    true
}

/// A computer without a display on which somebody is logged in.
struct Desktop {
    folder: TempDir,
    bus: Option<Child>,
}

impl Desktop {
    fn without_bus() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "run", "data"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder, bus: None }
    }

    fn without_keyring() -> Self {
        let mut desktop = Self::without_bus();
        desktop.start_bus();
        desktop
    }

    fn new() -> Self {
        let desktop = Self::without_keyring();
        desktop.start_keyring();
        desktop
    }

    /// No service is started because somebody asks for it: what runs is what a test has started.
    fn start_bus(&mut self) {
        let socket = self.folder.path().join("bus");
        let config = self.folder.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:path={}</listen>
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>
             <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            socket.display()
        );
        fs::write(&config, text).unwrap();
        let mut bus = self
            .program("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file"])
            .arg(config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
        assert!(address.starts_with("unix:path="), "{address}");
        self.bus = Some(bus);
    }

    /// Starts it unlocked, in place of one that runs already. It ends when its bus does.
    fn start_keyring(&self) {
        let bus = DBusProxy::new(&self.connect().build().unwrap()).unwrap();
        let mut changes = bus.receive_name_owner_changed().unwrap();
        let name = BusName::try_from("org.freedesktop.secrets").unwrap();
        let owner = || bus.get_name_owner(name.clone()).ok();
        let before = owner();
        let mut keyring = self
            .program("gnome-keyring-daemon")
            .args(["--replace", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        keyring.stdin.take().unwrap().write_all(b"login").unwrap();
        assert!(keyring.wait().unwrap().success());
        while owner().is_none() || owner() == before {
            changes.next();
        }
    }

    /// A program that the bus and the home of this desktop are for.
    fn program(&self, name: impl AsRef<Path>) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(name.as_ref());
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap())
            .env("HOME", folder.join("home"))
            .env("XDG_RUNTIME_DIR", folder.join("run"))
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", folder.join("bus").display()));
        command
    }

    /// Another program's view of an entry; none where there is no such entry.
    fn look_up(&self, user: &str) -> Option<String> {
        let arguments = ["lookup", "service", "newsmux", "username", user];
        let found = self.program("secret-tool").args(arguments).output().unwrap();
        found.status.success().then(|| String::from_utf8(found.stdout).unwrap())
    }

    fn lock(&self) {
        let login = ObjectPath::try_from("/org/freedesktop/secrets/collection/login").unwrap();
        let secrets = ("org.freedesktop.secrets", "/org/freedesktop/secrets");
        let bus = self.connect().build().unwrap();
        let service = Proxy::new(&bus, secrets.0, secrets.1, "org.freedesktop.Secret.Service");
        let (locked, _): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            service.unwrap().call("Lock", &([&login].as_slice(),)).unwrap();
        assert_eq!(locked, [OwnedObjectPath::from(login)]);
    }

    /// A dialog that nobody answers. To drop it is to dismiss it.
    fn dialog(&self) -> Connection {
        self.connect().name("org.gnome.keyring.SystemPrompter").unwrap().build().unwrap()
    }

    fn connect(&self) -> Builder<'_> {
        let address = format!("unix:path={}", self.folder.path().join("bus").display());
        Builder::address(address.as_str()).unwrap()
    }

    fn newsmux(&self) -> Newsmux {
        Newsmux::start(self.program(env::current_exe().unwrap()))
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.bus.take().into_iter().for_each(end);
    }
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
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
    if skip() {
        return;
    }
    let desktop = Desktop::new();
    let mut one = desktop.newsmux();
    assert_eq!(one.ask("get a"), "Ok(None)");
    assert_eq!(one.ask("set a hunter1"), "Ok(())");
    assert_eq!(one.ask("set a hunter2"), "Ok(())");
    assert_eq!(one.ask("set b geheim☂"), "Ok(())");
    drop(one);
    let mut other = desktop.newsmux();
    assert_eq!(other.ask("get a"), "Ok(Some(\"hunter2\"))");
    assert_eq!(other.ask("get b"), "Ok(Some(\"geheim☂\"))");
    assert_eq!(desktop.look_up("provider/a").unwrap(), "hunter2");
    assert_eq!(other.ask("delete a"), "Ok(())");
    assert_eq!(other.ask("delete a"), "Ok(())");
    assert_eq!(other.ask("get a"), "Ok(None)");
    assert_eq!(desktop.look_up("provider/a"), None);
    assert_eq!(other.ask("get b"), "Ok(Some(\"geheim☂\"))");
}

#[test]
fn a_locked_keyring_that_cannot_ask_is_locked_until_it_is_unlocked() {
    if skip() {
        return;
    }
    let desktop = Desktop::new();
    let mut newsmux = desktop.newsmux();
    assert_eq!(newsmux.ask("set a hunter2"), "Ok(())");
    desktop.lock();
    assert_eq!(newsmux.ask("get a"), "Err(Locked)");
    assert_eq!(newsmux.ask("set a new"), "Err(Locked)");
    assert_eq!(newsmux.ask("set b new"), "Err(Locked)");
    assert_eq!(newsmux.ask("delete a"), "Err(Locked)");
    desktop.start_keyring();
    assert_eq!(newsmux.ask("get a"), "Ok(Some(\"hunter2\"))");
}

#[test]
fn a_dialog_is_waited_for_once_and_when_it_is_dismissed_the_keyring_is_locked() {
    if skip() {
        return;
    }
    let desktop = Desktop::new();
    let mut newsmux = desktop.newsmux();
    assert_eq!(newsmux.ask("set a hunter2"), "Ok(())");
    desktop.lock();
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
    if skip() {
        return;
    }
    let mut desktop = Desktop::without_bus();
    let mut newsmux = desktop.newsmux();
    let absent = |answer: String| assert!(answer.starts_with("Err(Absent("), "{answer}");
    absent(newsmux.ask("get a"));
    desktop.start_bus();
    absent(newsmux.ask("get a"));
    absent(newsmux.ask("set a hunter2"));
    desktop.start_keyring();
    assert_eq!(newsmux.ask("get a"), "Ok(None)");
    assert_eq!(newsmux.ask("set a hunter2"), "Ok(())");
    desktop.bus.take().into_iter().for_each(end);
    absent(newsmux.ask("get a"));
    desktop.start_bus();
    desktop.start_keyring();
    assert_eq!(newsmux.ask("get a"), "Ok(Some(\"hunter2\"))");
}

#[test]
fn where_nobody_is_logged_in_there_is_no_keyring() {
    if skip() {
        return;
    }
    let desktop = Desktop::without_bus();
    let mut command = desktop.program(env::current_exe().unwrap());
    command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    let answer = Newsmux::start(command).ask("get a");
    assert!(answer.starts_with("Err(Absent("), "{answer}");
}
