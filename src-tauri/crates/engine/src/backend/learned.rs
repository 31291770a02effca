//! Remembers which commands a provider lacks, and what it refuses even after a login. This lasts for a
//! while, or until the settings change.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use nntp::capabilities::Lacks;
use nntp::command::{Class, Request, Verb};
use nntp::login::ModeReader;
use tokio::time::{Duration, Instant};
use tracing::info;

use super::Backend;
use crate::lock::Lock;

/// How long a command counts as unknown before it is tried again.
const UNKNOWN_MEMORY: Duration = Duration::from_secs(30 * 60);
/// How many 500s in a row mark a command as unknown if it has worked before or no other can replace it.
/// Fewer may be about their arguments.
const UNKNOWN_AFTER: u8 = 3;
/// How long not to log in again for a request that was refused with 480 after a fresh login.
const LOGIN_MEMORY: Duration = Duration::from_secs(60);
/// The maximum number of such requests to remember.
const LOGIN_ENTRIES: usize = 32;
/// After this many different articles refused with 480, all count as refused. Of other commands one is
/// enough: a client may ask for every group there is.
const LOGIN_ARTICLES: usize = 3;

/// The commands this is about, in the order of their bits.
const VERBS: [Verb; 9] = [
    Verb::Article,
    Verb::Body,
    Verb::Head,
    Verb::Stat,
    Verb::Over,
    Verb::XOver,
    Verb::Hdr,
    Verb::XHdr,
    Verb::Group,
];

/// What a backend's replies have taught. See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// Whether the provider needs `MODE READER`; `None` if unknown.
    mode: Lock<Option<ModeReader>>,
    /// Commands whose last reply was not 500, one bit each, so that the usual case takes no lock.
    known: AtomicU16,
    commands: Lock<[Command; VERBS.len()]>,
    /// Until when connections are left uncompressed, because the provider refused or failed.
    not_compressed_until: Lock<Option<Instant>>,
    /// Requests that were refused with 480 after a fresh login.
    refused: Lock<VecDeque<Refused>>,
    /// Whether there are any. Usually there are none, and requests take no lock.
    has_refused: AtomicBool,
}

/// A command's replies so far.
#[derive(Debug, Clone, Copy, Default)]
struct Command {
    /// Whether it ever got a reply other than 500.
    was_known: bool,
    unknown_in_a_row: u8,
    unknown_until: Option<Instant>,
}

#[derive(Debug)]
struct Refused {
    line: u64,
    /// Its command; `None` for articles by message-id.
    verb: Option<Verb>,
    until: Instant,
}

impl Learned {
    pub(super) fn not_compressed_until(&self) -> Option<Instant> {
        *self.not_compressed_until.lock()
    }

    pub(super) fn leave_uncompressed(&self, until: Instant) {
        *self.not_compressed_until.lock() = Some(until);
    }
}

/// Commands.
impl Backend {
    /// Returns what to send for a request: the request itself, or another command with the same answer
    /// if the provider lacks this one.
    pub(crate) fn command_for<'r>(&self, request: &'r Request) -> Cow<'r, Request> {
        let other = if self.lacks(request.verb()) { self.alternative(request) } else { None };
        other.map_or(Cow::Borrowed(request), Cow::Owned)
    }

    /// Whether the provider has no command at all that answers a request.
    pub(crate) fn has_no_command_for(&self, request: &Request) -> bool {
        self.lacks(request.verb()) && self.alternative(request).is_none()
    }

    /// Returns another command with the same answer that the provider may have.
    fn alternative(&self, request: &Request) -> Option<Request> {
        request.alternative().filter(|other| !self.lacks(other.verb()))
    }

    /// Whether the provider is known to lack a command.
    pub(crate) fn lacks(&self, verb: Verb) -> bool {
        let Some(at) = place(verb).filter(|at| !self.knows_for_certain(*at)) else { return false };
        let until = self.learned.commands.lock().get(at).and_then(|command| command.unknown_until);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// What the provider is known to lack, under the new name and the old.
    pub(crate) fn lacks_for_groups(&self) -> Lacks {
        let both = |new, old| self.lacks(new) && self.lacks(old);
        Lacks { over: both(Verb::Over, Verb::XOver), hdr: both(Verb::Hdr, Verb::XHdr) }
    }

    /// Whether the request may have to be sent again as another command.
    pub(crate) fn is_unsure_of(&self, request: &Request) -> bool {
        place(request.verb()).is_some_and(|at| !self.knows_for_certain(at))
            && request.alternative().is_some()
    }

    fn knows_for_certain(&self, at: usize) -> bool {
        self.learned.known.load(Ordering::Relaxed) & bit(at) != 0
    }

    /// Records that the provider knows a command.
    pub(crate) fn knows(&self, verb: Verb) {
        let Some(at) = place(verb).filter(|at| !self.knows_for_certain(*at)) else { return };
        self.learned.known.fetch_or(bit(at), Ordering::Relaxed);
        if let Some(command) = self.learned.commands.lock().get_mut(at) {
            *command = Command { was_known: true, ..Command::default() };
        }
    }

    /// Records a 500 reply. Returns true if another command is worth trying.
    pub(crate) fn does_not_know(&self, sent: &Request) -> bool {
        let Some(at) = place(sent.verb()) else { return false };
        self.learned.known.fetch_and(!bit(at), Ordering::Relaxed);
        let other = self.alternative(sent);
        let mut commands = self.learned.commands.lock();
        let Some(command) = commands.get_mut(at) else { return false };
        // If it has answered the command before, the 500 was about the argument.
        let enough = match (&other, command.was_known) {
            (Some(_), false) => 1,
            (Some(_), true) => UNKNOWN_AFTER,
            (None, false) if is_ordinary(sent) => UNKNOWN_AFTER,
            // Marking the command as unknown would report articles as missing that the provider has.
            (None, _) => return false,
        };
        let now = Instant::now();
        command.unknown_in_a_row = command.unknown_in_a_row.saturating_add(1);
        if command.unknown_in_a_row >= enough && command.unknown_until.is_none_or(|at| at < now) {
            command.unknown_until = Some(now + UNKNOWN_MEMORY);
            let verb = format!("{:?}", sent.verb()).to_uppercase();
            info!(provider = self.config.name, "does not know {verb}");
        }
        other.is_some() && command.unknown_until.is_some()
    }
}

/// `MODE READER` (RFC 3977, section 5.3).
impl Backend {
    /// What the next login needs to know.
    pub(super) fn mode_reader(&self) -> ModeReader {
        let mut mode = self.learned.mode.lock();
        let known = mode.unwrap_or(ModeReader::NotNeeded);
        if known == ModeReader::Unclear {
            // Ask for the capabilities only once: the provider may close the connection instead of
            // replying.
            *mode = Some(ModeReader::NotNeeded);
        }
        known
    }

    /// Records that the provider needs `MODE READER`, so that later logins send it.
    pub(super) fn mode_reader_needed(&self) {
        if self.learned.mode.lock().replace(ModeReader::Needed) != Some(ModeReader::Needed) {
            info!(provider = self.config.name, "wants MODE READER first");
        }
    }

    /// Records that a provider that has not served a reader yet does not know a command that every
    /// reader needs. Returns true once: the next login then asks for its capabilities, which tell
    /// whether it needs `MODE READER`.
    pub(super) fn may_need_mode_reader(&self, sent: &Request) -> bool {
        let reads = sent.verb().names_article() || sent.verb() == Verb::Group;
        if !reads || !is_ordinary(sent) || sent.alternative().is_some() {
            return false;
        }
        if self.learned.commands.lock().iter().any(|command| command.was_known) {
            return false;
        }
        let mut mode = self.learned.mode.lock();
        let asked = mode.is_some();
        if !asked {
            *mode = Some(ModeReader::Unclear);
            drop(mode);
            self.does_not_know(sent);
        }
        !asked
    }
}

/// Refusals with 480 after a login.
impl Backend {
    /// Records that a request was refused with 480 after a fresh login.
    pub(super) fn refused_after_login(&self, sent: &Request) {
        let (line, until) = (line_of(sent), Instant::now() + LOGIN_MEMORY);
        let mut refused = self.learned.refused.lock();
        refused.retain(|refused| refused.line != line);
        refused.push_back(Refused { line, verb: verb_of(sent), until });
        if refused.len() > LOGIN_ENTRIES {
            refused.pop_front();
        }
        self.learned.has_refused.store(true, Ordering::Relaxed);
    }

    /// Whether a request is known to be refused with 480 even after a fresh login.
    pub(super) fn refuses_after_login(&self, sent: &Request) -> bool {
        if !self.learned.has_refused.load(Ordering::Relaxed) {
            return false;
        }
        let (line, now) = (line_of(sent), Instant::now());
        let mut refused = self.learned.refused.lock();
        refused.retain(|refused| now < refused.until);
        self.learned.has_refused.store(!refused.is_empty(), Ordering::Relaxed);
        let verb = verb_of(sent);
        let enough = if verb.is_some() { 1 } else { LOGIN_ARTICLES };
        refused.iter().filter(|refused| refused.verb == verb).count() >= enough
            || refused.iter().any(|refused| refused.line == line)
    }
}

fn place(verb: Verb) -> Option<usize> {
    VERBS.iter().position(|known| *known == verb)
}

const fn bit(at: usize) -> u16 {
    1 << at
}

/// Whether a server that knows the command has no reason to answer 500.
fn is_ordinary(request: &Request) -> bool {
    request.message_id().is_none_or(|id| id.is_ordinary())
}

/// The command of a request; `None` for an article by message-id.
fn verb_of(request: &Request) -> Option<Verb> {
    (!matches!(request.class(), Class::ById)).then(|| request.verb())
}

fn line_of(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.wire().hash(&mut hasher);
    hasher.finish()
}
