//! Who may be able to read the passwords, where systemd hands them over and where it does not.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// What newsmuxd says about a credentials file of this mode. With good credentials it goes on to say
/// that there is no provider.
fn said(mode: u32, handed_over_in: Option<&Path>, folder: &Path) -> String {
    let settings = folder.join("settings.json");
    let credentials = folder.join("credentials.json");
    fs::write(&settings, r#"{"providers": []}"#).unwrap();
    fs::write(&credentials, "{}").unwrap();
    fs::set_permissions(&credentials, Permissions::from_mode(mode)).unwrap();
    let mut newsmuxd = Command::new(env!("CARGO_BIN_EXE_newsmuxd"));
    newsmuxd.arg("--check").arg("--settings").arg(settings).arg("--credentials").arg(&credentials);
    newsmuxd.env_remove("CREDENTIALS_DIRECTORY");
    newsmuxd.envs(handed_over_in.map(|folder| ("CREDENTIALS_DIRECTORY", folder)));
    let output = newsmuxd.output().unwrap();
    fs::remove_file(&credentials).unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn systemds_copy_may_show_leave_for_the_group() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o400, 0o440] {
        let said = said(mode, Some(folder.path()), folder.path());
        assert!(said.starts_with("newsmuxd: there is no provider: add one in "), "{said}");
    }
    for mode in [0o444, 0o460, 0o450] {
        let said = said(mode, Some(folder.path()), folder.path());
        assert!(said.contains("can be read by others"), "{mode:o}: {said}");
    }
}

#[test]
fn any_other_file_may_not() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for systemds in [None, Some(Path::new("")), Some(other.path())] {
        let said = said(0o440, systemds, folder.path());
        assert!(said.contains("can be read by others"), "{systemds:?}: {said}");
    }
}
