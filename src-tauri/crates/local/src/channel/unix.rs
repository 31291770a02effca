//! A Unix socket that only its owner can open, and that checks the user at the other end.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixStream};

use super::ChannelError;

pub(super) const EXTENSION: &str = "sock";
const ROOT: u32 = 0;

/// The folder that goes with the session; the state's where the system has no such folder.
pub(super) fn folder(folders: &ProjectDirs) -> PathBuf {
    let state = || folders.state_dir().unwrap_or_else(|| folders.data_local_dir());
    folders.runtime_dir().unwrap_or_else(state).to_owned()
}

/// Makes the folder of a channel, for its owner alone.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The socket.
#[derive(Debug)]
pub(super) struct Endpoint {
    listener: net::UnixListener,
    path: PathBuf,
}

impl Endpoint {
    /// Who calls this holds the lock: a socket that is there is left over.
    pub(super) fn take(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(there) if there.file_type().is_socket() => fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::other(format!("{} is another file", path.display()))),
            Err(_) => {}
        }
        let listener = net::UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    pub(super) fn listen(&self) -> io::Result<Listener> {
        UnixListener::from_std(self.listener.try_clone()?).map(Listener)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // It may be gone with the session's folder.
        drop(fs::remove_file(&self.path));
    }
}

#[derive(Debug)]
pub(super) struct Listener(UnixListener);

impl Listener {
    /// The next connection of this user or root.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.0.accept().await?;
            let user = stream.peer_cred()?.uid();
            if user == geteuid().as_raw() || user == ROOT {
                return Ok(stream);
            }
            tracing::warn!("user {user} tried to use the control channel");
        }
    }
}

/// Connects, unless another user listens. Root may speak to everybody's.
pub(super) async fn connect(path: &Path) -> Result<UnixStream, ChannelError> {
    let stream = UnixStream::connect(path).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => ChannelError::NotRunning,
        ErrorKind::PermissionDenied => ChannelError::Foreign,
        _ => ChannelError::Failed(error),
    })?;
    let (user, own) = (stream.peer_cred()?.uid(), geteuid().as_raw());
    if user == own || own == ROOT { Ok(stream) } else { Err(ChannelError::Foreign) }
}
