//! The server's side of a conversation with a client: greeting, login, bad input, and the replies that
//! the proxy gives itself. Requests for a provider are returned to be sent on.

use std::fmt;

use bytes::Bytes;

use crate::capabilities::{Capabilities, Lacks};
use crate::command::{AuthInfo, Class, Local, Request, Upload, Verb};
use crate::line::{TooLong, without_end};

/// The longest command line in octets, including the line end (RFC 3977, section 3.1).
const COMMAND_LIMIT: usize = 512;
/// How many invalid lines in a row end the session.
const STRIKES: u8 = 8;
/// How many failed logins end the session.
const WRONG_LOGINS: u8 = 5;
/// HTTP methods that a browser or web page would send.
const HTTP: [&[u8]; 8] =
    [b"GET ", b"PUT ", b"HEAD /", b"POST /", b"OPTIONS ", b"CONNECT ", b"DELETE ", b"PRI * "];

const HELP: &str = "100 Help follows\r\n\
    Newsmux passes what you ask on to your Usenet providers.\r\n\
    It answers CAPABILITIES, HELP, MODE READER, AUTHINFO and QUIT itself.\r\n\
    .\r\n";

/// What the conversation needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whether clients may post.
    pub posting: bool,
    /// Whether clients have to log in.
    pub login_needed: bool,
    /// Whether clients may use commands that depend on a selected group.
    pub stateful: bool,
}

/// A conversation with one client.
#[derive(Debug)]
pub struct ClientFlow {
    facts: Facts,
    user: Option<Bytes>,
    logged_in: bool,
    strikes: u8,
    wrong_logins: u8,
    verb: Verb,
}

/// What to do for a client's line.
#[derive(Clone, PartialEq, Eq)]
pub enum Action {
    /// Send this reply.
    Reply(Bytes),
    /// Send the capabilities, after adding what is known about the provider.
    Capabilities(Capabilities),
    /// Send this, if not empty, and close the connection.
    Close(Bytes),
    /// Check a login and pass the result to [`ClientFlow::login_checked`].
    CheckLogin {
        /// The user name.
        user: Bytes,
        /// The whole password.
        password: Bytes,
    },
    /// Send the request to a provider.
    Forward(Request),
    /// Read and discard the article that follows at once, then send this reply.
    Swallow {
        /// The refusal.
        reply: Bytes,
    },
    /// Do nothing: an empty line gets no reply.
    Nothing,
}

impl ClientFlow {
    /// Starts a conversation.
    #[must_use]
    pub const fn new(facts: Facts) -> Self {
        Self {
            facts,
            user: None,
            logged_in: !facts.login_needed,
            strikes: 0,
            wrong_logins: 0,
            verb: Verb::Empty,
        }
    }

    /// The greeting: 200, or 201 if posting is not allowed.
    #[must_use]
    pub const fn greeting(&self) -> Bytes {
        Bytes::from_static(if self.facts.posting {
            b"200 Newsmux ready, posting allowed\r\n"
        } else {
            b"201 Newsmux ready, no posting\r\n"
        })
    }

    /// Whether the client may request articles.
    #[must_use]
    pub const fn is_logged_in(&self) -> bool {
        self.logged_in
    }

    /// The command of the last line; unknown if it was invalid.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// Handles the client's next line.
    pub fn receive(&mut self, line: Result<Bytes, TooLong>) -> Action {
        self.verb = Verb::Unknown;
        let Ok(line) = line else { return self.strike("501 The line is too long\r\n") };
        if smells_of_http(&line) {
            return Action::Close(Bytes::new());
        }
        let length = without_end(&line).len().saturating_add(2);
        let request = match Request::parse(line) {
            Ok(request) => request,
            Err(bad) if bad.is_garbage() => return self.strike(bad.reply()),
            Err(bad) => return reply(bad.reply()),
        };
        if length > COMMAND_LIMIT && !may_be_long(&request) {
            return self.strike("501 The line is too long\r\n");
        }
        self.verb = request.verb();
        let action = self.answer(request);
        if !matches!(&action, Action::Reply(reply) if is_nonsense(reply)) {
            self.strikes = 0;
            return action;
        }
        self.count_strike().unwrap_or(action)
    }

    /// Handles the result of [`Action::CheckLogin`].
    pub fn login_checked(&mut self, accepted: bool) -> Action {
        if accepted {
            self.logged_in = true;
            self.user = None;
            return reply("281 Authentication accepted\r\n");
        }
        self.wrong_logins = self.wrong_logins.saturating_add(1);
        if self.wrong_logins >= WRONG_LOGINS {
            return Action::Close(Bytes::from_static(b"481 Authentication failed too often\r\n"));
        }
        reply("481 Authentication failed: wrong user name or password\r\n")
    }

    fn answer(&mut self, request: Request) -> Action {
        match request.class() {
            Class::Local(local) => self.answer_local(local, &request),
            // The client sends the article whether we want it or not.
            Class::Upload(Upload::TakeThis) => Action::Swallow { reply: not_wanted(&request) },
            _ if !self.logged_in => reply("480 Authentication required\r\n"),
            Class::Upload(_) if !self.facts.posting => reply("440 Posting not permitted\r\n"),
            Class::Stateful(_) if !self.facts.stateful => {
                reply("503 Groups cannot be read in this mode, only articles by message-id\r\n")
            }
            Class::Unknown if !self.facts.stateful => reply("500 Unknown command\r\n"),
            Class::Unknown if !looks_like_a_command(&request) => reply("500 Unknown command\r\n"),
            _ if lacks_argument(&request) => reply("501 Syntax error: an argument is missing\r\n"),
            _ => Action::Forward(request),
        }
    }

    fn answer_local(&mut self, local: Local, request: &Request) -> Action {
        match local {
            Local::Capabilities => Action::Capabilities(self.capabilities()),
            Local::ModeReader if self.facts.posting => reply("200 Posting allowed\r\n"),
            Local::ModeReader => reply("201 No posting\r\n"),
            Local::ModeStream => reply("501 This is no feed\r\n"),
            Local::AuthInfo(kind) => self.authinfo(kind, request),
            Local::Quit => Action::Close(Bytes::from_static(b"205 Bye\r\n")),
            Local::Help => reply(HELP),
            Local::StartTls => reply("502 No STARTTLS here: use the port with TLS\r\n"),
            Local::Compress => reply("503 No compression here\r\n"),
            Local::XFeature => reply("503 Not supported\r\n"),
            Local::Empty => Action::Nothing,
        }
    }

    const fn capabilities(&self) -> Capabilities {
        let Facts { posting, stateful: reader, .. } = self.facts;
        let lacks = Lacks { over: false, hdr: false };
        Capabilities { posting, reader, login: !self.logged_in, lacks }
    }

    /// RFC 4643, section 2.3. If no login is needed, any login is accepted: clients send what they
    /// have.
    fn authinfo(&mut self, kind: AuthInfo, request: &Request) -> Action {
        let argument = request.args();
        match (kind, self.user.take()) {
            (AuthInfo::User | AuthInfo::Pass, _) if argument.is_empty() => {
                reply("501 Syntax error: an argument is missing\r\n")
            }
            (AuthInfo::User | AuthInfo::Pass, _) if self.facts.login_needed && self.logged_in => {
                reply("502 Already authenticated\r\n")
            }
            (AuthInfo::User, _) => {
                self.user = Some(Bytes::copy_from_slice(argument.trim_ascii_end()));
                reply("381 Password required\r\n")
            }
            (AuthInfo::Pass, None) => reply("482 Send AUTHINFO USER first\r\n"),
            (AuthInfo::Pass, Some(_)) if !self.facts.login_needed => {
                reply("281 Authentication accepted\r\n")
            }
            (AuthInfo::Pass, Some(user)) => {
                Action::CheckLogin { user, password: Bytes::copy_from_slice(argument) }
            }
            (AuthInfo::Sasl, _) => reply("503 Mechanism not recognized: use AUTHINFO USER\r\n"),
            (AuthInfo::Other, _) => reply("501 Use AUTHINFO USER and AUTHINFO PASS\r\n"),
        }
    }

    fn strike(&mut self, words: &'static str) -> Action {
        self.count_strike().unwrap_or_else(|| reply(words))
    }

    fn count_strike(&mut self) -> Option<Action> {
        self.strikes = self.strikes.saturating_add(1);
        let enough = self.strikes >= STRIKES;
        enough.then(|| Action::Close(Bytes::from_static(b"400 Too many errors\r\n")))
    }
}

fn reply(words: &'static str) -> Action {
    Action::Reply(Bytes::from_static(words.as_bytes()))
}

/// Whether a reply says that we did not understand (500 and 501).
fn is_nonsense(reply: &[u8]) -> bool {
    reply.starts_with(b"500") || reply.starts_with(b"501")
}

fn not_wanted(request: &Request) -> Bytes {
    let id = request.message_id().map(|id| id.as_bytes()).unwrap_or_default();
    [b"439 ", id, b"\r\n"].concat().into()
}

/// Whether a verb has only letters and digits. Anything else is not sent to a provider.
fn looks_like_a_command(request: &Request) -> bool {
    let line = request.wire();
    let verb = line.split(|byte| byte.is_ascii_whitespace()).find(|word| !word.is_empty());
    verb.is_some_and(|verb| verb.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'))
}

fn lacks_argument(request: &Request) -> bool {
    let needs = matches!(
        request.verb(),
        Verb::Group
            | Verb::Hdr
            | Verb::XHdr
            | Verb::XPat
            | Verb::NewGroups
            | Verb::NewNews
            | Verb::IHave
            | Verb::Check
    );
    needs && request.args().trim_ascii().is_empty()
}

/// Whether the request may exceed the RFC's line length: message-ids, patterns and group lists may.
const fn may_be_long(request: &Request) -> bool {
    matches!(request.class(), Class::ById)
        || matches!(request.verb(), Verb::XPat | Verb::NewNews | Verb::IHave | Verb::Check)
}

fn smells_of_http(line: &[u8]) -> bool {
    let begins = |start: &[u8]| {
        line.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    // A slash is rare, so this is faster than searching for the whole.
    let version = memchr::memchr_iter(b'/', line)
        .any(|at| line.get(..at).is_some_and(|before| before.ends_with(b" HTTP")));
    version || begins(b"Host:") || HTTP.iter().any(|method| begins(method))
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capabilities(offer) => f.debug_tuple("Capabilities").field(offer).finish(),
            Self::Reply(reply) => f.debug_tuple("Reply").field(reply).finish(),
            Self::Close(reply) => f.debug_tuple("Close").field(reply).finish(),
            Self::CheckLogin { .. } => f.write_str("CheckLogin(***)"),
            Self::Forward(request) => f.debug_tuple("Forward").field(request).finish(),
            Self::Swallow { reply } => f.debug_tuple("Swallow").field(reply).finish(),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}
