//! Message-ids (RFC 3977, section 3.6), as servers and posters really write them: with blanks, without
//! `@`, with `?`, `=`, `:`, `|` and `/` in them. They are passed on unchanged.

/// A message-id with its angle brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageId<'a>(&'a [u8]);

impl<'a> MessageId<'a> {
    /// The message-id that an argument begins with: all from its `<` to the last `>`.
    #[must_use]
    pub fn leading(argument: &'a [u8]) -> Option<Self> {
        let argument = argument.trim_ascii();
        if argument.starts_with(b"<") { find(argument).map(Self) } else { None }
    }

    /// Whether it is as RFC 3977 wants it: short, printable, without blanks, and with an `@`.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        self.0.len() <= 250 && self.0.contains(&b'@') && self.0.iter().all(u8::is_ascii_graphic)
    }

    /// Its octets, brackets included.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// All from the first `<` to the last `>`.
pub(crate) fn find(text: &[u8]) -> Option<&[u8]> {
    let start = memchr::memchr(b'<', text)?;
    let end = memchr::memrchr(b'>', text)?;
    text.get(start..=end).filter(|id| id.len() > 2)
}
