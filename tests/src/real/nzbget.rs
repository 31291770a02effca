//! NZBGet as a client: one download, in a directory of its own, driven by its JSON-RPC.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a helper of tests: what goes wrong here fails the test"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Process, free_port, wait_for};
use super::{Server, Tool, download::Post, http};

/// Options that make it do nothing but download, and say what went wrong at once.
const OPTIONS: [&str; 17] = [
    "ControlIP=127.0.0.1",
    "ControlUsername=",
    "ControlPassword=",
    "NzbDirInterval=1",
    "NzbDirFileAge=0",
    "OutputMode=log",
    "Unpack=no",
    "ParCheck=manual",
    "ParRename=no",
    "RarRename=no",
    "DirectRename=no",
    "HealthCheck=none",
    "ArticleCache=100",
    "ArticleTimeout=30",
    "ArticleRetries=0",
    "Server1.Active=yes",
    "Server1.Encryption=no",
];

/// How it asks.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Its connections.
    pub connections: u16,
    /// Whether it selects the group on each connection first (its option `JoinGroup`).
    pub join_group: bool,
}

/// Downloads `post` from `server` and compares it with the original. NZBGet must not have noticed any trouble: every
/// article has come at the first try.
pub fn download(server: Server, post: &Post, folder: &Path, manner: Manner) {
    let home = folder.join("nzbget");
    fs::create_dir_all(home.join("nzb")).expect("a folder");
    let control = free_port();
    let nzbget =
        Process::start(&command(&home, control, server, manner), &home.join("output.log"), 5);
    nzbget.wait_for_port(control);
    // A finished file under a name that NZBGet knows: it may look in the middle of a copy.
    fs::copy(&post.nzb, home.join("nzb/job.nzb.part")).expect("a copy of the .nzb");
    fs::rename(home.join("nzb/job.nzb.part"), home.join("nzb/job.nzb"))
        .expect("the .nzb in its place");

    let Some(job) = wait_for(Duration::from_secs(90), || finished(control)) else {
        panic!("the download did not end: {:?}", call(control, "listgroups", &json!([0])));
    };
    assert_eq!(job["FailedArticles"], 0, "articles that did not come: {job}");
    let output = nzbget.output();
    let troubles: Vec<_> = output.lines().filter(|line| line.contains("failed")).collect();
    assert_eq!(troubles, Vec::<&str>::new(), "what NZBGet complained of");
    post.assert_downloaded(&home.join("dst"));
}

/// A running NZBGet with a settings file of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Nzbget {
    /// Where its JSON-RPC is.
    pub port: u16,
    home: PathBuf,
    process: Process,
}

impl Nzbget {
    /// The user of its interface.
    pub const USER: &str = "nzbget";
    /// The user's password.
    pub const PASSWORD: &str = "tegbzn6789";

    /// Starts it in `folder`/nzbget with these options, such as `Server1.Host=news.example.com`.
    pub fn start(folder: &Path, servers: &[&str]) -> Self {
        let home = folder.join("nzbget");
        fs::create_dir_all(home.join("nzb")).expect("a folder");
        let port = free_port();
        let mut own = folders(&home);
        own.extend([
            ("ControlPort", port.to_string()),
            ("ControlUsername", Self::USER.into()),
            ("ControlPassword", Self::PASSWORD.into()),
        ]);
        let own: Vec<_> = own.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let fixed = OPTIONS.into_iter().filter(|option| {
            let name = option.split_once('=').map_or(*option, |(name, _)| name);
            !servers.iter().any(|given| given.split_once('=').is_some_and(|(own, _)| own == name))
                && !["Server", "ControlUser", "ControlPass"]
                    .iter()
                    .any(|name| option.starts_with(name))
        });
        let lines = own.iter().map(String::as_str).chain(fixed).chain(servers.iter().copied());
        let settings: String = lines.map(|line| format!("{line}\n")).collect();
        fs::write(home.join("nzbget.conf"), settings).expect("its settings");
        let mut nzbget = Command::new(Tool::Nzbget.path());
        nzbget.arg("-s").arg("-c").arg(home.join("nzbget.conf"));
        let process = Process::start(&nzbget, &home.join("output.log"), 5);
        let this = Self { port, home, process };
        this.wait();
        this
    }

    /// Waits until it answers, as it does some time after it was told to reload its settings.
    pub fn wait(&self) {
        let version = wait_for(Duration::from_secs(30), || self.call("version", &json!([])));
        assert!(version.is_some(), "NZBGet does not answer");
    }

    /// Its settings.
    pub fn settings(&self) -> PathBuf {
        self.home.join("nzbget.conf")
    }

    /// Downloads `post` and compares it with the original.
    pub fn download(&self, post: &Post) {
        let job = self.end_of(post);
        assert_eq!(job["FailedArticles"], 0, "articles that did not come: {job}");
        post.assert_downloaded(&self.home.join("dst"));
    }

    /// Downloads `post`; what its history says of it.
    pub fn end_of(&self, post: &Post) -> Value {
        fs::copy(&post.nzb, self.home.join("nzb/job.nzb.part")).expect("a copy of the .nzb");
        fs::rename(self.home.join("nzb/job.nzb.part"), self.home.join("nzb/job.nzb"))
            .expect("the .nzb in its place");
        let ended = || self.call("history", &json!([false]))?.get(0).cloned();
        wait_for(Duration::from_secs(90), ended).unwrap_or_else(|| {
            panic!("the download did not end: {:?}", self.call("listgroups", &json!([0])))
        })
    }

    /// Lets it download `post`, until it complains with these words.
    pub fn complains(&self, post: &Post, words: &str) {
        fs::copy(&post.nzb, self.home.join("nzb/job.nzb")).expect("a copy of the .nzb");
        let said = || self.process.output().contains(words).then_some(());
        assert!(wait_for(Duration::from_secs(60), said).is_some(), "{}", self.process.output());
    }

    /// What it answers.
    pub fn call(&self, method: &str, parameters: &Value) -> Option<Value> {
        let path = format!("/{}:{}/jsonrpc", Self::USER, Self::PASSWORD);
        let request = json!({ "method": method, "params": parameters });
        Some(http::json(self.port, &path, Some(&request)).ok()?["result"].clone())
    }
}

fn command(home: &Path, control: u16, server: Server, manner: Manner) -> Command {
    let mut nzbget = Command::new(Tool::Nzbget.path());
    nzbget.arg("-n").arg("-s").args(OPTIONS.iter().flat_map(|option| ["-o", option]));
    let mut set = |name: &str, value: &str| {
        nzbget.arg("-o").arg(format!("{name}={value}"));
    };
    for (option, value) in folders(home) {
        set(option, &value);
    }
    set("ControlPort", &control.to_string());
    set("Server1.Host", "127.0.0.1");
    set("Server1.Port", &server.port.to_string());
    set("Server1.Username", server.login.map_or("", |login| login.username));
    set("Server1.Password", server.login.map_or("", |login| login.password));
    set("Server1.Connections", &manner.connections.to_string());
    set("Server1.JoinGroup", if manner.join_group { "yes" } else { "no" });
    nzbget
}

/// Everything that it writes is below `home`.
fn folders(home: &Path) -> Vec<(&'static str, String)> {
    let below = |(option, name): (&'static str, &str)| {
        (option, home.join(name).to_string_lossy().into_owned())
    };
    let places = [
        ("MainDir", "."),
        ("DestDir", "dst"),
        ("InterDir", "inter"),
        ("NzbDir", "nzb"),
        ("QueueDir", "queue"),
        ("TempDir", "tmp"),
        ("LockFile", "lock"),
        ("LogFile", "nzbget.log"),
    ];
    places.map(below).into()
}

fn finished(control: u16) -> Option<Value> {
    call(control, "history", &json!([false]))?.get(0).cloned()
}

fn call(control: u16, method: &str, parameters: &Value) -> Option<Value> {
    let request = json!({ "method": method, "params": parameters });
    Some(http::json(control, "/jsonrpc", Some(&request)).ok()?["result"].clone())
}
