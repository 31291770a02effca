//! The control channel of newsmuxd: what it answers to newsmuxctl.

use std::net::SocketAddr;
use std::path::Path;

use local::channel::{Answer, Channel, ChannelError, Question, daemon_path};
use nntp_proxy::proxy::Proxy;
use tracing::warn;

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
pub(crate) async fn serve(channel: Channel, proxy: Proxy, address: SocketAddr) {
    let address = address.to_string();
    let answer = move |question| {
        let answer = match question {
            Question::Status => Answer::Status(status(&proxy.snapshot(), &address)),
            Question::Show { .. } | Question::Replace => {
                Answer::Refused { why: "newsmuxd has no window, and its service ends it".into() }
            }
        };
        async { answer }
    };
    if let Err(error) = channel.serve(answer).await {
        warn!("newsmuxctl cannot speak to this newsmuxd: {error}");
    }
}
