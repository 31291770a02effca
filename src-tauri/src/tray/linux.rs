//! The tray by the StatusNotifierItem protocol, over D-Bus.

use std::io;
use std::sync::mpsc::Receiver;
use std::thread;

use api::request::Request;
use control::controller::{Handle, Notice};
use control::tray::{Item, Tray};
use ksni::blocking::TrayMethods;
use ksni::menu::{CheckmarkItem, StandardItem};
use ksni::{Category, MenuItem, OfflineReason, ToolTip};
use tauri::image::Image;

use super::images;
use crate::event_loop::App;

/// Draws each of `trays`, on a separate thread: the bus may take its time.
pub(crate) fn show(_app: &App, trays: Receiver<Tray>, controller: Handle) -> io::Result<()> {
    let draw = move || {
        let Ok(tray) = trays.recv() else { return };
        // Before it is tried: a failure is noticed later, and is what counts.
        controller.notice(Notice::Tray(true));
        let drawn = Drawn { tray, controller: controller.clone() };
        match drawn.assume_sni_available(true).spawn() {
            Ok(there) => {
                for tray in trays {
                    there.update(|drawn| drawn.tray = tray);
                }
            }
            Err(error) => {
                tracing::warn!("there is no tray: {error}");
                controller.notice(Notice::Tray(false));
            }
        }
    };
    thread::Builder::new().name("newsmux-tray".into()).spawn(draw).map(drop)
}

struct Drawn {
    tray: Tray,
    controller: Handle,
}

impl ksni::Tray for Drawn {
    fn id(&self) -> String {
        "newsmux".into()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn title(&self) -> String {
        "Newsmux".into()
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        images::all(self.tray.icon).iter().map(pixmap).collect()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: self.tray.tooltip.clone(), ..ToolTip::default() }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.controller.send(Request::Show);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.tray.menu.iter().map(entry).collect()
    }

    fn watcher_online(&self) {
        self.controller.notice(Notice::Tray(true));
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!("no panel shows the tray: {reason:?}");
        self.controller.notice(Notice::Tray(false));
        true
    }
}

fn entry(item: &Item) -> MenuItem<Drawn> {
    match item {
        Item::Line(text) => {
            StandardItem { label: plain(text), enabled: false, ..StandardItem::default() }.into()
        }
        Item::Separator => MenuItem::Separator,
        &Item::Action { ref text, does, enabled, checked } => {
            let label = plain(text);
            let activate = Box::new(move |drawn: &mut Drawn| drawn.controller.act(does));
            match checked {
                Some(checked) => {
                    CheckmarkItem { label, enabled, checked, activate, ..CheckmarkItem::default() }
                        .into()
                }
                None => StandardItem { label, enabled, activate, ..StandardItem::default() }.into(),
            }
        }
    }
}

/// An underscore would underline what comes after it.
fn plain(text: &str) -> String {
    text.replace('_', "__")
}

/// ARGB of what is RGBA.
fn pixmap(image: &Image<'_>) -> ksni::Icon {
    let side = |pixels| i32::try_from(pixels).unwrap_or_default();
    let mut data = image.rgba().to_vec();
    data.chunks_exact_mut(4).for_each(|pixel| pixel.rotate_right(1));
    ksni::Icon { width: side(image.width()), height: side(image.height()), data }
}
