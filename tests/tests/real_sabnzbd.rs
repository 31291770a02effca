//! Real SABnzbd downloads through the real newsmuxd what Nyuu has posted through it to a real INN.

use newsmux_tests::real::inn::Inn;
use newsmux_tests::real::proxy::{CLIENT, Provider, Proxy};
use newsmux_tests::real::sabnzbd::{Manner, download};
use newsmux_tests::real::{Tool, folder, nyuu, skip};

const MEGABYTES: usize = 52;

#[test]
fn in_hybrid_with_tls_to_the_provider_and_ten_requests_at_once() {
    if skip(&[Tool::Inn, Tool::Nyuu, Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let proxy = Proxy::start("hybrid", Provider::tls(&inn), Some(CLIENT));
    let post = nyuu::post(proxy.server, folder.path(), MEGABYTES);
    let manner = Manner { connections: 8, pipelining: 10, pre_check: false };
    download(proxy.server, &post, folder.path(), manner);
}

#[test]
fn in_per_command_when_it_asks_for_every_article_before() {
    if skip(&[Tool::Inn, Tool::Nyuu, Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let poster = Proxy::start("hybrid", Provider::plain(&inn), None);
    let post = nyuu::post(poster.server, folder.path(), MEGABYTES);
    drop(poster);
    let proxy = Proxy::start("per-command", Provider::plain(&inn), None);
    let manner = Manner { connections: 4, pipelining: 2, pre_check: true };
    download(proxy.server, &post, folder.path(), manner);
}
