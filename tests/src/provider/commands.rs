//! The commands of a reader (RFC 3977) and the transit commands that downloaders' tools use.

use super::Security;
use super::library::bounds;
use super::quirk::Quirk;
use super::reply::{Reply, Then};
use super::session::Session;

impl Session {
    /// The reply to a line; none where a server says nothing.
    pub(super) fn answer(&mut self, line: &str) -> Option<Reply> {
        let line = line.trim();
        let (verb, args) = line.split_once(' ').unwrap_or((line, ""));
        let (verb, args) = (verb.to_ascii_uppercase(), args.trim_start());
        if verb.is_empty() && self.state.has(Quirk::IgnoresEmptyLines) {
            return None;
        }
        let lacks = |quirk: &Quirk| matches!(quirk, Quirk::Lacks(lacked) if *lacked == verb);
        if self.state.config.quirks.iter().any(lacks) {
            return Some(Reply::line("500 What?"));
        }
        let transit = self.state.has(Quirk::TransitFirst) && !self.reader;
        if transit && !["MODE", "CAPABILITIES", "QUIT"].contains(&verb.as_str()) {
            return Some(Reply::line("401 MODE-READER"));
        }
        let refused = self.login_first(&verb);
        Some(refused.unwrap_or_else(|| self.command(&verb, args)))
    }

    fn command(&mut self, verb: &str, args: &str) -> Reply {
        match verb {
            "AUTHINFO" => self.authinfo(args),
            "CAPABILITIES" => self.capabilities(),
            "MODE" => self.mode(args),
            "DATE" => Reply::line("111 20230102030405"),
            "HELP" => Reply::with_block("100 Help follows", b"Ask your provider.\r\n.hidden\r\n"),
            "QUIT" => Reply::line("205 Bye").then(Then::Close),
            "STARTTLS" => self.offer_tls(),
            "COMPRESS" => self.compress(args),
            "LIST" => self.list(args),
            "NEWGROUPS" => Reply::with_block("231 New groups follow", b""),
            "NEWNEWS" => self.new_news(),
            "POST" if self.state.config.posting => {
                Reply::line("340 Send the article").then(Then::TakeArticle)
            }
            "POST" => Reply::line("440 Posting not allowed"),
            "IHAVE" => self.ihave(args),
            "CHECK" => Reply::line(&format!("238 {args}")),
            "TAKETHIS" => Reply::line(&format!("239 {args}")),
            _ => self.reading(verb, args),
        }
    }

    fn capabilities(&self) -> Reply {
        for quirk in &self.state.config.quirks {
            if let Quirk::RefusesCapabilities(code) = quirk {
                return Reply::line(&format!("{code} No"));
            }
        }
        let mut lines = String::from("VERSION 2\r\nREADER\r\nPOST\r\nOVER MSGID\r\nHDR\r\n");
        if !self.logged_in {
            lines += "AUTHINFO USER\r\n";
        }
        if matches!(self.state.config.tls, Security::StartTls(_)) && !self.encrypted {
            lines += "STARTTLS\r\n";
        }
        // Traps: a proxy that hands this list on promises what it cannot keep.
        lines += "COMPRESS DEFLATE\r\nSTREAMING\r\n";
        Reply::with_block("101 Capabilities follow", lines.as_bytes())
    }

    fn mode(&mut self, args: &str) -> Reply {
        self.reader |= args.eq_ignore_ascii_case("READER");
        match args.to_ascii_uppercase().as_str() {
            "READER" if self.state.has(Quirk::NoPosting) => Reply::line("201 No posting"),
            "READER" => Reply::line("200 Posting allowed"),
            "STREAM" => Reply::line("203 Streaming permitted"),
            _ => Reply::line("501 Which mode?"),
        }
    }

    fn offer_tls(&self) -> Reply {
        match &self.state.config.tls {
            Security::StartTls(_) if !self.encrypted => {
                Reply::line("382 Go on with TLS").then(Then::StartTls)
            }
            Security::StartTls(_) | Security::Implicit(_) => Reply::line("502 Already encrypted"),
            Security::Plain => Reply::line("580 No TLS here"),
        }
    }

    fn compress(&self, args: &str) -> Reply {
        match self.state.config.compressing {
            Some(_) if self.compressed.is_some() => Reply::line("502 Already compressed"),
            Some(_) if args.eq_ignore_ascii_case("DEFLATE") => {
                Reply::line("206 Compression active").then(Then::Compress)
            }
            Some(_) => Reply::line("503 Compress how?"),
            None => Reply::line("500 What?"),
        }
    }

    fn list(&self, args: &str) -> Reply {
        let name = self.state.name();
        let what = args.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let (status, lines) = match what.as_str() {
            "" | "ACTIVE" => ("215 Groups follow", self.active()),
            "NEWSGROUPS" => {
                ("215 Descriptions follow", self.each_group("A group of this provider"))
            }
            "COUNTS" => ("215 Counts follow", self.active()),
            "ACTIVE.TIMES" => ("215 Times follow", self.each_group("1672628645 root")),
            "OVERVIEW.FMT" => (
                "215 Overview format follows",
                "Subject:\r\nFrom:\r\nDate:\r\nMessage-ID:\r\nReferences:\r\n:bytes\r\n:lines\r\n\
                 Xref:full\r\n"
                    .into(),
            ),
            "HEADERS" => ("215 Headers follow", ":\r\n".into()),
            "MOTD" => ("215 Message of the day follows", format!("This is {name}\r\n")),
            "DISTRIB.PATS" | "DISTRIBUTIONS" | "MODERATORS" | "SUBSCRIPTIONS" => {
                ("503 Not kept here", String::new())
            }
            _ => ("501 List what?", String::new()),
        };
        match status.starts_with('2') {
            true => Reply::with_block(status, lines.as_bytes()),
            false => Reply::line(status),
        }
    }

    fn active(&self) -> String {
        let library = self.state.library();
        let line = |(name, numbered): (&str, _)| {
            let (_, low, high) = bounds(numbered);
            format!("{name} {high} {low} y\r\n")
        };
        library.groups().map(line).collect()
    }

    fn each_group(&self, text: &str) -> String {
        self.state.library().groups().map(|(name, _)| format!("{name} {text}\r\n")).collect()
    }

    fn new_news(&self) -> Reply {
        let library = self.state.library();
        let articles = library.groups().flat_map(|(_, numbered)| numbered.values());
        let lines: String = articles.map(|article| format!("{}\r\n", article.id())).collect();
        Reply::with_block("230 New articles follow", lines.as_bytes())
    }

    fn ihave(&self, id: &str) -> Reply {
        match self.state.library().article(id) {
            None => Reply::line("335 Send it").then(Then::TakeArticle),
            Some(_) => Reply::line("435 Not wanted"),
        }
    }
}
