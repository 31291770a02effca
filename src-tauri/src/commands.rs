//! What the window can ask for. All of it is passed on to the process in the tray.

#![expect(clippy::let_underscore_must_use, reason = "the macro for commands writes it")]

use serde_json::Value;
use tauri::State;
use tauri::ipc::Channel;

use crate::window::Link;

#[tauri::command]
pub(crate) async fn request(link: State<'_, Link>, request: Value) -> Result<Value, Value> {
    link.request(request).await
}

#[tauri::command]
pub(crate) fn watch(link: State<'_, Link>, channel: Channel<Value>) {
    link.watch(Some(channel));
}

#[tauri::command]
pub(crate) fn unwatch(link: State<'_, Link>) {
    link.watch(None);
}
