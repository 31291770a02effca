//! Where the real programs are, and what happens to a test when one is missing.
#![expect(
    clippy::panic,
    reason = "a helper of tests: a missing tool fails the test where none may be skipped"
)]

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::inn::can_be_news;

/// A program that tests drive and that may be missing on a contributor's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The news server INN 2, unpacked below `target/tools`.
    Inn,
    /// The poster Nyuu, in `node_modules`, run by `node`.
    Nyuu,
    /// A D-Bus.
    Dbus,
    /// The keyring of GNOME.
    Keyring,
    /// The downloader NZBGet, which also has a test server in it.
    Nzbget,
    /// Python with its nntplib, which it has up to version 3.12.
    Nntplib,
    /// Python.
    Python,
    /// Perl with its Net::NNTP.
    Perl,
    /// The downloader SABnzbd, unpacked below `target/tools`.
    Sabnzbd,
    /// What asks a keyring from outside.
    SecretTool,
    /// The newsreader tin.
    Tin,
    /// What drives a WebKitGTK window.
    WebDriver,
    /// A Wayland compositor.
    Weston,
    /// A display without a screen.
    Xvfb,
}

impl Tool {
    /// The program's file, or the folder with INN or SABnzbd in it; none when it is not installed, or may not run.
    pub fn find(self) -> Option<PathBuf> {
        match self {
            Self::Inn => made("target/tools/inn").filter(|_| can_be_news()),
            Self::Nyuu => in_repository("node_modules/nyuu/bin/nyuu.js"),
            Self::Dbus => in_path("dbus-daemon"),
            Self::Keyring => in_path("gnome-keyring-daemon"),
            Self::Nzbget => in_path("nzbget"),
            Self::Nntplib => in_path("python3").filter(|python| has_nntplib(python)),
            Self::Python => in_path("python3"),
            Self::Perl => in_path("perl"),
            Self::Sabnzbd => made("target/tools/sabnzbd"),
            Self::SecretTool => in_path("secret-tool"),
            Self::Tin => in_path("tin"),
            Self::WebDriver => in_path("WebKitWebDriver"),
            Self::Weston => in_path("weston"),
            Self::Xvfb => in_path("Xvfb"),
        }
    }

    /// The same, for a test that has asked [`skip`].
    pub fn path(self) -> PathBuf {
        self.find().unwrap_or_else(|| panic!("{self:?} is not installed"))
    }
}

/// Whether a test that needs `tools` is to be skipped; says so, and why, past the capture of test output.
/// In continuous integration, or with `NEWSMUX_REQUIRE_ALL` set, a missing tool fails the test instead.
#[must_use]
pub fn skip(tools: &[Tool]) -> bool {
    let Some(missing) = tools.iter().find(|tool| tool.find().is_none()) else { return false };
    skip_because(&format!("{missing:?} cannot run here (`npm test` installs it on Debian)"));
    true
}

/// Says past the capture of test output that the test is skipped, and why.
///
/// # Panics
/// In continuous integration, or with `NEWSMUX_REQUIRE_ALL` set: there nothing may be skipped.
pub fn skip_because(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let reason = format!("{test} was skipped: {why}\n");
    if ["CI", "NEWSMUX_REQUIRE_ALL"].iter().any(|name| env::var_os(name).is_some()) {
        panic!("{reason}");
    }
    drop(io::stderr().write_all(reason.as_bytes()));
}

/// A file of the repository, if it is there.
pub fn in_repository(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join(path);
    file.exists().then_some(file)
}

/// A folder that `install.js` has finished.
fn made(folder: &str) -> Option<PathBuf> {
    in_repository(folder).filter(|folder| folder.join(".made-of").exists())
}

fn has_nntplib(python: &Path) -> bool {
    let import = ["-W", "ignore", "-c", "import nntplib"];
    let output = Command::new(python).args(import).output();
    output.is_ok_and(|output| output.status.success())
}

fn in_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
