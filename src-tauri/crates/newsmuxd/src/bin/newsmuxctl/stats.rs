//! Statistics for people.

use serde::Deserialize;
use serde_json::Value;

use crate::report::size;

/// What is shown of the statistics.
#[derive(Deserialize)]
struct Stats {
    series: Series,
    accounts: std::collections::BTreeMap<String, Account>,
}

#[derive(Deserialize)]
struct Series {
    rows: Vec<Row>,
    total: Total,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    total: Total,
}

#[derive(Deserialize)]
struct Total {
    bytes: u64,
    articles: u64,
    missing: u64,
}

#[derive(Deserialize)]
struct Account {
    used: u64,
    quota: Option<u64>,
    left: Option<u64>,
    expires: Option<String>,
    empty_in_days: Option<u64>,
}

/// All of it: a line for each provider or program, then one for each account with a limit or an end.
///
/// # Errors
/// When another version of Newsmux answered something else.
pub(crate) fn text(stats: &Value) -> Result<String, String> {
    let Stats { series, accounts } =
        Stats::deserialize(stats).map_err(|error| format!("unexpected: {error}"))?;
    let mut lines = vec![line("all", 0, &series.total)];
    let width = series.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    lines.extend(series.rows.iter().map(|row| format!("  {}", line(&row.name, width, &row.total))));
    let limited = accounts.iter().filter(|(_, a)| a.quota.is_some() || a.expires.is_some());
    lines.extend(limited.map(|(id, account)| standing(id, account)));
    Ok(lines.join("\n"))
}

fn line(name: &str, width: usize, total: &Total) -> String {
    let Total { bytes, articles, missing } = total;
    format!("{name:width$}  {}, {articles} articles, {missing} missing", size(*bytes))
}

fn standing(id: &str, account: &Account) -> String {
    let mut words = vec![format!("{} used", size(account.used))];
    words.extend(account.left.map(|left| format!("{} left", size(left))));
    words.extend(account.empty_in_days.map(|days| format!("about {days} days at this pace")));
    words.extend(account.expires.as_ref().map(|day| format!("until {day}")));
    format!("account {id}: {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_for_each_and_for_accounts_with_a_limit() {
        let total = json!({"bytes": 1_500_000_000_u64, "articles": 2000, "missing": 3});
        let stats = json!({
            "series": {"rows": [{"name": "A", "total": total}], "total": total},
            "accounts": {
                "a": {"used": 7_000_000_000_u64, "quota": 10_000_000_000_u64,
                      "left": 3_000_000_000_u64, "expires": "2027-03-01", "empty_in_days": 9},
                "b": {"used": 1, "quota": null, "left": null, "expires": null, "empty_in_days": null},
            },
        });
        assert_eq!(
            text(&stats).unwrap(),
            "all  1.5 GB, 2000 articles, 3 missing
  A  1.5 GB, 2000 articles, 3 missing
account a: 7.0 GB used, 3.0 GB left, about 9 days at this pace, until 2027-03-01"
        );
    }
}
