//! The NNTP proxy: it listens on localhost and serves every newsreader and downloader over the few
//! connections that the user's Usenet providers allow.
//!
//! [`proxy::Proxy`] is the entry point. A [`session::ClientSession`] talks to one client, asks the
//! [`router::BackendSelector`] which [`backend::Backend`] to use, and takes a turn on one of its
//! connections.

mod budget;
mod calendar;
mod clients;
mod guesses;
mod lock;
mod ticket;
mod timer;
mod traffic;

pub mod auth;
pub mod backend;
pub mod check;
pub mod config;
pub mod dial;
pub mod encryption;
pub mod error;
pub mod events;
pub mod pool;
pub mod proxy;
pub mod router;
pub mod session;
pub mod totals;
pub mod tune;
pub mod types;
