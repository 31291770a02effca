//! The tray of Windows and macOS.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use api::request::Request;
use control::controller::{Handle, Notice};
use control::tray::{Action, Item, Tray};
use tauri::menu::{CheckMenuItem, Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Result, Wry};

use super::{has_same_shape, images};

const ID: &str = "newsmux";
/// The height of a tray's image where nothing is scaled. macOS draws it at half its size on all of its displays.
const HEIGHT: f64 = if cfg!(target_os = "macos") { 32.0 } else { 16.0 };

/// Draws each of `trays`, on the main thread as these systems want it.
pub(crate) fn show(app: &AppHandle, trays: Receiver<Tray>, controller: Handle) -> io::Result<()> {
    let shown = Shown { app: app.clone(), controller, drawn: Arc::default() };
    let draw = move || {
        for tray in trays {
            let shown = shown.clone();
            let asked = shown.app.clone().run_on_main_thread(move || {
                if let Err(error) = shown.draw(&tray) {
                    tracing::warn!("there is no tray: {error}");
                    shown.controller.notice(Notice::Tray(false));
                }
            });
            if asked.is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("newsmux-tray".into()).spawn(draw).map(drop)
}

#[derive(Clone)]
struct Shown {
    app: AppHandle,
    controller: Handle,
    drawn: Arc<Mutex<Drawn>>,
}

/// What the tray shows now.
#[derive(Default)]
struct Drawn {
    tray: Option<Tray>,
    items: Vec<Entry>,
    /// How many menus were made.
    menus: u32,
    /// What each entry does, by its id, of all menus: one may be chosen while another menu is made.
    actions: HashMap<String, Action>,
}

/// An entry of the menu.
enum Entry {
    Separator,
    Plain(MenuItem<Wry>),
    Check(CheckMenuItem<Wry>),
}

impl Shown {
    /// Changes only what differs: a new menu would close one that is open.
    fn draw(&self, tray: &Tray) -> Result<()> {
        let there = match self.app.tray_by_id(ID) {
            Some(there) => there,
            None => self.make()?,
        };
        let mut drawn = self.drawn();
        let before = drawn.tray.replace(tray.clone());
        if before.as_ref().map(|before| before.icon) != Some(tray.icon) {
            let image = images::at_least(tray.icon, self.height());
            there.set_icon_with_as_template(Some(image), cfg!(target_os = "macos"))?;
        }
        if before.as_ref().map(|before| &before.tooltip) != Some(&tray.tooltip) {
            there.set_tooltip(Some(&tray.tooltip))?;
        }
        let old = before.map(|before| before.menu).unwrap_or_default();
        if has_same_shape(&old, &tray.menu) {
            drawn.change(&old, &tray.menu)
        } else {
            let menu = drawn.make_menu(&self.app, &tray.menu)?;
            there.set_menu(Some(menu))
        }
    }

    /// Windows opens a program with the left button; macOS opens its menu with any.
    fn make(&self) -> Result<TrayIcon> {
        let (chosen, clicked) = (self.clone(), self.controller.clone());
        let there = TrayIconBuilder::with_id(ID)
            .show_menu_on_left_click(cfg!(target_os = "macos"))
            .on_menu_event(move |_, event| chosen.act(event.id().as_ref()))
            .on_tray_icon_event(move |_, event| {
                if cfg!(windows) && is_left_click(&event) {
                    clicked.send(Request::Show);
                }
            })
            .build(&self.app)?;
        self.controller.notice(Notice::Tray(true));
        Ok(there)
    }

    /// The height that an image should have, in pixels.
    fn height(&self) -> f64 {
        let scale = self.app.primary_monitor().ok().flatten().map(|monitor| monitor.scale_factor());
        if cfg!(target_os = "macos") { HEIGHT } else { HEIGHT * scale.unwrap_or(1.0) }
    }

    fn act(&self, id: &str) {
        let action = self.drawn().actions.get(id).copied();
        if let Some(action) = action {
            self.controller.act(action);
        }
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drawn {
    fn make_menu(&mut self, app: &AppHandle, items: &[Item]) -> Result<Menu<Wry>> {
        let menu = Menu::new(app)?;
        self.items.clear();
        self.menus += 1;
        for (position, item) in items.iter().enumerate() {
            let id = self.id(position);
            let entry = match item {
                Item::Separator => {
                    menu.append(&PredefinedMenuItem::separator(app)?)?;
                    Entry::Separator
                }
                Item::Line(text) => plain(app, &menu, id, text, false)?,
                &Item::Action { ref text, does, enabled, checked } => {
                    self.actions.insert(id.clone(), does);
                    match checked {
                        None => plain(app, &menu, id, text, enabled)?,
                        Some(on) => {
                            let text = literal(text);
                            let item =
                                CheckMenuItem::with_id(app, id, text, enabled, on, None::<&str>)?;
                            menu.append(&item)?;
                            Entry::Check(item)
                        }
                    }
                }
            };
            self.items.push(entry);
        }
        Ok(menu)
    }

    /// Takes the menu from `old` to `new`, which has the same shape.
    fn change(&mut self, old: &[Item], new: &[Item]) -> Result<()> {
        for position in 0..new.len() {
            let (Some(item), Some(entry)) = (new.get(position), self.items.get(position)) else {
                continue;
            };
            if let &Item::Action { does, .. } = item {
                let id = self.id(position);
                self.actions.insert(id, does);
            }
            // The system has ticked or unticked it when it was chosen: what it shows is not what was drawn.
            if let (Entry::Check(shown), &Item::Action { checked: Some(on), .. }) = (entry, item) {
                shown.set_checked(on)?;
            }
            if old.get(position) != Some(item) {
                entry.set(item)?;
            }
        }
        Ok(())
    }

    fn id(&self, position: usize) -> String {
        format!("{}.{position}", self.menus)
    }
}

impl Entry {
    fn set(&self, item: &Item) -> Result<()> {
        let (text, is_enabled) = match item {
            Item::Separator => return Ok(()),
            Item::Line(text) => (literal(text), false),
            Item::Action { text, enabled, .. } => (literal(text), *enabled),
        };
        match self {
            Self::Separator => Ok(()),
            Self::Plain(entry) => {
                entry.set_text(text)?;
                entry.set_enabled(is_enabled)
            }
            Self::Check(entry) => {
                entry.set_text(text)?;
                entry.set_enabled(is_enabled)
            }
        }
    }
}

fn plain(app: &AppHandle, menu: &Menu<Wry>, id: String, text: &str, on: bool) -> Result<Entry> {
    let item = MenuItem::with_id(app, id, literal(text), on, None::<&str>)?;
    menu.append(&item)?;
    Ok(Entry::Plain(item))
}

fn is_left_click(event: &TrayIconEvent) -> bool {
    let TrayIconEvent::Click { button, button_state, .. } = event else { return false };
    (*button, *button_state) == (MouseButton::Left, MouseButtonState::Up)
}

/// An ampersand would underline what comes after it.
fn literal(text: &str) -> String {
    text.replace('&', "&&")
}
