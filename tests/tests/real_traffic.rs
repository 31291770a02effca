//! Real NZBGet and SABnzbd through the real newsmuxd under a speed limit, and through a pause that is longer
//! than they wait for an article: they continue by themselves.

use std::thread;
use std::time::{Duration, Instant};

use newsmux_tests::real::nserv::Nserv;
use newsmux_tests::real::nzbget::Nzbget;
use newsmux_tests::real::proxy::{Provider, Proxy};
use newsmux_tests::real::sabnzbd::{Manner, Sabnzbd, entry};
use newsmux_tests::real::{Tool, folder, skip};

const MEGABYTES: usize = 20;
/// Several times as long as NZBGet waits for an article here.
const PAUSE: Duration = Duration::from_secs(20);

/// A provider and a newsmuxd before it that is limited, so that a pause comes in the middle of a download.
fn limited(folder: &std::path::Path) -> (Nserv, Proxy) {
    let nserv = Nserv::start(folder, MEGABYTES);
    let proxy = Proxy::start(
        "hybrid",
        Provider { server: nserv.server, ca_file: None, compressed: false },
        None,
    );
    assert_eq!(proxy.ctl(&["limit", "2M"]), "limited to 2.0 MB/s");
    (nserv, proxy)
}

/// Pauses soon, and resumes and lifts the limit after the pause.
fn pauses(proxy: &Proxy) {
    thread::sleep(Duration::from_secs(3));
    assert_eq!(proxy.ctl(&["pause"]), "paused");
    thread::sleep(PAUSE);
    proxy.ctl(&["resume"]);
}

#[test]
fn nzbget_is_held_to_a_limit() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let (nserv, proxy) = limited(folder.path());
    let port = format!("Server1.Port={}", proxy.server.port);
    let options = ["Server1.Active=yes", "Server1.Host=127.0.0.1", &port, "Server1.Connections=4"];
    let nzbget = Nzbget::start(folder.path(), &options);
    let began = Instant::now();
    nzbget.download(&nserv.post);
    // The articles are larger than the file: yEnc, and headers.
    let least = Duration::from_secs(MEGABYTES as u64 / 2);
    assert!(began.elapsed() >= least, "{:?} for {MEGABYTES} MB", began.elapsed());
}

#[test]
fn nzbget_continues_by_itself_after_a_pause_that_is_longer_than_its_timeout() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let (nserv, proxy) = limited(folder.path());
    let port = format!("Server1.Port={}", proxy.server.port);
    // It tries an article again once; a pause takes several times as long.
    let options = [
        "Server1.Active=yes",
        "Server1.Host=127.0.0.1",
        &port,
        "Server1.Connections=4",
        "ArticleTimeout=3",
        "ArticleRetries=1",
        "ArticleInterval=1",
    ];
    let nzbget = Nzbget::start(folder.path(), &options);
    thread::scope(|scope| {
        scope.spawn(|| pauses(&proxy));
        nzbget.download(&nserv.post);
    });
}

#[test]
fn sabnzbd_continues_by_itself_after_a_pause() {
    if skip(&[Tool::Nzbget, Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let (nserv, proxy) = limited(folder.path());
    let manner = Manner { connections: 4, pipelining: 2, pre_check: false };
    let sabnzbd = Sabnzbd::start(folder.path(), &entry(proxy.server, manner), false);
    thread::scope(|scope| {
        scope.spawn(|| pauses(&proxy));
        sabnzbd.download(&nserv.post);
    });
}
