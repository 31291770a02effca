//! How a reply ends: completely, with an error, or because nobody wants it any more.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use nntp::command::Verb;
use tokio::runtime::Handle;

use super::super::breaker::{self, Failure};
use super::super::{Loss, Timing};
use super::held_back::HeldBack;
use super::{Headers, Reply, Stage};
use crate::dial::is_broken;
use crate::error::Error;

impl Reply {
    /// Ends the reply and lets the next turn read.
    pub(super) fn finish(&mut self) {
        self.end(true);
    }

    /// Ends the reply. It may say nothing about the provider: then it was not `served`.
    pub(super) fn end(&mut self, served: bool) {
        let stage = std::mem::replace(&mut self.stage, Stage::Done);
        let (mut side, began) = match stage {
            Stage::Status(side) | Stage::Upload(side) => (side, None),
            Stage::Block(side, block) => (side, block.began),
            Stage::Waiting | Stage::Unframed(_) | Stage::Done => return,
        };
        side.at_rest = true;
        if let Some(ticket) = self.ticket.take() {
            let article = matches!(self.request.verb(), Verb::Article | Verb::Body);
            self.timing.block = began.filter(|_| article).map(|began| began.elapsed());
            let timing = std::mem::take(&mut self.timing);
            self.backend.turn_done(self.connection.id, ticket, side, served.then_some(timing));
        }
    }

    /// Closes the connection because of an error.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        if let Error::ConnectionLost(io) = &error
            && is_broken(io)
        {
            self.backend.does_not_compress(&io.to_string());
        }
        let failure = |weight| {
            let mut hasher = DefaultHasher::new();
            self.request.wire().hash(&mut hasher);
            Failure { why: error.to_string(), weight, request: hasher.finish() }
        };
        let loss = match &error {
            Error::TimedOut(_) if matches!(self.stage, Stage::Status(_)) => Loss::Silent {
                since: if self.sent.alone { self.sent.watch.at } else { self.arrived },
                stale: self.sent.stale,
                failure: failure(breaker::SILENT),
            },
            // The connection had ended, or its login was forgotten, before the request was sent.
            Error::ConnectionLost(_) | Error::Farewell { .. } | Error::LoginNeeded
                if self.sent.stale && matches!(self.stage, Stage::Status(_)) =>
            {
                Loss::Ours
            }
            failed if failed.is_providers() => Loss::Failed(failure(1)),
            _ => Loss::Ours,
        };
        if let (Loss::Silent { .. }, Stage::Status(side)) = (&loss, &mut self.stage) {
            side.dead = true;
        }
        self.backend.lost(self.connection.id, loss);
        self.stage = Stage::Done;
        self.ticket = None;
        error
    }

    /// Leaves the rest to a task that reads it away.
    fn leave(&mut self) {
        let rest = Self {
            backend: Arc::clone(&self.backend),
            connection: Arc::clone(&self.connection),
            request: self.request.clone(),
            ticket: self.ticket.take(),
            stage: std::mem::replace(&mut self.stage, Stage::Done),
            unwanted: true,
            sent: self.sent,
            timing: Timing::default(),
            arrived: self.arrived,
            may_be_tried_again: false,
            headers: Headers::Read(None),
            fresh: self.fresh,
            prior: self.prior,
            held_back: HeldBack::default(),
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(rest.discard());
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        match self.stage {
            Stage::Done => {}
            Stage::Upload(_) | Stage::Unframed(_) => {
                self.backend.lost(self.connection.id, Loss::Ours)
            }
            _ if self.unwanted => self.backend.lost(self.connection.id, Loss::Ours),
            Stage::Waiting | Stage::Status(_) | Stage::Block(..) => self.leave(),
        }
    }
}
