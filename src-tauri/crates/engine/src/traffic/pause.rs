//! A pause that does not hurt: sessions stay, articles that are under way end, and requests for further
//! ones wait.
//!
//! A downloader that waits in vain for a reply tries the article again, some only a few times, but every
//! one tries to connect for as long as it takes. So a program that has given up on a reply is greeted
//! again only when the pause is over.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

use super::Traffic;
use crate::clients::Client;
use crate::error::Error;
use crate::lock::Lock;

/// Whether no article is to be fetched.
#[derive(Default)]
pub(super) struct Pause {
    on: watch::Sender<bool>,
    /// The programs that left while a request of theirs waited.
    gave_up: Lock<HashSet<Arc<str>>>,
}

impl Pause {
    pub(super) fn set(&self, on: bool) {
        if !on {
            self.gave_up.lock().clear();
        }
        self.on.send_replace(on);
    }

    pub(super) fn is_on(&self) -> bool {
        *self.on.borrow()
    }

    /// Waits until it begins, or until it ends.
    async fn until(&self, on: bool) {
        // The sender lives as long as this does.
        drop(self.on.subscribe().wait_for(|now| *now == on).await);
    }
}

impl Traffic {
    /// Waits until the next pause begins.
    pub(crate) async fn paused(&self) {
        self.0.pause.until(true).await;
    }

    /// Lets a client's request for an article wait until the pause is over.
    ///
    /// # Errors
    /// [`Error::LetGo`] if the client leaves meanwhile.
    pub(crate) async fn resumed(&self, client: &Client) -> Result<(), Error> {
        let waiting = Waiting { traffic: self, client };
        tokio::select! {
            biased;
            () = self.0.pause.until(false) => {}
            () = client.until_left() => return Err(Error::LetGo),
        }
        drop(waiting);
        Ok(())
    }

    /// Lets a client's greeting wait until the pause is over, if its program has given up on a reply.
    ///
    /// # Errors
    /// As [`resumed`](Self::resumed).
    pub(crate) async fn greets(&self, client: &Client) -> Result<(), Error> {
        client.until_recognized().await;
        let gave_up = self.0.pause.gave_up.lock().contains(&client.origin());
        if gave_up { self.resumed(client).await } else { Ok(()) }
    }
}

/// A request that waits. If it is dropped during the pause, its client has left.
struct Waiting<'a> {
    traffic: &'a Traffic,
    client: &'a Client,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let pause = &self.traffic.0.pause;
        if pause.is_on() {
            pause.gave_up.lock().insert(self.client.origin());
        }
    }
}
