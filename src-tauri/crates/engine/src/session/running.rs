//! The requests of a client that are under way, all in the client's own task. Only those that have
//! something to do are polled.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::backend::Gathering;
use crate::dial::Boxed;
use crate::error::Error;

/// See the [module](self).
#[derive(Default)]
pub(super) struct Running {
    requests: VecDeque<Underway>,
    task: Arc<Task>,
}

struct Underway {
    request: Boxed<'static, Result<(), Error>>,
    alarm: Arc<Alarm>,
    waker: Waker,
}

/// What wakes the client's task.
#[derive(Default)]
struct Task(Mutex<Option<Waker>>);

/// Rings when one request can go on.
struct Alarm {
    rang: AtomicBool,
    task: Arc<Task>,
}

impl Running {
    /// Adds a request; it begins with the next poll.
    pub(super) fn push(&mut self, request: Boxed<'static, Result<(), Error>>) {
        let alarm = Arc::new(Alarm { rang: AtomicBool::new(true), task: Arc::clone(&self.task) });
        let waker = Waker::from(Arc::clone(&alarm));
        self.requests.push_back(Underway { request, alarm, waker });
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Returns when some have ended, or one has failed.
    pub(super) async fn next(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Sees all to their end.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        while !self.is_empty() {
            self.next().await?;
        }
        Ok(())
    }

    /// Polls each that has something to do. The commands that they send leave together.
    fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        self.task.set(cx.waker());
        let _gathering = Gathering::begin();
        let before = self.requests.len();
        let mut at = 0;
        while let Some(running) = self.requests.get_mut(at) {
            match running.poll() {
                Poll::Pending => at += 1,
                Poll::Ready(ended) => {
                    drop(self.requests.remove(at));
                    ended?;
                }
            }
        }
        if self.requests.len() < before { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl Underway {
    /// Polls the request, if its alarm rang.
    fn poll(&mut self) -> Poll<Result<(), Error>> {
        if !self.alarm.rang.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        self.request.as_mut().poll(&mut Context::from_waker(&self.waker))
    }
}

impl Task {
    fn set(&self, waker: &Waker) {
        let mut task = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *task {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn wake(&self) {
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
