//! Classic newsreaders: they select a group and ask by number.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::process::run;
use super::tools::in_repository;
use super::{Server, Tool};

/// Lets Perl's Net::NNTP post three articles to `group`, and read them in every way that it knows.
pub fn net_nntp(server: Server, group: &str) {
    let script = in_repository("tests/scripts/read-group.pl").expect("the script");
    let mut perl = Command::new(Tool::Perl.path());
    perl.arg(script).arg(server.port.to_string()).arg(group);
    perl.args(server.login.iter().flat_map(|login| [login.username, login.password]));
    run(&mut perl);
}

/// Lets Perl's Net::NNTP read `group`, where nothing can be posted, in every way that it knows.
pub fn net_nntp_only_reads(server: Server, group: &str) {
    let script = in_repository("tests/scripts/read-only.pl").expect("the script");
    run(Command::new(Tool::Perl.path()).arg(script).arg(server.port.to_string()).arg(group));
}

/// Lets Perl's Net::NNTP read a server that refuses some things, as its script says.
pub fn net_nntp_of_a_strict_server(server: Server, group: &str) {
    let script = in_repository("tests/scripts/read-strict.pl").expect("the script");
    run(Command::new(Tool::Perl.path()).arg(script).arg(server.port.to_string()).arg(group));
}

/// Lets Python's nntplib read a server that refuses some things, as its script says.
pub fn nntplib(server: Server, group: &str) {
    let script = in_repository("tests/scripts/read-overview.py").expect("the script");
    let mut python = Command::new(Tool::Nntplib.path());
    // It is to leave Python one day.
    python.args(["-W", "ignore"]).arg(script);
    run(python.arg(server.port.to_string()).arg(group));
}

/// Lets tin save all unread articles of `group` below `folder`; their texts in the order of their numbers.
pub fn tin(server: Server, group: &str, folder: &Path) -> Vec<String> {
    tin_of(server, &[group], folder)
}

/// The same of the last of these groups; tin is subscribed to all of them.
pub fn tin_of(server: Server, groups: &[&str], folder: &Path) -> Vec<String> {
    let home = folder.join("tin");
    fs::create_dir_all(&home).expect("a folder");
    let newsrc: String = groups.iter().map(|group| format!("{group}: \n")).collect();
    fs::write(home.join("newsrc"), newsrc).expect("the list of groups");
    if let Some(login) = server.login {
        let accounts = home.join(".newsauth");
        fs::write(&accounts, format!("127.0.0.1 \"{}\" {}\n", login.password, login.username))
            .expect("the login");
        fs::set_permissions(accounts, fs::Permissions::from_mode(0o600)).expect("its mode");
    }
    let mut tin = Command::new(Tool::Tin.path());
    tin.env("HOME", &home).env("TIN_HOMEDIR", &home);
    tin.args(["-r", "-g", "127.0.0.1", "-p", &server.port.to_string(), "-n", "-q", "-d", "-S"]);
    tin.arg("-f").arg(home.join("newsrc")).arg("-s").arg(home.join("saved"));
    run(&mut tin);
    let group = groups.last().expect("a group");
    saved(&home.join("saved").join(group.replace('.', "/")))
}

fn saved(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("saved articles").flatten().map(|file| file.path()).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).expect("an article")).collect()
}
