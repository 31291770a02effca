//! The log. It is written on a separate thread: a slow disk slows nobody down.

mod rolling;

use std::io::stderr;
use std::panic;
use std::path::Path;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

use rolling::RollingFile;

use settings::LogLevel;

/// Lines that may wait to be written. Beyond that they are left out.
const WAITING: usize = 8192;
/// The crates whose level the user chooses. Those of others could tell what goes over the bus to the keyring.
const OURS: [&str; 4] = ["newsmux", "control", "nntp_proxy", "nntp"];

/// The log, until it is dropped: what still waits is written then.
pub(crate) struct Log {
    level: reload::Handle<EnvFilter, Registry>,
    _writer: WorkerGuard,
}

impl Log {
    /// Begins to log to `folder`; to standard error when that cannot be.
    pub(crate) fn start(folder: &Path) -> Self {
        let (filter, handle) = reload::Layer::new(filter(LogLevel::default()));
        let writer =
            NonBlockingBuilder::default().buffered_lines_limit(WAITING).thread_name("newsmux-log");
        let ((writer, guard), trouble) = match RollingFile::open(folder) {
            Ok(file) => (writer.finish(file), None),
            Err(error) => (writer.finish(stderr()), Some(error)),
        };
        let lines = layer().with_ansi(false).with_writer(writer);
        tracing_subscriber::registry().with(filter).with(lines).init();
        if let Some(error) = trouble {
            tracing::warn!("cannot log to {}: {error}", folder.display());
        }
        log_panics();
        Self { level: handle, _writer: guard }
    }

    /// From this level on.
    pub(crate) fn set(&self, level: LogLevel) {
        // The log is there as long as the program is.
        drop(self.level.reload(filter(level)));
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
