//! Asks a store from async tasks: one question at a time, none for longer than a limit.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nntp_proxy::config::Secret;
use tokio::sync::oneshot::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::{Owner, Store, StoreError};

/// A [`Store`] for async tasks.
///
/// The store is asked one thing at a time, so it shows one dialog at a time. A call that is not answered
/// within the limit is [`TimedOut`](StoreError::TimedOut), and continues: the secret that it finds is for
/// whoever asks next, [`settled`](Self::settled) tells when and how it ended, and until then every other
/// call is `TimedOut` at once. Those who wait for a call that the user refuses are refused with it.
///
/// A dialog can outlive the application's wish to end. Shut the runtime down with
/// [`shutdown_background`](tokio::runtime::Runtime::shutdown_background) or with a time limit: its `drop`
/// waits for the user.
#[derive(Clone)]
pub struct Secrets {
    store: Arc<dyn Store>,
    limit: Duration,
    turn: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

/// What is known of the calls so far.
struct State {
    /// How many have ended.
    ended: u64,
    /// How the last one ended.
    last: Result<(), StoreError>,
    /// Whether the one that is running is past its limit.
    overdue: bool,
    /// What was found when nobody waited for it any more.
    late: BTreeMap<Owner, Secret>,
}

impl Secrets {
    /// How long a caller waits. A keyring that is open answers in a tenth of a second; one that is not
    /// may show a dialog, and waits for the user.
    pub const LIMIT: Duration = Duration::from_secs(5);

    /// Asks `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::with_limit(store, Self::LIMIT)
    }

    /// Asks `store`, and waits for `limit` each time.
    pub fn with_limit(store: Arc<dyn Store>, limit: Duration) -> Self {
        let state = State { ended: 0, last: Ok(()), overdue: false, late: BTreeMap::new() };
        let turn = Arc::new(Semaphore::new(1));
        Self { store, limit, turn, state: Arc::new(Mutex::new(state)) }
    }

    /// See [`Store::get`].
    ///
    /// # Errors
    /// Those of the store, and [`StoreError::TimedOut`].
    pub async fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        if let Some(secret) = self.lock().late.remove(owner) {
            return Ok(Some(secret));
        }
        let (asked, late) = (owner.clone(), owner.clone());
        self.call(
            move |store| store.get(&asked),
            move |found, state| {
                if let Some(secret) = found {
                    state.late.insert(late, secret);
                }
            },
        )
        .await
    }

    /// See [`Store::set`]. After [`StoreError::TimedOut`] it may still be kept: see
    /// [`settled`](Self::settled).
    ///
    /// # Errors
    /// Those of the store, and [`StoreError::TimedOut`].
    pub async fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        let (owner, secret) = (owner.clone(), secret.clone());
        self.lock().late.remove(&owner);
        self.call(move |store| store.set(&owner, &secret), |(), _| ()).await
    }

    /// See [`Store::delete`]. After [`StoreError::TimedOut`] it may still be deleted: see
    /// [`settled`](Self::settled).
    ///
    /// # Errors
    /// Those of the store, and [`StoreError::TimedOut`].
    pub async fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        let owner = owner.clone();
        self.lock().late.remove(&owner);
        self.call(move |store| store.delete(&owner), |(), _| ()).await
    }

    /// Waits, as long as it takes, until no call is running.
    ///
    /// # Errors
    /// With what the last one failed. After [`StoreError::Locked`] nothing should be asked again before
    /// the user wants it: that would show the dialog that was dismissed.
    pub async fn settled(&self) -> Result<(), StoreError> {
        let turn = self.turn.acquire().await;
        let last = self.lock().last.clone();
        drop(turn);
        last
    }

    /// Whether a call is running past its limit, most likely because a dialog waits for the user.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.lock().overdue
    }

    /// Makes `call` when it is its turn. What comes of it too late goes to `late`.
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
        late: impl FnOnce(T, &mut State) + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.limit;
        let turn = self.turn(deadline).await?;
        let (tell, told) = oneshot::channel();
        let this = self.clone();
        // Nobody waits for the task itself: it may take as long as the user does.
        drop(spawn_blocking(move || {
            let answer =
                catch_unwind(AssertUnwindSafe(|| call(&*this.store))).unwrap_or_else(|_| {
                    Err(StoreError::Failed(
                        "the program that keeps passwords was not understood".into(),
                    ))
                });
            this.end(turn, answer, tell, late);
        }));
        self.answer(deadline, told).await
    }

    async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, StoreError> {
        let ended = {
            let state = self.lock();
            if state.overdue {
                return Err(StoreError::TimedOut);
            }
            state.ended
        };
        let turn = timeout_at(deadline, Arc::clone(&self.turn).acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or(StoreError::TimedOut)?;
        let state = self.lock();
        match &state.last {
            // It ended while this one waited, and this one would only ask the user once more.
            Err(refused @ (StoreError::Locked | StoreError::Absent(_))) if state.ended != ended => {
                Err(refused.clone())
            }
            _ => Ok(turn),
        }
    }

    /// All under one lock, so that nobody sees half of it.
    fn end<T>(
        &self,
        turn: OwnedSemaphorePermit,
        answer: Result<T, StoreError>,
        tell: Sender<Result<T, StoreError>>,
        late: impl FnOnce(T, &mut State),
    ) {
        let mut state = self.lock();
        state.ended += 1;
        state.overdue = false;
        state.last = answer.as_ref().map(|_| ()).map_err(Clone::clone);
        if let Err(Ok(unheard)) = tell.send(answer) {
            late(unheard, &mut state);
        }
        drop(turn);
    }

    async fn answer<T>(
        &self,
        deadline: Instant,
        mut told: Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        const ENDS: StoreError = StoreError::TimedOut;
        if let Ok(answer) = timeout_at(deadline, &mut told).await {
            // Without an answer the runtime is about to end, and the call was never made.
            return answer.unwrap_or(Err(ENDS));
        }
        let mut state = self.lock();
        told.close();
        told.try_recv().unwrap_or_else(|_| {
            state.overdue = true;
            Err(StoreError::TimedOut)
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
