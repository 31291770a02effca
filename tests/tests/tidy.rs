//! The walls of the design, and what every file owes its reader.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each crate, and what it may depend on beside the standard library.
const LAYERS: &[(&str, &[&str])] = &[
    ("crates/nntp", &["bytes", "memchr"]),
    ("crates/sample", &["bytes", "crc-fast", "nntp", "tokio"]),
    (
        "crates/engine",
        &[
            "bytes",
            "crc-fast",
            "flate2",
            // Which interfaces there are, and their addresses.
            "if-addrs",
            "nntp",
            "ring",
            "rustls",
            "rustls-native-certs",
            // Both only where others ask for them.
            "serde",
            "ts-rs",
            // Only on macOS: binds a socket to an interface.
            "socket2",
            "tokio",
            "tokio-rustls",
            "tokio-socks",
            "tracing",
            // Reads for people who has signed a provider's certificate, and until when it is valid.
            "x509-parser",
        ],
    ),
    (
        "crates/secrets",
        &[
            "argon2",
            "base64ct",
            "chacha20poly1305",
            "keyring",
            "keyring-core",
            "nntp-proxy",
            "secret-service",
            "security-framework",
            "serde",
            "serde_json",
            "tokio",
            "zbus-secret-service-keyring-store",
            "zeroize",
        ],
    ),
    (
        "crates/certificate",
        &[
            "gethostname",
            // Which addresses this computer has.
            "if-addrs",
            "nntp-proxy",
            "rcgen",
            "ring",
            "rustls",
            "secrets",
            "x509-parser",
        ],
    ),
    (
        "crates/downloaders",
        &[
            "base64ct",
            "directories",
            "nntp-proxy",
            "rustls",
            "serde",
            "serde_json",
            // Only where tests ask for it.
            "ts-rs",
            "ureq",
        ],
    ),
    (
        "crates/local",
        &[
            "directories",
            "getrandom",
            "interprocess",
            "listeners",
            "rustix",
            "serde",
            "serde_json",
            "tokio",
            "tracing",
            "widestring",
        ],
    ),
    (
        "crates/settings",
        &[
            "certificate",
            "directories",
            "jiff",
            "ledger",
            "local",
            "nntp-proxy",
            "secrets",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "tokio",
            // Only where tests ask for it.
            "ts-rs",
        ],
    ),
    // Neither a runtime nor the engine: whoever counts gives it totals.
    ("crates/ledger", &["jiff", "rusqlite", "serde", "ts-rs"]),
    ("crates/bookkeeping", &["jiff", "ledger", "nntp-proxy", "serde", "serde_json", "tracing"]),
    (
        "crates/api",
        &[
            "downloaders",
            "ledger",
            "nntp-proxy",
            "serde",
            "settings",
            // Only where tests ask for it.
            "ts-rs",
        ],
    ),
    (
        "crates/control",
        &[
            "api",
            "bookkeeping",
            "certificate",
            "directories",
            "downloaders",
            "ledger",
            "local",
            "nntp-proxy",
            "sample",
            "secrets",
            "serde",
            "serde_json",
            "settings",
            "tokio",
            "tracing",
        ],
    ),
    (
        "crates/newsmuxd",
        &[
            "bookkeeping",
            "certificate",
            "ledger",
            "local",
            "nntp-proxy",
            "sample",
            "serde",
            "serde_json",
            "settings",
            "tokio",
            "tracing",
            "tracing-appender",
            "tracing-subscriber",
        ],
    ),
    (
        ".",
        &[
            "api",
            "arboard",
            "auto-launch",
            "control",
            "ksni",
            "local",
            "notify-rust",
            "open",
            "rfd",
            "rustix",
            "serde",
            "serde_json",
            "settings",
            "sys-locale",
            "tauri",
            "tauri-plugin-window-state",
            "tokio",
            "tracing",
            "tracing-appender",
            "tracing-subscriber",
            "x11rb",
            "zbus",
        ],
    ),
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
    let lines = sections
        .flat_map(str::lines)
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(name).collect()
}

#[test]
fn dependencies_point_one_way() {
    for (layer, allowed) in LAYERS {
        let manifest = root().join("src-tauri").join(layer).join("Cargo.toml");
        for dependency in dependencies(&fs::read_to_string(&manifest).unwrap()) {
            assert!(allowed.contains(&dependency.as_str()), "{layer} depends on {dependency}");
        }
    }
}

#[test]
fn the_window_knows_of_tauri_in_one_place() {
    let mut files = Vec::new();
    files_below(&root().join("ui/src"), &["ts", "svelte"], &mut files);
    files.retain(|file| fs::read_to_string(file).unwrap().contains("@tauri-apps/"));
    assert_eq!(files, [root().join("ui/src/backend/tauri.ts")]);
}

fn files_below(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            files_below(&path, endings, found);
        } else if path.extension().is_some_and(|is| endings.iter().any(|ending| is == *ending)) {
            found.push(path);
        }
    }
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let mut files = Vec::new();
    files_below(&root().join("src-tauri"), &["rs"], &mut files);
    files_below(&root().join("tests"), &["rs"], &mut files);
    assert!(files.len() > 50, "only {} files were found", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{} does not begin with a //! line", file.display());
    }
}

#[test]
fn the_files_of_the_protocol_and_the_engine_are_short() {
    let mut files = Vec::new();
    for layer in ["nntp", "engine"] {
        files_below(&root().join("src-tauri/crates").join(layer).join("src"), &["rs"], &mut files);
    }
    let length = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let mut lengths: Vec<_> = files.iter().map(|file| (length(file), file)).collect();
    lengths.sort();
    let long = &lengths[lengths.len() * 9 / 10..];
    assert!(long[0].0 <= 350, "one file in ten has more than 350 lines: {long:#?}");
}
