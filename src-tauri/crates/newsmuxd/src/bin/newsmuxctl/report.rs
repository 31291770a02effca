//! A status for people.

use local::channel::{ProviderStatus, Status};

use crate::{accounts, limit};

/// All of it: a line for each provider, then one for each account with a limit or an end.
///
/// # Errors
/// When another version of Newsmux answered something else.
pub(crate) fn text(status: &Status) -> Result<String, String> {
    let Status {
        program,
        version,
        process,
        state,
        address,
        clients,
        bytes,
        articles,
        providers,
        traffic,
        accounts,
    } = status;
    let mut text = format!(
        "{program} {version} (process {process}): {}
address      {address}
connections  {clients} from your programs
downloaded   {}, {articles} articles
speed        {}",
        plain(state),
        size(*bytes),
        limit::sentence(traffic)
    );
    let width = providers.iter().map(|one| one.name.chars().count()).max().unwrap_or_default();
    for provider in providers {
        text.push_str(&line(provider, width));
    }
    if providers.is_empty() {
        text.push_str("\nno providers");
    }
    for line in accounts::lines(accounts)? {
        text.push('\n');
        text.push_str(&line);
    }
    Ok(text)
}

fn line(provider: &ProviderStatus, width: usize) -> String {
    let ProviderStatus { name, state, problem, retry_secs, open, granted, bytes } = provider;
    let problem = if problem.is_empty() { String::new() } else { format!(": {problem}") };
    let retry = match retry_secs {
        None => String::new(),
        Some(0) => "; tried again with the next request".into(),
        Some(seconds) => format!("; tried again in {seconds} s"),
    };
    format!(
        "\n  {name:width$}  {}, {open} of {granted} connections, {}{problem}{retry}",
        plain(state),
        size(*bytes)
    )
}

fn plain(state: &str) -> String {
    state.replace('_', " ")
}

/// As people read it: three digits at most before the point.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_999, "999.9 kB"),
            (1_234_567_890, "1.2 GB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn a_problem_stands_behind_its_provider() {
        let provider = ProviderStatus {
            name: "A".into(),
            state: "login_refused".into(),
            problem: "502 no".into(),
            retry_secs: Some(90),
            open: 0,
            granted: 8,
            bytes: 0,
        };
        let line = line(&provider, 2);
        assert_eq!(
            line,
            "\n  A   login refused, 0 of 8 connections, 0 B: 502 no; tried again in 90 s"
        );
    }
}
