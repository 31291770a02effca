//! Asks a running Newsmux, the application or newsmuxd, how it is.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use local::channel::{
    Answer, ChannelError, Question, Status, application_path, ask_blocking, daemon_path,
};

mod report;

const HELP: &str = "\
newsmuxctl, for a Newsmux that is running

usage: newsmuxctl [--control PATH] status [--json]

  status           how it is: state, address, connections, providers
  --json           the same for programs
  --control PATH   the Newsmux that was started with this --control; without it, the application, else newsmuxd
  --help, --version";

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Status { control: Option<PathBuf>, json: bool },
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
    while let Some(argument) = given.next() {
        match argument.to_string_lossy().as_ref() {
            "--control" => {
                let path = given.next().filter(|path| !path.is_empty());
                control = Some(path.ok_or("--control needs a path; see newsmuxctl --help")?.into());
            }
            "--json" => json = true,
            "--help" | "-h" => return Ok(Command::Say(HELP)),
            "--version" | "-V" => {
                return Ok(Command::Say(concat!("newsmuxctl ", env!("CARGO_PKG_VERSION"))));
            }
            "status" if word.is_none() => word = Some(()),
            unknown => return Err(format!("unknown argument {unknown}; see newsmuxctl --help")),
        }
    }
    word.ok_or("say what to do: newsmuxctl status; see newsmuxctl --help")?;
    Ok(Command::Status { control, json })
}

fn run(command: Command) -> Result<String, String> {
    let (control, json) = match command {
        Command::Say(text) => return Ok(text.into()),
        Command::Status { control, json } => (control, json),
    };
    let status = status(control).map_err(|why| why.to_string())?;
    if json {
        serde_json::to_string(&status).map_err(|error| error.to_string())
    } else {
        Ok(report::text(&status))
    }
}

/// How the first one is that runs at these places.
fn status(control: Option<PathBuf>) -> Result<Status, ChannelError> {
    let usual = [application_path(), daemon_path()].into_iter().flatten();
    let places = control.map_or_else(|| usual.collect(), |path| vec![path]);
    for place in places {
        match ask_blocking(&place, &Question::Status) {
            Ok(Answer::Status(status)) => return Ok(status),
            Ok(answer) => return Err(io::Error::other(format!("unexpected: {answer:?}")).into()),
            Err(ChannelError::NotRunning) => {}
            Err(why) => return Err(why),
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

    #[test]
    fn the_order_of_arguments_does_not_matter() {
        let expected = || Command::Status { control: Some("x".into()), json: true };
        assert_eq!(words("--control x status --json"), Ok(expected()));
        assert_eq!(words("status --json --control x"), Ok(expected()));
        assert_eq!(words("status"), Ok(Command::Status { control: None, json: false }));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, word) in [
            ("", "newsmuxctl status"),
            ("dance", "dance"),
            ("status status", "status"),
            ("status --control", "--control needs a path"),
        ] {
            assert!(words(line).unwrap_err().contains(word), "{line}");
        }
    }
}
