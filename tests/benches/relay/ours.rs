//! newsmuxd: its settings, its credentials and its start.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use serde_json::{Value, json};

use crate::load::PASSWORD;
use crate::relays::{Upstream, spawn};

/// Starts it in front of these providers; these programs have to log in, if there are any.
pub(crate) fn start(
    port: u16,
    to: &[Upstream],
    programs: &[&str],
    folder: &Path,
) -> Result<Child, String> {
    let (settings, credentials) = (folder.join("settings.json"), folder.join("credentials.json"));
    let write = |file: &PathBuf, value: Value| {
        fs::write(file, value.to_string())?;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))
    };
    let written = write(&settings, settings_of(port, to, programs));
    written
        .and_then(|()| write(&credentials, passwords(to, programs)))
        .map_err(|e| e.to_string())?;
    let mut command = Command::new(program()?);
    spawn(command.arg("--settings").arg(settings).arg("--credentials").arg(credentials))
}

fn settings_of(port: u16, to: &[Upstream], programs: &[&str]) -> Value {
    let provider = |(id, to): (usize, &Upstream)| {
        let mut fields = json!({
            "id": id.to_string(), "host": "localhost", "port": to.port, "tier": to.tier,
            "connections": to.connections, "tls": if to.tls.is_some() { "on" } else { "off" },
            "ca_file": to.tls,
        });
        if to.login {
            fields["username"] = "user".into();
        }
        if to.compressed {
            fields["compression"] = "auto".into();
        }
        if let Some(speed) = to.speed {
            fields["speed"] = speed.into();
        }
        if let Some(seconds) = to.timeout {
            fields["timeout_secs"] = seconds.into();
        }
        fields
    };
    let providers: Vec<_> = to.iter().enumerate().map(provider).collect();
    let clients: Vec<_> = programs.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "version": 1, "listen": {"host": "127.0.0.1", "port": port}, "clients": clients,
        "providers": providers,
    })
}

fn passwords(to: &[Upstream], programs: &[&str]) -> Value {
    let mut passwords = json!({"providers": {}, "clients": {}});
    for (id, _) in to.iter().enumerate().filter(|(_, to)| to.login) {
        passwords["providers"][id.to_string()] = PASSWORD.into();
    }
    for name in programs {
        passwords["clients"][*name] = PASSWORD.into();
    }
    passwords
}

/// The program itself: beside this one's folder, built with the release profile.
fn program() -> Result<PathBuf, String> {
    let this = env::current_exe().map_err(|e| e.to_string())?;
    let folder = this.parent().and_then(Path::parent).ok_or("no target folder")?;
    let program = folder.join("newsmuxd");
    if program.exists() { Ok(program) } else { Err("build it: cargo build --release".into()) }
}
