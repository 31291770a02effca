//! One article: its headers, its body as a block, and what an overview says of it (RFC 3977, section 8).

use bytes::Bytes;
use nntp::dot::stuff;

/// The headers of an overview, in order, behind the number (RFC 3977, section 8.4); then its metadata.
pub(crate) const OVERVIEW: [&str; 5] = ["Subject", "From", "Date", "Message-ID", "References"];

/// An article, ready to be sent.
#[derive(Debug)]
pub(crate) struct Article {
    /// With its angle brackets.
    pub(crate) id: String,
    headers: Vec<(&'static str, String)>,
    /// The lines of the headers, without the empty line behind them.
    pub(crate) head: Bytes,
    /// The body: dot-stuffed, with its terminator.
    pub(crate) body: Bytes,
    size: usize,
    lines: usize,
}

impl Article {
    /// An article of these headers, `Message-ID` among them, and a body whose lines end in CRLF.
    pub(crate) fn new(id: String, mut headers: Vec<(&'static str, String)>, body: &[u8]) -> Self {
        let lines = body.iter().filter(|byte| **byte == b'\n').count();
        headers.push(("Message-ID", id.clone()));
        headers.push(("Lines", lines.to_string()));
        let head: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let size = head.len() + 2 + body.len();
        Self { id, headers, head: head.into(), body: stuff(body).into(), size, lines }
    }

    /// A header or an item of metadata (`:bytes`, `:lines`), by its name in any case.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        match name {
            _ if name.eq_ignore_ascii_case(":bytes") => Some(self.size.to_string()),
            _ if name.eq_ignore_ascii_case(":lines") => Some(self.lines.to_string()),
            _ => self.header(name).map(str::to_owned),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// Its line in an overview.
    pub(crate) fn overview(&self, number: usize) -> String {
        let fields = OVERVIEW.map(|name| self.header(name).unwrap_or_default());
        let (size, lines) = (self.size, self.lines);
        let xref = self.header("Xref").unwrap_or_default();
        format!("{number}\t{}\t{size}\t{lines}\tXref: {xref}", fields.join("\t"))
    }

    /// Its size as it is told in a .nzb, in octets.
    pub(crate) fn size(&self) -> usize {
        self.size
    }
}
