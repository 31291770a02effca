//! Programs in the background that never outlive the test: not when it passes, fails, or is killed.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests: what goes wrong here fails the test"
)]

use std::fs::{self, DirEntry, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A shell that leads the program's process group and holds one end of a pipe whose other end is ours. When ours is
/// closed, by [`Process`]'s end or by that of this whole program, it ends the group: politely, then surely.
const KEEPER: &str = r#"
"$@" </dev/null & program=$!
read -r _
trap '' TERM
kill -TERM 0
(sleep "$0"; kill -KILL "$program") &
wait "$program"
kill -KILL 0
"#;

/// A running program and all that it starts. Dropping it ends them, and shows their last words when the test has failed.
#[derive(Debug)]
pub struct Process {
    keeper: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `log`. When it ends it has `patience` seconds to do so by itself.
    pub fn start(command: &Command, log: &Path, patience: u32) -> Self {
        let output = File::create(log).expect("a log file");
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg(patience.to_string());
        keeper.arg(command.get_program()).args(command.get_args());
        keeper.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            keeper.current_dir(folder);
        }
        keeper.process_group(0).stdin(Stdio::piped());
        keeper.stdout(output.try_clone().expect("a second handle")).stderr(output);
        Self { keeper: keeper.spawn().expect("sh"), log: log.to_owned() }
    }

    /// Waits until something listens on `port` of 127.0.0.1, for 30 seconds at most.
    pub fn wait_for_port(&self, port: u16) {
        let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok();
        if wait_for(Duration::from_secs(30), listens).is_none() {
            panic!("nothing listens on port {port}");
        }
    }

    /// Kills one of the processes that the program itself has started, such as a server's for a connection.
    /// Says whether there was one.
    pub fn lose_a_child(&self) -> bool {
        let Some(child) = self.programs().into_iter().flat_map(children).next() else {
            return false;
        };
        let kill = Command::new("kill").args(["-s", "KILL", &child.to_string()]).status();
        kill.is_ok_and(|status| status.success())
    }

    /// The program, as long as it runs.
    pub fn programs(&self) -> Vec<u32> {
        children(self.keeper.id())
    }

    /// What the program has printed so far.
    pub fn output(&self) -> String {
        fs::read(&self.log)
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().expect("the end of a child");
        if thread::panicking() {
            eprintln!("--- the end of {}:\n{}", self.log.display(), tail(&self.output()));
        }
    }
}

/// The children of a process, whichever thread of it has started them, as Linux lists them: none when it has just
/// ended.
pub fn children(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let list = |thread: DirEntry| fs::read_to_string(thread.path().join("children"));
    let lists: String = threads.filter_map(|thread| list(thread).ok()).collect();
    lists.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(50)..].join("\n")
}

/// Runs `command` to its end; a failure of it fails the test with all that it printed.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("a program that starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed, {}:\n{text}", output.status);
    text
}

/// Asks `probe` until it has an answer, for at most `limit`. Real programs can only be asked again and again.
pub fn wait_for<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if Instant::now() > end {
            return None;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// A port of 127.0.0.1 on which nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_takes_all_that_it_started_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new("sh");
        program.args(["-c", "sleep 1000 & echo $!; trap '' TERM; wait; sleep 1000"]);
        let process = Process::start(&program, &folder.path().join("log"), 1);
        let child =
            wait_for(Duration::from_secs(10), || process.output().trim().parse::<u32>().ok());
        let child = child.expect("the child's id");
        assert!(runs(child));
        drop(process);
        assert!(!runs(child));
    }

    /// Whether it is there and not just waiting to be buried.
    fn runs(id: u32) -> bool {
        let state = fs::read_to_string(format!("/proc/{id}/stat"));
        state.is_ok_and(|state| !state.contains(") Z "))
    }
}
