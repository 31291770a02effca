//! The .nzb as a file. No other file is written over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Saves a text as `file`. One that has the same text is as good; any other file is left alone.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when there is another, or why it cannot be written.
pub fn save(file: &Path, text: &str) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(new) => fill(new, file, text),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && has(file, text) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Saves a text in `folder` under this name, or one with a number where another file has it. Says where.
///
/// # Errors
/// When it cannot be written.
pub fn save_in(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let numbered = (2_u32..).map(|number| format!("{stem}-{number}.{extension}"));
    for name in [name.to_owned()].into_iter().chain(numbered) {
        let file = folder.join(name);
        match save(&file, text) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            done => return done.map(|()| file),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// What is half written is of no use to anybody.
fn fill(mut new: File, file: &Path, text: &str) -> io::Result<()> {
    let written = new.write_all(text.as_bytes());
    if written.is_err() {
        drop(fs::remove_file(file));
    }
    written
}

/// Whether it is a plain file with this very text. Nothing larger is read.
fn has(file: &Path, text: &str) -> bool {
    let is_like = |found: fs::Metadata| found.is_file() && found.len() == text.len() as u64;
    fs::metadata(file).is_ok_and(is_like)
        && fs::read(file).is_ok_and(|found| found == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_saved_once_and_another_file_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let save = |text| save_in(folder.path(), "a.nzb", text).unwrap();
        let first = save("one");
        assert_eq!(first, folder.path().join("a.nzb"));
        assert_eq!(save("one"), first);
        assert_eq!(save("two"), folder.path().join("a-2.nzb"));
        assert_eq!(save("one"), first);
        assert_eq!(save("2nd"), folder.path().join("a-3.nzb"));
        assert_eq!(save("two"), folder.path().join("a-2.nzb"));
        assert_eq!(fs::read_to_string(first).unwrap(), "one");
    }

    #[test]
    fn a_folder_in_the_way_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a.nzb")).unwrap();
        let error = save(&folder.path().join("a.nzb"), "").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let file = save_in(folder.path(), "a.nzb", "one").unwrap();
        assert_eq!(file, folder.path().join("a-2.nzb"));
        assert!(save_in(&folder.path().join("none"), "a.nzb", "one").is_err());
    }
}
