//! The whole application on a separate desktop, driven as a person drives it: a real web view under a display without
//! a screen, a real keyring, a tray that is read and clicked over D-Bus, and programs that fetch articles.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

mod app;
mod display;
mod first_day;
mod first_hour;
mod idle;
mod keyring;
mod native;
mod notices;
mod remedies;
mod small_screen;
mod start;
mod tray;
mod walls;
mod wayland;
mod window;

use newsmux_tests::real::Tool;

/// What the tests run.
const TOOLS: [Tool; 5] = [Tool::Dbus, Tool::Keyring, Tool::SecretTool, Tool::WebDriver, Tool::Xvfb];
const PASSWORD: &str = "correct horse battery";
