//! A named pipe that only its owner can open. Its name is random, and stands in a file that only the owner can read:
//! nobody else can be there first.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};
use interprocess::os::windows::named_pipe::PipeListenerOptions;
use interprocess::os::windows::named_pipe::pipe_mode::Bytes;
use interprocess::os::windows::named_pipe::tokio::{DuplexPipeStream, PipeListener};
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};
use tokio::time::sleep;
use widestring::u16cstr;

use super::ChannelError;

pub(super) const EXTENSION: &str = "pipe";

/// The folder for what stays on this computer. It is not the one that the program is installed in.
pub(super) fn folder(folders: &ProjectDirs) -> PathBuf {
    BaseDirs::new().map_or_else(
        || folders.data_local_dir().to_owned(),
        |base| base.data_local_dir().join("io.github.newsmux"),
    )
}

/// Makes the folder of a channel.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// The file with the pipe's name.
#[derive(Debug)]
pub(super) struct Endpoint {
    path: PathBuf,
    name: String,
}

impl Endpoint {
    pub(super) fn take(path: &Path) -> io::Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|_| io::Error::other("the system gives no random numbers"))?;
        let mut name = r"\\.\pipe\newsmux-".to_owned();
        for byte in random {
            write!(name, "{byte:02x}").map_err(io::Error::other)?;
        }
        fs::write(path, &name)?;
        Ok(Self { path: path.to_owned(), name })
    }

    pub(super) fn listen(&self) -> io::Result<Listener> {
        // All rights to the owner, none to anybody else, and nothing inherited.
        let owner_alone = SecurityDescriptor::deserialize(u16cstr!("D:P(A;;GA;;;OW)"))?;
        let options = PipeListenerOptions::new()
            .path(OsStr::new(&self.name))
            .security_descriptor(Some(owner_alone));
        options.create_tokio_duplex::<Bytes>().map(Listener)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // The next one writes over it.
        drop(fs::remove_file(&self.path));
    }
}

#[derive(Debug)]
pub(super) struct Listener(PipeListener<Bytes, Bytes>);

impl Listener {
    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<DuplexPipeStream<Bytes>> {
        self.0.accept().await
    }
}

/// Connects to the pipe that the file names.
pub(super) async fn connect(path: &Path) -> Result<NamedPipeClient, ChannelError> {
    /// `ERROR_PIPE_BUSY`: all instances serve somebody.
    const BUSY: i32 = 231;
    loop {
        let name = fs::read_to_string(path).map_err(not_running)?;
        match ClientOptions::new().open(name) {
            Err(error) if error.raw_os_error() == Some(BUSY) => {}
            // It does not listen yet.
            Err(error)
                if error.kind() == ErrorKind::NotFound
                    && matches!(super::lock(path), Err(ChannelError::Taken)) => {}
            opened => return opened.map_err(not_running),
        }
        sleep(super::PAUSE).await;
    }
}

fn not_running(error: io::Error) -> ChannelError {
    match error.kind() {
        ErrorKind::NotFound => ChannelError::NotRunning,
        ErrorKind::PermissionDenied => ChannelError::Foreign,
        _ => ChannelError::Failed(error),
    }
}
