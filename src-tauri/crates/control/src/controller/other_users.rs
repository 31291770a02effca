//! Programs of other users of this computer that were refused, until the user says what is to become of them.

use std::net::IpAddr;

use api::snapshot::Trouble;

/// The maximum number of programs to report: another user can start programs under any number of names.
const MOST: usize = 8;

/// The programs that were refused.
#[derive(Debug, Default)]
pub(super) struct OtherUsers(Vec<Refused>);

#[derive(Debug)]
struct Refused {
    client: Option<String>,
    /// Whether the user has dismissed it. A program that keeps trying is reported once.
    dismissed: bool,
}

impl OtherUsers {
    /// A program was refused. It is an address where the system does not tell more.
    pub(super) fn was_refused(&mut self, client: &str) {
        let client = client.parse::<IpAddr>().is_err().then(|| client.to_owned());
        if self.0.len() < MOST && self.0.iter().all(|refused| refused.client != client) {
            self.0.push(Refused { client, dismissed: false });
        }
    }

    /// What the user should know.
    pub(super) fn troubles(&self) -> impl Iterator<Item = Trouble> {
        self.0.iter().filter(|refused| !refused.dismissed).map(Refused::trouble)
    }

    /// The user does not want to know of these any more.
    pub(super) fn dismiss(&mut self, dismissed: &[Trouble]) {
        let all = self.0.iter_mut().filter(|refused| dismissed.contains(&refused.trouble()));
        all.for_each(|refused| refused.dismissed = true);
    }

    /// Whom Newsmux serves has changed.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Refused {
    fn trouble(&self) -> Trouble {
        Trouble::OtherUser { client: self.client.clone() }
    }
}
