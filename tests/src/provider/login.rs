//! AUTHINFO at the provider (RFC 4643).

use super::quirk::Quirk;
use super::reply::{Reply, Then};
use super::session::Session;

impl Session {
    /// The refusal of a command that needs a login, if it does and there was none.
    pub(super) fn login_first(&self, verb: &str) -> Option<Reply> {
        let free: &[&str] = match self.state.has(Quirk::LoginBeforeAll) {
            true => &["AUTHINFO", "QUIT", "STARTTLS"],
            false => &["AUTHINFO", "QUIT", "STARTTLS", "CAPABILITIES", "DATE", "HELP", "MODE", ""],
        };
        let refused = !self.logged_in && !free.contains(&verb);
        refused.then(|| Reply::line("480 Authentication required"))
    }

    /// The reply to AUTHINFO; the password is the rest of the line.
    pub(super) fn authinfo(&mut self, args: &str) -> Reply {
        let (what, value) = args.split_once(' ').unwrap_or((args, ""));
        if self.state.config.account.is_none() {
            return Reply::line("281 No login is needed here");
        }
        match (what.to_ascii_uppercase().as_str(), self.user.clone()) {
            _ if self.logged_in => Reply::line("502 Already authenticated"),
            ("USER", _) => self.name_given(value),
            ("PASS", Some(user)) => self.password_given(&user, value),
            ("PASS", None) => Reply::line("482 The user name comes first"),
            _ => Reply::line("501 What kind of login is that?"),
        }
    }

    fn name_given(&mut self, user: &str) -> Reply {
        self.user = Some(user.into());
        let account = self.state.config.account.as_ref();
        match self.state.has(Quirk::UserIsEnough) && account.is_some_and(|(name, _)| name == user) {
            true => self.log_in(),
            false => Reply::line("381 And the password?"),
        }
    }

    fn password_given(&mut self, user: &str, password: &str) -> Reply {
        let right = (user.to_owned(), password.to_owned());
        if self.state.config.account != Some(right) {
            self.user = None;
            return Reply::line("481 Authentication failed");
        }
        self.log_in()
    }

    fn log_in(&mut self) -> Reply {
        let state = std::sync::Arc::clone(&self.state);
        match state.count_login(&mut self.admission) {
            Ok(()) => {
                self.logged_in = true;
                Reply::line("281 Welcome")
            }
            Err(words) => Reply::line(&words).then(Then::Close),
        }
    }
}
