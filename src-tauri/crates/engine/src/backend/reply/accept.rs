//! Decides whether a status line answers the request, and what follows it.

use nntp::command::{Class, Framing};
use nntp::status::StatusLine;
use nntp::verdict::{self, Verdict};

use super::{Block, Reply, Stage};
use crate::error::Error;

impl Reply {
    /// Accepts the status line, or closes the connection because of it.
    pub(super) fn accept(&mut self, status: &StatusLine) -> Result<(), Error> {
        match verdict::of(&self.request, status) {
            Verdict::TooManyConnections => {
                let said = String::from_utf8_lossy(&status.to_wire()).trim().to_owned();
                self.backend.one_too_many(self.connection.id, said);
                return Err(self.fail(Error::TooManyConnections));
            }
            Verdict::ModeReaderNeeded if !self.prior.login_needed => {
                self.backend.mode_reader_needed();
                return Err(self.fail(Error::ModeReaderNeeded));
            }
            Verdict::UnknownCommand if self.backend.may_need_mode_reader(&self.request) => {
                return Err(self.fail(Error::ModeReaderNeeded));
            }
            Verdict::LoginNeeded if self.may_need_login() => {
                return Err(self.fail(Error::LoginNeeded));
            }
            Verdict::LoginNeeded => {
                if self.sent.watch.probe {
                    self.backend.probe_answered();
                }
                self.end(false);
                return Ok(());
            }
            Verdict::Farewell => {
                let (code, first) = (status.code(), self.fresh);
                let farewell = self.fail(Error::Farewell { code, first });
                // As the first reply on two new connections, it is the provider's answer.
                return if first && self.prior.farewell { Ok(()) } else { Err(farewell) };
            }
            Verdict::Answer
            | Verdict::Missing
            | Verdict::Refused
            | Verdict::UnknownCommand
            | Verdict::Unable
            | Verdict::ModeReaderNeeded
            | Verdict::Account => {}
        }
        let code = status.code();
        if self.is_anothers(status) {
            return Err(self.fail(Error::Unexpected("it belongs to another article".into())));
        }
        match self.request.framing(code) {
            Framing::Line => self.finish(),
            Framing::Block => self.move_on(|side| Stage::Block(side, Block::new())),
            Framing::Continue => self.move_on(Stage::Upload),
            Framing::Unexpected if matches!(self.request.class(), Class::Unknown) => {
                self.move_on(Stage::Unframed);
            }
            Framing::Unexpected => {
                let what = format!("{code} to {:?}", self.request.verb());
                return Err(self.fail(Error::Unexpected(what)));
            }
        }
        Ok(())
    }

    /// Whether another login may change a 480: the provider may have forgotten this one. Not if it was
    /// just made, or if that did not help other requests lately.
    fn may_need_login(&self) -> bool {
        if self.backend.config().login.is_none() {
            return false;
        }
        if self.fresh {
            self.backend.refused_after_login(&self.request);
            return false;
        }
        if self.backend.refuses_after_login(&self.request) {
            return false;
        }
        if self.prior.login_needed {
            // The second connection that says so: only a new login can tell.
            self.backend.close_all_idle();
        }
        true
    }

    /// Whether the reply names another article than ours, so the stream is out of step.
    fn is_anothers(&self, status: &StatusLine) -> bool {
        let theirs = status.message_id().filter(|_| (220..=223).contains(&status.code().get()));
        // Usually the argument is the message-id alone.
        let Some(theirs) = theirs.filter(|theirs| *theirs != self.request.args()) else {
            return false;
        };
        self.request.message_id().is_some_and(|ours| ours.as_bytes() != theirs)
    }
}
