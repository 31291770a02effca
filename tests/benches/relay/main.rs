//! Newsmux beside what could stand in its place: no relay at all, a bare relay that understands nothing,
//! `HAProxy` and nginx. All run in turn, several rounds interleaved, between a provider and a load client
//! of our own; medians and ratios are printed. Trials of newsmuxd alone follow, and at the end all bars of the design.
//!
//! `npm run bench -- [--rounds N] [--only WORDS] [--relays NAMES] [--json FILE]`: comparisons run three rounds, trials
//! one, unless `--rounds` says another number. `--programs DIR` is where `HAProxy` and nginx are unpacked; without it,
//! those of the system are taken.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]

use std::env;
use std::process::ExitCode;

mod articles;
mod bare;
mod bars;
mod compare;
mod load;
mod ours;
mod provider;
mod relays;
mod report;
mod scenarios;
mod trials;
mod usage;

fn main() -> ExitCode {
    // Cargo's own word.
    let arguments: Vec<_> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let done = match arguments.first().map(String::as_str) {
        Some("provider") => provider::run(&arguments),
        Some("bare") => bare::run(&arguments),
        _ => compare::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The value behind `name` in the arguments.
fn value<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|word| word == name)?;
    arguments.get(at + 1).map(String::as_str)
}

/// The number behind `name` in the arguments, or `default`.
fn number<T: std::str::FromStr>(arguments: &[String], name: &str, default: T) -> Result<T, String> {
    match value(arguments, name) {
        None => Ok(default),
        Some(word) => word.parse().map_err(|_| format!("{name} {word}: no number")),
    }
}
