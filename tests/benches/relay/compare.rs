//! Runs the scenarios, each alternative in turn, round after round.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::articles::Articles;
use crate::bars;
use crate::load::{self, Outcome};
use crate::relays::{Kind, Provider, Running, Upstream};
use crate::report::{Report, Sample};
use crate::scenarios::{self, Scenario, Supply};
use crate::trials::{self, Sheet};
use crate::{number, value};

/// The size of an article, in bytes.
const SIZE: usize = 768 * 1024;

/// # Errors
/// When something cannot be run, or a client got a wrong byte.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let rounds = number(arguments, "--rounds", 3)?;
    let only = value(arguments, "--only").unwrap_or_default();
    let chosen = value(arguments, "--relays");
    let is_chosen = |kind: Kind| chosen.is_none_or(|names| names.contains(&kind.to_string()));
    let programs = Path::new(value(arguments, "--programs").unwrap_or("/"));
    let articles = Arc::new(Articles::new(SIZE));
    let mut report = Report::default();
    for scenario in scenarios::all().iter().filter(|s| s.name.contains(only)) {
        let stage = Stage { scenario, programs, providers: Providers::start(scenario)? };
        let relays = scenario.relays.iter().filter(|kind| is_chosen(**kind));
        let relays = relays.filter(|kind| match kind.is_missing(programs) {
            Some(why) => {
                report.skip(why);
                false
            }
            None => true,
        });
        let relays: Vec<_> = relays.copied().collect();
        for _ in 0..rounds {
            for kind in &relays {
                let sample = stage.measure(*kind, &articles);
                let sample = sample.map_err(|e| format!("{}, {kind}: {e}", scenario.name))?;
                report.add(&scenario.name, *kind, sample);
            }
        }
        report.print(&scenario.name, scenario.load.verb);
    }
    let mut sheet = Sheet::default();
    bars::add(&report, &mut sheet);
    trials::run(only, number(arguments, "--rounds", 1)?, programs, &mut sheet)?;
    sheet.print();
    match value(arguments, "--json") {
        Some(file) => {
            let rows = [report.to_json(), sheet.to_json()].concat();
            fs::write(file, Value::from(rows).to_string()).map_err(|e| format!("{file}: {e}"))
        }
        None => Ok(()),
    }
}

/// What a scenario is played on.
struct Stage<'a> {
    scenario: &'a Scenario,
    programs: &'a Path,
    providers: Providers,
}

impl Stage<'_> {
    fn measure(&self, kind: Kind, articles: &Arc<Articles>) -> Result<Sample, String> {
        let relay = kind.start(&self.providers.upstreams, self.programs)?;
        let idle = idle(self.scenario.idle, &relay)?;
        let mut usages = Vec::new();
        let load = self.scenario.load;
        let outcome: Outcome =
            load::run(load, &relay.target(), articles, || usages.push(relay.usage()))?;
        drop(idle);
        let cpu = match usages.as_slice() {
            [before, after] => after.cpu.saturating_sub(before.cpu),
            _ => return Err("not measured".to_owned()),
        };
        Ok(Sample::new(&outcome, cpu, relay.usage().peak))
    }
}

/// Clients that listen to the greeting, and say nothing.
fn idle(count: usize, relay: &Running) -> Result<Vec<TcpStream>, String> {
    let client = || {
        let mut stream = TcpStream::connect(("127.0.0.1", relay.target().port))?;
        stream.read_exact(&mut [0; 4])?;
        Ok(stream)
    };
    (0..count).map(|_| client()).collect::<std::io::Result<_>>().map_err(|e| e.to_string())
}

/// The providers of a scenario, for all its rounds.
struct Providers {
    upstreams: Vec<Upstream>,
    _running: Vec<Provider>,
}

impl Providers {
    fn start(scenario: &Scenario) -> Result<Self, String> {
        let running: Vec<_> = scenario
            .providers
            .iter()
            .map(|supply| start(supply, scenario))
            .collect::<Result<_, _>>()?;
        let upstream = |(provider, supply): (&Provider, &Supply)| Upstream {
            port: provider.port,
            connections: supply.connections,
            tier: supply.tier,
            tls: provider.ca_file.clone(),
            timeout: None,
            login: false,
            compressed: false,
            speed: None,
        };
        let upstreams = running.iter().zip(&scenario.providers).map(upstream).collect();
        Ok(Self { upstreams, _running: running })
    }
}

fn start(supply: &Supply, scenario: &Scenario) -> Result<Provider, String> {
    // Who relays connection for connection needs as many as there are clients.
    let relayed = scenario.relays.iter().any(|kind| *kind != Kind::Newsmuxd);
    let enough = if relayed { scenario.load.connections + scenario.idle + 1 } else { 0 };
    let connections = enough.max(usize::from(supply.connections));
    let mut arguments = vec![
        "--size".to_owned(),
        SIZE.to_string(),
        "--latency".to_owned(),
        supply.latency.to_string(),
        "--connections".to_owned(),
        connections.to_string(),
    ];
    if supply.half {
        arguments.push("--half".to_owned());
    }
    Provider::start(&arguments, supply.tls)
}
