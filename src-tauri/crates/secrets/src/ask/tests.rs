//! A store whose dialog the test answers: in real time, since the clock of tokio stands still while a
//! blocking call continues.

use std::sync::mpsc::{self, Receiver};

use tokio::join;

use super::super::memory::MemoryStore;
use super::*;

/// Each call takes its turn only when the test says how the dialog was answered.
struct Asking {
    memory: MemoryStore,
    answers: Mutex<Receiver<Result<(), StoreError>>>,
}

impl Asking {
    fn wait(&self) -> Result<(), StoreError> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap_or(Ok(()))
    }
}

impl Store for Asking {
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        let found = self.memory.get(owner)?;
        self.wait().map(|()| found)
    }

    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        self.wait()?;
        self.memory.set(owner, secret)
    }

    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        self.wait()?;
        self.memory.delete(owner)
    }
}

struct Test {
    secrets: Secrets,
    store: Arc<Asking>,
    answer: mpsc::Sender<Result<(), StoreError>>,
}

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(60);

fn asking(limit: Duration) -> Test {
    let (answer, answers) = mpsc::channel();
    let store = Arc::new(Asking { memory: MemoryStore::new(), answers: Mutex::new(answers) });
    store.memory.set(&a(), &Secret::new("of a")).unwrap();
    store.memory.set(&b(), &Secret::new("of b")).unwrap();
    let secrets = Secrets::with_limit(Arc::clone(&store) as Arc<dyn Store>, limit);
    Test { secrets, store, answer }
}

fn a() -> Owner {
    Owner::Provider("a".into())
}

fn b() -> Owner {
    Owner::Client("b".into())
}

#[tokio::test]
async fn what_is_kept_is_given_back_until_it_is_deleted() {
    let secrets = Secrets::new(Arc::new(MemoryStore::new()));
    assert_eq!(secrets.get(&a()).await, Ok(None));
    secrets.set(&a(), &Secret::new("one")).await.unwrap();
    secrets.set(&a(), &Secret::new("two")).await.unwrap();
    assert_eq!(secrets.get(&a()).await, Ok(Some(Secret::new("two"))));
    secrets.delete(&a()).await.unwrap();
    secrets.delete(&a()).await.unwrap();
    assert_eq!(secrets.get(&a()).await, Ok(None));
    assert_eq!(secrets.settled().await, Ok(()));
}

#[tokio::test]
async fn while_a_dialog_waits_nothing_else_is_asked() {
    let Test { secrets, store, answer } = asking(SHORT);
    let before = store.memory.calls();
    assert_eq!(secrets.get(&a()).await, Err(StoreError::TimedOut));
    assert!(secrets.is_asking());
    assert_eq!(secrets.get(&a()).await, Err(StoreError::TimedOut));
    assert_eq!(secrets.set(&b(), &Secret::new("new")).await, Err(StoreError::TimedOut));
    answer.send(Ok(())).unwrap();
    assert_eq!(secrets.settled().await, Ok(()));
    assert!(!secrets.is_asking());
    assert_eq!(store.memory.calls(), before + 1);
}

#[tokio::test]
async fn what_is_found_late_is_for_who_asks_next_and_once() {
    let Test { secrets, store, answer } = asking(SHORT);
    assert_eq!(secrets.get(&a()).await, Err(StoreError::TimedOut));
    answer.send(Ok(())).unwrap();
    assert_eq!(secrets.settled().await, Ok(()));
    let calls = store.memory.calls();
    assert_eq!(secrets.get(&a()).await, Ok(Some(Secret::new("of a"))));
    assert_eq!(store.memory.calls(), calls, "the keyring was asked again");
    answer.send(Ok(())).unwrap();
    let secrets = Secrets { limit: LONG, ..secrets };
    assert_eq!(secrets.get(&a()).await, Ok(Some(Secret::new("of a"))));
    assert_eq!(store.memory.calls(), calls + 1, "the secret was remembered");
}

#[tokio::test]
async fn what_is_found_late_and_then_changed_is_forgotten() {
    let Test { secrets, answer, .. } = asking(SHORT);
    assert_eq!(secrets.get(&a()).await, Err(StoreError::TimedOut));
    answer.send(Ok(())).unwrap();
    assert_eq!(secrets.settled().await, Ok(()));
    drop(answer);
    let secrets = Secrets { limit: LONG, ..secrets };
    secrets.set(&a(), &Secret::new("new")).await.unwrap();
    assert_eq!(secrets.get(&a()).await, Ok(Some(Secret::new("new"))));
}

#[tokio::test]
async fn a_change_that_was_late_is_made_all_the_same() {
    let Test { secrets, answer, store } = asking(SHORT);
    assert_eq!(secrets.set(&a(), &Secret::new("new")).await, Err(StoreError::TimedOut));
    answer.send(Ok(())).unwrap();
    assert_eq!(secrets.settled().await, Ok(()));
    assert_eq!(store.memory.secrets()[&a()], Secret::new("new"));
}

#[tokio::test]
async fn who_waits_for_a_call_that_is_refused_is_refused_with_it_and_may_ask_again() {
    let Test { secrets, store, answer } = asking(LONG);
    let before = store.memory.calls();
    answer.send(Err(StoreError::Locked)).unwrap();
    let (a, b) = (a(), b());
    let refused = join!(secrets.get(&a), secrets.get(&b));
    assert_eq!(refused, (Err(StoreError::Locked), Err(StoreError::Locked)));
    assert_eq!(store.memory.calls(), before + 1, "the user was asked twice");
    assert_eq!(secrets.settled().await, Err(StoreError::Locked));
    answer.send(Ok(())).unwrap();
    assert_eq!(secrets.get(&b).await, Ok(Some(Secret::new("of b"))));
}

#[tokio::test]
async fn a_store_that_panics_fails_and_is_asked_again() {
    struct Broken;
    impl Store for Broken {
        fn get(&self, _: &Owner) -> Result<Option<Secret>, StoreError> {
            panic!("as a library may");
        }
        fn set(&self, _: &Owner, _: &Secret) -> Result<(), StoreError> {
            Ok(())
        }
        fn delete(&self, _: &Owner) -> Result<(), StoreError> {
            Ok(())
        }
    }
    let secrets = Secrets::new(Arc::new(Broken));
    assert!(matches!(secrets.get(&a()).await, Err(StoreError::Failed(_))));
    assert_eq!(secrets.delete(&a()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_test_with_a_paused_clock_waits_for_the_store() {
    let Test { secrets, answer, .. } = asking(SHORT);
    drop(answer);
    assert_eq!(secrets.get(&a()).await, Ok(Some(Secret::new("of a"))));
}
