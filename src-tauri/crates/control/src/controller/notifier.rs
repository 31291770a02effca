//! When the desktop notifies the user: of what lasts, once, and of no thing twice within an hour.

use std::mem;
use std::time::Duration;

use api::snapshot::{ProviderState, Snapshot, State, Trouble};
use settings::{Language, Notify};
use tokio::time::Instant;

use crate::notification::{News, Notification};
use crate::words::is_served_by_others;

#[cfg(test)]
mod tests;

/// How long a trouble lasts before the user is notified that it needs them.
const ATTENTION: Duration = Duration::from_secs(10);
/// How long nothing can be downloaded before the user is notified: providers often recover by themselves.
const OUTAGE: Duration = Duration::from_secs(60);
/// How long programs can download again before the user is notified.
const BACK: Duration = Duration::from_secs(10);
/// For how long the user is not notified of the same thing again.
const QUIET: Duration = Duration::from_secs(3600);

/// Decides what the user is notified of.
#[derive(Debug, Default)]
pub(super) struct Notifier {
    /// What is wrong now.
    wrong: Vec<Wrong>,
    /// What the user was notified of within the last hour, and when.
    recent: Vec<(Subject, Instant)>,
    /// Whether the last that the user knows is that nothing can be downloaded.
    interrupted: bool,
    /// Since when programs can download.
    serves_since: Option<Instant>,
}

#[derive(Debug)]
struct Wrong {
    subject: Subject,
    since: Instant,
    is_told: bool,
    /// Whether it told the user why nothing can be downloaded. An outage on top of it is no news.
    explains: bool,
}

/// A thing that the user is notified of, whatever is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Outage,
    Listening,
    Passwords,
    Password(String),
    ClientPassword(String),
    Login(String),
    OtherUser,
    Used(String, u8),
    Expires(String, u8),
}

/// The kinds that the user can switch off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Attention,
    Outage,
    Account,
}

impl Notifier {
    /// What the user is to be notified of at this moment.
    pub(super) fn notices(
        &mut self,
        now: Instant,
        snapshot: &Snapshot,
        language: Language,
    ) -> Vec<Notification> {
        if matches!(snapshot.state, State::Stopped | State::Paused { .. } | State::Starting) {
            self.wait_anew();
            return Vec::new();
        }
        self.look(now, snapshot);
        let due = self.due(now, snapshot);
        let outage = due.contains(&Subject::Outage);
        if outage || due.iter().any(|subject| subject.explains(snapshot)) {
            self.interrupted = true;
            // The alert of a used up account may come a moment before its providers stop.
            self.serves_since = None;
        }
        let is_due =
            |trouble: &&Trouble| Subject::of(trouble).is_some_and(|subject| due.contains(&subject));
        let (accounts, mut needs): (Vec<_>, Vec<_>) =
            snapshot.troubles.iter().filter(is_due).partition(|trouble| is_of_account(trouble));
        // One notification names the first and counts the others.
        let explains = |trouble: &&Trouble| {
            Subject::of(trouble).is_some_and(|subject| subject.explains(snapshot))
        };
        needs.sort_by_key(|trouble| !explains(trouble));
        let needs = needs.split_first().map(|(first, more)| News::Needs(first, more.len()));
        let outage = outage.then_some(News::Outage);
        let back = self.is_back(now, snapshot).then_some(News::Back);
        let accounts = accounts.into_iter().map(News::Account);
        let news = needs.into_iter().chain(outage).chain(accounts).chain(back);
        news.map(|news| Notification::of(news, snapshot, language)).collect()
    }

    /// Everything that the user was not notified of has to last from now on: the computer slept, or has another network.
    pub(super) fn wait_anew(&mut self) {
        self.wrong.retain(|wrong| wrong.is_told);
        self.serves_since = None;
    }

    /// Compares what is wrong with what was.
    fn look(&mut self, now: Instant, snapshot: &Snapshot) {
        let mut subjects: Vec<_> = snapshot.troubles.iter().filter_map(Subject::of).collect();
        subjects.extend(self.is_outage(snapshot).then_some(Subject::Outage));
        let notify = snapshot.settings.desktop.notify;
        subjects.retain(|subject| subject.kind().is_on(notify));
        self.wrong.retain(|wrong| {
            // After it was dismissed, the user still knows the reason.
            let lasts = wrong.explains && wrong.subject.is_used_up(snapshot);
            subjects.contains(&wrong.subject) || lasts
        });
        for subject in subjects {
            if !self.wrong.iter().any(|wrong| wrong.subject == subject) {
                self.wrong.push(Wrong { subject, since: now, is_told: false, explains: false });
            }
        }
        self.interrupted &= notify.outages;
    }

    /// Whether no provider can be used. Once the user knows, it lasts until one has worked again.
    fn is_outage(&self, snapshot: &Snapshot) -> bool {
        if self.is_told(&Subject::Outage) {
            return !snapshot.providers.iter().any(|view| view.state == ProviderState::Up);
        }
        let is_down = |state| {
            matches!(state, ProviderState::Down | ProviderState::Full | ProviderState::UsedUp)
        };
        !self.wrong.iter().any(|wrong| wrong.explains)
            && !snapshot.serves
            && (snapshot.state == State::Down
                || snapshot.providers.iter().any(|view| is_down(view.state)))
    }

    fn is_told(&self, subject: &Subject) -> bool {
        self.wrong.iter().any(|wrong| wrong.is_told && wrong.subject == *subject)
    }

    /// What has lasted long enough. The user counts as notified of it.
    fn due(&mut self, now: Instant, snapshot: &Snapshot) -> Vec<Subject> {
        self.recent.retain(|(_, at)| now.duration_since(*at) < QUIET);
        let is_due = |wrong: &&mut Wrong| {
            let lasts = now.duration_since(wrong.since);
            let is_recent = self.recent.iter().any(|(subject, _)| *subject == wrong.subject);
            !wrong.is_told && !is_recent && lasts >= wrong.subject.kind().patience()
        };
        let due = self.wrong.iter_mut().filter(is_due).map(|wrong| {
            wrong.is_told = true;
            wrong.explains = wrong.subject.explains(snapshot);
            wrong.subject.clone()
        });
        let due: Vec<_> = due.collect();
        self.recent.extend(due.iter().map(|subject| (subject.clone(), now)));
        due
    }

    /// Whether programs can download, and what the user knows is that they cannot.
    fn is_back(&mut self, now: Instant, snapshot: &Snapshot) -> bool {
        if !snapshot.serves || self.is_told(&Subject::Outage) {
            self.serves_since = None;
            return false;
        }
        let since = *self.serves_since.get_or_insert(now);
        if now.duration_since(since) < BACK {
            return false;
        }
        self.wrong.iter_mut().for_each(|wrong| wrong.explains = false);
        mem::take(&mut self.interrupted)
    }
}

impl Subject {
    /// What a trouble is about, if the user is notified of it.
    fn of(trouble: &Trouble) -> Option<Self> {
        Some(match trouble {
            Trouble::PortBusy { .. } | Trouble::CannotListen { .. } => Self::Listening,
            Trouble::PasswordsClosed => Self::Passwords,
            Trouble::NoPassword { provider } => Self::Password(provider.clone()),
            Trouble::NoClientPassword { client } => Self::ClientPassword(client.clone()),
            Trouble::LoginRefused { provider, .. } => Self::Login(provider.clone()),
            Trouble::AccountUsed { account, percent } => Self::Used(account.clone(), *percent),
            Trouble::AccountExpires { account, days } => Self::Expires(account.clone(), *days),
            Trouble::OtherUser { .. } => Self::OtherUser,
            Trouble::ProviderDown { .. }
            | Trouble::ProviderFull { .. }
            | Trouble::ProviderPort { .. }
            | Trouble::EncryptedPort { .. }
            | Trouble::SettingsReadOnly { .. }
            | Trouble::SettingsSetAside { .. }
            | Trouble::SettingsNotSaved { .. } => return None,
        })
    }

    /// Whether its notification says why nothing can be downloaded.
    fn explains(&self, snapshot: &Snapshot) -> bool {
        match self {
            Self::Listening | Self::Passwords | Self::Password(_) | Self::Login(_) => {
                !snapshot.serves
            }
            Self::Used(account, 100) => !is_served_by_others(snapshot, account),
            Self::Outage
            | Self::ClientPassword(_)
            | Self::OtherUser
            | Self::Used(..)
            | Self::Expires(..) => false,
        }
    }

    /// Whether it is an account that is used up at this moment.
    fn is_used_up(&self, snapshot: &Snapshot) -> bool {
        let Self::Used(account, 100) = self else { return false };
        let is_used_up = |id: &str| {
            let mut views = snapshot.providers.iter().filter(|view| view.id == id);
            views.any(|view| view.state == ProviderState::UsedUp)
        };
        let mut own = snapshot.settings.providers.iter();
        own.any(|provider| provider.account_id() == account && is_used_up(&provider.id))
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Outage => Kind::Outage,
            Self::Used(..) | Self::Expires(..) => Kind::Account,
            Self::Listening
            | Self::Passwords
            | Self::Password(_)
            | Self::ClientPassword(_)
            | Self::Login(_)
            | Self::OtherUser => Kind::Attention,
        }
    }
}

impl Kind {
    fn is_on(self, notify: Notify) -> bool {
        match self {
            Self::Attention => notify.attention,
            Self::Outage => notify.outages,
            Self::Account => notify.accounts,
        }
    }

    /// How long it has to last. The ledger reports each step of an account once, so nothing flaps.
    fn patience(self) -> Duration {
        match self {
            Self::Attention => ATTENTION,
            Self::Outage => OUTAGE,
            Self::Account => Duration::ZERO,
        }
    }
}

fn is_of_account(trouble: &Trouble) -> bool {
    Subject::of(trouble).is_some_and(|subject| subject.kind() == Kind::Account)
}
