//! Notifications by the protocol of freedesktop.org (1.2), over D-Bus.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use api::request::Request;
use control::controller::Handle;
use control::notification::Notification;
use zbus::Message;
use zbus::blocking::Proxy;
use zbus::blocking::connection::Builder;
use zbus::zvariant::Value;

use crate::event_loop::App;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The action of a click on the notification itself.
const CLICK: &str = "default";
/// How long an answer may take: a service may hang.
const ANSWER: Duration = Duration::from_secs(30);
/// How long after a failure a notification is shown once more: at login the service may start after Newsmux.
const AGAIN: Duration = Duration::from_secs(10);

/// Shows each of `notifications`, on a thread of its own: the bus may take its time.
pub(crate) fn show(
    _app: &App,
    notifications: Receiver<Notification>,
    controller: Handle,
) -> io::Result<()> {
    let show = move || {
        let connect = || Service::connect(&controller);
        let (mut service, mut has_failed) = (None, false);
        for notification in notifications {
            let mut shown =
                service.take().map_or_else(connect, Ok).and_then(|it| it.show(&notification));
            if let Err(error) = &shown
                && !has_failed
            {
                tracing::info!("this desktop shows no notifications: {error}");
            }
            if shown.as_ref().is_err_and(|error| !is_late(error)) {
                thread::sleep(AGAIN);
                shown = connect().and_then(|it| it.show(&notification));
            }
            has_failed = shown.is_err();
            service = shown.ok();
        }
    };
    thread::Builder::new().name("newsmux-notify".into()).spawn(show).map(drop)
}

/// Whatever shows notifications on this desktop.
struct Service {
    proxy: Proxy<'static>,
    shown: Shown,
}

/// The notifications that can be clicked on.
type Shown = Arc<Mutex<Vec<u32>>>;

impl Service {
    fn connect(controller: &Handle) -> zbus::Result<Self> {
        let bus = Builder::session()?.method_timeout(ANSWER).build()?;
        let proxy = Proxy::new(&bus, NAME, PATH, NAME)?;
        let signals = proxy.receive_all_signals()?;
        let (shown, controller) = (Shown::default(), controller.clone());
        let service = Self { proxy, shown: Arc::clone(&shown) };
        // It ends with the connection.
        let listen = move || {
            signals.filter(|signal| is_click(signal, &shown)).for_each(|_| {
                controller.send(Request::Show);
            });
        };
        thread::Builder::new().name("newsmux-clicks".into()).spawn(listen)?;
        Ok(service)
    }

    fn show(self, notification: &Notification) -> zbus::Result<Self> {
        let Notification { title, body, click } = notification;
        let actions = [CLICK, click];
        let hints = HashMap::from([("desktop-entry", Value::from("Newsmux"))]);
        // Before anybody can click on it.
        let mut shown = lock(&self.shown);
        let call = ("Newsmux", 0_u32, "newsmux", title, body, actions.as_slice(), hints, -1_i32);
        match self.proxy.call("Notify", &call) {
            Ok(id) => shown.push(id),
            Err(error) => {
                drop(shown);
                self.proxy.connection().clone().close()?;
                return Err(error);
            }
        }
        drop(shown);
        Ok(self)
    }
}

/// Whether the service has not answered in time. It has the notification, and may still show it.
fn is_late(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::InputOutput(error) if error.kind() == io::ErrorKind::TimedOut)
}

/// Whether the user has clicked on one of ours. What is closed cannot be clicked on any more.
fn is_click(signal: &Message, shown: &Shown) -> bool {
    let (header, body) = (signal.header(), signal.body());
    let mut shown = lock(shown);
    match header.member().map(|member| member.as_str()) {
        Some("ActionInvoked") => body
            .deserialize::<(u32, &str)>()
            .is_ok_and(|(id, action)| action == CLICK && shown.contains(&id)),
        Some("NotificationClosed") => {
            if let Ok((id, _)) = body.deserialize::<(u32, u32)>() {
                shown.retain(|other| *other != id);
            }
            false
        }
        _ => false,
    }
}

/// Nothing that holds the lock can leave it half done.
fn lock(shown: &Shown) -> MutexGuard<'_, Vec<u32>> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(name: &str, id: u32, action: &str) -> Message {
        let signal = Message::signal(PATH, NAME, name).unwrap();
        match name {
            "NotificationClosed" => signal.build(&(id, 2_u32)),
            _ => signal.build(&(id, action)),
        }
        .unwrap()
    }

    #[test]
    fn only_an_answer_that_is_late_may_still_have_shown_it() {
        assert!(is_late(&io::Error::from(io::ErrorKind::TimedOut).into()));
        assert!(!is_late(&zbus::Error::InterfaceNotFound));
    }

    #[test]
    fn a_click_on_a_notification_of_ours_counts_until_it_is_closed() {
        let shown = Shown::new(vec![7, 8].into());
        let is_click = |name, id, action| is_click(&signal(name, id, action), &shown);
        assert!(is_click("ActionInvoked", 7, CLICK));
        assert!(!is_click("ActionInvoked", 9, CLICK), "that is another application's");
        assert!(!is_click("ActionInvoked", 7, "snooze"));
        assert!(!is_click("ActivationToken", 7, CLICK));
        assert!(!is_click("NotificationClosed", 7, CLICK));
        assert!(!is_click("ActionInvoked", 7, CLICK));
        assert!(is_click("ActionInvoked", 8, CLICK));
    }
}
