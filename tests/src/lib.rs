//! Placeholder.
pub mod article;
pub mod provider;
pub mod real;
pub mod rng;
pub mod tls;
pub mod transport;
