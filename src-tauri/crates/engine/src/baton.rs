//! One thing, used by many in the order in which they came: a connection's reading side, a client's
//! writing side, a session's selected group.
//!
//! Each takes a [`Place`], waits for the thing to [arrive](Place::arrive), and hands it on. Who drops
//! it instead breaks the chain, and everyone behind learns that it is [`Lost`]: there is no way to go
//! on with a thing that is in an unknown state.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

/// The end of the line: where new places are taken.
#[derive(Debug)]
pub(crate) struct Baton<T>(oneshot::Receiver<T>);

/// A place in the line.
#[derive(Debug)]
pub(crate) struct Place<T> {
    before: oneshot::Receiver<T>,
    behind: oneshot::Sender<T>,
}

/// Somebody before us dropped the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

impl<T> Baton<T> {
    /// A line with nobody in it.
    pub(crate) fn new(thing: T) -> Self {
        let (behind, end) = oneshot::channel();
        drop(behind.send(thing));
        Self(end)
    }

    /// Takes the place behind all others.
    pub(crate) fn place(&mut self) -> Place<T> {
        let (behind, end) = oneshot::channel();
        Place { before: std::mem::replace(&mut self.0, end), behind }
    }

    /// The thing itself, if nobody uses it at this moment.
    pub(crate) fn try_take(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

impl<T> Place<T> {
    /// Waits for the thing. Nothing is lost when the wait is given up and begun again.
    pub(crate) async fn arrive(&mut self) -> Result<T, Lost> {
        poll_fn(|cx| self.poll_arrive(cx)).await
    }

    /// Like [`arrive`](Self::arrive). Not to be called again once it was ready.
    pub(crate) fn poll_arrive(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Lost>> {
        Pin::new(&mut self.before).poll(cx).map_err(|_| Lost)
    }

    /// Hands the thing on to the next place, or leaves it for the next to come. It is dropped where
    /// the line itself is gone.
    pub(crate) fn hand_on(self, thing: T) {
        drop(self.try_hand_on(thing));
    }

    /// Like [`hand_on`](Self::hand_on), but gives the thing back where the line is gone.
    pub(crate) fn try_hand_on(self, thing: T) -> Option<T> {
        self.behind.send(thing).err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_thing_goes_from_place_to_place_in_order() {
        let mut line = Baton::new(0);
        let (mut first, mut second) = (line.place(), line.place());
        assert!(line.try_take().is_none());
        let thing = first.arrive().await.unwrap();
        first.hand_on(thing + 1);
        assert_eq!(second.arrive().await, Ok(1));
        second.hand_on(7);
        assert_eq!(line.try_take(), Some(7));
    }

    #[tokio::test]
    async fn who_drops_the_thing_breaks_the_line_for_all_behind() {
        let mut line = Baton::new(());
        let (first, mut second, mut third) = (line.place(), line.place(), line.place());
        drop(first);
        assert_eq!(second.arrive().await, Err(Lost));
        drop(second);
        assert_eq!(third.arrive().await, Err(Lost));
    }
}
