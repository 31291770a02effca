//! How accounts stand, for people.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::report::size;

#[derive(Deserialize)]
struct Account {
    name: String,
    used: u64,
    quota: Option<u64>,
    left: Option<u64>,
    expires: Option<String>,
    empty_in_days: Option<u64>,
}

/// A line for each account with a limit or an end.
///
/// # Errors
/// When another version of Newsmux answered something else.
pub(crate) fn lines(accounts: &Map<String, Value>) -> Result<Vec<String>, String> {
    let accounts = accounts.values().map(Account::deserialize);
    let accounts = accounts.collect::<Result<Vec<_>, _>>();
    let accounts = accounts.map_err(|error| format!("unexpected: {error}"))?;
    let limited = accounts.iter().filter(|one| one.quota.is_some() || one.expires.is_some());
    Ok(limited.map(line).collect())
}

fn line(account: &Account) -> String {
    let mut words = vec![format!("{} used", size(account.used))];
    words.extend(account.left.map(|left| format!("{} left", size(left))));
    words.extend(account.empty_in_days.map(|days| format!("about {days} days at this pace")));
    words.extend(account.expires.as_ref().map(|day| format!("until {day}")));
    format!("account {}: {}", account.name, words.join(", "))
}
