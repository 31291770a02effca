//! What the process in the tray waits in until it ends.

#[cfg(target_os = "linux")]
mod display;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod native;

use std::time::Duration;

#[cfg(target_os = "linux")]
pub(crate) use display::Display;
#[cfg(target_os = "linux")]
pub(crate) use linux::{App, run};
#[cfg(not(target_os = "linux"))]
pub(crate) use native::{App, run};

/// How long the proxy may take to end when the session does. Windows waits for no more than five seconds.
const ENDING: Duration = Duration::from_secs(4);
