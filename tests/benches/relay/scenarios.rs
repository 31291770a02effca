//! What is run: who asks for what, how, and of what kind of provider.

use crate::load::Load;
use crate::relays::Kind;

/// One line of questions.
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) load: Load,
    pub(crate) providers: Vec<Supply>,
    pub(crate) relays: Vec<Kind>,
    /// Clients that are connected and ask for nothing, beside those of the load.
    pub(crate) idle: usize,
}

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Supply {
    pub(crate) tls: bool,
    /// In milliseconds.
    pub(crate) latency: u32,
    pub(crate) connections: u16,
    pub(crate) tier: u8,
    /// Every second article is missing.
    pub(crate) half: bool,
}

const NEAR: Supply = Supply { tls: false, latency: 0, connections: 8, tier: 0, half: false };
const FAR: Supply = Supply { latency: 50, connections: 4, ..NEAR };
const ALL: [Kind; 5] = [Kind::Direct, Kind::Bare, Kind::Haproxy, Kind::Nginx, Kind::Newsmuxd];
/// All that can talk TLS by themselves.
const ENCRYPTING: [Kind; 4] = [Kind::Direct, Kind::Haproxy, Kind::Nginx, Kind::Newsmuxd];

pub(crate) fn all() -> Vec<Scenario> {
    let mut all = Vec::new();
    for (tls, requests) in [(false, 1000), (true, 500)] {
        let relays = if tls { ENCRYPTING.to_vec() } else { ALL.to_vec() };
        let kind = if tls { "TLS" } else { "plain" };
        for connections in [1, 8] {
            for depth in [1, 16] {
                let load = Load { verb: "BODY", connections, depth, requests };
                let name = format!("{kind}, {connections} × {depth}");
                all.push(Scenario::new(&name, load, Supply { tls, ..NEAR }, &relays));
            }
        }
    }
    for (name, connections, depth, requests) in [
        ("STAT, 1 × 1", 1, 1, 10_000),
        ("STAT, 8 × 1", 8, 1, 30_000),
        ("STAT, 1 × 16", 1, 16, 30_000),
        ("STAT, 8 × 16", 8, 16, 60_000),
    ] {
        let load = Load { verb: "STAT", connections, depth, requests };
        all.push(Scenario::new(name, load, NEAR, &ALL));
    }
    for (connections, depth, requests) in [(4, 1, 150), (4, 10, 1000), (20, 1, 800), (20, 10, 1000)]
    {
        let load = Load { verb: "BODY", connections, depth, requests };
        let relays: &[_] = if connections > 4 {
            &[Kind::Newsmuxd]
        } else {
            &[Kind::Direct, Kind::Nginx, Kind::Newsmuxd]
        };
        let name = format!("50 ms, 4 allowed, {connections} × {depth}");
        all.push(Scenario::new(&name, load, FAR, relays));
    }
    let load = Load { verb: "BODY", connections: 8, depth: 1, requests: 2000 };
    let halves = [Supply { half: true, ..NEAR }, Supply { tier: 1, ..NEAR }];
    let mut halved =
        Scenario::new("half of it on a second provider", load, NEAR, &[Kind::Newsmuxd]);
    halved.providers = halves.to_vec();
    all.push(halved);
    let load = Load { verb: "BODY", connections: 50, depth: 1, requests: 2500 };
    all.push(Scenario::new(
        "50 clients",
        load,
        NEAR,
        &[Kind::Haproxy, Kind::Nginx, Kind::Newsmuxd],
    ));
    let load = Load { verb: "STAT", connections: 1, depth: 1, requests: 20_000 };
    let mut idle = Scenario::new(
        "STAT beside 500 idle",
        load,
        NEAR,
        &[Kind::Haproxy, Kind::Nginx, Kind::Newsmuxd],
    );
    idle.idle = 500;
    all.push(idle);
    all
}

impl Scenario {
    fn new(name: &str, load: Load, provider: Supply, relays: &[Kind]) -> Self {
        let providers = vec![provider];
        Self { name: name.to_owned(), load, providers, relays: relays.to_vec(), idle: 0 }
    }
}
