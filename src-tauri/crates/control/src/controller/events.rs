//! What happened lately.

use std::collections::VecDeque;
use std::net::SocketAddr;

use nntp_proxy::backend::State;
use nntp_proxy::events::Event as Told;

use crate::processes::Sockets;
use crate::snapshot::{Event, Happened, Level};

/// How many events are kept.
const KEPT: usize = 500;
/// What happens again within so many milliseconds is one event.
const SOON: u64 = 60_000;
/// As long as it is among so many: readers take older ones for settled.
const UNSETTLED: u64 = 32;

/// The last events, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Events {
    ring: VecDeque<Event>,
    last: u64,
}

impl Events {
    /// The number of the newest.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Those after this one.
    pub(super) fn after(&self, number: u64) -> Vec<Event> {
        self.ring.iter().filter(|event| event.number > number).cloned().collect()
    }

    /// Something happened at `at`.
    pub(super) fn tell(&mut self, at: u64, happened: Happened) {
        let is_same = |event: &Event| {
            event.happened == happened
                && at.saturating_sub(event.at) <= SOON
                && event.number + UNSETTLED > self.last
        };
        let same = self.ring.iter().rposition(is_same).and_then(|same| self.ring.remove(same));
        let times = same.map_or(0, |event| event.times).saturating_add(1);
        self.last += 1;
        let level = level(&happened);
        self.ring.push_back(Event { number: self.last, at, times, level, happened });
        if self.ring.len() > KEPT {
            self.ring.pop_front();
        }
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
        | Happened::Helped { .. } => Level::Warning,
        Happened::LoginRefused { .. }
        | Happened::RequestFailed { .. }
        | Happened::NotFound { .. }
        | Happened::ClientRefused { .. }
        | Happened::LoginNeeded { .. }
        | Happened::Trouble { .. } => Level::Error,
    }
}

/// In the words of the window; nothing for what it has no words for.
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
        Told::Retried { provider, why } => Happened::Helped { provider, said: why },
        Told::RequestFailed { client, verb, why } => {
            Happened::RequestFailed { client, request: verb, said: why }
        }
        Told::NotFound { client } => Happened::NotFound { client },
        Told::LoginRefused { client } => Happened::ClientRefused { client },
        Told::LoginNeeded { client } => Happened::LoginNeeded { client },
        _ => return None,
    })
}

/// Whether it is about a program that is known by its address alone.
pub(super) fn is_nameless(told: &Told) -> bool {
    matches!(told, Told::LoginRefused { .. } | Told::LoginNeeded { .. })
}

/// The same with the program's name, where the system tells which it is. Blocks for some milliseconds.
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

    fn told(events: &Events) -> Vec<(u64, u64, u32)> {
        events.after(0).iter().map(|event| (event.number, event.at, event.times)).collect()
    }

    #[test]
    fn equal_events_within_a_minute_are_one_with_the_last_time() {
        let mut events = Events::default();
        for at in [0, 30_000, 80_000] {
            events.tell(at, up(1));
        }
        assert_eq!(told(&events), [(3, 80_000, 3)]);
        events.tell(140_001, up(1));
        assert_eq!(told(&events), [(3, 80_000, 3), (4, 140_001, 1)]);
        assert_eq!(events.after(3).len(), 1);
    }

    #[test]
    fn those_in_between_do_not_part_them_unless_they_are_many() {
        let mut events = Events::default();
        events.tell(0, up(0));
        events.tell(1, up(1));
        events.tell(2, up(0));
        assert_eq!(told(&events), [(2, 1, 1), (3, 2, 2)]);
        (2..40).for_each(|number| events.tell(3, up(number)));
        events.tell(4, up(0));
        assert_eq!(told(&events).last(), Some(&(42, 4, 1)));
    }

    #[test]
    fn the_newest_five_hundred_are_kept() {
        let mut events = Events::default();
        (0..700).for_each(|number| events.tell(number, up(number)));
        let kept = told(&events);
        assert_eq!((kept.len(), kept[0].0, events.last()), (500, 201, 700));
    }
}
