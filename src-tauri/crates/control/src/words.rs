//! The words of the tray and of notifications, in English and German.

mod english;
mod german;

use api::snapshot::{KeepState, ProviderState, ProviderView, Snapshot, State, Trouble};
use settings::{Language, TrafficMode, local_time};

use english::ENGLISH;
use german::GERMAN;

/// The units of sizes, each a thousand times the one before.
const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];

/// The texts in one language.
pub(crate) struct Words {
    pub(crate) start: &'static str,
    pub(crate) stop: &'static str,
    pub(crate) pause_15: &'static str,
    pub(crate) pause_60: &'static str,
    pub(crate) pause_tomorrow: &'static str,
    pub(crate) pause: &'static str,
    pub(crate) resume: &'static str,
    pub(crate) slow: &'static str,
    pub(crate) try_now: &'static str,
    pub(crate) open: &'static str,
    pub(crate) copy: &'static str,
    pub(crate) at_login: &'static str,
    pub(crate) quit: &'static str,
    stopped: &'static str,
    starting: &'static str,
    idle: &'static str,
    /// The decimal separator.
    point: &'static str,
    active: fn(&str) -> String,
    paused: &'static str,
    full: &'static str,
    /// A state that ends by itself, and the time of day at which it does.
    ends: fn(&str, &str) -> String,
    /// Begins the sentence that says why nothing can be downloaded.
    nothing: &'static str,
    all_down: &'static str,
    all_used_up: &'static str,
    all_full: &'static str,
    /// Of several reasons.
    none_available: &'static str,
    no_provider: &'static str,
    several_down: fn(usize) -> String,
    because: fn(&Trouble, &str, &KeepState) -> String,
    limited: fn(&str) -> String,
    /// What was downloaded today, behind the state.
    today: fn(&str) -> String,
    /// What programs wait for, where a trouble keeps all of them from downloading.
    until: fn(&Trouble, &KeepState) -> &'static str,
    /// What follows where a program's login has no password.
    no_login: &'static str,
    /// What to do where a program of another user was refused.
    other_user: &'static str,
    /// Some providers cannot be used, and others can.
    others: &'static str,
    more: fn(usize) -> String,
    keeps_trying: &'static str,
    pub(crate) back: &'static str,
    pub(crate) serves_again: &'static str,
    left: fn(&str) -> String,
    left_for: fn(&str, u64) -> String,
    resets: fn(&str) -> String,
    last_day: fn(&str) -> String,
    /// A date, of one such as 2026-12-31.
    date: fn(&str) -> String,
}

impl Words {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::System | Language::En => &ENGLISH,
            Language::De => &GERMAN,
        }
    }

    /// The state in a few words.
    pub(crate) fn status(&self, snapshot: &Snapshot) -> String {
        match snapshot.state {
            State::Stopped => self.stopped.into(),
            State::Paused { until } => self.until_time(self.paused.into(), until),
            State::Starting => self.starting.into(),
            State::Idle => self.limited(snapshot, self.idle.into()),
            State::Active => {
                self.limited(snapshot, (self.active)(&self.speed(snapshot.figures.speed)))
            }
            State::Down => format!("{}: {}", self.nothing, self.none_works(&snapshot.providers)),
            State::NoProvider => format!("{}: {}", self.nothing, self.no_provider),
            State::Degraded | State::Attention => self.trouble(snapshot),
        }
    }

    /// The state, with the limit that the user has turned on.
    fn limited(&self, snapshot: &Snapshot, state: String) -> String {
        let limit = match snapshot.traffic.mode {
            TrafficMode::Normal | TrafficMode::Paused => return state,
            TrafficMode::Slow => self.slow.into(),
            TrafficMode::Full => self.full.into(),
            TrafficMode::Speed { speed } => (self.limited)(&self.speed(speed)),
        };
        format!("{state} · {}", self.until_time(limit, snapshot.traffic.until))
    }

    /// What holds, and until when.
    fn until_time(&self, what: String, until: Option<u64>) -> String {
        match until {
            Some(until) => (self.ends)(&what, &local_time(until)),
            None => what,
        }
    }

    /// The most urgent trouble, and whether programs can still download.
    fn trouble(&self, snapshot: &Snapshot) -> String {
        let Some(trouble) = snapshot.troubles.first() else { return self.idle.into() };
        let is_down = |trouble: &&Trouble| matches!(trouble, Trouble::ProviderDown { .. });
        let down = snapshot.troubles.iter().filter(is_down).count();
        if !snapshot.serves {
            let because = (self.because)(trouble, name(snapshot, trouble), &snapshot.keep);
            return format!("{}: {because}", self.nothing);
        }
        if is_down(&trouble) && down > 1 {
            (self.several_down)(down)
        } else {
            self.fact(snapshot, trouble)
        }
    }

    /// What the tray says when the pointer rests on it.
    pub(crate) fn tooltip(&self, snapshot: &Snapshot) -> String {
        let (status, today) = (self.status(snapshot), snapshot.figures.today);
        let today = (today > 0).then(|| (self.today)(&self.bytes(today)));
        format!("Newsmux: {status}{}", today.unwrap_or_default())
    }

    /// One trouble, as a sentence without its end.
    pub(crate) fn fact(&self, snapshot: &Snapshot, trouble: &Trouble) -> String {
        let name = name(snapshot, trouble);
        let because = (self.because)(trouble, name, &snapshot.keep);
        if !name.is_empty() && because.starts_with(name) { because } else { capitalized(&because) }
    }

    /// What follows from a trouble that needs the user. `more` others do, too.
    pub(crate) fn needs(&self, snapshot: &Snapshot, trouble: &Trouble, more: usize) -> String {
        let follows = match trouble {
            Trouble::NoClientPassword { .. } => self.no_login,
            Trouble::OtherUser { .. } => self.other_user,
            _ if snapshot.serves => self.others,
            _ => (self.until)(trouble, &snapshot.keep),
        };
        if more == 0 { follows.into() } else { format!("{follows} {}", (self.more)(more)) }
    }

    /// Why no provider works: how all of them are, if they are the same.
    fn none_works(&self, providers: &[ProviderView]) -> &'static str {
        let states = providers.iter().map(|view| view.state);
        let mut used = states.filter(|state| *state != ProviderState::Off);
        match used.next() {
            Some(first) if used.any(|state| state != first) => self.none_available,
            Some(ProviderState::UsedUp) => self.all_used_up,
            Some(ProviderState::Full) => self.all_full,
            _ => self.all_down,
        }
    }

    /// What is wrong where nothing can be downloaded, and what follows.
    pub(crate) fn outage(&self, snapshot: &Snapshot) -> (String, String) {
        let is_used = |view: &&ProviderView| view.state != ProviderState::Off;
        let in_use = snapshot.providers.iter().filter(is_used).count();
        let down = |trouble: &&Trouble| matches!(trouble, Trouble::ProviderDown { .. });
        match snapshot.troubles.iter().find(down) {
            Some(down) if in_use == 1 => {
                (self.fact(snapshot, down), format!("{}. {}", self.nothing, self.keeps_trying))
            }
            _ => {
                let why = capitalized(self.none_works(&snapshot.providers));
                let mut used = snapshot.providers.iter().filter(is_used);
                let body = if used.all(|view| view.state == ProviderState::UsedUp) {
                    format!("{why}.")
                } else {
                    format!("{why}. {}", self.keeps_trying)
                };
                (self.nothing.into(), body)
            }
        }
    }

    /// What is left of an account, and what follows from its end.
    pub(crate) fn account(&self, snapshot: &Snapshot, trouble: &Trouble) -> String {
        let (Trouble::AccountUsed { account, .. } | Trouble::AccountExpires { account, .. }) =
            trouble
        else {
            return String::new();
        };
        let found = snapshot.accounts.iter().find(|view| view.id == *account);
        let Some(standing) = found.map(|view| &view.standing) else { return String::new() };
        let day = |date: String| (self.date)(&date);
        let left = standing.left.filter(|left| *left > 0).map(|left| self.bytes(left));
        let left = left.map(|left| match standing.empty_in_days {
            Some(days) => (self.left_for)(&left, days),
            None => (self.left)(&left),
        });
        let sentences = match trouble {
            Trouble::AccountExpires { .. } => {
                [standing.expires.map(|date| (self.last_day)(&day(date.to_string()))), left]
            }
            _ if left.is_some() => [left, None],
            _ => {
                let resets = standing.period_ends.map(|date| (self.resets)(&day(date.to_string())));
                let follows =
                    if is_served_by_others(snapshot, account) { self.others } else { self.nothing };
                [Some(format!("{}.", follows.trim_end_matches('.'))), resets]
            }
        };
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// A size with one decimal, such as 12.3 GB.
    fn bytes(&self, bytes: u64) -> String {
        let (mut unit, mut scale) = (0, 1000);
        while bytes / scale >= 1000 && unit + 1 < UNITS.len() {
            (unit, scale) = (unit + 1, scale * 1000);
        }
        let (tenths, unit) = ((bytes / (scale / 10)).max(1), UNITS[unit]);
        match tenths {
            1000.. => format!("{} {unit}", tenths / 10),
            _ => format!("{}{}{} {unit}", tenths / 10, self.point, tenths % 10),
        }
    }

    fn speed(&self, speed: u64) -> String {
        if speed < 1_000_000 {
            return format!("{} kB/s", speed.div_ceil(1000));
        }
        let tenths = speed / 100_000;
        format!("{}{}{} MB/s", tenths / 10, self.point, tenths % 10)
    }
}

/// The provider, login or program that the trouble is about.
fn name<'a>(snapshot: &'a Snapshot, trouble: &'a Trouble) -> &'a str {
    match trouble {
        Trouble::NoPassword { provider }
        | Trouble::LoginRefused { provider, .. }
        | Trouble::ProviderDown { provider, .. }
        | Trouble::ProviderFull { provider, .. }
        | Trouble::ProviderPort { provider, .. }
        | Trouble::AccountUsed { account: provider, .. }
        | Trouble::AccountExpires { account: provider, .. } => {
            let view = snapshot.providers.iter().find(|view| view.id == *provider);
            view.map_or(provider, |view| &view.name)
        }
        Trouble::NoClientPassword { client } | Trouble::OtherUser { client: Some(client) } => {
            client
        }
        Trouble::PortBusy { holder: Some(holder), .. } => holder,
        _ => "",
    }
}

/// Whether programs can still download without the providers of an account.
pub(crate) fn is_served_by_others(snapshot: &Snapshot, account: &str) -> bool {
    let is_others = |id: &str| {
        let provider = snapshot.settings.providers.iter().find(|provider| provider.id == id);
        provider.is_some_and(|provider| provider.account_id() != account)
    };
    let works = |state| matches!(state, ProviderState::Up | ProviderState::Untried);
    snapshot.providers.iter().any(|view| works(view.state) && is_others(&view.id))
}

/// With a capital letter, to begin a sentence.
fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_one_decimal_and_never_claims_more_than_there_is() {
        for (bytes, english, german) in [
            (1, "0.1 kB", "0,1 kB"),
            (999_999, "999 kB", "999 kB"),
            (1_000_000, "1.0 MB", "1,0 MB"),
            (12_390_000_000, "12.3 GB", "12,3 GB"),
            (99_999_999_999, "99.9 GB", "99,9 GB"),
            (53_000_000_000_000, "53.0 TB", "53,0 TB"),
            (u64::MAX, "18446744 TB", "18446744 TB"),
        ] {
            assert_eq!([ENGLISH.bytes(bytes), GERMAN.bytes(bytes)], [english, german]);
        }
    }
}
