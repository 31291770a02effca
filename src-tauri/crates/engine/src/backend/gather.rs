//! Collects the commands that one poll of a session queues, and sends them in one write per connection.
//!
//! While a [`Gathering`] is held, [`Connection::send`] only remembers the connection. A poll runs on
//! one thread from start to end, and the guard lives no longer than the poll, so nothing stays unsent.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use super::connection::Connection;

thread_local! {
    /// The connections with unsent commands; `None` while nobody gathers on this thread.
    static UNSENT: RefCell<Option<Vec<Arc<Connection>>>> = const { RefCell::new(None) };
}

/// Gathers until it is dropped, even by a panic, then sends.
#[must_use]
pub(crate) struct Gathering {
    /// A nested guard leaves the sending to the outer one.
    outermost: bool,
    /// Ties the guard to its thread.
    thread: PhantomData<*const ()>,
}

impl Gathering {
    pub(crate) fn begin() -> Self {
        let outermost = UNSENT.with_borrow_mut(|unsent| {
            let outermost = unsent.is_none();
            unsent.get_or_insert_default();
            outermost
        });
        Self { outermost, thread: PhantomData }
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        if self.outermost {
            let unsent = UNSENT.take();
            unsent.iter().flatten().for_each(|connection| connection.send_now());
        }
    }
}

/// Remembers a connection with something to send. Returns false if nobody gathers.
pub(super) fn add(connection: &Arc<Connection>) -> bool {
    let noted = UNSENT.try_with(|unsent| {
        let mut unsent = unsent.borrow_mut();
        let Some(unsent) = unsent.as_mut() else { return false };
        if !unsent.iter().any(|known| Arc::ptr_eq(known, connection)) {
            unsent.push(Arc::clone(connection));
        }
        true
    });
    noted.unwrap_or(false)
}

/// Sends what was gathered so far, because what follows may take a while.
pub(super) fn send_gathered() {
    let gathered = UNSENT.with_borrow_mut(|unsent| unsent.as_mut().map(std::mem::take));
    gathered.iter().flatten().for_each(|connection| connection.send_now());
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll};

    use tokio::io::AsyncWrite;

    use super::*;

    /// The bytes of each write.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<Vec<u8>>>>);

    impl AsyncWrite for Writes {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<std::io::Result<usize>> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl Writes {
        fn taken(&self) -> Vec<Vec<u8>> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    fn command(connection: &Arc<Connection>, line: &[u8]) {
        connection.queue(line);
        connection.send();
    }

    #[test]
    fn what_is_gathered_leaves_in_one_write_and_what_is_not_at_once() {
        let writes = Writes::default();
        let connection = Connection::new(1, Box::new(writes.clone()), true);
        let outer = Gathering::begin();
        command(&connection, b"1");
        let inner = Gathering::begin();
        command(&connection, b"2");
        drop(inner);
        assert!(connection.is_gathering());
        assert!(writes.taken().is_empty());
        drop(outer);
        assert_eq!(writes.taken(), [b"12"]);
        assert!(!connection.is_gathering());
        command(&connection, b"3");
        assert_eq!(writes.taken(), [b"3"]);
    }

    #[test]
    fn what_may_take_its_time_does_not_hold_back_what_was_gathered() {
        let writes = Writes::default();
        let connection = Connection::new(1, Box::new(writes.clone()), true);
        let gathering = Gathering::begin();
        command(&connection, b"1");
        send_gathered();
        assert_eq!(writes.taken(), [b"1"]);
        command(&connection, b"2");
        assert!(writes.taken().is_empty());
        drop(gathering);
        assert_eq!(writes.taken(), [b"2"]);
    }

    #[test]
    fn a_panic_leaves_nothing_unsent() {
        let writes = Writes::default();
        let connection = Connection::new(1, Box::new(writes.clone()), true);
        let other = Arc::clone(&connection);
        let poll = move || {
            let _gathering = Gathering::begin();
            command(&other, b"1");
            std::panic::resume_unwind(Box::new(()));
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll)).is_err());
        assert_eq!(writes.taken(), [b"1"]);
        command(&connection, b"2");
        assert_eq!(writes.taken(), [b"2"]);
    }
}
