//! The application without its desktop: the loop that runs the engine by the settings, the tray and
//! notifications as data, and the status for newsmuxctl.

#[cfg(test)]
mod bindings;
pub mod controller;
pub mod notification;
pub mod status;
pub mod tray;
mod words;
