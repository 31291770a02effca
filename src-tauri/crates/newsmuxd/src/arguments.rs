//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use settings::Listen;

const HELP: &str = "\
newsmuxd, the Usenet proxy for your own computer

usage: newsmuxd [--settings FILE] [--credentials FILE] [--listen HOST:PORT] [--control PATH] [--state FOLDER] [--check]
                [--sample]

  --settings FILE      the settings; without it, settings.json in your configuration folder
  --credentials FILE   the passwords; only you may be able to read it
  --listen HOST:PORT   where to listen, instead of what the settings say; port 0 for any free one
  --control PATH       where newsmuxctl finds it, instead of the usual place
  --state FOLDER       where statistics and the use of accounts are kept, instead of the usual place
  --sample             for trying it without an account: serve a few articles of our own instead of the
                       settings' providers, and write newsmux-sample.nzb into this folder
  --sample-nzb FILE    the same, with the .nzb as this file; no other file is ever written over
  --check              test every provider, print the results and how to fix problems, and exit
  --help, --version

Signals: SIGHUP reads settings and credentials again; SIGTERM and SIGINT stop.
The environment variable RUST_LOG sets the log level: error, warn, info, debug or trace.";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Serve(Arguments),
    Check(Arguments),
    /// Print this and end.
    Say(String),
}

/// Where to find what is needed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) settings: Option<PathBuf>,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) listen: Option<Listen>,
    /// The control channel, where it is not the usual one.
    pub(crate) control: Option<PathBuf>,
    /// The folder of the statistics, where it is not the usual one.
    pub(crate) state: Option<PathBuf>,
    /// Instead of the settings' providers, the sample one.
    pub(crate) sample: Option<SampleNzb>,
}

/// Where the sample's .nzb goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SampleNzb {
    /// Into the folder that the program was started in.
    Here,
    At(PathBuf),
}

impl Arguments {
    /// # Errors
    /// A sentence that names the argument.
    pub(crate) fn parse(given: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
        let mut given = given.into_iter();
        let (mut arguments, mut check) = (Self::default(), false);
        while let Some(argument) = given.next() {
            let name = argument.to_string_lossy().into_owned();
            let (name, mut value) = match name.split_once('=') {
                Some((name, value)) if name.starts_with("--") => {
                    (name.to_owned(), Some(OsString::from(value)))
                }
                _ => (name, None),
            };
            let is_flag = matches!(name.as_str(), "--check" | "--sample" | "--help" | "--version");
            if is_flag && value.is_some() {
                return Err(format!("{name} takes no value; see newsmuxd --help"));
            }
            let mut value = || {
                let next = value.take().or_else(|| given.next()).filter(|next| !next.is_empty());
                next.ok_or_else(|| format!("{name} needs a value; see newsmuxd --help"))
            };
            match name.as_str() {
                "--settings" => arguments.settings = Some(value()?.into()),
                "--credentials" => arguments.credentials = Some(value()?.into()),
                "--listen" => arguments.listen = Some(listen(&value()?.to_string_lossy())?),
                "--control" => arguments.control = Some(value()?.into()),
                "--state" => arguments.state = Some(value()?.into()),
                "--check" => check = true,
                "--sample" => drop(arguments.sample.get_or_insert(SampleNzb::Here)),
                "--sample-nzb" => arguments.sample = Some(SampleNzb::At(value()?.into())),
                "--help" | "-h" => return Ok(Command::Say(HELP.into())),
                "--version" | "-V" => {
                    return Ok(Command::Say(
                        concat!("newsmuxd ", env!("CARGO_PKG_VERSION")).into(),
                    ));
                }
                unknown => return Err(format!("unknown argument {unknown}; see newsmuxd --help")),
            }
        }
        Ok(if check { Command::Check(arguments) } else { Command::Serve(arguments) })
    }
}

fn listen(text: &str) -> Result<Listen, String> {
    let bad = || format!("--listen {text}: expected HOST:PORT, such as 127.0.0.1:10080");
    let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().map_err(|_| bad())?;
    if host.is_empty() {
        Err(bad())
    } else {
        Ok(Listen { host: host.to_owned(), port, ..Listen::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn arguments_are_taken_with_a_blank_or_an_equals_sign() {
        let expected = Arguments {
            settings: Some("s.json".into()),
            credentials: None,
            listen: Some(Listen { host: "::1".into(), port: 0, ..Listen::default() }),
            control: Some("c.sock".into()),
            state: Some("s".into()),
            sample: None,
        };
        let line = "--settings s.json --listen=[::1]:0 --control c.sock --state s";
        assert_eq!(parse(line), Ok(Command::Serve(expected)));
    }

    #[test]
    fn help_and_version_say_something() {
        let said = |line: &str| match parse(line) {
            Ok(Command::Say(text)) => text,
            other => panic!("{line}: {other:?}"),
        };
        let arguments = ["--settings FILE", "--credentials FILE", "--listen HOST:PORT", "--check"];
        for word in arguments.into_iter().chain([
            "--control PATH",
            "--state FOLDER",
            "--sample",
            "--sample-nzb FILE",
        ]) {
            assert!(said("--help").contains(word), "{word}");
        }
        assert_eq!(said("-h"), said("--help"));
        assert_eq!(said("--version"), concat!("newsmuxd ", env!("CARGO_PKG_VERSION")));
        assert_eq!(said("--check --version"), said("-V"));
    }

    #[test]
    fn check_is_asked_for_anywhere() {
        let expected = Arguments { credentials: Some("c".into()), ..Arguments::default() };
        assert_eq!(parse("--check --credentials c"), parse("--credentials c --check"));
        assert_eq!(parse("--check --credentials c"), Ok(Command::Check(expected)));
    }

    #[test]
    fn the_sample_may_be_told_where_its_nzb_goes() {
        let sample = |line| match parse(line) {
            Ok(Command::Serve(arguments)) => arguments.sample,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(sample("--listen x:1"), None);
        assert_eq!(sample("--sample"), Some(SampleNzb::Here));
        for line in
            ["--sample-nzb a.nzb", "--sample --sample-nzb=a.nzb", "--sample-nzb a.nzb --sample"]
        {
            assert_eq!(sample(line), Some(SampleNzb::At("a.nzb".into())), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, word) in [
            ("--nonsense", "--nonsense"),
            ("settings.json", "unknown argument settings.json"),
            ("--settings", "--settings needs a value"),
            ("--settings=", "--settings needs a value"),
            ("--check=no", "--check takes no value"),
            ("--sample=x.nzb", "--sample takes no value"),
            ("--sample-nzb", "--sample-nzb needs a value"),
            ("--listen :10080", "HOST:PORT"),
            ("--listen 127.0.0.1:70000", "HOST:PORT"),
            ("--listen x", "HOST:PORT"),
        ] {
            assert!(parse(line).unwrap_err().contains(word), "{line}");
        }
    }
}
