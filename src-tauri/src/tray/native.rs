//! The tray of Windows and macOS.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use control::controller::{Handle, Notice};
use control::request::Request;
use control::tray::{Action, Icon, Item, Tray};
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Result, Wry, include_image};

const ID: &str = "newsmux";

/// Draws each of `trays`, on the main thread as these systems want it.
pub(crate) fn show(app: &AppHandle, trays: Receiver<Tray>, controller: Handle) -> io::Result<()> {
    let shown = Shown { app: app.clone(), controller, actions: Arc::default() };
    let draw = move || {
        for tray in trays {
            let shown = shown.clone();
            let told = shown.app.clone().run_on_main_thread(move || {
                if let Err(error) = shown.draw(&tray) {
                    tracing::warn!("there is no tray: {error}");
                    shown.controller.notice(Notice::Tray(false));
                }
            });
            if told.is_err() {
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
    /// All that was ever in the menu, by the names of the entries: one may be chosen while another menu is drawn.
    actions: Arc<Mutex<HashMap<String, Action>>>,
}

impl Shown {
    fn draw(&self, tray: &Tray) -> Result<()> {
        let there = match self.app.tray_by_id(ID) {
            Some(there) => there,
            None => self.make()?,
        };
        there.set_icon_with_as_template(Some(image(tray.icon)), cfg!(target_os = "macos"))?;
        there.set_tooltip(Some(&tray.tooltip))?;
        there.set_menu(Some(self.menu(tray)?))
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

    fn menu(&self, tray: &Tray) -> Result<Menu<Wry>> {
        let (app, menu) = (&self.app, Menu::new(&self.app)?);
        for item in &tray.menu {
            match item {
                Item::Line(text) => {
                    menu.append(&MenuItem::new(app, plain(text), false, None::<&str>)?)?;
                }
                Item::Separator => menu.append(&PredefinedMenuItem::separator(app)?)?,
                &Item::Action { ref text, does, enabled, checked } => {
                    let (id, text) = (self.name(does), plain(text));
                    if let Some(on) = checked {
                        menu.append(&CheckMenuItem::with_id(
                            app,
                            id,
                            text,
                            enabled,
                            on,
                            None::<&str>,
                        )?)?;
                    } else {
                        menu.append(&MenuItem::with_id(app, id, text, enabled, None::<&str>)?)?;
                    }
                }
            }
        }
        Ok(menu)
    }

    fn name(&self, action: Action) -> String {
        let name = format!("{action:?}");
        self.actions().insert(name.clone(), action);
        name
    }

    fn act(&self, name: &str) {
        let action = self.actions().get(name).copied();
        if let Some(action) = action {
            self.controller.act(action);
        }
    }

    fn actions(&self) -> MutexGuard<'_, HashMap<String, Action>> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_left_click(event: &TrayIconEvent) -> bool {
    let TrayIconEvent::Click { button, button_state, .. } = event else { return false };
    (*button, *button_state) == (MouseButton::Left, MouseButtonState::Up)
}

/// An ampersand would underline what comes after it.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}

/// macOS takes its shape alone and draws it in the colour of the menu bar.
fn image(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Stopped => include_image!("../icons/tray/stopped-32.png"),
        Icon::Idle => include_image!("../icons/tray/idle-32.png"),
        Icon::Active => include_image!("../icons/tray/active-32.png"),
        Icon::Degraded => include_image!("../icons/tray/degraded-32.png"),
        Icon::Attention => include_image!("../icons/tray/attention-32.png"),
    }
}
