//! Settings and secrets, and what turns them into an engine's configuration.

mod configure;
pub mod credentials;
pub mod error;
pub mod settings;

pub use configure::configure;
