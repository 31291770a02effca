//! Statistics for people.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::accounts;
use crate::report::size;

/// What is shown of the statistics.
#[derive(Deserialize)]
struct Stats {
    series: Series,
    accounts: Map<String, Value>,
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
    lines.extend(accounts::lines(&accounts)?);
    Ok(lines.join("\n"))
}

fn line(name: &str, width: usize, total: &Total) -> String {
    let Total { bytes, articles, missing } = total;
    format!("{name:width$}  {}, {articles} articles, {missing} missing", size(*bytes))
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
                "a": {"name": "Block", "used": 7_000_000_000_u64, "quota": 10_000_000_000_u64,
                      "left": 3_000_000_000_u64, "expires": "2027-03-01", "empty_in_days": 9},
                "b": {"name": "B", "used": 1, "quota": null, "left": null, "expires": null, "empty_in_days": null},
            },
        });
        assert_eq!(
            text(&stats).unwrap(),
            "all  1.5 GB, 2000 articles, 3 missing
  A  1.5 GB, 2000 articles, 3 missing
account Block: 7.0 GB used, 3.0 GB left, about 9 days at this pace, until 2027-03-01"
        );
    }
}
