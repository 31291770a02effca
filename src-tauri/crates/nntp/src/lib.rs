//! The Usenet protocol (NNTP, RFC 3977) without sockets, clocks or threads: bytes in, events out.
//!
//! [`command::Request`] is a client's request; it says how it is routed and what its reply looks like.
//! [`status::StatusLine`] and [`block::BlockScan`] read replies, and [`verdict::Verdict`] says what a
//! provider's refusal means. [`login::Login`] logs in to a provider; [`client::ClientFlow`] is the
//! server's side of a conversation with a client.

#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::as_conversions, clippy::arithmetic_side_effects)
)]

pub mod block;
pub mod capabilities;
pub mod client;
pub mod command;
pub mod date;
pub mod dot;
pub mod line;
pub mod login;
pub mod message_id;
pub mod status;
pub mod verdict;
mod words;
