//! Recent events, grouped: the same kind from the same program or provider within some minutes is one.

use std::collections::VecDeque;

use api::snapshot::{Event, Happened, Level};

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
    pub(super) fn add(&mut self, at: u64, happened: Happened) {
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
            Happened::NotEncrypted { client: a, why: one, .. },
            Happened::NotEncrypted { client: b, why: other, .. },
        ) => (a, one) == (b, other),
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
        | Happened::TrafficMode { .. }
        | Happened::Renewed
        | Happened::ProviderUp { .. } => Level::Info,
        Happened::ProviderDown { .. }
        | Happened::NotEncrypted { .. }
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

#[cfg(test)]
mod tests {
    use nntp_proxy::events::Event as EngineEvent;

    use super::super::engine_events::happened;
    use super::*;

    fn up(number: u64) -> Happened {
        Happened::ProviderUp { provider: number.to_string() }
    }

    fn missing(client: &str, article: u64) -> Happened {
        Happened::NotFound { client: client.into(), message_id: Some(format!("<{article}@x>")) }
    }

    /// Id, number, first and last time, and how often.
    fn kept(events: &Events) -> Vec<(u64, u64, u64, u64, u32)> {
        let all = events.after(0).into_iter();
        all.map(|event| (event.id, event.number, event.since, event.at, event.times)).collect()
    }

    #[test]
    fn equal_events_within_five_minutes_are_one_group() {
        let mut events = Events::default();
        for at in [0, 200_000, 500_000] {
            events.add(at, up(1));
        }
        assert_eq!(kept(&events), [(1, 3, 0, 500_000, 3)]);
        events.add(800_001, up(1));
        assert_eq!(kept(&events), [(1, 3, 0, 500_000, 3), (4, 4, 800_001, 800_001, 1)]);
        assert_eq!(events.after(3).len(), 1);
    }

    #[test]
    fn an_incomplete_nzb_is_one_group_with_its_last_article_whatever_else_happens() {
        let mut events = Events::default();
        for article in 0..2000 {
            events.add(article, missing("sabnzbd", article));
            events.add(article, up(article % 40));
        }
        events.add(2000, missing("nzbget", 1));
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
            let failed =
                EngineEvent::RequestFailed { client, verb: "GROUP".into(), why: port.to_string() };
            events.add(0, happened(failed).unwrap());
        }
        let [group] = events.after(0).try_into().unwrap();
        let (client, request, said) = ("127.0.0.1".into(), "GROUP".into(), "9".into());
        assert_eq!(group.happened, Happened::RequestFailed { client, request, said });
        assert_eq!(group.times, 9);
    }

    #[test]
    fn the_newest_five_hundred_groups_are_kept() {
        let mut events = Events::default();
        (0..700).for_each(|number| events.add(number, up(number)));
        let kept = kept(&events);
        assert_eq!((kept.len(), kept[0].0, events.last()), (500, 201, 700));
    }
}
