//! A message in a box of the system's own, for when there is no window to say it in.

use rfd::{MessageDialog, MessageLevel};

#[cfg(target_os = "linux")]
use crate::event_loop::Display;
use crate::start_error::StartError;

const TITLE: &str = "Newsmux";

/// Says on standard error and, where there is a display, in a box why the program cannot start, and what to do. Returns
/// when the user has closed the box.
pub(crate) fn cannot_start(error: &StartError) {
    let text = words(&error.english(), &error.german());
    eprintln!("newsmux: {text}");
    if has_display() {
        show(&text);
    }
}

/// Says why there is no window. The proxy runs in another process and keeps serving.
#[cfg(windows)]
pub(crate) fn no_webview() {
    show(&words(
        "Newsmux cannot open its window: Microsoft Edge WebView2 is missing. Install the WebView2 Runtime from \
         https://developer.microsoft.com/microsoft-edge/webview2, then open Newsmux again. Until then Newsmux \
         serves your programs from the tray.",
        "Newsmux kann sein Fenster nicht öffnen: Microsoft Edge WebView2 fehlt. Installieren Sie die WebView2 Runtime von \
         https://developer.microsoft.com/microsoft-edge/webview2 und öffnen Sie Newsmux dann erneut. Bis dahin bedient \
         Newsmux Ihre Programme aus der Taskleiste.",
    ));
}

fn words(english: &str, german: &str) -> String {
    let language = sys_locale::get_locale().unwrap_or_default();
    if language.starts_with("de") { german } else { english }.to_owned()
}

fn show(text: &str) {
    let dialog = MessageDialog::new().set_level(MessageLevel::Error).set_title(TITLE);
    dialog.set_description(text).show();
}

/// Whether there is something to show a box on. Where there is not, GTK would wait for ever.
#[cfg(target_os = "linux")]
pub(crate) fn has_display() -> bool {
    Display::of_session().is_ok()
}

/// Whether there is something to show a box on.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn has_display() -> bool {
    true
}
