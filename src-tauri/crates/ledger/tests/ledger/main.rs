//! The ledger from outside: its file, calendars, alerts, and what it says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]
#![expect(clippy::print_stdout, reason = "a process under test says how far it is")]

mod alerts;
mod calendar;
mod counting;
mod damage;
mod files;
mod plans;
mod processes;
mod queries;
mod support;
mod versions;
mod year;
