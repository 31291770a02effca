//! ConfigObj's form of settings: sections in sections by `[` and `[[`, quoted values, values of several lines.

/// A `key = value`, below the names of the sections that it is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) sections: Vec<String>,
    /// Nothing for the section's own line.
    pub(super) pair: Option<(String, String)>,
}

/// Deeper sections are taken for sections of this depth: nobody looks so deep.
const DEEPEST: usize = 3;

/// Every section and every pair, in order. What is neither is passed over, as is the rest of a value that never ends.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let (mut found, mut sections) = (Vec::new(), Vec::new());
    let mut rest = text.lines();
    while let Some(line) = rest.next().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((depth, name)) = section(line) {
            sections.truncate((depth - 1).min(DEEPEST - 1));
            sections.push(name);
            found.push(Line { sections: sections.clone(), pair: None });
        } else if let Some((key, begun)) = split(line) {
            let value = match long(begun) {
                Some((mark, begun)) => until(mark, begun, &mut rest),
                None => unquoted(begun),
            };
            found.push(Line { sections: sections.clone(), pair: Some((key, value)) });
        }
    }
    found
}

/// How deep a section is, from 1, and its name.
fn section(line: &str) -> Option<(usize, String)> {
    let depth = line.bytes().take_while(|byte| *byte == b'[').count();
    let inner = line.get(depth..).filter(|_| depth > 0)?.trim_start();
    let (name, end) = match quote(inner) {
        Some(quote) => inner.get(1..)?.split_once(quote)?,
        None => inner.split_at(inner.find(']')?),
    };
    let is_closed = end.trim_start().starts_with(&"]".repeat(depth));
    is_closed.then(|| (depth, name.trim().to_owned()))
}

/// The key, which may be quoted, and what is behind the `=`.
fn split(line: &str) -> Option<(String, &str)> {
    let from = match quote(line) {
        Some(quote) => line.get(1..)?.find(quote)? + 2,
        None => 0,
    };
    let at = line.get(from..)?.find('=')? + from;
    Some((unquoted(line.get(..at)?.trim()), line.get(at + 1..)?.trim()))
}

/// The mark of a value that may go over several lines, and its beginning.
fn long(value: &str) -> Option<(&'static str, &str)> {
    ["\"\"\"", "'''"].into_iter().find_map(|mark| Some((mark, value.strip_prefix(mark)?)))
}

/// All up to `mark`, in this line or those behind it.
fn until<'a>(mark: &str, begun: &'a str, rest: &mut impl Iterator<Item = &'a str>) -> String {
    let (mut value, mut line) = (String::new(), begun);
    loop {
        if let Some((last, behind)) = line.split_once(mark) {
            value.push_str(last);
            // A quote that the value ends with is before the mark, not behind it.
            let quotes = behind.chars().take_while(|c| mark.starts_with(*c));
            value.extend(quotes);
            return value;
        }
        value.push_str(line);
        let Some(next) = rest.next() else { return value };
        value.push('\n');
        line = next;
    }
}

/// Without its quotes, or without the comment behind it. Nothing is escaped in this form.
fn unquoted(value: &str) -> String {
    let inside = quote(value).and_then(|quote| value.get(1..)?.split_once(quote));
    let plain = || value.split('#').next().unwrap_or_default().trim();
    inside.map_or_else(plain, |(inside, _)| inside).to_owned()
}

/// The quote that a text begins with.
fn quote(text: &str) -> Option<char> {
    text.chars().next().filter(|first| matches!(first, '"' | '\''))
}
