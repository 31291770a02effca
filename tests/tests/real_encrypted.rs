//! Real downloaders download over TLS through the real newsmuxd: they verify its certificate as strictly as they can.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs;
use std::path::Path;

use newsmux_tests::real::download::Post;
use newsmux_tests::real::nzbget::Nzbget;
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::proxy::{CLIENT, Proxy};
use newsmux_tests::real::sabnzbd::{Manner, Sabnzbd, encrypted_entry};
use newsmux_tests::real::{Tool, folder, http, skip};
use sample::{NZB_NAME, PICTURE_NAME};

/// The proxy with the sample, its port with TLS, and what a downloader is to make of the sample.
fn encrypted(folder: &Path) -> (Proxy, u16, Post) {
    let post = Post { file: folder.join(PICTURE_NAME), nzb: folder.join(NZB_NAME) };
    fs::write(&post.file, sample::picture()).unwrap();
    let port = free_port();
    (Proxy::sample_encrypted(&post.nzb, port), port, post)
}

#[test]
fn sabnzbd_downloads_where_the_certificate_is_imported_and_refuses_it_where_it_is_not() {
    if skip(&[Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let (proxy, port, post) = encrypted(folder.path());
    let manner = Manner { connections: 8, pipelining: 10, pre_check: false };
    let entry = encrypted_entry(proxy.server, port, manner);
    let sabnzbd = Sabnzbd::start_trusting(folder.path(), &entry, &proxy.certificate());
    sabnzbd.download(&post);

    // Its own test of a server, with what this system trusts.
    let other = Sabnzbd::start(&folder.path().join("other"), "", false);
    let password = http::escape(CLIENT.password);
    let query = format!(
        "mode=config&name=test_server&host=localhost&port={port}&ssl=1&ssl_verify=3&connections=1\
         &username={}&password={password}",
        CLIENT.username
    );
    let said = other.call(&query).unwrap().to_string();
    assert!(said.contains("certificate"), "{said}");
    let said = sabnzbd.call(&query).unwrap().to_string();
    assert!(said.contains("Connection Successful"), "{said}");
}

#[test]
fn nzbget_downloads_where_the_certificate_is_imported_and_refuses_it_where_it_is_not() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let (proxy, port, post) = encrypted(folder.path());
    let options = [
        "CertCheck=yes".to_owned(),
        "Server1.Host=localhost".into(),
        format!("Server1.Port={port}"),
        "Server1.Encryption=yes".into(),
        format!("Server1.Username={}", CLIENT.username),
        format!("Server1.Password={}", CLIENT.password),
        "Server1.Connections=8".into(),
    ];
    let trusting = |file: &Path, name: &str| {
        let store = format!("CertStore={}", file.display());
        let all = options.iter().map(String::as_str).chain([store.as_str()]);
        Nzbget::start(&folder.path().join(name), &all.collect::<Vec<_>>())
    };
    trusting(&proxy.certificate(), "imported").download(&post);

    let system = Path::new("/etc/ssl/certs/ca-certificates.crt");
    let words = "TLS certificate verification failed for localhost";
    trusting(system, "not").complains(&post, words);
}
