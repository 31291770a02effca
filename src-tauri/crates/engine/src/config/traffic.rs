//! Speed limits, in bytes a second, and a pause.

use std::collections::HashMap;
use std::num::NonZeroU64;

/// The limits of a proxy. By default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrafficLimits {
    /// Whether requests for articles wait. Articles that are under way end.
    pub paused: bool,
    /// For everything that comes from providers.
    pub speed: Option<NonZeroU64>,
    /// For what comes from each provider, by its id.
    pub providers: HashMap<String, NonZeroU64>,
    /// For each program, by its login or, without one, by its own name.
    pub programs: HashMap<String, ProgramLimits>,
}

/// The limits of one program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProgramLimits {
    /// For what it is sent.
    pub speed: Option<NonZeroU64>,
}
