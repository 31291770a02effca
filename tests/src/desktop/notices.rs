//! Whatever shows notifications on a desktop (Desktop Notifications Specification 1.2), and a hand that clicks on them.

use std::collections::HashMap;
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::blocking::Connection;
use zbus::interface;
use zbus::zvariant::OwnedValue;

use super::Desktop;
use crate::real::process::wait_for;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// How long a notification may take to come. It comes when something has lasted.
const PATIENCE: Duration = Duration::from_secs(40);

/// Takes notifications. Dropping it takes it from the desktop.
#[derive(Debug)]
pub struct Notices {
    bus: Connection,
    taken: Taken,
}

type Taken = Arc<Mutex<Vec<Notice>>>;

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    id: u32,
    /// The name of the application.
    pub application: String,
    /// The name of its icon.
    pub icon: String,
    /// Its title.
    pub title: String,
    /// What is below the title.
    pub body: String,
    /// Its actions: what each is called, and what it says.
    pub actions: Vec<String>,
    /// The application's desktop entry.
    pub entry: String,
}

impl Notices {
    /// Takes notifications from now on.
    #[must_use]
    pub fn start(desktop: &Desktop) -> Self {
        let taken = Taken::default();
        let service = Service { taken: Arc::clone(&taken), last: 0 };
        let bus = desktop.connect().serve_at(PATH, service).unwrap();
        Self { bus: bus.name(NAME).unwrap().build().unwrap(), taken }
    }

    /// Waits for notifications, and gives those that came.
    #[must_use]
    pub fn next(&self) -> Vec<Notice> {
        let come = || Some(take(&mut *self.taken.lock().unwrap())).filter(|all| !all.is_empty());
        wait_for(PATIENCE, come).unwrap_or_else(|| panic!("no notification"))
    }

    /// Clicks on a notification.
    pub fn click(&self, notice: &Notice) {
        let clicked = (notice.id, "default");
        self.bus.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &clicked).unwrap();
    }
}

struct Service {
    taken: Taken,
    last: u32,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the protocol has so many")]
    fn notify(
        &mut self,
        application: String,
        _replaces: u32,
        icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        self.last += 1;
        let entry = hints.get("desktop-entry").and_then(|entry| <&str>::try_from(entry).ok());
        let entry = entry.unwrap_or_default().to_owned();
        let notice = Notice { id: self.last, application, icon, title, body, actions, entry };
        self.taken.lock().unwrap().push(notice);
        self.last
    }
}
