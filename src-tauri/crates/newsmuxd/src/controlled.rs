//! The control channel of newsmuxd: what it answers to newsmuxctl.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use local::channel::{Answer, Channel, ChannelError, Question, daemon_path};
use serde_json::{Map, Value};
use tracing::warn;

use crate::daemon::Daemon;
use crate::status::status;

/// Opens the channel on `path`. Without a path it is the usual one, and newsmuxd runs without it where it cannot be had.
///
/// # Errors
/// Why the channel that was asked for cannot be opened.
pub(crate) fn open(path: Option<&Path>) -> Result<Option<Channel>, String> {
    if let Some(path) = path {
        let opened = Channel::open(path);
        return opened.map(Some).map_err(|why| format!("--control {}: {why}", path.display()));
    }
    let Some(path) = daemon_path() else { return Ok(None) };
    match Channel::open(&path) {
        Ok(channel) => Ok(Some(channel)),
        Err(ChannelError::Taken) => {
            warn!(
                "newsmuxctl speaks to another newsmuxd: name a channel for this one by --control"
            );
            Ok(None)
        }
        Err(why) => {
            warn!("newsmuxctl cannot speak to this newsmuxd: {}: {why}", path.display());
            Ok(None)
        }
    }
}

/// Answers until newsmuxd ends.
pub(crate) fn serve(
    channel: Channel,
    daemon: &Daemon,
    address: SocketAddr,
) -> impl Future<Output = ()> + use<> {
    let Daemon { proxy, books, traffic, .. } = daemon;
    let (proxy, books, traffic) = (proxy.clone(), books.clone(), Arc::clone(traffic));
    let address = address.to_string();
    let answer = move |question| {
        let (proxy, books, address) = (proxy.clone(), books.clone(), address.clone());
        let traffic = Arc::clone(&traffic);
        async move {
            match question {
                Question::Status => {
                    let accounts = match books {
                        Some(books) => books.accounts().await,
                        None => Map::new(),
                    };
                    let about = (accounts, traffic.status());
                    Answer::Status(status(&proxy.snapshot(), about, &address))
                }
                Question::Stats { range, by } => match books {
                    Some(books) => stats(books.stats(range, by).await),
                    None => stats(Err("statistics are not kept".into())),
                },
                Question::Limit { to } => match traffic.limit(to, &proxy) {
                    Ok(now) => Answer::Traffic(now),
                    Err(why) => Answer::Refused { why },
                },
                Question::Pause { minutes } => Answer::Traffic(traffic.pause(minutes, &proxy)),
                Question::Resume => Answer::Traffic(traffic.resume(&proxy)),
                Question::Show { .. } | Question::Replace => Answer::Refused {
                    why: "newsmuxd has no window, and its service ends it".into(),
                },
            }
        }
    };
    async move {
        if let Err(error) = channel.serve(answer).await {
            warn!("newsmuxctl cannot speak to this newsmuxd: {error}");
        }
    }
}

fn stats(found: Result<Value, String>) -> Answer {
    found.map_or_else(|why| Answer::Refused { why }, |stats| Answer::Stats { stats })
}
