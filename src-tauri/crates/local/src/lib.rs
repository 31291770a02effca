//! What only this computer is about: which program is at the other end of a connection and whose it is, and the channel by
//! which the programs of Newsmux speak to each other.

pub mod channel;
mod processes;
mod programs;
mod user;

pub use processes::{Sockets, program_at};
pub use user::is_own;
