//! A computer on which somebody is logged in: a D-Bus, a home and, as a test wants them, a gnome-keyring, a display (X or
//! Wayland), a [`Panel`] with a tray, and [`Notices`]. Everything is the test's own, and ends with it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of tests: what goes wrong here fails the test"
)]

mod notices;
mod panel;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use zbus::blocking::connection::Builder;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, Proxy};
use zbus::names::BusName;
use zbus::zvariant::{ObjectPath, OwnedObjectPath};

use crate::real::process::wait_for;
pub use notices::{Notice, Notices};
pub use panel::{Entry, Item, Panel};

/// The usual size of the screen.
const SCREEN: (u16, u16) = (1280, 900);
/// The compositor's name, as in `WAYLAND_DISPLAY`.
const COMPOSITOR: &str = "wayland-1";
/// How long a compositor may take to begin.
const PATIENCE: Duration = Duration::from_secs(20);

/// See the [module](self).
#[derive(Debug)]
pub struct Desktop {
    folder: TempDir,
    bus: Option<Child>,
    display: Option<(Child, String)>,
    compositor: Option<Child>,
}

impl Desktop {
    /// Somebody has logged in where nothing runs.
    #[must_use]
    pub fn without_bus() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "run", "data"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let owners = fs::Permissions::from_mode(0o700);
        fs::set_permissions(folder.path().join("run"), owners).unwrap();
        Self { folder, bus: None, display: None, compositor: None }
    }

    /// With a bus.
    #[must_use]
    pub fn without_keyring() -> Self {
        let mut desktop = Self::without_bus();
        desktop.start_bus();
        desktop
    }

    /// With a bus and an open keyring.
    #[must_use]
    pub fn with_keyring() -> Self {
        let desktop = Self::without_keyring();
        desktop.start_keyring();
        desktop
    }

    /// With a bus, an open keyring and a display.
    #[must_use]
    pub fn with_display() -> Self {
        let mut desktop = Self::with_keyring();
        desktop.start_display();
        desktop
    }

    /// With a bus, an open keyring and a Wayland compositor that knows nothing of X.
    #[must_use]
    pub fn with_wayland() -> Self {
        let mut desktop = Self::with_keyring();
        desktop.start_compositor();
        desktop
    }

    /// Starts the bus. No service is started because somebody asks for it: what runs is what a test has started.
    pub fn start_bus(&mut self) {
        let config = self.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:path={}</listen>
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>
             <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            self.path().join("bus").display()
        );
        fs::write(&config, text).unwrap();
        let mut bus = self.program("dbus-daemon");
        bus.args(["--nofork", "--print-address", "--config-file"]).arg(config);
        let (bus, address) = start(bus);
        assert!(address.starts_with("unix:path="), "{address}");
        self.bus = Some(bus);
    }

    /// Ends the bus, and with it what it was for.
    pub fn end_bus(&mut self) {
        self.bus.take().into_iter().for_each(end);
    }

    /// Starts the keyring, open, in place of one that runs already. It ends when its bus does.
    pub fn start_keyring(&self) {
        let bus = DBusProxy::new(&self.connect().build().unwrap()).unwrap();
        let mut changes = bus.receive_name_owner_changed().unwrap();
        let name = BusName::try_from("org.freedesktop.secrets").unwrap();
        let owner = || bus.get_name_owner(name.clone()).ok();
        let before = owner();
        let mut keyring = self
            .program("gnome-keyring-daemon")
            .args(["--replace", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        keyring.stdin.take().unwrap().write_all(b"login").unwrap();
        assert!(keyring.wait().unwrap().success());
        while owner().is_none() || owner() == before {
            changes.next();
        }
    }

    /// Starts a display.
    pub fn start_display(&mut self) {
        self.start_display_of(SCREEN);
    }

    /// Starts a display whose screen has this width and height.
    pub fn start_display_of(&mut self, (width, height): (u16, u16)) {
        let screen = format!("{width}x{height}x24");
        let mut display = self.program("Xvfb");
        display.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp"]);
        // Whoever comes behind the last one that goes must not be thrown out with it.
        display.arg("-noreset");
        let (display, number) = start(display);
        self.display = Some((display, format!(":{}", number.trim())));
    }

    /// Ends the display, as when the session ends.
    pub fn end_display(&mut self) {
        self.display.take().into_iter().for_each(|(display, _)| end(display));
    }

    /// The display's name, as in `DISPLAY`; none where there is no X.
    #[must_use]
    pub fn display(&self) -> Option<&str> {
        self.display.as_ref().map(|(_, name)| name.as_str())
    }

    /// Starts a Wayland compositor whose screen nobody sees.
    pub fn start_compositor(&mut self) {
        let mut weston = self.program("weston");
        weston.args(["--no-config", "--backend=headless-backend.so", "--use-pixman"]);
        weston.args(["--idle-time=0", &format!("--socket={COMPOSITOR}")]);
        weston.arg(format!("--width={}", SCREEN.0)).arg(format!("--height={}", SCREEN.1));
        weston.stdout(Stdio::null()).stderr(Stdio::null());
        let weston = weston.spawn().unwrap();
        let socket = self.path().join("run").join(COMPOSITOR);
        let connect = || UnixStream::connect(&socket).ok();
        wait_for(PATIENCE, connect).unwrap_or_else(|| panic!("no compositor"));
        self.compositor = Some(weston);
    }

    /// Ends the compositor, as when the session ends.
    pub fn end_compositor(&mut self) {
        self.compositor.take().into_iter().for_each(end);
    }

    /// Where everything of this computer is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The user's home.
    #[must_use]
    pub fn home(&self) -> std::path::PathBuf {
        self.path().join("home")
    }

    /// A program for which the bus, the home and the display of this computer are.
    pub fn program(&self, name: impl AsRef<Path>) -> Command {
        let mut command = Command::new(name.as_ref());
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin")))
            .env("LANG", "C.UTF-8")
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.path().join("run"))
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus_address());
        if let Some((_, display)) = &self.display {
            command.env("DISPLAY", display).env("GDK_BACKEND", "x11");
        }
        if self.compositor.is_some() {
            command.env("WAYLAND_DISPLAY", COMPOSITOR);
        }
        // The bus of those who cannot see is a service that nobody starts here.
        command.env("NO_AT_BRIDGE", "1").env("GTK_IM_MODULE", "gtk-im-context-simple");
        command
    }

    /// Another program's view of the password that the keyring has for a user of Newsmux; none where it has nothing.
    /// With a provider's there is the server that it is for.
    #[must_use]
    pub fn look_up(&self, user: &str) -> Option<String> {
        let arguments = ["lookup", "service", "newsmux", "username", user];
        let found = self.program("secret-tool").args(arguments).output().unwrap();
        let kept = found.status.success().then(|| String::from_utf8(found.stdout).unwrap())?;
        let said: Option<Value> = serde_json::from_str(&kept).ok();
        let password = said.as_ref().and_then(|said| said["password"].as_str());
        Some(password.unwrap_or(&kept).to_owned())
    }

    /// Locks the keyring.
    pub fn lock(&self) {
        let login = ObjectPath::try_from("/org/freedesktop/secrets/collection/login").unwrap();
        let secrets = ("org.freedesktop.secrets", "/org/freedesktop/secrets");
        let bus = self.connect().build().unwrap();
        let service = Proxy::new(&bus, secrets.0, secrets.1, "org.freedesktop.Secret.Service");
        let (locked, _): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            service.unwrap().call("Lock", &([&login].as_slice(),)).unwrap();
        assert_eq!(locked, [OwnedObjectPath::from(login)]);
    }

    /// A dialog of the keyring that nobody answers. To drop it is to dismiss it.
    pub fn dialog(&self) -> Connection {
        self.connect().name("org.gnome.keyring.SystemPrompter").unwrap().build().unwrap()
    }

    /// The bus.
    pub fn connect(&self) -> Builder<'_> {
        Builder::address(self.bus_address().as_str()).unwrap()
    }

    fn bus_address(&self) -> String {
        format!("unix:path={}", self.path().join("bus").display())
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.end_bus();
        self.end_display();
        self.end_compositor();
    }
}

/// Starts a program, and waits for the line that it prints when it is ready.
fn start(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "{command:?} said nothing");
    (child, line)
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
