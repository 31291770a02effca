//! `--sample`: the sample provider instead of those in the settings, and its .nzb as a file.

use std::env;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sample::{NZB_NAME, Sample, save};

use crate::arguments::{Arguments, SampleNzb};

/// The sample, if it was asked for, and where its .nzb goes.
pub(crate) struct Sampled {
    sample: Sample,
    nzb: PathBuf,
    /// Whether somebody has said that the .nzb goes there.
    is_told: bool,
}

impl Sampled {
    /// # Errors
    /// When it cannot start.
    pub(crate) async fn start(arguments: &Arguments) -> Result<Option<Self>, String> {
        let (nzb, is_told) = match &arguments.sample {
            None => return Ok(None),
            Some(SampleNzb::Here) => (Path::new(NZB_NAME), false),
            Some(SampleNzb::At(file)) => (file.as_path(), true),
        };
        // The whole path tells more; where the folder is gone, the name has to do.
        let nzb = env::current_dir().map_or_else(|_| nzb.to_owned(), |folder| folder.join(nzb));
        let sample = Sample::start().await;
        let sample =
            sample.map_err(|error| format!("the sample provider cannot start: {error}"))?;
        Ok(Some(Self { sample, nzb, is_told }))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.sample.address()
    }

    /// Writes the .nzb, and says on stderr what this is and what to do with it. `proxy` is where programs
    /// connect.
    ///
    /// # Errors
    /// When the .nzb cannot be where it was told to be.
    pub(crate) fn offer(&self, proxy: SocketAddr) -> Result<(), String> {
        let file = self.nzb.display();
        let offer = match save(&self.nzb, self.sample.nzb()) {
            Ok(()) => format!("open {file} in SABnzbd or NZBGet, with {proxy} as the server there"),
            Err(error) if self.is_told => return Err(not_written(&self.nzb, &error)),
            Err(error) => {
                format!("{}; newsreaders can connect to {proxy}", not_written(&self.nzb, &error))
            }
        };
        drop(writeln!(
            io::stderr(),
            "This is the sample provider, nothing in it is real Usenet: {offer}"
        ));
        Ok(())
    }
}

fn not_written(file: &Path, error: &io::Error) -> String {
    let file = file.display();
    if error.kind() == ErrorKind::AlreadyExists {
        return format!(
            "{file} is another file and stays as it is: use --sample-nzb with another name"
        );
    }
    format!("cannot write {file}: {error}; use --sample-nzb with another name")
}
