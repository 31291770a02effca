//! The window, in a separate process: the same program, started by the one in the tray and connected to it by two
//! pipes with a line of JSON for each message. A web view does not give back what it has loaded; its
//! process does, when the window is closed. And whatever happens to a web view, the proxy keeps running.

mod link;
mod process;
mod reports;
mod size;
mod view;

use api::request::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::Theme;

pub(crate) use link::Link;
pub(crate) use process::WindowProcess;
pub(crate) use view::run;

/// The argument that the process of the window is started with. The version of its parent follows.
pub(crate) const WINDOW: &str = "--window";

/// What the tray's process tells the window.
#[derive(Debug, Serialize, Deserialize)]
enum Order {
    /// It is moved.
    Move(Move),
    /// It lets the user choose a file, in a dialog with this title.
    ChooseFile(String),
    /// Its title bar gets this theme.
    Theme(Theme),
    /// It ends.
    Close,
    /// How things are.
    Snapshot(Value),
    /// What came of a request: its reply, or its failure.
    Reply {
        /// That of the request.
        id: u64,
        /// As the window is given it.
        result: Result<Value, Value>,
    },
}

/// Where the window goes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Move {
    /// To the front.
    Show,
    /// Where it can be brought back from without a tray.
    Minimize,
}

/// What the window tells the tray's process.
#[derive(Debug, Serialize, Deserialize)]
enum Report {
    /// It is there.
    Shown,
    /// It has moved as it was ordered.
    Done,
    /// It cannot be there, and why.
    Failed(String),
    /// The user has chosen this file, or none.
    Chosen(Option<String>),
    /// The user wants to close it.
    CloseAsked,
    /// The user wants to quit all of Newsmux.
    QuitAsked,
    /// It wants snapshots from now on.
    Watch,
    /// It wants no more.
    Unwatch,
    /// It asks for something.
    Request {
        /// Comes back with the reply.
        id: u64,
        /// A [`Request`], or what the window takes for one.
        request: Value,
    },
}

/// What the window asks for, or why that is nothing.
fn understand(request: Value) -> Result<Request, Value> {
    serde_json::from_value(request).map_err(|error| Value::String(error.to_string()))
}

/// For what always can be written as JSON.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
