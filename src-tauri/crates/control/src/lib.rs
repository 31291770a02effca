//! The application without its desktop: the loop that runs the engine by the settings, what the window asks of it and
//! sees, the tray as data, and the status for newsmuxctl.

#[cfg(test)]
mod bindings;
pub mod controller;
pub mod request;
pub mod snapshot;
pub mod status;
pub mod tray;
