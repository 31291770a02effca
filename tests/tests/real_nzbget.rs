//! Real NZBGet downloads through the real newsmuxd what Nyuu has posted through it, from real servers.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use newsmux_tests::real::inn::Inn;
use newsmux_tests::real::nserv::Nserv;
use newsmux_tests::real::nzbget::{Manner, download};
use newsmux_tests::real::proxy::{CLIENT, Provider, Proxy};
use newsmux_tests::real::{Tool, folder, nyuu, skip};

const MEGABYTES: usize = 52;

#[test]
fn in_hybrid_from_inn_also_when_it_joins_the_group_first() {
    if skip(&[Tool::Inn, Tool::Nyuu, Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let proxy = Proxy::start("hybrid", Provider::plain(&inn), Some(CLIENT));
    let post = nyuu::post(proxy.server, folder.path(), MEGABYTES);
    // Twice as many connections as the provider allows.
    download(proxy.server, &post, folder.path(), Manner { connections: 8, join_group: true });
}

#[test]
fn in_per_command_from_inn_with_tls() {
    if skip(&[Tool::Inn, Tool::Nyuu, Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let poster = Proxy::start("hybrid", Provider::tls(&inn), None);
    let post = nyuu::post(poster.server, folder.path(), MEGABYTES);
    drop(poster);
    let proxy = Proxy::start("per-command", Provider::tls(&inn), None);
    download(proxy.server, &post, folder.path(), Manner { connections: 8, join_group: false });
}

/// NZBGet is told never to ask twice: what it gets it gets at once, though INN loses ten connections a second.
#[test]
fn while_inn_loses_connections_in_the_middle_of_articles() {
    if skip(&[Tool::Inn, Tool::Nyuu, Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let proxy = Proxy::start("hybrid", Provider::plain(&inn), None);
    let post = nyuu::post(proxy.server, folder.path(), 2 * MEGABYTES);
    let broken = thread::scope(|scope| {
        let (download_lasts, until_it_ends) = mpsc::channel();
        let inn = &inn;
        let breaker = scope.spawn(move || break_connections(inn, &until_it_ends));
        download(proxy.server, &post, folder.path(), Manner { connections: 4, join_group: false });
        drop(download_lasts);
        breaker.join()
    });
    assert!(broken.unwrap() >= 3, "too few connections were broken to tell");
}

/// Breaks one every 100 ms until `end` is dropped; how many there were.
fn break_connections(inn: &Inn, end: &Receiver<()>) -> usize {
    let mut broken = 0;
    while end.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
        broken += usize::from(inn.break_a_connection());
    }
    broken
}

#[test]
fn in_hybrid_from_the_quirky_test_server_of_nzbget() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let nserv = Nserv::start(folder.path(), MEGABYTES);
    let provider = Provider { server: nserv.server, ca_file: None, compressed: false };
    let proxy = Proxy::start("hybrid", provider, None);
    download(
        proxy.server,
        &nserv.post,
        folder.path(),
        Manner { connections: 4, join_group: false },
    );
}
