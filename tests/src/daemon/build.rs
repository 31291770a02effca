//! Builds newsmuxd and newsmuxctl for the tests that run them: beside them, with their profile, once for each process.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

static NEWSMUXD: LazyLock<PathBuf> = LazyLock::new(build);

/// The program.
pub(super) fn newsmuxd() -> &'static Path {
    &NEWSMUXD
}

/// What speaks to it.
pub(super) fn newsmuxctl() -> PathBuf {
    NEWSMUXD.with_file_name("newsmuxctl")
}

fn build() -> PathBuf {
    let test = env::current_exe().expect("the running test");
    let folder = test.parent().and_then(Path::parent).expect("the folder of the profile");
    let target = folder.parent().expect("the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    // With the features that the whole workspace has, so that nothing is built twice.
    cargo
        .args(["build", "--quiet", "--workspace", "--bin", "newsmuxd", "--bin", "newsmuxctl"])
        .arg("--target-dir")
        .arg(target);
    let profile = folder.file_name().expect("the profile's name");
    if profile != "debug" {
        cargo.arg("--profile").arg(profile);
    }
    assert!(cargo.status().expect("cargo").success(), "newsmuxd does not build");
    folder.join("newsmuxd")
}
