//! Settings and secrets, and what turns them into an engine's configuration.

mod configure;
pub mod credentials;
pub mod error;
mod json;
pub mod settings;

pub use configure::configure;
