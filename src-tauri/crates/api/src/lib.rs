//! What the window asks of the application, and what it sees of it. The window's types in TypeScript are made from these.

pub mod request;
pub mod snapshot;
