//! One Newsmux for each user. A second start has the first show its window; one of another version takes its place.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use api::request::Request;
use control::controller::{Handle, Notice};
use control::status::{status, traffic};
use local::channel::{
    Answer, Channel, ChannelError, Question, application_path, ask_blocking, wait_until_free,
};

use crate::VERSION;
use crate::start_error::StartError;

/// How long the one that runs may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(12);
/// After how long one that begins is asked again.
const BEGINNING: Duration = Duration::from_millis(100);

/// What a start is.
pub(crate) enum Instance {
    /// The only one, and the channel by which others reach it, if the system has one.
    Only(Option<Channel>),
    /// One more: the other knows, and nothing is left to do.
    Another,
}

impl Instance {
    /// Finds out. A start at login (`hidden`) leaves the one that runs alone.
    ///
    /// # Errors
    /// When another one runs and cannot be reached.
    pub(crate) fn find(hidden: bool) -> Result<Self, StartError> {
        let Some(path) = application_path() else { return Ok(Self::Only(None)) };
        let end = Instant::now() + PATIENCE;
        let mut other = Other { path: path.clone(), freed: None };
        loop {
            match Channel::open(&path) {
                Ok(channel) => return Ok(Self::Only(Some(channel))),
                Err(ChannelError::Taken) if hidden => return Ok(Self::Another),
                Err(ChannelError::Taken) => {}
                Err(error) => {
                    eprintln!("newsmux: {}: {error}", path.display());
                    return Ok(Self::Only(None));
                }
            }
            let show = Question::Show { version: VERSION.into() };
            match ask_blocking(&path, &show) {
                Ok(Answer::Running { version }) if version == VERSION => return Ok(Self::Another),
                // It has ended or is about to when this has no answer.
                Ok(Answer::Running { .. }) => drop(ask_blocking(&path, &Question::Replace)),
                Ok(Answer::Refused { .. }) => return Err(StartError::OtherVersion),
                Ok(
                    Answer::Status(_) | Answer::Stats { .. } | Answer::Traffic(_) | Answer::Ending,
                )
                | Err(_) => {}
            }
            if Instant::now() > end {
                return Err(StartError::NotAnswering);
            }
            let at_path = |error| StartError::System(format!("{}: {error}", path.display()).into());
            other.wait().map_err(at_path)?;
        }
    }
}

/// The Newsmux that has the channel.
struct Other {
    path: PathBuf,
    /// Gets a message when the channel is free. A thread waits for that.
    freed: Option<Receiver<io::Result<()>>>,
}

impl Other {
    /// Waits until it has ended, but not for long: one that begins can answer soon.
    fn wait(&mut self) -> io::Result<()> {
        let freed = self.freed.get_or_insert_with(|| {
            let (free, freed) = mpsc::channel();
            let path = self.path.clone();
            thread::spawn(move || free.send(wait_until_free(&path)));
            freed
        });
        match freed.recv_timeout(BEGINNING) {
            Ok(waited) => {
                self.freed = None;
                waited
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
        }
    }
}

/// Answers others until the application ends.
pub(crate) async fn serve(channel: Channel, controller: Handle) {
    let answer = move |question| {
        let controller = controller.clone();
        async move { answer(&controller, question).await }
    };
    if let Err(error) = channel.serve(answer).await {
        tracing::warn!("no other program can reach this one: {error}");
    }
}

/// Asks for another limit, and tells what holds then.
async fn change_traffic(controller: &Handle, request: Request) -> Answer {
    match controller.request(request).await {
        Ok(_) => Answer::Traffic(traffic(&controller.watch().borrow())),
        Err(failure) => Answer::Refused { why: failure.message },
    }
}

async fn answer(controller: &Handle, question: Question) -> Answer {
    match question {
        Question::Status => Answer::Status(status(&controller.watch().borrow())),
        Question::Stats { range, by } => match controller.stats(range, by).await {
            Ok(stats) => Answer::Stats { stats },
            Err(failure) => Answer::Refused { why: failure.message },
        },
        Question::Limit { to } => {
            change_traffic(controller, Request::SetTraffic { mode: to.into() }).await
        }
        Question::Pause { minutes } => {
            let lasts = minutes.into();
            change_traffic(controller, Request::Pause { lasts }).await
        }
        Question::Resume => change_traffic(controller, Request::Resume).await,
        Question::Show { version } => {
            if version == VERSION {
                controller.notice(Notice::StartedAgain);
            }
            Answer::Running { version: VERSION.into() }
        }
        Question::Replace => {
            controller.send(Request::QuitNow);
            Answer::Ending
        }
    }
}
