//! What stands between provider and clients: how each is set up, started and stopped.

use std::env;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::load::Target;
use crate::ours;
use crate::usage::Usage;

/// How long a program may take to listen.
const START: Duration = Duration::from_secs(10);

const HAPROXY: &str = "usr/sbin/haproxy";
const NGINX: &str = "usr/sbin/nginx";
const NGINX_STREAM: &str = "usr/lib/nginx/modules/ngx_stream_module.so";

/// The alternatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Direct,
    Bare,
    Haproxy,
    Nginx,
    Newsmuxd,
}

/// A provider to relay to.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) port: u16,
    pub(crate) connections: u16,
    pub(crate) tier: u8,
    pub(crate) tls: Option<PathBuf>,
    /// In seconds; newsmuxd's own without.
    pub(crate) timeout: Option<u16>,
    /// Whether newsmuxd logs in there.
    pub(crate) login: bool,
    /// Whether newsmuxd has overviews compressed there.
    pub(crate) compressed: bool,
    /// newsmuxd's speed limit for it, in bytes a second.
    pub(crate) speed: Option<u64>,
}

impl Upstream {
    /// On tier 0, without TLS and login.
    pub(crate) fn at(port: u16, connections: u16) -> Self {
        Self {
            port,
            connections,
            tier: 0,
            tls: None,
            timeout: None,
            login: false,
            compressed: false,
            speed: None,
        }
    }
}

/// A program of ours that runs, and is stopped when this is dropped.
pub(crate) struct Running {
    child: Option<Child>,
    port: u16,
    tls: Option<PathBuf>,
    _folder: TempDir,
}

impl Kind {
    /// Whether it is there to be run, below the folder `programs`; if not, why.
    pub(crate) fn is_missing(self, programs: &Path) -> Option<&'static str> {
        let there = |file: &str| programs.join(file).exists();
        match self {
            Self::Haproxy if !there(HAPROXY) => Some("HAProxy is not there"),
            Self::Nginx if !there(NGINX) || !there(NGINX_STREAM) => Some("nginx is not there"),
            _ => None,
        }
    }

    /// Starts it in front of the providers; all but newsmuxd know the first alone.
    pub(crate) fn start(self, providers: &[Upstream], programs: &Path) -> Result<Running, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let provider = providers.first().ok_or("no provider")?;
        let port = free_port()?;
        let (child, tls, port) = match self {
            Self::Direct => (None, provider.tls.clone(), provider.port),
            Self::Bare => (Some(bare(port, provider)?), provider.tls.clone(), port),
            Self::Haproxy => (Some(haproxy(port, provider, folder.path(), programs)?), None, port),
            Self::Nginx => (Some(nginx(port, provider, folder.path(), programs)?), None, port),
            Self::Newsmuxd => (Some(ours::start(port, providers, &[], folder.path())?), None, port),
        };
        let running = Running { child, port, tls, _folder: folder };
        running.until_it_listens().map(|()| running)
    }
}

impl Running {
    /// newsmuxd, which these programs log in to.
    pub(crate) fn newsmuxd(providers: &[Upstream], programs: &[&str]) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let port = free_port()?;
        let child = Some(ours::start(port, providers, programs, folder.path())?);
        let running = Self { child, port, tls: None, _folder: folder };
        running.until_it_listens().map(|()| running)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn target(&self) -> Target {
        Target { port: self.port, tls: self.tls.clone() }
    }

    pub(crate) fn usage(&self) -> Usage {
        self.child.as_ref().map(|child| Usage::of(child.id())).unwrap_or_default()
    }

    fn until_it_listens(&self) -> Result<(), String> {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if began.elapsed() > START {
                return Err(format!("nothing listens on port {}", self.port));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            stop(child);
        }
    }
}

/// The provider, which is this program.
pub(crate) struct Provider {
    child: Child,
    pub(crate) port: u16,
    pub(crate) ca_file: Option<PathBuf>,
    _folder: TempDir,
}

impl Provider {
    pub(crate) fn start(arguments: &[String], tls: bool) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let ca_file = tls.then(|| folder.path().join("authority.pem"));
        let mut command = this_program("provider")?;
        command.args(arguments);
        if let Some(file) = &ca_file {
            command.arg("--tls").arg(file);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
        let stdout = child.stdout.take().ok_or("the provider says nothing")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
        let port = line.trim().parse().map_err(|_| "the provider does not listen".to_owned())?;
        Ok(Self { child, port, ca_file, _folder: folder })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn stop(child: &mut Child) {
    // nginx's children end with it only when it is asked.
    drop(Command::new("kill").arg(child.id().to_string()).status());
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    drop(child.kill());
    drop(child.wait());
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|e| e.to_string())
}

fn this_program(role: &str) -> Result<Command, String> {
    let mut command = Command::new(env::current_exe().map_err(|e| e.to_string())?);
    command.arg(role);
    Ok(command)
}

pub(crate) fn spawn(command: &mut Command) -> Result<Child, String> {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().map_err(|e| format!("{command:?}: {e}"))
}

fn bare(port: u16, to: &Upstream) -> Result<Child, String> {
    let (port, to) = (port.to_string(), to.port.to_string());
    spawn(this_program("bare")?.args(["--port", &port, "--to", &to]))
}

fn haproxy(port: u16, to: &Upstream, folder: &Path, programs: &Path) -> Result<Child, String> {
    let tls = match &to.tls {
        Some(ca_file) => format!("ssl verify required ca-file {}", ca_file.display()),
        None => String::new(),
    };
    let config = format!(
        "defaults\n mode tcp\n timeout connect 10s\n timeout client 10m\n timeout server 10m\n\
         listen news\n bind 127.0.0.1:{port}\n server a 127.0.0.1:{} {tls}\n",
        to.port
    );
    let file = folder.join("haproxy.cfg");
    fs::write(&file, config).map_err(|e| e.to_string())?;
    spawn(Command::new(programs.join(HAPROXY)).arg("-db").arg("-f").arg(file))
}

fn nginx(port: u16, to: &Upstream, folder: &Path, programs: &Path) -> Result<Child, String> {
    let tls = match &to.tls {
        Some(ca_file) => format!(
            "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_name localhost; \
             proxy_ssl_trusted_certificate {};",
            ca_file.display()
        ),
        None => String::new(),
    };
    let config = format!(
        "load_module {2}/{NGINX_STREAM};\ndaemon off;\nworker_processes auto;\npid {0}/pid;\n\
         error_log {0}/log crit;\nevents {{ worker_connections 1024; }}\n\
         stream {{ server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{1}; {tls} }} }}\n",
        folder.display(),
        to.port,
        programs.display()
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).map_err(|e| e.to_string())?;
    spawn(
        Command::new(programs.join(NGINX))
            .args(["-e", "stderr", "-c"])
            .arg(file)
            .arg("-p")
            .arg(folder),
    )
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Bare => "bare relay",
            Self::Haproxy => "HAProxy",
            Self::Nginx => "nginx",
            Self::Newsmuxd => "newsmuxd",
        })
    }
}
