//! Settings and secrets, and what turns them into an engine's configuration.

mod atomic;
#[cfg(test)]
mod bindings;
pub mod channel;
mod configure;
pub mod connect;
pub mod controller;
pub mod credentials;
pub mod error;
pub mod import;
mod json;
pub mod listening;
pub mod local_user;
mod lock;
mod password;
mod processes;
pub mod request;
pub mod sampling;
pub mod secrets;
pub mod settings;
pub mod snapshot;
pub mod tray;
mod understood;

pub use configure::configure;
