//! Recent events, grouped: the same kind from the same program or provider within some minutes is one.

use std::collections::VecDeque;
use std::net::SocketAddr;

use api::snapshot::{Event, Happened, Level};
use local::Sockets;
use nntp_proxy::backend::State;
use nntp_proxy::events::Event as Told;

/// The number of groups kept.
const KEPT: usize = 500;
/// An event joins the group of its kind if that had its last one within so many milliseconds.
const SOON: u64 = 5 * 60_000;

/// The latest groups of events, by their last event.
#[derive(Debug, Default)]
pub(super) struct Events {
    ring: VecDeque<Event>,
    last: u64,
}

impl Events {
    /// The number of the newest event.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The groups that are new or have grown since the event of this number.
    pub(super) fn after(&self, number: u64) -> Vec<Event> {
        self.ring.iter().filter(|event| event.number > number).cloned().collect()
    }

    /// Adds what happened at `at`.
    pub(super) fn tell(&mut self, at: u64, happened: Happened) {
        self.last += 1;
        let joins = |group: &Event| {
            at.saturating_sub(group.at) <= SOON && is_same_kind(&group.happened, &happened)
        };
        let group = self.ring.iter().rposition(joins).and_then(|group| self.ring.remove(group));
        let (id, since, times) =
            group.map_or((self.last, at, 0), |group| (group.id, group.since, group.times));
        let (number, times, level) = (self.last, times.saturating_add(1), level(&happened));
        self.ring.push_back(Event { id, number, since, at, times, level, happened });
        if self.ring.len() > KEPT {
            self.ring.pop_front();
        }
    }
}

/// Whether two events are of one kind and from one program or provider. Why, and about which article,
/// may differ: the group shows the last.
fn is_same_kind(a: &Happened, b: &Happened) -> bool {
    match (a, b) {
        (
            Happened::ProviderDown { provider: a, .. },
            Happened::ProviderDown { provider: b, .. },
        )
        | (
            Happened::LoginRefused { provider: a, .. },
            Happened::LoginRefused { provider: b, .. },
        )
        | (
            Happened::FewerConnections { provider: a, .. },
            Happened::FewerConnections { provider: b, .. },
        )
        | (Happened::Retried { provider: a, .. }, Happened::Retried { provider: b, .. })
        | (Happened::NotFound { client: a, .. }, Happened::NotFound { client: b, .. }) => a == b,
        (
            Happened::RequestFailed { client: a, request: asked, .. },
            Happened::RequestFailed { client: b, request: asks, .. },
        ) => (a, asked) == (b, asks),
        _ => a == b,
    }
}

fn level(happened: &Happened) -> Level {
    match happened {
        Happened::Started { .. }
        | Happened::Stopped
        | Happened::SettingsChanged
        | Happened::Renewed
        | Happened::ProviderUp { .. } => Level::Info,
        Happened::ProviderDown { .. }
        | Happened::FewerConnections { .. }
        | Happened::Retried { .. } => Level::Warning,
        Happened::LoginRefused { .. }
        | Happened::RequestFailed { .. }
        | Happened::NotFound { .. }
        | Happened::ClientRefused { .. }
        | Happened::LoginNeeded { .. }
        | Happened::OtherUser { .. }
        | Happened::Trouble { .. } => Level::Error,
    }
}

/// The event for the window, if it shows such events.
pub(super) fn happened(told: Told) -> Option<Happened> {
    Some(match told {
        Told::Connected { provider } => Happened::ProviderUp { provider },
        Told::Failing { provider, state: State::LoginRefused, why } => {
            Happened::LoginRefused { provider, said: why }
        }
        Told::Failing { provider, why, .. } => Happened::ProviderDown { provider, said: why },
        Told::FewerConnections { provider, granted, why } => {
            Happened::FewerConnections { provider, granted, said: why }
        }
        Told::Retried { provider, why } => Happened::Retried { provider, said: why },
        Told::RequestFailed { client, verb, why } => {
            Happened::RequestFailed { client: program(client), request: verb, said: why }
        }
        Told::NotFound { client, message_id } => {
            Happened::NotFound { client: program(client), message_id }
        }
        Told::LoginRefused { client } => Happened::ClientRefused { client },
        Told::LoginNeeded { client } => Happened::LoginNeeded { client },
        Told::NotAdmitted { client } => Happened::OtherUser { client },
        _ => return None,
    })
}

/// A program by its login, or by its address without the port, which differs for each connection.
fn program(client: String) -> String {
    client.parse::<SocketAddr>().map_or(client, |address| address.ip().to_string())
}

/// Whether the program is known by its address alone.
pub(super) fn is_nameless(told: &Told) -> bool {
    matches!(told, Told::LoginRefused { .. } | Told::LoginNeeded { .. } | Told::NotAdmitted { .. })
}

/// The events with the programs' names, where the system knows them. Blocks for some milliseconds.
pub(super) fn named(told: Vec<Told>) -> Vec<Happened> {
    let sockets = Sockets::now();
    let name = |client: String| match client.parse::<SocketAddr>() {
        Ok(address) => match sockets.client(address) {
            Some((_, name)) => name.to_owned(),
            None => address.ip().to_string(),
        },
        Err(_) => client,
    };
    let named = told.into_iter().filter_map(happened).map(|happened| match happened {
        Happened::ClientRefused { client } => Happened::ClientRefused { client: name(client) },
        Happened::LoginNeeded { client } => Happened::LoginNeeded { client: name(client) },
        Happened::OtherUser { client } => Happened::OtherUser { client: name(client) },
        other => other,
    });
    let mut all: Vec<Happened> = named.collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(number: u64) -> Happened {
        Happened::ProviderUp { provider: number.to_string() }
    }

    fn missing(client: &str, article: u64) -> Happened {
        Happened::NotFound { client: client.into(), message_id: Some(format!("<{article}@x>")) }
    }

    /// Id, number, first and last time, and how often.
    fn told(events: &Events) -> Vec<(u64, u64, u64, u64, u32)> {
        let all = events.after(0).into_iter();
        all.map(|event| (event.id, event.number, event.since, event.at, event.times)).collect()
    }

    #[test]
    fn equal_events_within_five_minutes_are_one_group() {
        let mut events = Events::default();
        for at in [0, 200_000, 500_000] {
            events.tell(at, up(1));
        }
        assert_eq!(told(&events), [(1, 3, 0, 500_000, 3)]);
        events.tell(800_001, up(1));
        assert_eq!(told(&events), [(1, 3, 0, 500_000, 3), (4, 4, 800_001, 800_001, 1)]);
        assert_eq!(events.after(3).len(), 1);
    }

    #[test]
    fn an_incomplete_nzb_is_one_group_with_its_last_article_whatever_else_happens() {
        let mut events = Events::default();
        for article in 0..2000 {
            events.tell(article, missing("sabnzbd", article));
            events.tell(article, up(article % 40));
        }
        events.tell(2000, missing("nzbget", 1));
        assert_eq!(events.after(0).len(), 42);
        let all = events.after(0);
        let group = all.iter().find(|event| event.happened == missing("sabnzbd", 1999)).unwrap();
        assert_eq!((group.times, group.since, group.at), (2000, 0, 1999));
        assert_eq!(events.after(events.last() - 1).len(), 1, "only what is new is asked for again");
    }

    #[test]
    fn a_program_without_a_login_is_its_address_whatever_its_port() {
        let mut events = Events::default();
        for port in 1..=9 {
            let client = format!("127.0.0.1:{port}");
            let told = Told::RequestFailed { client, verb: "GROUP".into(), why: port.to_string() };
            events.tell(0, happened(told).unwrap());
        }
        let [group] = events.after(0).try_into().unwrap();
        let (client, request, said) = ("127.0.0.1".into(), "GROUP".into(), "9".into());
        assert_eq!(group.happened, Happened::RequestFailed { client, request, said });
        assert_eq!(group.times, 9);
    }

    #[test]
    fn the_newest_five_hundred_groups_are_kept() {
        let mut events = Events::default();
        (0..700).for_each(|number| events.tell(number, up(number)));
        let kept = told(&events);
        assert_eq!((kept.len(), kept[0].0, events.last()), (500, 201, 700));
    }
}
