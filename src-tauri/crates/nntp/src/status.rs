//! Status lines: a three-digit code followed by text (RFC 3977, section 3.2).

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

/// A reply code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u16);

impl Code {
    /// The group was selected (211 after GROUP and LISTGROUP).
    pub const GROUP_SELECTED: Self = Self(211);
    /// There is no such newsgroup (411).
    pub const NO_SUCH_GROUP: Self = Self(411);

    /// Creates a code between 100 and 599.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if code >= 100 && code <= 599 { Some(Self(code)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// The line does not begin with a status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadStatus;

impl fmt::Display for BadStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reply has to begin with a code of exactly three digits")
    }
}

impl std::error::Error for BadStatus {}

/// The numbers in the 211 reply to GROUP (RFC 3977, section 6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupStatus {
    /// The estimated number of articles.
    pub count: u64,
    /// The lowest article number.
    pub low: u64,
    /// The highest article number.
    pub high: u64,
}

const CRLF: &[u8] = b"\r\n";

/// A status line as it was received. Cloning it is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    /// Always ends with CRLF (`quirk`: old servers send a bare LF, which makes SABnzbd 5 hang).
    line: Bytes,
    code: Code,
}

impl StatusLine {
    /// Parses a line, with or without its line end.
    ///
    /// The code must be followed by a blank or the end of the line. A fourth digit means that the
    /// stream is out of step and cannot be trusted.
    ///
    /// # Errors
    /// If the line does not begin with a three-digit code.
    pub fn parse(line: Bytes) -> Result<Self, BadStatus> {
        let digits = line.get(..3).ok_or(BadStatus)?;
        let mut code = 0_u16;
        for digit in digits {
            let value = digit.checked_sub(b'0').filter(|value| *value < 10).ok_or(BadStatus)?;
            code = code.saturating_mul(10).saturating_add(value.into());
        }
        let code = Code::new(code).ok_or(BadStatus)?;
        if !ends_code(line.get(3..).unwrap_or_default()) {
            return Err(BadStatus);
        }
        let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'));
        let text = line.get(..=end.unwrap_or_default()).unwrap_or_default();
        let line = if line.get(text.len()..) == Some(CRLF) { line } else { with_crlf(text) };
        Ok(Self { line, code })
    }

    /// Returns the same line with another code.
    #[must_use]
    pub fn with_code(&self, code: u16) -> Self {
        let Some(code) = Code::new(code) else { return self.clone() };
        let mut line = BytesMut::from(code.to_string().as_bytes());
        line.put_slice(self.line.get(3..).unwrap_or_default());
        Self { line: line.freeze(), code }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The text after the code, trimmed.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.line.get(3..).unwrap_or_default().trim_ascii()
    }

    /// The message-id in the text with its angle brackets: everything from the first `<` to the last
    /// `>`.
    #[must_use]
    pub fn message_id(&self) -> Option<&[u8]> {
        crate::message_id::find(self.text())
    }

    /// The article number, if the first argument is a number.
    #[must_use]
    pub fn article_number(&self) -> Option<u64> {
        self.numbers().next().flatten()
    }

    /// The numbers of the selected group; `None` if the server omits them (`quirk`: sn and leafnode,
    /// after LISTGROUP).
    #[must_use]
    pub fn group(&self) -> Option<GroupStatus> {
        let mut numbers = self.numbers();
        let mut next = || numbers.next().flatten();
        Some(GroupStatus { count: next()?, low: next()?, high: next()? })
    }

    fn numbers(&self) -> impl Iterator<Item = Option<u64>> {
        let words = self.text().split(|byte| matches!(byte, b' ' | b'\t' | b','));
        words
            .filter(|word| !word.is_empty())
            .map(|word| std::str::from_utf8(word).ok()?.parse().ok())
    }

    /// The line to send, with CRLF.
    #[must_use]
    pub fn to_wire(&self) -> Bytes {
        self.line.clone()
    }
}

fn with_crlf(text: &[u8]) -> Bytes {
    [text, CRLF].concat().into()
}

/// Whether `rest` may follow a code.
const fn ends_code(rest: &[u8]) -> bool {
    matches!(rest, [] | [b' ' | b'\t' | b'\r' | b'\n', ..]) || quirk_comma_behind_code(rest)
}

/// nserv sends `220, 0 <id>`.
const fn quirk_comma_behind_code(rest: &[u8]) -> bool {
    matches!(rest, [b',', b' ', ..])
}
