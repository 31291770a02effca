//! Forbids core dumps: a copy of the memory on the disk would have every password in it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For this program and those that it starts (`core(5)`).
pub(crate) fn forbid() {
    let none = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
    // To want less is never refused.
    setrlimit(Resource::Core, none).ok();
}
