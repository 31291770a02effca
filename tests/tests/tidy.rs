//! The walls of the design, and what every file owes its reader.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each crate, and what it may depend on beside the standard library.
const LAYERS: [(&str, &[&str]); 4] = [
    ("nntp", &["bytes", "memchr"]),
    (
        "engine",
        &[
            "bytes",
            "crc-fast",
            "nntp",
            "ring",
            "rustls",
            "rustls-native-certs",
            "tokio",
            "tokio-rustls",
            "tracing",
        ],
    ),
    (
        "control",
        &[
            "apple-native-keyring-store",
            "argon2",
            "base64ct",
            "chacha20poly1305",
            "directories",
            "keyring-core",
            "listeners",
            "nntp-proxy",
            "secret-service",
            "security-framework",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "tokio",
            "tracing",
            "windows-native-keyring-store",
            "zbus-secret-service-keyring-store",
            "zeroize",
        ],
    ),
    ("newsmuxd", &["control", "nntp-proxy", "tokio", "tracing", "tracing-subscriber"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The names under `[dependencies]` in a manifest, and those for some systems only.
fn dependencies(manifest: &str) -> Vec<String> {
    let sections = manifest.split("\n[").filter_map(|section| {
        let (title, lines) = section.split_once("]\n")?;
        let ours = title == "dependencies" || title.ends_with(".dependencies");
        ours.then_some(lines)
    });
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap().to_owned();
    let lines = sections.flat_map(str::lines).filter(|line| !line.trim().is_empty());
    lines.map(name).collect()
}

#[test]
fn dependencies_point_one_way() {
    for (layer, allowed) in LAYERS {
        let manifest = root().join("src-tauri/crates").join(layer).join("Cargo.toml");
        for dependency in dependencies(&fs::read_to_string(&manifest).unwrap()) {
            assert!(allowed.contains(&dependency.as_str()), "{layer} depends on {dependency}");
        }
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let mut files = Vec::new();
    rust_files(&root().join("src-tauri/crates"), &mut files);
    rust_files(&root().join("tests"), &mut files);
    assert!(files.len() > 50, "only {} files were found", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{} does not begin with a //! line", file.display());
    }
}
