//! What is on the display, and what a window manager does to windows.

use std::collections::HashSet;
use std::sync::LazyLock;

use newsmux_tests::desktop::Desktop;
use x11rb::CURRENT_TIME;
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, ImageFormat, MapState,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

/// A connection to the display.
pub(crate) struct Display {
    connection: RustConnection,
    root: Window,
}

/// A connection that is made when it is used first: under Wayland there is none.
pub(crate) type LazyDisplay = LazyLock<Display, Box<dyn FnOnce() -> Display + Send>>;

impl Display {
    pub(crate) fn open(desktop: &Desktop) -> Self {
        Self::connect(desktop.display())
    }

    pub(crate) fn open_later(desktop: &Desktop) -> LazyDisplay {
        let name = desktop.display().map(str::to_owned);
        LazyLock::new(Box::new(move || Self::connect(name.as_deref())))
    }

    fn connect(name: Option<&str>) -> Self {
        let name = name.unwrap_or_else(|| panic!("there is no X here"));
        let (connection, screen) = RustConnection::connect(Some(name)).unwrap();
        let root = connection.setup().roots[screen].root;
        Self { connection, root }
    }

    /// Whether a window of this title is to be seen.
    pub(crate) fn shows(&self, title: &str) -> bool {
        self.find(title).is_some()
    }

    /// How many colours a window has; none when it is not to be seen.
    pub(crate) fn colours(&self, title: &str) -> usize {
        let image = self.find(title).and_then(|window| self.image(window).ok());
        let pixels: HashSet<_> =
            image.iter().flat_map(|image| image.chunks_exact(4).map(<[u8]>::to_vec)).collect();
        pixels.len()
    }

    /// A window's width and height; none when it is not to be seen.
    pub(crate) fn size(&self, title: &str) -> Option<(u16, u16)> {
        let geometry = self.connection.get_geometry(self.find(title)?).unwrap().reply().ok()?;
        Some((geometry.width, geometry.height))
    }

    /// What the button in the corner of a window does.
    pub(crate) fn close(&self, title: &str) {
        let window = self.find(title).unwrap_or_else(|| panic!("there is no window {title}"));
        let (protocols, delete) = (self.atom("WM_PROTOCOLS"), self.atom("WM_DELETE_WINDOW"));
        let message = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
        self.connection.send_event(false, window, EventMask::NO_EVENT, message).unwrap();
        self.connection.flush().unwrap();
    }

    /// What would be pasted.
    pub(crate) fn clipboard(&self) -> String {
        self.clipboard_as("UTF8_STRING")
    }

    /// What a program gets from the clipboard when it asks for this target; nothing where there is no such target.
    pub(crate) fn clipboard_as(&self, target: &str) -> String {
        let window = self.connection.generate_id().unwrap();
        let (depth, visual) = (x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
        let (kind, aux) = (WindowClass::INPUT_OUTPUT, CreateWindowAux::new());
        let of = &self.connection;
        of.create_window(depth, window, self.root, 0, 0, 1, 1, 0, kind, visual, &aux).unwrap();
        let (clipboard, text) = (self.atom("CLIPBOARD"), self.atom(target));
        of.convert_selection(window, clipboard, text, text, CURRENT_TIME).unwrap();
        of.flush().unwrap();
        while !matches!(of.wait_for_event().unwrap(), Event::SelectionNotify(_)) {}
        let pasted = of.get_property(true, window, text, AtomEnum::ANY, 0, 1024).unwrap();
        of.destroy_window(window).unwrap();
        String::from_utf8(pasted.reply().unwrap().value).unwrap()
    }

    /// A window may be gone while it is asked.
    fn find(&self, title: &str) -> Option<Window> {
        let windows = self.connection.query_tree(self.root).unwrap().reply().unwrap().children;
        windows.into_iter().find(|window| self.is_shown(*window, title).unwrap_or(false))
    }

    fn image(&self, window: Window) -> Result<Vec<u8>, ReplyError> {
        let all = self.connection.get_geometry(window)?.reply()?;
        let (width, height, form) = (all.width, all.height, ImageFormat::Z_PIXMAP);
        let image = self.connection.get_image(form, window, 0, 0, width, height, u32::MAX)?;
        Ok(image.reply()?.data)
    }

    fn is_shown(&self, window: Window, title: &str) -> Result<bool, ReplyError> {
        let attributes = self.connection.get_window_attributes(window)?.reply()?;
        let name = (AtomEnum::WM_NAME, AtomEnum::ANY);
        let name = self.connection.get_property(false, window, name.0, name.1, 0, 64)?.reply()?;
        let is_viewable = attributes.map_state == MapState::VIEWABLE;
        Ok(is_viewable && name.value.starts_with(title.as_bytes()))
    }

    fn atom(&self, name: &str) -> u32 {
        self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }
}
