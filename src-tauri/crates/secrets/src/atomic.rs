//! Files that are either the old one or the new one, whatever happens while they are written.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long another program may have a file open before it counts as one that cannot be written.
const PATIENCE: Duration = Duration::from_millis(500);
/// After how long it is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// Writes `text` to `file`, with these permissions on Unix; folders that are missing are made, for their
/// owner alone. A link is followed. When it fails, the old file is as it was and nothing else is there.
///
/// Not to be called for one file from several threads at once.
///
/// # Errors
/// When the text is not safely on the disk.
pub fn write_atomically(file: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    // The file may be a link to where the user keeps such files; the link is to stay.
    let file = match fs::canonicalize(file) {
        Ok(real) => real,
        Err(error) if error.kind() == ErrorKind::NotFound => file.to_owned(),
        Err(error) => return Err(error),
    };
    let folder = folder(&file);
    make_folder(folder)?;
    let fresh = beside(&file)?;
    patiently(|| forget(&fresh))?;
    let replace = || patiently(|| fs::rename(&fresh, &file));
    if let Err(error) = write(&fresh, text, mode).and_then(|()| replace()) {
        return patiently(|| forget(&fresh)).and(Err(error));
    }
    // The new file is there. Some file systems cannot do this, and there is nothing to take back.
    sync(folder).or(Ok(()))
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The same name each time, so that crashes do not fill the folder.
fn beside(file: &Path) -> io::Result<PathBuf> {
    let name = file.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut fresh = OsString::from(".");
    fresh.push(name);
    fresh.push(".new");
    Ok(file.with_file_name(fresh))
}

fn forget(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Does `change` again while another program has the file open, such as a virus scanner that looks at what was just written.
fn patiently(change: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match change() {
            Err(error) if is_in_use(&error) && begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
            done => return done,
        }
    }
}

/// An open file is in nobody's way.
#[cfg(unix)]
const fn is_in_use(_: &io::Error) -> bool {
    false
}

/// Windows may also say that access is denied, as for a file that really cannot be written.
#[cfg(not(unix))]
fn is_in_use(error: &io::Error) -> bool {
    const SHARING_VIOLATION: i32 = 32;
    error.kind() == ErrorKind::PermissionDenied || error.raw_os_error() == Some(SHARING_VIOLATION)
}

fn write(file: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut opened = create(file, mode)?;
    opened.write_all(text)?;
    opened.sync_all()
}

/// Makes a folder that only its owner may read, and those above it.
///
/// # Errors
/// As [`fs::create_dir_all`].
#[cfg(unix)]
pub fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a folder, and those above it.
///
/// # Errors
/// As [`fs::create_dir_all`].
#[cfg(not(unix))]
pub fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn create(file: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(mode).open(file)
}

/// The folder is the user's own, and so is what is in it.
#[cfg(not(unix))]
fn create(file: &Path, _: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(file)
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A folder cannot be opened there, and a rename is in the journal.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| name(e).unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_new_text_takes_the_place_of_the_old_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/er/settings.json");
        write_atomically(&file, b"old, and longer", 0o600).unwrap();
        write_atomically(&file, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(names(file.parent().unwrap()), ["settings.json"]);
    }

    #[test]
    fn what_a_crash_left_behind_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        fs::write(folder.path().join(".settings.json.new"), "half a te").unwrap();
        write_atomically(&file, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["settings.json"]);
    }

    #[test]
    fn a_new_file_that_cannot_take_the_place_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        fs::create_dir_all(file.join("a folder in its place")).unwrap();
        write_atomically(&file, b"new", 0o600).unwrap_err();
        assert_eq!(names(folder.path()), ["settings.json"]);
        assert!(file.is_dir());
    }

    #[test]
    fn a_program_that_reads_it_over_and_over_is_not_in_the_way_and_sees_no_half_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        let texts = [vec![b'a'; 10_000], vec![b'b'; 20_000]];
        write_atomically(&file, &texts[1], 0o600).unwrap();
        let is_written = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_written.load(Ordering::Relaxed) {
                    let read = fs::read(&file);
                    assert!(read.is_ok_and(|read| texts.contains(&read)));
                    thread::sleep(Duration::from_millis(1));
                }
            });
            let written: Vec<_> = (0..100)
                .map(|round| write_atomically(&file, &texts[round % 2], 0o600))
                .filter(io::Result::is_err)
                .collect();
            is_written.store(true, Ordering::Relaxed);
            assert!(written.is_empty(), "{written:?}");
        });
        assert_eq!(names(folder.path()), ["settings.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_it_and_a_link_stays_a_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        write_atomically(&link, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }

    #[cfg(unix)]
    const FULL: &str = "NEWSMUX_TEST_WRITES_WHERE_IT_IS_FULL";

    /// Runs itself again where no file can be longer than 4 KiB, which fails as a full disk does: after
    /// some of the text is written.
    #[cfg(unix)]
    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        use std::env;
        use std::process::Command;

        if let Some(file) = env::var_os(FULL) {
            let error = write_atomically(Path::new(&file), &[b'x'; 1 << 20], 0o600).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::FileTooLarge);
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        fs::write(&file, "old").unwrap();
        let this = "atomic::tests::a_full_disk_leaves_the_old_file_and_nothing_else";
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact \"$1\" --nocapture";
        let done = Command::new("sh")
            .args(["-c", script])
            .arg(env::current_exe().unwrap())
            .arg(this)
            .env(FULL, &file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(names(folder.path()), ["settings.json"]);
    }
}
