//! Capability lists (RFC 3977, section 5.2; RFC 4643, section 2.1).

use bytes::Bytes;

/// What the proxy offers a client at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether articles can be posted.
    pub posting: bool,
    /// Whether groups can be selected and read.
    pub reader: bool,
    /// Whether a login is possible and has not happened yet.
    pub login: bool,
    /// Commands that the provider lacks, whatever we send.
    pub lacks: Lacks,
}

/// Commands that the provider is known not to have, not even under their older names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lacks {
    /// OVER and XOVER.
    pub over: bool,
    /// HDR and XHDR.
    pub hdr: bool,
}

impl Capabilities {
    /// The whole reply, status line and block. It lists only what the proxy does: no STARTTLS, COMPRESS
    /// or SASL, and IHAVE only works with few providers. NEWNEWS is not listed either, because few providers have it; a client that sends it
    /// gets the provider's reply.
    #[must_use]
    pub fn to_reply(self) -> Bytes {
        let mut reply = String::from("101 Capability list follows\r\nVERSION 2\r\n");
        reply.push_str(concat!("IMPLEMENTATION Newsmux ", env!("CARGO_PKG_VERSION"), "\r\n"));
        let offers = [
            (self.login, "AUTHINFO USER\r\n"),
            (self.posting, "POST\r\n"),
            (self.reader, "READER\r\n"),
            (self.reader && !self.lacks.hdr, "HDR\r\n"),
            (self.reader && !self.lacks.over, "OVER\r\n"),
            (true, "LIST ACTIVE NEWSGROUPS OVERVIEW.FMT\r\n"),
        ];
        for (_, lines) in offers.into_iter().filter(|(offered, _)| *offered) {
            reply.push_str(lines);
        }
        reply.push_str(".\r\n");
        reply.into()
    }
}

/// A provider's capability list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered(Vec<String>);

impl Offered {
    /// Parses the block of a 101 reply, ignoring anything malformed.
    #[must_use]
    pub fn parse(block: &[u8]) -> Self {
        let text = String::from_utf8_lossy(block);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != ".");
        Self(lines.map(str::to_owned).collect())
    }

    /// Whether the list contains a label, whatever its arguments.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.0.iter().any(|line| {
            line.split_ascii_whitespace()
                .next()
                .is_some_and(|word| word.eq_ignore_ascii_case(label))
        })
    }

    /// The lines.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}
