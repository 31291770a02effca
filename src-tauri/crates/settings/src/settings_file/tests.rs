//! What the file is after each change, and what of it stays when a change is not possible.

use std::fs;
use std::path::Path;

use super::*;
use crate::{Complaint, Mode};

const GOOD: &str = r#"{"providers": [{"id": "a", "host": "news.example.com"}]}"#;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    fs::write(&file, text).unwrap();
    (folder, file)
}

fn open(file: &Path) -> SettingsFile {
    SettingsFile::open(file.to_owned(), "1.2.3")
}

fn saved(file: &Path) -> Settings {
    parse(file, &fs::read(file).unwrap()).unwrap()
}

fn posting(settings: &mut Settings) -> Result<(), NotChanged> {
    settings.posting = true;
    Ok(())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_that_is_no_json_is_set_aside_beside_those_before_it() {
    let (folder, file) = file("{\"providers\": 7");
    let settings_file = open(&file);
    assert_eq!(*settings_file.settings(), Settings::default());
    let aside = folder.path().join("settings.broken-1.json");
    let told = settings_file.set_aside().unwrap();
    assert_eq!(told.file(), aside);
    assert!(told.problem().contains("line 1"), "{}", told.problem());
    drop(settings_file);
    fs::write(&file, "again").unwrap();
    open(&file);
    assert_eq!(fs::read_to_string(aside).unwrap(), "{\"providers\": 7");
    let left = ["settings.broken-1.json", "settings.broken-2.json", "settings.lock"];
    assert_eq!(names(folder.path()), left);
}

#[test]
fn what_another_program_wrote_meanwhile_stays() {
    let (_folder, file) = file(GOOD);
    let mut settings_file = open(&file);
    fs::write(&file, GOOD.replacen('{', "{\"routing\": {\"mode\": \"standard\"},", 1)).unwrap();
    settings_file.change(posting).unwrap();
    assert_eq!(settings_file.settings().routing.mode, Mode::Standard);
    assert!(saved(&file) == *settings_file.settings() && settings_file.settings().posting);
}

#[test]
fn what_another_program_wrote_and_is_not_understood_is_not_written_over() {
    let (_folder, file) = file(GOOD);
    let mut settings_file = open(&file);
    fs::write(&file, "half a fi").unwrap();
    let error = settings_file.change(posting).unwrap_err();
    assert!(matches!(error, NotChanged::NotUnderstood(_)), "{error:?}");
    assert_eq!(fs::read_to_string(file).unwrap(), "half a fi");
    assert!(!settings_file.settings().posting);
}

#[test]
fn what_another_program_wrote_outlives_a_change_that_was_refused() {
    let (folder, file) = file(GOOD);
    let mut settings_file = open(&file);
    fs::write(&file, GOOD.replacen('{', "{\"routing\": {\"mode\": \"standard\"},", 1)).unwrap();
    settings_file.change(|_| Err::<(), _>(NotChanged::NoSuchCopy)).unwrap_err();
    let in_the_way = folder.path().join(".settings.json.new");
    fs::create_dir_all(in_the_way.join("in the way")).unwrap();
    settings_file.change(posting).unwrap_err();
    assert_eq!(settings_file.settings().routing.mode, Mode::Hybrid, "nothing has changed");
    fs::remove_dir_all(in_the_way).unwrap();
    settings_file.change(posting).unwrap();
    assert_eq!(settings_file.settings().routing.mode, Mode::Standard);
    assert_eq!(saved(&file), *settings_file.settings());
}

#[test]
fn a_change_that_cannot_be_written_is_none() {
    let (folder, file) = file(GOOD);
    let mut settings_file = open(&file);
    // No file can be made where a folder is.
    fs::create_dir_all(folder.path().join(".settings.json.new/in the way")).unwrap();
    let error = settings_file.change(posting).unwrap_err();
    assert!(matches!(error, NotChanged::NotWritten(..)), "{error:?}");
    assert!(!settings_file.settings().posting);
    assert_eq!(fs::read_to_string(file).unwrap(), GOOD);
}

#[test]
fn a_value_that_cannot_be_names_its_field() {
    let (_folder, file) = file(GOOD);
    let mut settings_file = open(&file);
    let change = |settings: &mut Settings| {
        settings.providers[0].connections = 0;
        Ok(())
    };
    let error = settings_file.change(change).unwrap_err();
    let NotChanged::Invalid(Complaint { place, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(place, "providers[0].connections");
}

/// What is in the copies that were kept of what a version has found.
fn found(file: &Path, version: &str) -> String {
    fs::read_to_string(file.with_extension(format!("before-{version}.json"))).unwrap()
}

fn change_with(file: &Path, version: &str, posting: bool) {
    let mut settings_file = SettingsFile::open(file.to_owned(), version);
    let change = |settings: &mut Settings| {
        settings.posting = posting;
        settings.clients.push(crate::Client::with_login(&settings.clients.len().to_string()));
        Ok::<_, NotChanged>(())
    };
    settings_file.change(change).unwrap();
}

#[test]
fn each_change_of_the_version_keeps_a_copy_of_what_it_has_found() {
    let (folder, file) = file(GOOD);
    let mut texts = Vec::new();
    for version in ["1", "2", "1", "2"] {
        texts.push(fs::read_to_string(&file).unwrap());
        change_with(&file, version, true);
        // A second start of the same version is no change of it.
        change_with(&file, version, false);
    }
    let kept = ["1", "2", "1-2", "2-2"].map(|copy| found(&file, copy));
    assert_eq!(kept.as_slice(), texts);
    let copies = names(folder.path()).iter().filter(|name| name.contains("before-")).count();
    assert_eq!(copies, 4);
}

#[test]
fn of_many_changes_of_the_version_the_last_copies_are_kept() {
    let (folder, file) = file(GOOD);
    for _ in 0..5 {
        change_with(&file, "1", true);
        change_with(&file, "2", true);
    }
    let all = names(folder.path());
    let kept: Vec<_> = all.iter().filter(|name| name.contains("before-1")).collect();
    let last = [3, 4, 5].map(|number| format!("settings.before-1-{number}.json"));
    assert_eq!(kept, last.iter().collect::<Vec<_>>());
}

#[test]
fn what_a_version_has_found_before_is_not_kept_twice() {
    let (folder, file) = file(GOOD);
    for version in ["1", "2", "1", "2"] {
        fs::write(&file, GOOD).unwrap();
        change_with(&file, version, true);
    }
    let all = names(folder.path());
    assert_eq!(all.iter().filter(|name| name.contains("before-")).count(), 2, "{all:?}");
}

#[test]
fn a_file_that_was_removed_is_written_anew() {
    let (_folder, file) = file(GOOD);
    let mut settings_file = open(&file);
    fs::remove_file(&file).unwrap();
    settings_file.change(|_| Ok::<_, NotChanged>(())).unwrap();
    assert_eq!(saved(&file).providers[0].id, "a");
}
