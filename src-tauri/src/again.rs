//! A second start, before it begins with GTK: to end when that has begun is not always in order.

use std::env;

use zbus::blocking::Connection;

/// As the plugin that keeps to one instance answers to it.
const NAME: &str = "io.github.newsmux.SingleInstance";
const PATH: &str = "/io/github/newsmux/SingleInstance";
const INTERFACE: &str = "org.SingleInstance.DBus";

/// Whether there is one that runs already: it was told. Two that start at once are left to the plugin.
pub(crate) fn is_told() -> bool {
    let arguments: Vec<_> = env::args_os().map(|all| all.to_string_lossy().into_owned()).collect();
    let folder = env::current_dir().unwrap_or_default().to_string_lossy().into_owned();
    let told = Connection::session().and_then(|bus| {
        bus.call_method(Some(NAME), PATH, Some(INTERFACE), "ExecuteCallback", &(arguments, folder))
    });
    told.is_ok()
}
