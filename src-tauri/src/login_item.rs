//! The start at login. The entry names this program by its path: where that has changed, the next start mends it.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use auto_launch::{AutoLaunch, AutoLaunchBuilder, WindowsEnableMode};

use crate::HIDDEN;

const NAME: &str = "Newsmux";

/// The entry that the system starts at login.
pub(crate) struct LoginItem(AutoLaunch);

impl LoginItem {
    /// That of this user.
    ///
    /// # Errors
    /// When the program cannot tell where it is.
    pub(crate) fn of_user() -> Result<Self, String> {
        let program = program()?;
        let program = program.to_str().ok_or("the program's path is not Unicode")?;
        let mut builder = AutoLaunchBuilder::new();
        builder.set_app_name(NAME).set_app_path(&quoted(program)).set_args(&[HIDDEN]);
        builder.set_windows_enable_mode(WindowsEnableMode::CurrentUser);
        builder.build().map(Self).map_err(|error| error.to_string())
    }

    /// Writes or removes the entry.
    ///
    /// # Errors
    /// The system's words.
    pub(crate) fn set(&self, start: bool) -> Result<(), String> {
        // To remove what is not there is an error on Windows.
        if !start && !self.0.is_enabled().unwrap_or(true) {
            return Ok(());
        }
        let done = if start { self.0.enable() } else { self.0.disable() };
        done.map_err(|error| error.to_string())
    }

    /// Whether the entry is there and in force; nothing where the system does not tell.
    pub(crate) fn is_set(&self) -> Option<bool> {
        let is_there = self.0.is_enabled().ok()?;
        Some(is_there && !is_switched_off())
    }

    /// Writes the entry anew if it is there: its path may be that of an older version, or not quoted.
    ///
    /// # Errors
    /// The system's words.
    pub(crate) fn repair(&self) -> Result<(), String> {
        if self.is_set() == Some(true) { self.set(true) } else { Ok(()) }
    }
}

/// This program's file. An AppImage is mounted anew at each start: what lasts is the image.
fn program() -> Result<PathBuf, String> {
    let image = if cfg!(target_os = "linux") { env::var_os("APPIMAGE") } else { None };
    file(image, env::current_exe).map_err(|error| error.to_string())
}

fn file(
    image: Option<OsString>,
    program: impl FnOnce() -> io::Result<PathBuf>,
) -> io::Result<PathBuf> {
    image.filter(|image| !image.is_empty()).map_or_else(program, |image| Ok(image.into()))
}

/// As the entry of this system wants it: macOS has a field for each argument, the others one line.
fn quoted(program: &str) -> String {
    quoted_on(env::consts::OS, program)
}

fn quoted_on(system: &str, program: &str) -> String {
    match system {
        "linux" => desktop_entry(program),
        // No file's name has a quotation mark.
        "windows" => format!("\"{program}\""),
        _ => program.to_owned(),
    }
}

/// One argument of `Exec` (Desktop Entry Specification, "The Exec key"): quoted, and escaped once more as any string.
fn desktop_entry(program: &str) -> String {
    let mut quoted = String::from('"');
    for letter in program.chars() {
        match letter {
            '"' | '`' | '$' => quoted.push_str("\\\\"),
            '\\' => quoted.push_str("\\\\\\"),
            '%' => quoted.push('%'),
            _ => {}
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

/// Whether a desktop has switched the entry off, as its settings do instead of removing it.
fn is_switched_off() -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    let entry = env::home_dir().map(|home| home.join(format!(".config/autostart/{NAME}.desktop")));
    let text = entry.and_then(|entry| std::fs::read_to_string(entry).ok()).unwrap_or_default();
    text.lines().any(|line| matches!(line, "Hidden=true" | "X-GNOME-Autostart-enabled=false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_argument_whatever_is_in_it() {
        for (path, entry) in [
            ("/usr/bin/newsmux", r#""/usr/bin/newsmux""#),
            ("/opt/News mux/newsmux", r#""/opt/News mux/newsmux""#),
            ("/a$b", r#""/a\\$b""#),
            (r"/a\b", r#""/a\\\\b""#),
            ("/a\"b", r#""/a\\"b""#),
            ("/100%", r#""/100%%""#),
        ] {
            assert_eq!(desktop_entry(path), entry);
        }
    }

    #[test]
    fn each_system_has_the_path_as_it_wants_it() {
        let path = r"C:\Program Files\News mux\newsmux.exe";
        assert_eq!(quoted_on("windows", path), format!("\"{path}\""));
        let path = "/Applications/News mux.app/Contents/MacOS/newsmux";
        assert_eq!(quoted_on("macos", path), path);
        assert_eq!(quoted_on("linux", "/opt/News mux/newsmux"), r#""/opt/News mux/newsmux""#);
        assert_eq!(quoted("/usr/bin/newsmux"), quoted_on(env::consts::OS, "/usr/bin/newsmux"));
    }

    #[test]
    fn an_appimage_is_started_by_its_own_file() {
        let mounted = || Ok(PathBuf::from("/tmp/.mount_Newsmux/usr/bin/newsmux"));
        let image = "/home/me/Newsmux.AppImage";
        assert_eq!(file(Some(image.into()), mounted).unwrap(), PathBuf::from(image));
        for none in [None, Some(OsString::new())] {
            assert_eq!(file(none, mounted).unwrap(), mounted().unwrap());
        }
    }
}
