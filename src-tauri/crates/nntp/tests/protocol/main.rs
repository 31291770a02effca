//! What each parser promises, by example.

mod blocks;
mod lines;
mod replies;
mod requests;
mod verdicts;
