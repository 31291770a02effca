//! A client's requests in flight, all in the client's own task. Only those that can make progress are
//! polled.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::time::{Sleep, sleep_until};

use super::pending_reply::{CLIENT_STALL, stalled};
use super::writer::Writer;
use crate::backend::Gathering;
use crate::dial::Boxed;
use crate::error::Error;
use crate::lock::Lock;

/// The requests in flight. See the [module](self).
pub(super) struct Running {
    requests: VecDeque<Underway>,
    /// Alarms of finished requests, to be reused. One that still rings only causes an extra poll.
    alarms: Vec<(Arc<Alarm>, Waker)>,
    task: Arc<Task>,
    /// The writer that holds complete small replies.
    writer: Writer,
    /// The deadline for the client to accept some of them.
    stall: Option<Pin<Box<Sleep>>>,
    /// Why the session ends, after the earlier replies are written.
    failed: Option<Error>,
}

struct Underway {
    request: Boxed<'static, Result<(), Error>>,
    alarm: Arc<Alarm>,
    waker: Waker,
}

/// Wakes the client's task.
#[derive(Default)]
struct Task(Lock<Option<Waker>>);

/// Rings when its request can make progress.
struct Alarm {
    rang: AtomicBool,
    task: Arc<Task>,
}

impl Running {
    pub(super) fn new(writer: Writer) -> Self {
        let (requests, alarms, task) = (VecDeque::new(), Vec::new(), Arc::default());
        Self { requests, alarms, task, writer, stall: None, failed: None }
    }

    /// Adds a request. It starts with the next poll.
    pub(super) fn push(&mut self, request: Boxed<'static, Result<(), Error>>) {
        let (alarm, waker) = self.alarms.pop().unwrap_or_else(|| {
            let task = Arc::clone(&self.task);
            let alarm = Arc::new(Alarm { rang: AtomicBool::new(true), task });
            (Arc::clone(&alarm), Waker::from(alarm))
        });
        alarm.rang.store(true, Ordering::Release);
        self.requests.push_back(Underway { request, alarm, waker });
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether no request is in flight and all replies are written.
    pub(super) fn is_idle(&self) -> bool {
        self.requests.is_empty() && self.failed.is_none() && self.writer.is_drained()
    }

    /// Waits until a request has finished or failed.
    pub(super) async fn next(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Finishes all requests.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        while !self.is_idle() {
            self.next().await?;
        }
        Ok(())
    }

    /// Polls the requests that can make progress. Their commands are sent together, and so are their
    /// replies.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.task.set(cx.waker());
        let ended = self.poll_requests();
        let held_up = self.stall.is_some();
        let drained = self.poll_drain(cx);
        match self.failed.take() {
            Some(error @ Error::ClientGone(_)) => return Poll::Ready(Err(error)),
            failed if drained.is_pending() => self.failed = failed,
            Some(error) => return Poll::Ready(Err(error)),
            None => {}
        }
        match drained {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) if held_up || ended => Poll::Ready(Ok(())),
            Poll::Pending if ended => Poll::Ready(Ok(())),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        }
    }

    /// Polls the requests. Returns whether any has finished.
    fn poll_requests(&mut self) -> bool {
        let _gathering = Gathering::begin();
        let before = self.requests.len();
        let mut at = 0;
        while self.failed.is_none()
            && let Some(running) = self.requests.get_mut(at)
        {
            match running.poll() {
                Poll::Pending => at += 1,
                Poll::Ready(ended) => {
                    let over = self.requests.remove(at);
                    self.alarms.extend(over.map(|over| (over.alarm, over.waker)));
                    self.failed = ended.err();
                    // Its reply may be the client's next now.
                    let next = self.requests.get(at);
                    next.iter().for_each(|next| next.alarm.rang.store(true, Ordering::Release));
                }
            }
        }
        self.requests.len() < before
    }

    /// Writes complete replies, and fails if the client accepts nothing for too long.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.writer.poll_drain(cx) {
            Poll::Ready(drained) => {
                // This task's waker may have replaced that of the first request.
                if self.stall.take().is_some()
                    && let Some(first) = self.requests.front()
                {
                    first.waker.wake_by_ref();
                }
                Poll::Ready(drained.map_err(Error::ClientGone))
            }
            Poll::Pending => {
                let limit = self.writer.blocked_since() + CLIENT_STALL;
                let stall = self.stall.get_or_insert_with(|| Box::pin(sleep_until(limit)));
                if stall.deadline() != limit {
                    stall.as_mut().reset(limit);
                }
                stall.as_mut().poll(cx).map(|()| Err(stalled()))
            }
        }
    }
}

impl Underway {
    /// Polls the request if its alarm rang.
    fn poll(&mut self) -> Poll<Result<(), Error>> {
        if !self.alarm.rang.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        self.request.as_mut().poll(&mut Context::from_waker(&self.waker))
    }
}

impl Task {
    fn set(&self, waker: &Waker) {
        let mut task = self.0.lock();
        match &mut *task {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn wake(&self) {
        let task = self.0.lock();
        if let Some(waker) = &*task {
            waker.wake_by_ref();
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        self.task.wake();
    }
}
