//! The display of the session: a Wayland compositor or an X server.

use std::env;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use x11rb::connection::Connection;
use x11rb::rust_connection::RustConnection;

/// A connection to it, which shows nothing and ends when the display does.
pub(crate) enum Display {
    Wayland(UnixStream),
    X(Box<RustConnection>),
}

impl Display {
    /// The one that the environment names. As with GTK, Wayland comes first.
    ///
    /// # Errors
    /// Why there is none that can be used.
    pub(crate) fn of_session() -> Result<Self, String> {
        if let Some(Ok(compositor)) = wayland().map(UnixStream::connect) {
            return Ok(Self::Wayland(compositor));
        }
        match RustConnection::connect(None) {
            Ok((server, _)) => Ok(Self::X(Box::new(server))),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Waits until it is gone, and says how that showed.
    pub(super) fn until_lost(self) -> String {
        match self {
            Self::Wayland(compositor) => until_closed(compositor),
            Self::X(server) => loop {
                // What every program is told, such as another keyboard, is nothing to this one.
                if let Err(error) = server.wait_for_event() {
                    return error.to_string();
                }
            },
        }
    }
}

/// The compositor's socket (`wl_display_connect(3)`).
fn wayland() -> Option<PathBuf> {
    let name = env::var_os("WAYLAND_DISPLAY").filter(|name| !name.is_empty())?;
    let folder = env::var_os("XDG_RUNTIME_DIR").unwrap_or_default();
    // A whole path stays as it is.
    Some(Path::new(&folder).join(name))
}

/// A compositor says nothing to a program that asks for nothing.
fn until_closed(mut compositor: UnixStream) -> String {
    let mut said = [0; 256];
    loop {
        match compositor.read(&mut said) {
            Ok(0) => return "the compositor has ended".into(),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    #[test]
    fn the_end_of_a_compositor_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("wayland-0")).unwrap();
        let display = UnixStream::connect(folder.path().join("wayland-0")).unwrap();
        let lost = thread::spawn(|| Display::Wayland(display).until_lost());
        let compositor = listener.accept().unwrap();
        drop((compositor, listener));
        assert_eq!(lost.join().unwrap(), "the compositor has ended");
    }
}
