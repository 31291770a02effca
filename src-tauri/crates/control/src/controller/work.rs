//! Work beside the loop: what comes of it, what waits until nothing is under way with passwords, and the replies.

use std::collections::VecDeque;

use api::request::{Failure, Reply};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::Answer;
use super::run::Controller;

/// How the loop continues when something that was waited for is there.
pub(super) type Continue = Box<dyn FnOnce(&mut Controller) + Send>;

/// What is under way.
pub(super) struct Work {
    inbox: UnboundedReceiver<Continue>,
    post: UnboundedSender<Continue>,
    /// How much is under way with passwords: what would change them waits until that is done.
    busy: usize,
    waiting: VecDeque<Continue>,
    /// Replies that go out behind the snapshot that shows what they say.
    replies: Vec<(Answer, Result<Reply, Failure>)>,
}

impl Work {
    pub(super) fn new() -> Self {
        let (post, inbox) = mpsc::unbounded_channel();
        Self { inbox, post, busy: 0, waiting: VecDeque::new(), replies: Vec::new() }
    }

    /// Waits for something that is done.
    pub(super) async fn next(&mut self) -> Option<Continue> {
        self.inbox.recv().await
    }

    /// Whether something is under way with passwords.
    pub(super) fn is_busy(&self) -> bool {
        self.busy > 0
    }

    /// Sends the replies.
    pub(super) fn reply(&mut self) {
        self.replies.drain(..).for_each(|(answer, done)| answer.give(done));
    }
}

impl Controller {
    /// Replies, as soon as the snapshot is published.
    pub(super) fn give(&mut self, answer: Answer, done: Result<Reply, Failure>) {
        self.work.replies.push((answer, done));
    }

    /// Has `work` done beside the loop, and continues with what comes of it.
    pub(super) fn later<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(&mut Self, T) + Send + 'static,
    ) {
        let post = self.poster();
        tokio::spawn(async move {
            let done = work.await;
            post(Box::new(move |this| then(this, done)));
        });
    }

    /// Like [`later`](Self::later); until then nothing else changes passwords.
    pub(super) fn alone<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(&mut Self, T) + Send + 'static,
    ) {
        self.work.busy += 1;
        self.later(work, |this, done| {
            this.work.busy -= 1;
            then(this, done);
            while !this.work.is_busy()
                && !this.power.over
                && let Some(next) = this.work.waiting.pop_front()
            {
                next(this);
            }
        });
    }

    /// Does `work` as soon as nothing else is under way with passwords.
    pub(super) fn when_idle(&mut self, work: impl FnOnce(&mut Self) + Send + 'static) {
        if self.work.is_busy() {
            self.work.waiting.push_back(Box::new(work));
        } else {
            work(self);
        }
    }

    /// Has the loop continue so. It may have ended, and nobody needs it then.
    pub(super) fn poster(&self) -> impl Fn(Continue) + Send + Sync + 'static {
        let post = self.work.post.clone();
        move |next| drop(post.send(next))
    }
}
