//! The proxy without a desktop: reads settings and credentials, listens, and serves until it is told
//! to stop.

use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use nntp_proxy::config::Config;
use settings::listening;
use tokio::runtime::{Builder, Runtime};
use tracing::{info, warn};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::arguments::{Arguments, Command};
use crate::daemon::Daemon;
use crate::sampled::Sampled;
use crate::setup::Setup;
use crate::signals::{Request, Signals};

mod arguments;
mod books;
mod checking;
mod controlled;
mod daemon;
mod encrypted;
mod ports;
mod sampled;
mod setup;
mod signals;
mod status;
mod traffic;

/// How long requests that are under way may continue when the program is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How many threads serve. Each does what one processor can; two keep up with any line.
const WORKERS: usize = 2;
/// Lines of the log that may wait to be written. Beyond that they are left out.
const LOG_LINES: usize = 16 * 1024;

fn main() -> ExitCode {
    let command = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(sentence) => return fail(&sentence),
    };
    match command {
        Command::Say(text) => say(&text),
        Command::Check(arguments) => with_runtime(checking::run(arguments)),
        Command::Serve(arguments) => {
            let _log = log_to_stderr();
            with_runtime(serve(arguments))
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), String> {
    let sampled = Sampled::start(&arguments).await?;
    let sample = sampled.as_ref().map(Sampled::address);
    let setup = Setup::read(&arguments, sample)?;
    let (listeners, address) =
        listening::bind(&setup.settings.listen).await.map_err(|e| e.to_string())?;
    let mut signals = Signals::new().map_err(|e| format!("cannot wait for signals: {e}"))?;
    tell_about(&setup);
    sampled.as_ref().map_or(Ok(()), |sampled| sampled.offer(address))?;
    let channel = controlled::open(arguments.control.as_deref())?;
    let mut daemon = Daemon::start(&arguments, setup).await?;
    for listener in listeners {
        let proxy = daemon.proxy.clone();
        tokio::spawn(async move { proxy.serve(listener).await });
    }
    if let Some(channel) = channel {
        tokio::spawn(controlled::serve(channel, &daemon, address));
    }
    say_line(&format!("listening on {address}")).map_err(|e| format!("cannot write: {e}"))?;
    loop {
        match signals.next().await {
            Request::Stop => break,
            Request::Reload => daemon.reload(&arguments, sample).await,
        }
    }
    info!("stopping");
    tokio::select! {
        () = daemon.proxy.shutdown(GRACE) => {}
        _ = signals.next() => warn!("stopped at once"),
    }
    if let Some(books) = daemon.books {
        books.finish().await;
    }
    Ok(())
}

fn tell_about(setup: &Setup) {
    let Config { mode, backends, .. } = &setup.config;
    if backends.is_empty() {
        warn!("there is no provider: add one in {}", setup.file.display());
    } else {
        info!("{mode:?} mode, {} provider(s)", backends.len());
    }
}

fn with_runtime(work: impl Future<Output = Result<(), String>>) -> ExitCode {
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    let done = match runtime {
        Ok(runtime) => finish(runtime, work),
        Err(error) => Err(format!("cannot start: {error}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => fail(&sentence),
    }
}

fn finish(runtime: Runtime, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let done = runtime.block_on(work);
    // A name that is still being looked up must not keep the program.
    runtime.shutdown_background();
    done
}

/// Logs on a separate thread: who reads the log slowly slows nobody down. What still waits is written when this is
/// dropped.
fn log_to_stderr() -> WorkerGuard {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(LOG_LINES).finish(io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .with_target(false)
        .init();
    guard
}

fn say(text: &str) -> ExitCode {
    match say_line(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn say_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

fn fail(sentence: &str) -> ExitCode {
    drop(writeln!(io::stderr(), "newsmuxd: {sentence}"));
    ExitCode::FAILURE
}
