//! Nyuu posts real yEnc articles and writes the .nzb that finds them again.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::fs;
use std::path::Path;
use std::process::Command;

use super::download::Post;
use super::inn::BINARY_GROUP;
use super::process::run;
use super::{Server, Tool};

/// Makes a file of `megabytes` MiB in `folder` and posts it to `server` over four connections, while a fifth one
/// checks with STAT that the articles have arrived.
pub fn post(server: Server, folder: &Path, megabytes: usize) -> Post {
    let file = folder.join("newsmux-test.bin");
    let nzb = folder.join("newsmux-test.nzb");
    fs::write(&file, noise(megabytes << 20)).expect("a file to post");

    let mut nyuu = Command::new("node");
    nyuu.arg(Tool::Nyuu.path()).args(["-h", "127.0.0.1", "-P", &server.port.to_string()]);
    if let Some(login) = server.login {
        nyuu.args(["-u", login.username, "-p", login.password]);
    }
    nyuu.args(["-n", "4", "-k", "1", "--check-delay", "1s", "-a", "700K", "-g", BINARY_GROUP]);
    nyuu.args(["-f", "Tester <tester@test.example>", "--timeout", "30s", "-O", "-o"])
        .arg(&nzb)
        .arg(&file);
    run(&mut nyuu);
    Post { file, nzb }
}

/// Bytes that no compression makes smaller, always the same ones (splitmix64).
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0_u64;
    let mut word = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..length / 8).flat_map(|_| word().to_le_bytes()).collect()
}
