//! The notifications of Windows and macOS.

use std::io;
use std::sync::mpsc::Receiver;
use std::thread;

#[cfg(windows)]
use api::request::Request;
use control::controller::Handle;
use control::notification::Notification;
#[cfg(windows)]
use notify_rust::NotificationResponse;
use notify_rust::error::Result;
use tauri::AppHandle;

/// Shows each of `notifications`, on a thread of its own: the system may take its time.
pub(crate) fn show(
    app: &AppHandle,
    notifications: Receiver<Notification>,
    controller: Handle,
) -> io::Result<()> {
    // The shortcut of the installer and the bundle have it, too: from there come the name and the icon.
    let application = app.config().identifier.clone();
    let show = move || {
        #[cfg(target_os = "macos")]
        if let Err(error) = notify_rust::set_application(&application) {
            tracing::info!("notifications are not shown as those of Newsmux: {error}");
        }
        for notification in notifications {
            if let Err(error) = show_one(&application, &notification, &controller) {
                tracing::info!("cannot show a notification: {error}");
            }
        }
    };
    thread::Builder::new().name("newsmux-notify".into()).spawn(show).map(drop)
}

/// A click opens the window.
#[cfg(windows)]
fn show_one(application: &str, notification: &Notification, controller: &Handle) -> Result<()> {
    let shown = begin(notification).app_id(application).show()?;
    let controller = controller.clone();
    let wait = move || {
        let clicked = |response: &NotificationResponse| {
            if response.is_default_action() {
                controller.send(Request::Show);
            }
        };
        // An error means that nobody can click on it any more.
        drop(shown.wait_for_response(clicked));
    };
    // Without a thread nothing is clicked, but it is shown.
    drop(thread::Builder::new().name("newsmux-click".into()).spawn(wait));
    Ok(())
}

/// A click on it activates the application, and that opens the window.
#[cfg(not(windows))]
fn show_one(_application: &str, notification: &Notification, _controller: &Handle) -> Result<()> {
    begin(notification).show().map(drop)
}

fn begin(notification: &Notification) -> notify_rust::Notification {
    let Notification { title, body, .. } = notification;
    notify_rust::Notification::new().summary(title).body(body).finalize()
}
