//! Lists come from the provider that serves the session's groups: names, numbers and overview formats
//! belong together.

use std::sync::Arc;

use newsmux_tests::provider::{Fault, GREETING, Provider, ProviderState, Script, on};
use nntp_proxy::config::{BackendConfig, RoutingMode};
use nntp_proxy::proxy::Proxy;
use tokio::time::{Duration, sleep};

use crate::support::backend;
use crate::{Client, client, proxy};

/// Longer than a provider that failed is left alone.
const REST: Duration = Duration::from_secs(600);

/// A provider with this group, whose lists bear its name.
fn provider(name: &'static str, group: &'static str) -> Arc<ProviderState> {
    let answer = move |line: &str| {
        Some(match line.split_once(' ') {
            Some(("LIST", _)) => format!("215 {name}\r\n{name}\r\n.\r\n"),
            Some(("GROUP", asked)) if asked == group => format!("211 1 7 7 {group}\r\n"),
            Some(("GROUP", _)) => "411 no such group\r\n".to_owned(),
            Some(("STAT", _)) => format!("223 7 <{name}@x>\r\n"),
            _ => return None,
        })
    };
    Provider::named(name).answers(answer).latency(Duration::from_millis(50)).state()
}

fn down() -> Script {
    Script::new().and(on(GREETING, Fault::say_and_close("400 closed for repairs")))
}

fn before(providers: &[&Arc<ProviderState>], tiers: [u8; 2]) -> Proxy {
    let settings = providers.iter().zip(tiers);
    let settings = settings.map(|(p, tier)| BackendConfig { tier, ..backend(p.name(), 2) });
    proxy(RoutingMode::Hybrid, providers, settings.collect())
}

/// Whose lists a client gets.
async fn lists_of(client: &mut Client) -> String {
    let mut names = Vec::new();
    for line in ["LIST ACTIVE", "LIST OVERVIEW.FMT"] {
        names.push(client.ask(line).await.status);
    }
    assert_eq!(names[0], names[1]);
    names.remove(0).replace("215 ", "")
}

#[tokio::test(start_paused = true)]
async fn while_the_first_provider_is_down_lists_and_groups_come_from_the_next() {
    let (a, b) = (provider("a", "g"), provider("b", "g"));
    a.play(down());
    let proxy = before(&[&a, &b], [0, 0]);
    let mut reader = client(&proxy).await;
    assert_eq!(lists_of(&mut reader).await, "b");
    reader.talk("C: GROUP g\nS: 211 *\nC: STAT 7\nS: 223 7 <b@x>").await;
    a.play(Script::new());
    sleep(REST).await;
    // Who has a group stays where it is, so that numbers and lists still belong together.
    assert_eq!(lists_of(&mut reader).await, "b");
    reader.talk("C: STAT 7\nS: 223 7 <b@x>").await;
    let mut next = client(&proxy).await;
    assert_eq!(lists_of(&mut next).await, "a");
    next.talk("C: GROUP g\nS: 211 *\nC: STAT 7\nS: 223 7 <a@x>").await;
}

#[tokio::test(start_paused = true)]
async fn a_group_that_only_a_later_tier_has_brings_its_lists_along() {
    let (a, b) = (provider("a", "other"), provider("b", "g"));
    let proxy = before(&[&a, &b], [0, 1]);
    let mut reader = client(&proxy).await;
    assert_eq!(lists_of(&mut reader).await, "a");
    reader.talk("C: GROUP g\nS: 211 *\nC: STAT 7\nS: 223 7 <b@x>").await;
    assert_eq!(lists_of(&mut reader).await, "b");
    reader.talk("C: GROUP other\nS: 211 *\nC: STAT 7\nS: 223 7 <a@x>").await;
    assert_eq!(lists_of(&mut reader).await, "a");
}
