//! The table of a series for spreadsheets (RFC 4180).

use super::total;
use crate::error::Error;
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::pending::Kind;
use crate::report::{By, Range};

const HEADER: &str = "start,id,name,bytes_received,bytes_sent,articles,missing,refused,failed,resumed,\
rescued,seconds_down,seconds_busy,first_byte_ms,first_byte_p95_ms\r\n";

impl Ledger {
    /// A series as CSV: one line for each step and row with use, the oldest first. Steps begin in local
    /// time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn export_csv(&self, range: Range, by: By) -> Result<String, Error> {
        let kind = Kind::from(by);
        let (steps, table) = self.table(range, kind)?;
        let names = self.names(kind)?;
        let now = self.clock.now();
        let mut csv = HEADER.to_owned();
        for index in 0..steps.starts.len() {
            let start = steps.label(index, now.time_zone());
            for (id, row) in table.iter().filter(|(_, row)| !row[index].is_empty()) {
                let name = names.get(id).map_or(id, |name| &name.name);
                let texts = format!("{start},{},{}", quoted(id), quoted(name));
                csv.push_str(&format!("{texts},{}\r\n", numbers(&row[index])));
            }
        }
        Ok(csv)
    }
}

fn numbers(figures: &Figures) -> String {
    let counts = figures.counts;
    let shown = total(figures);
    let millis = |time: Option<u64>| time.map_or_else(String::new, |time| time.to_string());
    let numbers = [
        counts.received,
        counts.sent,
        counts.articles,
        counts.missing,
        counts.refused,
        counts.failed,
        counts.resumed,
        counts.rescued,
        shown.down_secs,
        figures.busy_ms / 1000,
    ];
    let numbers = numbers.map(|number| number.to_string()).join(",");
    format!("{numbers},{},{}", millis(shown.first_byte_ms), millis(shown.first_byte_p95_ms))
}

/// A text as a field. Spreadsheets take one that begins with `=` and the like for a formula, so that is
/// quoted too.
fn quoted(text: &str) -> String {
    let formula = if text.starts_with(['=', '+', '-', '@', '\t']) { "'" } else { "" };
    let special = |c| matches!(c, ',' | '"' | '\r' | '\n');
    if !text.contains(special) {
        return format!("{formula}{text}");
    }
    format!("\"{formula}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_field() {
        for (name, field) in [
            ("SABnzbd", "SABnzbd"),
            ("a, b", "\"a, b\""),
            ("the \"good\" one\n", "\"the \"\"good\"\" one\n\""),
            ("=1+1", "'=1+1"),
            ("@a,b", "\"'@a,b\""),
        ] {
            assert_eq!(quoted(name), field);
        }
    }
}
