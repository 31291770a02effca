//! `--sample`: newsmuxd without an account and without a settings file.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use newsmux_tests::daemon::{Account, Daemon, Home, Setup};
use newsmux_tests::provider::Provider;
use tokio::process::Command;

use crate::contract::failed_with;
use crate::{body, small};

const WELCOME: &str = "BODY <welcome@sample.invalid>";

/// newsmuxd in its folder, on any free port.
fn sampled(mut command: Command, home: &Home, arguments: &[&str]) -> Command {
    command.current_dir(home.path()).args(["--listen", "127.0.0.1:0"]).args(arguments);
    command
}

/// Where the .nzb is, when nothing else was said.
fn nzb(home: &Home) -> PathBuf {
    home.path().join("newsmux-sample.nzb")
}

#[tokio::test]
async fn it_needs_nothing_and_says_where_the_nzb_is() {
    let home = Home::empty();
    let command = sampled(home.bare_command(), &home, &["--sample"]);
    let daemon = Daemon::launch(home, command).await;
    daemon.until_logged("sample provider").await;
    let (log, file) = (daemon.log(), nzb(daemon.home()));
    let said = log.lines().find(|line| line.contains("sample provider")).expect("it says so");
    for words in
        ["nothing in it is real Usenet", &daemon.address().to_string(), "newsmux-sample.nzb"]
    {
        assert!(said.contains(words), "no {words:?} in {said:?}");
    }
    let text = fs::read_to_string(file).expect("the .nzb");
    let ids: Vec<_> = text.split("</segment>").filter_map(|line| line.rsplit_once('>')).collect();
    let mut client = daemon.client().await;
    for (_, id) in &ids[..5] {
        assert_eq!(client.ask(&format!("BODY <{id}>")).await.code(), "222");
    }
    client
        .talk(
            "C: GROUP newsmux.welcome
             S: 211 3 1 3 newsmux.welcome
             C: NEXT
             S: 223 2 <next@sample.invalid> *",
        )
        .await;
}

#[tokio::test]
async fn the_settings_count_but_for_their_providers_also_when_they_are_read_again() {
    let news = Provider::named("main").with(&small()).account("u", "p").listen().await;
    let setup = Setup::new().provider(Account::at(&news).login("u", "p")).mode("per-command");
    let home = Home::new(&setup);
    let command = sampled(home.command(), &home, &["--sample"]);
    let daemon = Daemon::launch(home, command).await;
    let mut client = daemon.client().await;
    assert_eq!(client.ask(WELCOME).await.code(), "222");
    assert_eq!(client.ask("GROUP newsmux.welcome").await.code(), "503");
    assert_eq!(client.ask(&body(&small())).await.code(), "430");

    daemon.reload(&setup.mode("hybrid")).await;
    let mut client = daemon.client().await;
    assert_eq!(client.ask("GROUP newsmux.welcome").await.code(), "211");
    assert_eq!(client.ask(&body(&small())).await.code(), "430");
    assert_eq!(news.book().accepted, 0, "the real provider was asked");
}

#[tokio::test]
async fn no_other_file_is_written_over() {
    let home = Home::empty();
    fs::write(nzb(&home), "somebody else's").expect("a file");
    let began = Instant::now();
    let mut command = sampled(home.bare_command(), &home, &["--sample-nzb", "newsmux-sample.nzb"]);
    command.env("RUST_LOG", "error");
    failed_with(&home.run(&mut command).await, began, &["newsmux-sample.nzb", "another file"]);

    // Unasked it is not worth an end: newsreaders need no .nzb.
    let command = sampled(home.bare_command(), &home, &["--sample"]);
    let daemon = Daemon::launch(home, command).await;
    daemon.until_logged("use --sample-nzb with another name").await;
    assert_eq!(daemon.client().await.ask(WELCOME).await.code(), "222");
    let other = fs::read_to_string(nzb(daemon.home())).expect("the file");
    assert_eq!(other, "somebody else's");
}

#[tokio::test]
async fn the_nzb_goes_where_it_is_told_and_the_same_is_as_good_as_a_new_one() {
    let folder = Home::empty();
    let file = folder.path().join("mine.nzb").display().to_string();
    for _ in 0..2 {
        let home = Home::empty();
        let command = sampled(home.bare_command(), &home, &["--sample-nzb", &file]);
        let daemon = Daemon::launch(home, command).await;
        daemon.until_logged(&file).await;
        assert!(fs::read_to_string(&file).expect("the .nzb").contains("newsmux.binaries"));
        assert!(!nzb(daemon.home()).exists(), "there are two");
    }
}

#[tokio::test]
async fn it_passes_a_check_that_writes_nothing() {
    let home = Home::empty();
    let mut command = sampled(home.bare_command(), &home, &["--check", "--sample"]);
    let ended = home.run(&mut command).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("Newsmux Sample\n  ok"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("FAILED"), "{}", ended.stdout);
    assert!(!nzb(&home).exists());
}
