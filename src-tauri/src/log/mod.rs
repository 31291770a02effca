//! The log: a file for each day, the last week's.

use std::fs;
use std::io::stderr;
use std::panic;
use std::path::Path;

use control::settings::LogLevel;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt::{layer, writer::BoxMakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

const DAYS: usize = 7;
/// The crates whose level the user chooses. Those of others could tell what goes over the bus to the keyring.
const OURS: [&str; 4] = ["newsmux", "control", "nntp_proxy", "nntp"];

/// Changes how much is logged.
pub(crate) struct Log(reload::Handle<EnvFilter, Registry>);

impl Log {
    /// Begins to log to `folder`; to standard error when that cannot be.
    pub(crate) fn start(folder: &Path) -> Self {
        let (filter, handle) = reload::Layer::new(filter(LogLevel::default()));
        // The appender looks for old files before it makes the folder.
        drop(fs::create_dir_all(folder));
        let file = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("newsmux")
            .filename_suffix("log")
            .max_log_files(DAYS)
            .build(folder);
        let (writer, trouble) = match file {
            Ok(file) => (BoxMakeWriter::new(file), None),
            Err(error) => (BoxMakeWriter::new(stderr), Some(error)),
        };
        let lines = layer().with_ansi(false).with_writer(writer);
        tracing_subscriber::registry().with(filter).with(lines).init();
        if let Some(error) = trouble {
            tracing::warn!("cannot log to {}: {error}", folder.display());
        }
        log_panics();
        Self(handle)
    }

    /// From this level on.
    pub(crate) fn set(&self, level: LogLevel) {
        // The log is there as long as the program is.
        drop(self.0.reload(filter(level)));
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let level = match level {
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let ours = OURS.map(|name| format!("{name}={level}")).join(",");
    EnvFilter::new(format!("warn,{ours}"))
}

/// A program without a console says it here, too.
fn log_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        usual(panic);
    }));
}
