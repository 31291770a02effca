//! Real NZBGet downloads through the real newsmuxd what Nyuu has posted through it, from real servers.

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
    let proxy = Proxy::start(folder.path(), "hybrid", Provider::plain(&inn), Some(CLIENT));
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
    let poster = Proxy::start(folder.path(), "hybrid", Provider::tls(&inn), None);
    let post = nyuu::post(poster.server, folder.path(), MEGABYTES);
    drop(poster);
    let proxy = Proxy::start(folder.path(), "per-command", Provider::tls(&inn), None);
    download(proxy.server, &post, folder.path(), Manner { connections: 8, join_group: false });
}

#[test]
fn in_hybrid_from_the_quirky_test_server_of_nzbget() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let nserv = Nserv::start(folder.path(), MEGABYTES);
    let provider = Provider { server: nserv.server, ca_file: None };
    let proxy = Proxy::start(folder.path(), "hybrid", provider, None);
    download(
        proxy.server,
        &nserv.post,
        folder.path(),
        Manner { connections: 4, join_group: false },
    );
}
