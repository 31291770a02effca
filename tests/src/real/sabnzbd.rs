//! SABnzbd as a client: one download, in a directory of its own, driven by its web API.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a helper of tests: what goes wrong here fails the test"
)]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::process::{Process, free_port, wait_for};
use super::{Server, Tool, download::Post, http};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What makes it do nothing but download.
const SETTINGS: &str = r#"
host = 127.0.0.1
enable_https = 0
auto_browser = 0
check_new_rel = 0
cache_limit = 200M
bandwidth_perc = 0
enable_all_par = 0
enable_unrar = 0
enable_7zip = 0
enable_recursive = 0
deobfuscate_final_filenames = 0
direct_unpack = 0
enable_broadcast = 0
enable_bonjour = 0
ipv6_servers = 0
ipv6_test_host = 127.0.0.1
selftest_host = 127.0.0.1
language = en
refresh_rate = 1
wizard = 1
warned_old_queue = 9
notified_new_skin = 2
config_conversion_version = 5
"#;

/// It refuses to work where no unrar is, which Debian has in non-free only. Nothing is unpacked here.
const UNRAR: &str =
    "#!/bin/sh\necho; echo 'UNRAR 6.20 freeware      Copyright (c) 1993-2022 Alexander Roshal'\n";

/// How it asks.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Its connections.
    pub connections: u16,
    /// Requests on their way at once on each connection; only SABnzbd 5 and later take notice.
    pub pipelining: u16,
    /// Whether it asks by STAT for every article before it downloads.
    pub pre_check: bool,
}

/// A running SABnzbd. Dropping it ends it; its files stay in the directory that it was given.
#[derive(Debug)]
pub struct Sabnzbd {
    /// Where its web API is.
    pub port: u16,
    home: PathBuf,
    _process: Process,
}

impl Sabnzbd {
    /// The key to its API.
    pub const KEY: &str = KEY;

    /// Starts it in `folder`/sabnzbd with these `servers`, which are sections of its settings.
    pub fn start(folder: &Path, servers: &str, pre_check: bool) -> Self {
        Self::launch(folder, servers, pre_check, None)
    }

    /// Starts it on a system that trusts these authorities alone.
    pub fn start_trusting(folder: &Path, servers: &str, authorities: &Path) -> Self {
        Self::launch(folder, servers, false, Some(authorities))
    }

    fn launch(folder: &Path, servers: &str, pre_check: bool, authorities: Option<&Path>) -> Self {
        let home = folder.join("sabnzbd");
        fs::create_dir_all(home.join("bin")).expect("a folder");
        let port = free_port();
        let settings = settings(&home, port, pre_check) + "[servers]\n" + servers;
        fs::write(home.join("sabnzbd.ini"), settings).expect("its settings");
        let mut sabnzbd = command(&home);
        // It sets SSL_CERT_FILE itself.
        sabnzbd.envs(authorities.map(|file| ("SSL_CERT_DIR", hashed(file, &home))));
        let process = Process::start(&sabnzbd, &home.join("output.log"), 10);
        let this = Self { port, home, _process: process };
        let version = wait_for(Duration::from_secs(60), || this.call("mode=version"));
        assert!(version.is_some(), "SABnzbd did not start");
        this
    }

    /// Its settings.
    pub fn settings(&self) -> PathBuf {
        self.home.join("sabnzbd.ini")
    }

    /// What its API answers to `query`, if it is JSON.
    pub fn call(&self, query: &str) -> Option<Value> {
        http::json(self.port, &format!("/api?output=json&apikey={KEY}&{query}"), None).ok()
    }

    /// Downloads `post` and compares it with the original.
    pub fn download(&self, post: &Post) {
        let job = self.end_of(post);
        assert_eq!(job["status"], "Completed", "{job}");
        post.assert_downloaded(&self.home.join("complete"));
    }

    /// Downloads `post`; what its history says of it.
    pub fn end_of(&self, post: &Post) -> Value {
        let nzb = http::escape(&post.nzb.to_string_lossy());
        let added = self.call(&format!("mode=addlocalfile&name={nzb}")).unwrap_or_default();
        assert_eq!(added["status"], true, "{added}");
        wait_for(Duration::from_secs(120), || self.finished())
            .unwrap_or_else(|| panic!("the download did not end: {:?}", self.call("mode=queue")))
    }

    fn finished(&self) -> Option<Value> {
        let job = self.call("mode=history")?["history"]["slots"].get(0)?.clone();
        (job["status"] == "Completed" || job["status"] == "Failed").then_some(job)
    }
}

/// Downloads `post` from `server` and compares it with the original.
pub fn download(server: Server, post: &Post, folder: &Path, manner: Manner) {
    let entry = entry(server, manner);
    Sabnzbd::start(folder, &entry, manner.pre_check).download(post);
}

fn settings(home: &Path, port: u16, pre_check: bool) -> String {
    let home = home.display();
    format!(
        "__version__ = 19\n__encoding__ = utf-8\n[misc]\napi_key = {KEY}\nport = {port}\n\
         download_dir = {home}/incomplete\ncomplete_dir = {home}/complete\nadmin_dir = {home}/admin\n\
         log_dir = {home}/logs\npre_check = {}\n{SETTINGS}",
        u8::from(pre_check),
    )
}

/// The section of its settings for `server`.
#[must_use]
pub fn entry(server: Server, manner: Manner) -> String {
    let Manner { connections, pipelining, .. } = manner;
    let (username, password) =
        server.login.map_or(("", ""), |login| (login.username, login.password));
    format!(
        "[[provider]]\nname = provider\n\
         displayname = provider\nhost = 127.0.0.1\nport = {}\nusername = {username}\npassword = \"{password}\"\n\
         connections = {connections}\npipelining_requests = {pipelining}\nssl = 0\nenable = 1\ntimeout = 30\n",
        server.port,
    )
}

/// The same with TLS on this port, and the strictest verification.
#[must_use]
pub fn encrypted_entry(server: Server, port: u16, manner: Manner) -> String {
    let plain = entry(Server { port, ..server }, manner);
    plain
        .replace("host = 127.0.0.1", "host = localhost")
        .replace("ssl = 0", "ssl = 1\nssl_verify = 3")
}

/// A folder in which OpenSSL finds these authorities, as `update-ca-certificates` makes it.
fn hashed(authorities: &Path, home: &Path) -> PathBuf {
    let folder = home.join("authorities");
    fs::create_dir_all(&folder).expect("a folder");
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-hash", "-in"]).arg(authorities);
    let hash = openssl.output().expect("openssl").stdout;
    let name = String::from_utf8_lossy(&hash).trim().to_owned() + ".0";
    fs::copy(authorities, folder.join(name)).expect("a copy");
    folder
}

fn command(home: &Path) -> Command {
    let tree = Tool::Sabnzbd.path();
    let mut sabnzbd = Command::new(tree.join("venv/bin/python"));
    sabnzbd
        .arg("-OO")
        .arg(tree.join("usr/bin/sabnzbdplus"))
        .arg("-f")
        .arg(home.join("sabnzbd.ini"));
    sabnzbd.args(["-b", "0", "-l", "1", "--console", "--new"]);
    sabnzbd
        .env("PYTHONPATH", tree.join("usr/share/sabnzbdplus"))
        .env("HOME", home)
        .env("PATH", search_path(home));
    sabnzbd
}

fn search_path(home: &Path) -> OsString {
    let bin = home.join("bin");
    for program in ["unrar", "7za", "7zz"] {
        let file = bin.join(program);
        fs::write(&file, UNRAR).expect("a stand-in");
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    let system = env::var_os("PATH").unwrap_or_default();
    env::join_paths([bin].into_iter().chain(env::split_paths(&system))).expect("a search path")
}
