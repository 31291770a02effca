//! Newsmux enters itself in the real SABnzbd and the real NZBGet, serves them, and takes itself out again.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use downloaders::connect::{Access, Change, Direct, Setup, connect, undo};
use downloaders::import::{Servers, Unfit, read};
use downloaders::{Address, Problem, Program};
use newsmux_tests::real::nserv::Nserv;
use newsmux_tests::real::nzbget::Nzbget;
use newsmux_tests::real::process::wait_for;
use newsmux_tests::real::proxy::{CLIENT, Provider, Proxy};
use newsmux_tests::real::sabnzbd::Sabnzbd;
use newsmux_tests::real::{Tool, folder, skip};
use nntp_proxy::config::Secret;
use serde_json::{Value, json};

const SERVERS: &str = "[[news.example.com]]\nname = news.example.com\ndisplayname = Example\nhost = news.example.com\n\
    port = 563\nusername = u\npassword = \"p w#\"\nconnections = 24\nssl = 1\nssl_verify = 1\nenable = 1\n\
    quota = 500G\nusage_at_start = 77\npriority = 0\n\
    [[off]]\nname = off\nhost = off.example.com\nenable = 0\n";

fn setup(port: u16) -> Setup {
    Setup {
        address: Address { host: "localhost".into(), port },
        encrypted: None,
        connections: 12,
        login: Some((CLIENT.username.into(), Secret::new(CLIENT.password))),
        disable_direct: true,
    }
}

fn done(access: &Access, setup: &Setup) -> Change {
    connect(access, setup).unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn imported(file: &Path, port: u16) -> Servers {
    let ours = Address { host: "127.0.0.1".into(), port };
    read(&fs::read(file).unwrap(), &ours).unwrap()
}

fn access_to_sabnzbd(sabnzbd: &Sabnzbd) -> Access {
    Access {
        program: Program::Sabnzbd,
        address: format!("http://127.0.0.1:{}/config/general/", sabnzbd.port),
        user: String::new(),
        secret: Secret::new(Sabnzbd::KEY),
    }
}

/// The servers of SABnzbd by their names, without what changes by itself.
fn servers(sabnzbd: &Sabnzbd) -> Vec<(String, Value)> {
    let config = sabnzbd.call("mode=get_config&section=servers").unwrap();
    let servers = config["config"]["servers"].as_array().unwrap();
    servers.iter().map(|one| (one["name"].as_str().unwrap().into(), one.clone())).collect()
}

#[test]
fn sabnzbd_downloads_through_us_and_is_as_before_when_that_is_undone() {
    if skip(&[Tool::Sabnzbd, Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let nserv = Nserv::start(folder.path(), 8);
    let proxy = Proxy::start(
        "hybrid",
        Provider { server: nserv.server, ca_file: None, compressed: false },
        Some(CLIENT),
    );
    let sabnzbd = Sabnzbd::start(folder.path(), SERVERS, false);
    let before = servers(&sabnzbd);
    let (access, setup) = (access_to_sabnzbd(&sabnzbd), setup(proxy.server.port));

    let first = done(&access, &setup);
    let direct = Direct { name: "Example".into(), host: "news.example.com".into() };
    assert_eq!((first.entry.as_str(), &first.disabled[..]), ("Newsmux", &[direct][..]));
    let now = servers(&sabnzbd);
    let of = |name: &str| &now.iter().find(|(known, _)| known == name).unwrap().1;
    let (ours, theirs) = (of("Newsmux"), of("news.example.com"));
    assert_eq!((&ours["host"], &ours["port"]), (&json!("127.0.0.1"), &json!(setup.address.port)));
    assert_eq!((&ours["ssl"], &ours["connections"]), (&json!(0), &json!(12)));
    assert_eq!((&theirs["enable"], &theirs["usage_at_start"]), (&json!(0), &json!(77)));
    sabnzbd.download(&nserv.post);

    // Its own file, as it wrote it, is read right.
    let found = imported(&sabnzbd.settings(), setup.address.port);
    assert_eq!(found.left_out.iter().map(|one| one.why).collect::<Vec<_>>(), [Unfit::Ours]);
    let example = &found.servers[0];
    assert_eq!(example.password, Some(Secret::new("p w#")));
    assert_eq!((example.name.as_str(), example.connections), ("Example", 24));

    // A second time it is the same entry, and nothing is left to switch off.
    let second = done(&access, &Setup { connections: 9, ..setup.clone() });
    assert_eq!((second.entry.as_str(), second.disabled.len()), ("Newsmux", 0));
    assert_eq!(servers(&sabnzbd).len(), 3);
    undo(&access, &second).unwrap();
    assert_eq!(servers(&sabnzbd), now);
    undo(&access, &first).unwrap();
    assert_eq!(servers(&sabnzbd), before);
}

#[test]
fn sabnzbd_refuses_another_key_and_is_not_nzbget() {
    if skip(&[Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let sabnzbd = Sabnzbd::start(folder.path(), SERVERS, false);
    let before = servers(&sabnzbd);
    let access = access_to_sabnzbd(&sabnzbd);
    let code = |access: &Access| connect(access, &setup(1)).unwrap_err().problem();
    for key in ["", "0123456789abcdef0123456789abcdee"] {
        assert_eq!(code(&Access { secret: Secret::new(key), ..access.clone() }), Problem::Key);
    }
    let other = Access { program: Program::Nzbget, ..access.clone() };
    assert_eq!(code(&other), Problem::Other);
    sabnzbd.call("mode=set_config&section=misc&keyword=host_whitelist&value=elsewhere").unwrap();
    assert_eq!(servers(&sabnzbd), before);
}

fn access_to_nzbget(nzbget: &Nzbget) -> Access {
    Access {
        program: Program::Nzbget,
        address: format!("127.0.0.1:{}", nzbget.port),
        user: Nzbget::USER.into(),
        secret: Secret::new(Nzbget::PASSWORD),
    }
}

const OPTIONS: [&str; 12] = [
    "Server1.Active=yes",
    "Server1.Host=news.example.com",
    "Server1.Port=563",
    "Server1.Username=u",
    "Server1.Password=p w#",
    "Server1.Encryption=yes",
    "Server1.Connections=24",
    "Server2.Active=no",
    "Server2.Host=off.example.com",
    "Server2.Name=Off",
    "Server2.Port=119",
    "Server2.Connections=4",
];

/// The value that NZBGet works with.
fn running(nzbget: &Nzbget, name: &str) -> Option<String> {
    let config = nzbget.call("config", &json!([]))?;
    let option = config.as_array()?.iter().find(|option| option["Name"] == name)?;
    Some(option["Value"].as_str()?.to_owned())
}

/// Waits until NZBGet works with a value.
fn until_it_has(nzbget: &Nzbget, name: &str, value: Option<&str>) {
    let has = || (running(nzbget, name).as_deref() == value).then_some(());
    let end = wait_for(Duration::from_secs(30), || {
        has().filter(|()| nzbget.call("version", &json!([])).is_some())
    });
    assert!(end.is_some(), "{name} is {:?}", running(nzbget, name));
}

#[test]
fn nzbget_downloads_through_us_and_is_as_before_when_that_is_undone() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let nserv = Nserv::start(folder.path(), 8);
    let proxy = Proxy::start(
        "hybrid",
        Provider { server: nserv.server, ca_file: None, compressed: false },
        Some(CLIENT),
    );
    let nzbget = Nzbget::start(folder.path(), &OPTIONS);
    let before = fs::read_to_string(nzbget.settings()).unwrap();
    let (access, setup) = (access_to_nzbget(&nzbget), setup(proxy.server.port));

    let first = done(&access, &setup);
    let direct = Direct { name: "news.example.com".into(), host: "news.example.com".into() };
    assert_eq!(first.disabled, [direct]);
    until_it_has(&nzbget, "Server3.Name", Some("Newsmux"));
    until_it_has(&nzbget, "Server1.Active", Some("no"));
    nzbget.download(&nserv.post);

    let found = imported(&nzbget.settings(), setup.address.port);
    assert_eq!(found.left_out.iter().map(|one| one.why).collect::<Vec<_>>(), [Unfit::Ours]);
    assert_eq!(found.servers[0].password, Some(Secret::new("p w#")));
    assert_eq!(found.servers[0].connections, 24);

    let second = done(&access, &Setup { connections: 9, ..setup.clone() });
    until_it_has(&nzbget, "Server3.Connections", Some("9"));
    assert_eq!(second.disabled, []);
    undo(&access, &second).unwrap();
    until_it_has(&nzbget, "Server3.Connections", Some("12"));
    undo(&access, &first).unwrap();
    until_it_has(&nzbget, "Server3.Name", None);
    until_it_has(&nzbget, "Server1.Active", Some("yes"));
    assert_eq!(fs::read_to_string(nzbget.settings()).unwrap(), before);
}

#[test]
fn nzbget_refuses_another_password_and_is_not_sabnzbd() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let nzbget = Nzbget::start(folder.path(), &OPTIONS);
    let before = fs::read_to_string(nzbget.settings()).unwrap();
    let access = access_to_nzbget(&nzbget);
    let code = |access: &Access| connect(access, &setup(1)).unwrap_err().problem();
    let wrong = Access { secret: Secret::new("wrong"), ..access.clone() };
    assert_eq!(code(&wrong), Problem::Key);
    let other = Access { program: Program::Sabnzbd, ..access };
    assert_eq!(code(&other), Problem::Other);
    assert_eq!(fs::read_to_string(nzbget.settings()).unwrap(), before);
}
