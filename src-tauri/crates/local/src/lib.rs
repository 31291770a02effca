//! What is on this computer: whose program is at the other end of a connection, and which one.

mod processes;
mod user;

pub use processes::Sockets;
pub use user::is_own;
