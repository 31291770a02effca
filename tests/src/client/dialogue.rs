//! Tests that read like the dialogue they test.
#![expect(clippy::panic, reason = "a helper of tests: what goes wrong here fails the test")]

use super::Client;
use crate::transport::Transport;

impl<S: Transport> Client<S> {
    /// Holds a dialogue, one line each:
    ///
    /// * `C: line` is sent. Several in a row go out in one write.
    /// * `S: pattern` is what the next line has to be; `*` stands for anything.
    /// * `S: ...` is the rest of a block, terminator included.
    /// * `S: (closed)` is the end of the connection.
    ///
    /// # Panics
    /// When the other side says anything else.
    pub async fn talk(&mut self, dialogue: &str) {
        let mut lines = dialogue.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        while let Some(line) = lines.next() {
            match line.split_at_checked(2).map(|(who, text)| (who, text.trim_start())) {
                Some(("C:", said)) => {
                    let mut said = said.to_owned();
                    while let Some(more) = lines.next_if(|line| line.starts_with("C:")) {
                        said = [&said, "\r\n", more[2..].trim_start()].concat();
                    }
                    self.send(&said).await;
                }
                Some(("S:", expected)) => self.expect(expected, dialogue).await,
                _ => panic!("neither C: nor S: in {line:?}"),
            }
        }
    }

    async fn expect(&mut self, expected: &str, dialogue: &str) {
        match expected {
            "(closed)" => self.closed().await,
            "..." => loop {
                if self.said(expected, dialogue).await == "." {
                    return;
                }
            },
            pattern => {
                let line = self.said(pattern, dialogue).await;
                assert!(fits(pattern, &line), "{line:?} is not {pattern:?} in:{dialogue}");
            }
        }
    }

    async fn said(&mut self, expected: &str, dialogue: &str) -> String {
        match self.try_line().await {
            Ok(line) => line,
            Err(error) => panic!("{error} instead of {expected:?} in:{dialogue}"),
        }
    }
}

/// Whether a line is what a pattern with `*`s says.
fn fits(pattern: &str, line: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == line,
        Some((before, after)) => line.strip_prefix(before).is_some_and(|rest| {
            let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.any(|at| fits(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_pattern_is_literal_but_for_its_stars() {
        assert!(fits("211 3 *", "211 3 4 5 misc.test"));
        assert!(fits("*misc*", "211 misc"));
        assert!(fits("205*", "205"));
        assert!(!fits("205", "205 Bye"));
        assert!(!fits("*x", "205 Bye"));
    }
}
