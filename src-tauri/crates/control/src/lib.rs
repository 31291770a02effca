//! The application without its desktop: the loop that runs the engine by the settings, what the window asks of it and
//! sees, the tray as data, and the control channel.

#[cfg(test)]
mod bindings;
pub mod channel;
pub mod controller;
pub mod request;
pub mod snapshot;
pub mod tray;
