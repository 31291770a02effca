//! A panel that shows trays by the StatusNotifierItem protocol, and a hand that clicks on them. It draws nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, Proxy};
use zbus::message::Header;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Error, fdo, interface};

use super::Desktop;
use crate::real::process::wait_for;

const NAME: &str = "org.kde.StatusNotifierWatcher";
/// How long an item may take to appear, or to change.
const PATIENCE: Duration = Duration::from_secs(20);

/// The panel. Dropping it takes it from the desktop.
#[derive(Debug)]
pub struct Panel {
    bus: Connection,
    items: Items,
}

type Items = Arc<Mutex<Vec<String>>>;

impl Panel {
    /// Shows trays from now on.
    #[must_use]
    pub fn start(desktop: &Desktop) -> Self {
        let items = Items::default();
        let watcher = Watcher { items: Arc::clone(&items) };
        let bus = desktop.connect().serve_at("/StatusNotifierWatcher", watcher).unwrap();
        Self { bus: bus.name(NAME).unwrap().build().unwrap(), items }
    }

    /// Waits for an item to appear that was not given before.
    #[must_use]
    pub fn item(&self) -> Item<'_> {
        let bus = DBusProxy::new(&self.bus).unwrap();
        let is_there = |name: &str| bus.name_has_owner(name.try_into().unwrap()).unwrap();
        let newest = || {
            let mut items = self.items.lock().unwrap();
            let newest = items.last().cloned().filter(|item| is_there(item))?;
            items.retain(|item| *item != newest);
            Some(newest)
        };
        let owner = wait_for(PATIENCE, newest).unwrap_or_else(|| panic!("no item in the tray"));
        Item { bus: &self.bus, owner }
    }
}

/// Whether who was asked has ended before it answered: that can be what it was asked for.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::FDO(error) => matches!(**error, fdo::Error::NoReply(_)),
        Error::MethodError(name, ..) => name.as_str() == "org.freedesktop.DBus.Error.NoReply",
        _ => false,
    }
}

struct Watcher {
    items: Items,
}

/// As Plasma and the extension of GNOME have it.
#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string);
        let owner = if service.starts_with('/') { sender } else { Some(service.to_owned()) };
        self.items.lock().unwrap().extend(owner);
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// An application's place in the tray.
#[derive(Debug)]
pub struct Item<'a> {
    bus: &'a Connection,
    owner: String,
}

/// An entry of its menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    id: i32,
    /// What it says.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// Whether it has a tick; none where it is no switch.
    pub checked: Option<bool>,
}

/// One node of the menu: its id, its properties, what is below it.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
/// Icons: width, height, ARGB.
type Pixmaps = Vec<(i32, i32, Vec<u8>)>;
/// Icon, pictures, title, text.
type ToolTip = (String, Pixmaps, String, String);

impl Item<'_> {
    /// What is shown when the pointer rests on it.
    #[must_use]
    pub fn tooltip(&self) -> String {
        self.property::<ToolTip>("ToolTip").2
    }

    /// Its icon, smallest first: width, height, ARGB.
    #[must_use]
    pub fn icon(&self) -> Pixmaps {
        self.property("IconPixmap")
    }

    /// Its menu, separators aside.
    #[must_use]
    pub fn menu(&self) -> Vec<Entry> {
        let ask = (0_i32, -1_i32, Vec::<&str>::new());
        let (_, root): (u32, Node) = self.menu_proxy().call("GetLayout", &ask).unwrap();
        root.2.into_iter().filter_map(|node| entry(Node::try_from(node).unwrap())).collect()
    }

    /// Waits until the tooltip is so.
    pub fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let so = wait_for(PATIENCE, || is_so(&self.tooltip()).then_some(()));
        so.unwrap_or_else(|| panic!("the tray never said {what}: {}", self.tooltip()));
    }

    /// Waits for an entry of the menu, and chooses it.
    pub fn choose(&self, label: &str) {
        let find = || self.menu().into_iter().find(|entry| entry.label == label);
        let entry = wait_for(PATIENCE, find);
        let entry = entry.unwrap_or_else(|| panic!("no {label} in {:#?}", self.menu()));
        assert!(entry.enabled, "{label} cannot be chosen");
        let event = (entry.id, "clicked", Value::from(""), 0_u32);
        match self.menu_proxy().call::<_, _, ()>("Event", &event) {
            Err(error) if is_gone(&error) => {}
            done => done.unwrap(),
        }
    }

    /// Clicks on it.
    pub fn click(&self) {
        self.proxy().call::<_, _, ()>("Activate", &(0_i32, 0_i32)).unwrap();
    }

    fn property<T>(&self, name: &str) -> T
    where
        T: TryFrom<OwnedValue>,
        T::Error: Into<Error>,
    {
        self.proxy().get_property(name).unwrap()
    }

    fn proxy(&self) -> Proxy<'_> {
        self.at("/StatusNotifierItem", "org.kde.StatusNotifierItem")
    }

    fn menu_proxy(&self) -> Proxy<'_> {
        self.at("/MenuBar", "com.canonical.dbusmenu")
    }

    /// Nothing is remembered: what an item says is what it says now.
    fn at<'a>(&'a self, path: &'a str, interface: &'a str) -> Proxy<'a> {
        zbus::blocking::proxy::Builder::new(self.bus)
            .destination(self.owner.as_str())
            .and_then(|proxy| proxy.path(path))
            .and_then(|proxy| proxy.interface(interface))
            .map(|proxy| proxy.cache_properties(zbus::proxy::CacheProperties::No))
            .and_then(zbus::blocking::proxy::Builder::build)
            .unwrap()
    }
}

fn entry((id, properties, _): Node) -> Option<Entry> {
    let text = |name: &str| properties.get(name).and_then(|value| <&str>::try_from(value).ok());
    if text("type") == Some("separator") {
        return None;
    }
    let enabled = properties.get("enabled").is_none_or(|enabled| bool::try_from(enabled).unwrap());
    let state = properties.get("toggle-state").and_then(|state| i32::try_from(state).ok());
    let checked = text("toggle-type").map(|_| state == Some(1));
    // An underscore marks the letter behind it; two are one.
    let label = text("label").unwrap_or_default().replace("__", "_");
    Some(Entry { id, label, enabled, checked })
}
