//! NZBGet's own test server (`nzbget --nserv`): a provider with manners of its own, such as `220, 0 <id>` for a BODY
//! and message-ids with `?`, `=` and `:` in them, and no `@`.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::fs;
use std::path::Path;
use std::process::Command;

use super::download::Post;
use super::nyuu::noise;
use super::process::{Process, free_port};
use super::{Server, Tool};

/// A running test server and what it serves. Dropping it ends it.
#[derive(Debug)]
pub struct Nserv {
    /// Where it listens; any login will do.
    pub server: Server,
    /// The file that it makes articles of, and the .nzb that it wrote of them.
    pub post: Post,
    _process: Process,
}

impl Nserv {
    /// Starts it with its files in `folder`/nserv, serving one file of `megabytes` MiB.
    pub fn start(folder: &Path, megabytes: usize) -> Self {
        let data = folder.join("nserv");
        fs::create_dir_all(&data).expect("a folder");
        let file = data.join("nserv-test.bin");
        fs::write(&file, noise(megabytes << 20)).expect("a file to serve");

        // It writes the .nzb before it listens. Its `-q`, which would end it after that, crashes now and then.
        let port = free_port();
        let mut serve = Command::new(Tool::Nzbget.path());
        serve.args(["--nserv", "-v", "1", "-d"]).arg(&data).args(["-z", "700000", "-m"]);
        serve.args(["-b", "127.0.0.1", "-p", &port.to_string()]);
        let process = Process::start(&serve, &folder.join("nserv.log"), 5);
        process.wait_for_port(port);
        let nzb = folder.join("nserv-test.nzb");
        fs::rename(data.join("nserv-test.bin.nzb"), &nzb).expect("the .nzb");
        Self { server: Server { port, login: None }, post: Post { file, nzb }, _process: process }
    }
}
