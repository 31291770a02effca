//! The log's files: a new one each day and whenever one is full, the old ones numbered, so many and so old at most.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// No file becomes larger than this by more than one line.
const SIZE: u64 = 2 * 1024 * 1024;
/// The newest is `newsmux.log`, the ones before it `newsmux.1.log` and so on.
const FILES: usize = 8;
/// Files that were last written this long ago are removed.
const AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Length of a line's date, as in `2026-11-25`.
const DATE: usize = 10;

/// Writes lines that begin with their date.
#[derive(Debug)]
pub(super) struct RollingFile {
    folder: PathBuf,
    file: File,
    size: u64,
    /// The date of the first line in `file`, if there is a line.
    day: Option<[u8; DATE]>,
}

impl RollingFile {
    /// Appends to the newest file in `folder`, and removes those that are too old.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        remove_old(folder, SystemTime::now());
        let newest = numbered(folder, 0);
        let file = OpenOptions::new().create(true).append(true).open(&newest)?;
        let size = file.metadata()?.len();
        let day = File::open(newest).ok().and_then(|file| first_day(BufReader::new(file)));
        Ok(Self { folder: folder.to_owned(), file, size, day })
    }

    /// Begins a new file. Where the old one cannot be renamed, it is cut: the log never outgrows its bounds.
    fn rotate(&mut self) -> io::Result<()> {
        for number in (0..FILES - 1).rev() {
            // There may be fewer than that.
            drop(fs::rename(numbered(&self.folder, number), numbered(&self.folder, number + 1)));
        }
        remove_old(&self.folder, SystemTime::now());
        let newest = numbered(&self.folder, 0);
        // On Windows, who may only append may not cut.
        File::create(&newest)?;
        self.file = OpenOptions::new().append(true).open(newest)?;
        (self.size, self.day) = (0, None);
        Ok(())
    }
}

impl Write for RollingFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let day = day(line);
        let is_new_day = self.day.is_some() && day.is_some() && self.day != day;
        if self.size > 0 && (is_new_day || self.size + length(line) > SIZE) {
            self.rotate()?;
        }
        self.day = self.day.or(day);
        let written = self.file.write(line)?;
        self.size += length(&line[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn numbered(folder: &Path, number: usize) -> PathBuf {
    match number {
        0 => folder.join("newsmux.log"),
        _ => folder.join(format!("newsmux.{number}.log")),
    }
}

fn remove_old(folder: &Path, now: SystemTime) {
    for file in (0..FILES).map(|number| numbered(folder, number)) {
        let written = fs::metadata(&file).and_then(|file| file.modified());
        let age = written.ok().and_then(|written| now.duration_since(written).ok());
        if age.is_some_and(|age| age > AGE) {
            // One that cannot be removed is overwritten in its turn.
            drop(fs::remove_file(file));
        }
    }
}

fn first_day(mut lines: impl BufRead) -> Option<[u8; DATE]> {
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    day(line.as_bytes())
}

fn day(line: &[u8]) -> Option<[u8; DATE]> {
    let day = *line.first_chunk::<DATE>()?;
    day.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-').then_some(day)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    fn line(day: usize, length: usize) -> Vec<u8> {
        let mut line = format!("2026-11-{day:02}T00:00:00Z INFO ").into_bytes();
        line.resize(length - 1, b'x');
        line.push(b'\n');
        line
    }

    fn sizes(folder: &Path) -> Vec<u64> {
        (0..FILES + 1)
            .filter_map(|number| fs::metadata(numbered(folder, number)).ok())
            .map(|file| file.len())
            .collect()
    }

    #[test]
    fn a_file_that_is_full_is_followed_by_another_and_the_oldest_is_given_up() {
        let folder = tempdir().unwrap();
        let mut log = RollingFile::open(folder.path()).unwrap();
        let half = usize::try_from(SIZE / 2).unwrap();
        for _ in 0..FILES * 2 + 5 {
            log.write_all(&line(1, half)).unwrap();
        }
        let mut expected = vec![SIZE; FILES];
        expected[0] = SIZE / 2;
        assert_eq!(sizes(folder.path()), expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), FILES);
    }

    #[test]
    fn each_day_has_a_file_also_after_a_restart() {
        let folder = tempdir().unwrap();
        for day in [1, 1, 2] {
            let mut log = RollingFile::open(folder.path()).unwrap();
            log.write_all(&line(day, 40)).unwrap();
            log.write_all(b"a panic's second line has no date\n").unwrap();
        }
        assert_eq!(sizes(folder.path()), [74, 148]);
        let mut log = RollingFile::open(folder.path()).unwrap();
        log.write_all(&line(3, 40)).unwrap();
        assert_eq!(sizes(folder.path()), [40, 74, 148]);
    }

    #[test]
    fn a_file_that_cannot_be_renamed_is_cut() {
        let folder = tempdir().unwrap();
        // Nothing takes the place of a folder with something in it.
        for number in 1..FILES {
            fs::create_dir_all(numbered(folder.path(), number).join("something")).unwrap();
        }
        let mut log = RollingFile::open(folder.path()).unwrap();
        for day in [1, 1, 2, 2] {
            log.write_all(&line(day, 40)).unwrap();
        }
        assert_eq!(fs::metadata(numbered(folder.path(), 0)).unwrap().len(), 80);
    }

    #[test]
    fn files_of_last_week_are_removed_at_the_start() {
        let folder = tempdir().unwrap();
        let old = numbered(folder.path(), 3);
        fs::write(&old, line(1, 40)).unwrap();
        fs::write(numbered(folder.path(), 2), line(1, 40)).unwrap();
        let then = SystemTime::now() - AGE - Duration::from_secs(1);
        File::options().write(true).open(&old).unwrap().set_modified(then).unwrap();
        drop(RollingFile::open(folder.path()).unwrap());
        assert!(!old.exists());
        assert!(numbered(folder.path(), 2).exists());
    }
}
