//! Replays the dialogues in `traces`: whoever is on the other side says what the file says, and the
//! whole transcript has to come out as it is written there.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use nntp::client::{Action, ClientFlow, Facts};
use nntp::line::LineReader;
use nntp::login::{Account, Login, ModeReader, Progress};
use nntp::status::StatusLine;

/// The files of one folder, by name.
fn traces(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5, "only {} dialogues were found", files.len());
    files
}

/// Compares what came out with the file. What is said about it (`#`) and how it begins (`@`) stay.
fn replay(file: &Path, play: impl Fn(&[&str], &[&str]) -> String) {
    let text = fs::read_to_string(file).unwrap();
    let (head, dialogue): (Vec<_>, Vec<_>) =
        text.lines().partition(|line| line.starts_with(['#', '@']));
    let setup: Vec<_> = head
        .iter()
        .filter_map(|line| line.strip_prefix('@'))
        .flat_map(str::split_whitespace)
        .collect();
    let played = play(&setup, &dialogue);
    assert_eq!(played.trim_end(), dialogue.join("\n").trim_end(), "in {}", file.display());
}

fn say(out: &mut String, who: char, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(text.is_empty() || text.ends_with("\r\n"), "a reply without a line end: {text:?}");
    for line in text.split_terminator("\r\n") {
        writeln!(out, "{who}: {line}").unwrap();
    }
}

/// `\t`, `\0` and `\r` in a trace are the control characters.
fn octets(line: &str) -> Vec<u8> {
    line.replace("\\t", "\t").replace("\\0", "\0").replace("\\r", "\r").into_bytes()
}

/// We are the server, the file is the client.
fn serve(setup: &[&str], dialogue: &[&str]) -> String {
    let facts = Facts {
        posting: setup.contains(&"posting"),
        login_needed: setup.contains(&"login"),
        stateful: setup.contains(&"groups"),
    };
    let (mut flow, mut lines, mut out) =
        (ClientFlow::new(facts), LineReader::new(4096), String::new());
    say(&mut out, 'S', &flow.greeting());
    for said in dialogue {
        let action = match (said.strip_prefix("C: "), *said) {
            (Some(line), _) => {
                writeln!(out, "{said}").unwrap();
                lines.push(&octets(line));
                lines.push(b"\r\n");
                flow.receive(lines.next_line().unwrap())
            }
            (None, "(accepted)" | "(wrong)") => {
                writeln!(out, "{said}").unwrap();
                flow.login_checked(*said == "(accepted)")
            }
            _ => continue,
        };
        tell(&mut out, action);
    }
    out
}

fn tell(out: &mut String, action: Action) {
    match action {
        Action::Reply(reply) => say(out, 'S', &reply),
        Action::Capabilities(offer) => say(out, 'S', &offer.to_reply()),
        Action::Close(reply) => {
            say(out, 'S', &reply);
            out.push_str("(closed)\n");
        }
        Action::CheckLogin { user, password } => {
            let (user, password) = (user.escape_ascii(), password.escape_ascii());
            writeln!(out, "(login of [{user}] with [{password}])").unwrap();
        }
        Action::Forward(request) => {
            let (wire, class) = (request.wire(), request.class());
            writeln!(out, "(sent on, {class:?}: {})", wire.trim_ascii_end().escape_ascii())
                .unwrap();
        }
        Action::Swallow { reply } => {
            out.push_str("(the article is read away)\n");
            say(out, 'S', &reply);
        }
        Action::Nothing => out.push_str("(nothing)\n"),
    }
}

/// We are the client, the file is the provider.
fn log_in(setup: &[&str], dialogue: &[&str]) -> String {
    let account = setup.iter().find_map(|word| word.split_once(':'));
    let account = account.map(|(user, password)| Account::new(user, password).unwrap());
    let login = Login::new(account, setup.contains(&"starttls"));
    let known = match setup {
        _ if setup.contains(&"mode-reader") => ModeReader::Needed,
        _ if setup.contains(&"mode-unclear") => ModeReader::Unclear,
        _ => ModeReader::NotNeeded,
    };
    let mut login = Some(login.with_mode_reader(known));
    let mut out = String::new();
    let mut said = dialogue.iter().filter_map(|line| line.strip_prefix("S: "));
    while let Some(line) = said.next() {
        writeln!(out, "S: {line}").unwrap();
        let status = StatusLine::parse(Bytes::from(octets(line))).unwrap();
        let progress = login.take().unwrap().receive(&status);
        let progress = match progress {
            Ok(Progress::StartTls(login)) => {
                out.push_str("(encrypted)\n");
                Ok(login.encrypted())
            }
            Ok(Progress::Block(login)) => {
                let block: Vec<_> = said.by_ref().take_while(|line| *line != ".").collect();
                block.iter().for_each(|line| writeln!(out, "S: {line}").unwrap());
                out.push_str("S: .\n");
                Ok(login.capabilities(block.join("\n").as_bytes()))
            }
            other => other,
        };
        match progress {
            Ok(Progress::Send(next, line)) => {
                say(&mut out, 'C', &line);
                login = Some(next);
            }
            Ok(Progress::Ready(ready)) if ready.posting => out.push_str("(ready, posting)\n"),
            Ok(Progress::Ready(_)) => out.push_str("(ready)\n"),
            Ok(Progress::StartTls(_)) => out.push_str("(encrypted twice)\n"),
            Ok(Progress::Block(_)) => out.push_str("(asked twice)\n"),
            Err(no) => writeln!(out, "({:?}: {})", no.kind, no.text).unwrap(),
        }
    }
    out
}

#[test]
fn what_clients_send_is_answered_as_it_should_be() {
    for file in traces("client") {
        replay(&file, serve);
    }
}

#[test]
fn providers_are_logged_in_to_however_they_behave() {
    for file in traces("provider") {
        replay(&file, log_in);
    }
}
