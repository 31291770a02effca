//! What the time is: the system's, or what a test says.

use jiff::ZonedDateTime;

/// Says what the time is, in which time zone.
pub trait Clock: Send {
    /// Now, in the time zone of the computer.
    fn now(&self) -> ZonedDateTime;
}

/// The system's clock and time zone.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> ZonedDateTime {
        ZonedDateTime::now()
    }
}
