//! How many instructions the smallest pieces of work take: finding the end of a block, parsing a command,
//! serving a request; and how often a request allocates. Counted by valgrind, so they are the same in each
//! run, and can be compared from commit to commit, on one kind of processor and with one compiler.
//!
//! `npm run bench:instructions [-- --json FILE]`. Each case runs N times and 2 N times, each under valgrind
//! in a process of its own; the difference is the work without the start of the program.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]

use std::env;
use std::fs;
use std::io;
use std::process::{Command, ExitCode};

use serde_json::{Value, json};

mod cases;
mod serve;

use cases::{CASES, Case};

fn main() -> ExitCode {
    let words: Vec<_> = env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--case", name, "--iterations", times] => run(name, times),
        // Cargo's own word, at the end.
        ["--json", file, "--bench"] => compare(Some(file)),
        ["--bench"] => compare(None),
        // `cargo test --all-targets`
        [] => Ok(()),
        _ => Err("usage: npm run bench:instructions [-- --json FILE]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// One case, so many times: what is counted from outside. Prints how many units one time has.
fn run(name: &str, times: &str) -> Result<(), String> {
    let case = CASES.iter().find(|case| case.name == name).ok_or("there is no such case")?;
    let units = (case.run)(times.parse().map_err(|_| format!("{times} is no number"))?)?;
    println!("{units}");
    Ok(())
}

fn compare(json: Option<&str>) -> Result<(), String> {
    if let Err(error) = Command::new("valgrind").arg("--version").output() {
        println!("The micro-benchmarks were skipped: valgrind cannot be started ({error}).");
        return Ok(());
    }
    println!("{:<44} {:>12} {:>12}", "", "instructions", "allocations");
    let mut figures = Vec::new();
    for case in &CASES {
        let [instructions, allocations] = [each(case, INSTRUCTIONS)?, each(case, ALLOCATIONS)?];
        println!("{:<44} {instructions:>12.1} {allocations:>12.2} / {}", case.name, case.unit);
        figures.push(json!({
            "name": case.name, "unit": case.unit, "instructions": instructions, "allocations": allocations,
        }));
    }
    match json {
        None => Ok(()),
        Some(file) => fs::write(file, format!("{:#}\n", Value::from(figures)))
            .map_err(|e| format!("{file}: {e}")),
    }
}

/// What valgrind counts: its arguments, and what its figure stands behind.
type Figure = (&'static [&'static str], &'static str);
const INSTRUCTIONS: Figure =
    (&["--tool=callgrind", "--callgrind-out-file=/dev/null"], "Collected :");
const ALLOCATIONS: Figure = (&["--tool=memcheck", "--undef-value-errors=no"], "total heap usage:");

/// A figure for each unit of a case.
fn each(case: &Case, figure: Figure) -> Result<f64, String> {
    let ((once, units), (twice, _)) =
        (count(case, figure, case.times)?, count(case, figure, case.times * 2)?);
    Ok((twice - once) / (case.times as f64 * units))
}

/// The figure of a process that runs the case so many times, and the units of one time.
fn count(case: &Case, (tool, figure): Figure, times: u64) -> Result<(f64, f64), String> {
    let failed = |e: io::Error| format!("{}: {e}", case.name);
    let output = Command::new("valgrind")
        .args(tool)
        .arg(env::current_exe().map_err(failed)?)
        .args(["--case", case.name, "--iterations", &times.to_string()])
        .output()
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    let number = |text: &str| text.split_whitespace().next()?.replace(',', "").parse().ok();
    let collected = said.lines().find_map(|line| line.split(figure).nth(1));
    let units = number(&String::from_utf8_lossy(&output.stdout));
    let both = collected.and_then(number).zip(units).filter(|_| output.status.success());
    both.ok_or_else(|| format!("{}: {}\n{said}", case.name, output.status))
}
