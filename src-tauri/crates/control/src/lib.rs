//! Settings, and what turns them into an engine's configuration.

#[cfg(test)]
mod bindings;
pub mod channel;
mod configure;
pub mod controller;
pub mod credentials;
pub mod error;
mod json;
pub mod listening;
mod local_user;
mod lock;
mod password;
mod processes;
pub mod request;
pub mod sampling;
pub mod settings;
pub mod snapshot;
pub mod tray;
mod understood;

pub use configure::configure;
