//! Notifications, as the desktop wants them. What they say is decided in `control`.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod native;

#[cfg(target_os = "linux")]
pub(crate) use linux::show;
#[cfg(not(target_os = "linux"))]
pub(crate) use native::show;
