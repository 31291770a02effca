//! The controller with a shell, a keyring and a world of ours; the engine, the sockets and the files are real.

#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    reason = "a test may fail so"
)]

mod app;
mod asking;
mod belonging;
mod connecting;
mod encrypted;
mod entries;
mod importing;
mod interrupted;
mod kept_settings;
mod locked_out;
mod model;
mod network;
mod notifying;
mod other_users;
mod passwords;
mod ports;
mod proxies;
mod sample;
mod serving;
mod settings;
mod success;
mod testing;
mod timing;
mod traffic;
mod tuning;
mod undoing;
mod window;
