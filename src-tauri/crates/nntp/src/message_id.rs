//! Message-ids (RFC 3977, section 3.6), as servers and posters really write them: with blanks, without
//! `@`, or containing `?`, `=`, `:`, `|` and `/`. They are passed on unchanged.

/// A message-id with its angle brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageId<'a>(&'a [u8]);

impl<'a> MessageId<'a> {
    /// Finds the message-id at the start of an argument: everything from its `<` to the last `>`.
    #[must_use]
    pub fn leading(argument: &'a [u8]) -> Option<Self> {
        let argument = argument.trim_ascii();
        if argument.starts_with(b"<") { up_to_last(argument, 0).map(Self) } else { None }
    }

    /// Whether it follows RFC 3977: short, printable, without blanks, and with an `@`.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        self.0.len() <= 250 && self.0.contains(&b'@') && self.0.iter().all(u8::is_ascii_graphic)
    }

    /// Its octets, including the brackets.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// Finds everything from the first `<` to the last `>`.
pub(crate) fn find(text: &[u8]) -> Option<&[u8]> {
    up_to_last(text, memchr::memchr(b'<', text)?)
}

fn up_to_last(text: &[u8], start: usize) -> Option<&[u8]> {
    let end = memchr::memrchr(b'>', text)?;
    text.get(start..=end).filter(|id| id.len() > 2)
}
