//! Asks a running Newsmux, the application or newsmuxd, how it is.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use local::channel::{Answer, ChannelError, Question, application_path, ask_blocking, daemon_path};

mod accounts;
mod limit;
mod report;
mod stats;

/// The times that statistics cover.
const RANGES: [&str; 4] = ["today", "days30", "months12", "all"];
/// Whose use they tell.
const WHO: [&str; 3] = ["provider", "account", "program"];

const HELP: &str = "\
newsmuxctl, for a Newsmux that is running

usage: newsmuxctl [--control PATH] status [--json]
       newsmuxctl [--control PATH] stats [--range RANGE] [--by WHO] [--json]
       newsmuxctl [--control PATH] limit SPEED|slow|off [--json]
       newsmuxctl [--control PATH] pause [TIME] [--json]
       newsmuxctl [--control PATH] resume [--json]

  status           how it is: state, address, connections, providers, accounts with a limit
  stats            usage, and the remaining volume of accounts
  limit            limit the speed: bytes a second such as 500k or 5M, slow for slow mode, off for the limit in
                   the settings
  pause            fetch no more articles, for a TIME such as 15m or 2h, or until resumed; programs stay connected
                   and wait
  resume           end a pause
  --range RANGE    today, days30 (the default), months12 or all
  --by WHO         provider (the default), account or program
  --json           the same for programs
  --control PATH   the Newsmux that was started with this --control; without it, the application, else newsmuxd
  --help, --version";

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Ask { what: Question, control: Option<PathBuf>, json: bool },
    Say(&'static str),
}

fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)).and_then(run) {
        Ok(text) => say(&text),
        Err(sentence) => fail(&sentence),
    }
}

fn parse(given: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut given = given.into_iter();
    let (mut control, mut json, mut word) = (None, false, None);
    let (mut range, mut by, mut limit, mut pause) = (None, None, None, None);
    while let Some(argument) = given.next() {
        let mut value = |name: &str| {
            let value = given.next().filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("{name} needs a value; see newsmuxctl --help"))
        };
        match argument.to_string_lossy().as_ref() {
            "--control" => control = Some(value("--control")?.into()),
            "--range" => range = Some(one_of(&value("--range")?, &RANGES)?),
            "--by" => by = Some(one_of(&value("--by")?, &WHO)?),
            "--json" => json = true,
            "--help" | "-h" => return Ok(Command::Say(HELP)),
            "--version" | "-V" => {
                return Ok(Command::Say(concat!("newsmuxctl ", env!("CARGO_PKG_VERSION"))));
            }
            name @ ("status" | "stats" | "limit" | "pause" | "resume") if word.is_none() => {
                word = Some(name.to_owned())
            }
            to if word.as_deref() == Some("limit") && limit.is_none() && !to.starts_with('-') => {
                limit = Some(limit::parse(to)?);
            }
            time if word.as_deref() == Some("pause")
                && pause.is_none()
                && !time.starts_with('-') =>
            {
                pause = Some(limit::minutes(time)?);
            }
            unknown => return Err(format!("unknown argument {unknown}; see newsmuxctl --help")),
        }
    }
    let word = word.ok_or("say what to do: newsmuxctl status; see newsmuxctl --help")?;
    if word != "stats" && (range.is_some() || by.is_some()) {
        return Err("--range and --by belong to stats; see newsmuxctl --help".into());
    }
    let what = match word.as_str() {
        "status" => Question::Status,
        "pause" => Question::Pause { minutes: pause },
        "resume" => Question::Resume,
        "limit" => {
            Question::Limit { to: limit.ok_or("limit needs a speed such as 5M, slow or off")? }
        }
        _ => Question::Stats {
            range: range.unwrap_or("days30").into(),
            by: by.unwrap_or("provider").into(),
        },
    };
    Ok(Command::Ask { what, control, json })
}

/// One of these words.
fn one_of(word: &OsStr, words: &[&'static str]) -> Result<&'static str, String> {
    let known = words.iter().find(|known| **known == word);
    known.copied().ok_or_else(|| {
        format!("{} is none of {}; see newsmuxctl --help", word.display(), words.join(", "))
    })
}

fn run(command: Command) -> Result<String, String> {
    let (what, control, json) = match command {
        Command::Say(text) => return Ok(text.into()),
        Command::Ask { what, control, json } => (what, control, json),
    };
    let answer = ask(&what, control).map_err(|why| why.to_string())?;
    let as_json = |text: serde_json::Result<String>| text.map_err(|error| error.to_string());
    match answer {
        Answer::Status(status) if json => as_json(serde_json::to_string(&status)),
        Answer::Status(status) => report::text(&status),
        Answer::Stats { stats } if json => as_json(serde_json::to_string(&stats)),
        Answer::Stats { stats } => stats::text(&stats),
        Answer::Traffic(now) if json => as_json(serde_json::to_string(&now)),
        Answer::Traffic(now) => Ok(limit::sentence(&now)),
        Answer::Refused { why } => Err(why),
        answer @ (Answer::Running { .. } | Answer::Ending) => {
            Err(format!("unexpected: {answer:?}"))
        }
    }
}

/// Asks the first one that runs at these places.
fn ask(what: &Question, control: Option<PathBuf>) -> Result<Answer, ChannelError> {
    let usual = [application_path(), daemon_path()].into_iter().flatten();
    let places = control.map_or_else(|| usual.collect(), |path| vec![path]);
    for place in places {
        match ask_blocking(&place, what) {
            Err(ChannelError::NotRunning) => {}
            answered => return answered,
        }
    }
    Err(ChannelError::NotRunning)
}

fn say(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(sentence: &str) -> ExitCode {
    drop(writeln!(io::stderr(), "newsmuxctl: {sentence}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn asks(what: Question, control: Option<&str>, json: bool) -> Result<Command, String> {
        Ok(Command::Ask { what, control: control.map(PathBuf::from), json })
    }

    fn stats(range: &str, by: &str) -> Question {
        Question::Stats { range: range.into(), by: by.into() }
    }

    #[test]
    fn the_order_of_arguments_does_not_matter() {
        assert_eq!(words("--control x status --json"), asks(Question::Status, Some("x"), true));
        assert_eq!(words("status --json --control x"), asks(Question::Status, Some("x"), true));
        assert_eq!(words("status"), asks(Question::Status, None, false));
        assert_eq!(words("stats"), asks(stats("days30", "provider"), None, false));
        let line = "--by program stats --json --range all";
        assert_eq!(words(line), asks(stats("all", "program"), None, true));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, word) in [
            ("", "newsmuxctl status"),
            ("dance", "dance"),
            ("status status", "status"),
            ("status --control", "--control needs a value"),
            ("status --range all", "belong to stats"),
            ("stats --range week", "week is none of today"),
            ("stats --by me", "me is none of provider"),
            ("limit", "limit needs a speed"),
            ("pause soon", "soon is no time"),
            ("pause 15m 15m", "unknown argument 15m"),
            ("resume 15m", "unknown argument 15m"),
            ("limit fast", "fast isn't a valid limit"),
            ("limit 5M 6M", "6M"),
            ("limit 5M --by program", "belong to stats"),
        ] {
            assert!(words(line).unwrap_err().contains(word), "{line}");
        }
    }
}
