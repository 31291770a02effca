//! One client's conversation: what was selected, and the reply to each request (RFC 3977).

use std::sync::Arc;

use bytes::Bytes;
use nntp::command::{Request, Verb};
use nntp::line::TooLong;

use crate::article::OVERVIEW;
use crate::clock;
use crate::library::{DATE, Group, Library};
use crate::reply::Reply;
use crate::wildmat::is_meant;

/// What is said first. Nothing can be posted here.
pub(crate) const GREETING: &[u8] =
    b"201 Newsmux sample provider ready: nothing here is real Usenet\r\n";

const HELP: &[&str] = &[
    "This is the sample provider of Newsmux: a few articles for trying it without an account.",
    "It knows ARTICLE, BODY, CAPABILITIES, DATE, GROUP, HDR, HEAD, HELP, LAST, LIST, LISTGROUP,",
    "MODE READER, NEWGROUPS, NEWNEWS, NEXT, OVER, QUIT, STAT, XHDR and XOVER.",
];

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) library: Arc<Library>,
    pub(crate) selected: Option<Selected>,
}

/// The selected group, and the number of the current article.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selected {
    pub(crate) group: usize,
    pub(crate) current: usize,
}

impl Session {
    /// A conversation that begins.
    pub(crate) fn new(library: Arc<Library>) -> Self {
        Self { library, selected: None }
    }

    /// Takes the client's next line.
    pub(crate) fn receive(&mut self, line: Result<Bytes, TooLong>) -> Reply {
        let Ok(line) = line else { return Reply::line("501 The line is too long") };
        match Request::parse(line) {
            Ok(request) => self.answer(&request),
            Err(bad) => Reply::line(bad.reply().trim_end()),
        }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let args = String::from_utf8_lossy(request.args());
        let words: Vec<_> = args.split_ascii_whitespace().collect();
        match request.verb() {
            Verb::Article | Verb::Body | Verb::Head | Verb::Stat => self.read(request, &words),
            Verb::Over | Verb::XOver => self.overview(request, &words),
            Verb::Hdr | Verb::XHdr => self.header(request, &words),
            Verb::Group => self.group(&words),
            Verb::ListGroup => self.list_group(&words),
            Verb::Next => self.step(true),
            Verb::Last => self.step(false),
            Verb::List => self.list(&words),
            Verb::NewGroups => self.new_groups(&words),
            Verb::NewNews => self.new_news(&words),
            verb => talk(verb),
        }
    }

    fn group(&mut self, words: &[&str]) -> Reply {
        match words {
            [name] => match self.select(name) {
                Some(group) => Reply::line(&selected(group)),
                None => no_such_group(),
            },
            _ => syntax("GROUP takes the name of a group"),
        }
    }

    /// Selects a group and its first article.
    pub(crate) fn select(&mut self, name: &str) -> Option<&Group> {
        let group = self.library.position(name)?;
        self.selected = Some(Selected { group, current: 1 });
        self.library.groups().get(group)
    }

    fn list(&self, words: &[&str]) -> Reply {
        let (keyword, wildmat) = match words {
            [] => ("ACTIVE", "*"),
            [keyword] => (*keyword, "*"),
            [keyword, wildmat] => (*keyword, *wildmat),
            _ => return syntax("LIST takes a keyword and a pattern"),
        };
        let groups = || self.library.groups().iter().filter(|group| is_meant(wildmat, group.name));
        match keyword.to_ascii_uppercase().as_str() {
            "ACTIVE" => Reply::lines("215 List of groups follows", groups().map(active)),
            "NEWSGROUPS" => {
                let about = |group: &Group| format!("{}\t{}", group.name, group.about);
                Reply::lines("215 Descriptions follow", groups().map(about))
            }
            "OVERVIEW.FMT" => Reply::lines("215 Order of fields follows", overview_format()),
            "HEADERS" => Reply::lines("215 Any header may be asked for", [":".to_owned()]),
            _ => Reply::line("503 There is no such list here"),
        }
    }

    fn new_groups(&self, words: &[&str]) -> Reply {
        match since(words) {
            Some(since) => {
                let groups = self.library.groups().iter().filter(|_| is_new(&since));
                Reply::lines("231 List of new groups follows", groups.map(active))
            }
            None => syntax("NEWGROUPS takes a date and a time"),
        }
    }

    fn new_news(&self, words: &[&str]) -> Reply {
        let Some((wildmat, since)) =
            words.split_first().and_then(|(wildmat, when)| Some((wildmat, since(when)?)))
        else {
            return syntax("NEWNEWS takes a pattern, a date and a time");
        };
        let meant = |group: &&Group| is_new(&since) && is_meant(wildmat, group.name);
        let groups = self.library.groups().iter().filter(meant);
        let ids = groups.flat_map(Group::articles).map(|(_, article)| article.id.clone());
        Reply::lines("230 List of new articles follows", ids)
    }
}

/// What has nothing to do with articles.
fn talk(verb: Verb) -> Reply {
    match verb {
        Verb::ModeReader => Reply::line("201 No posting"),
        Verb::Capabilities => Reply::lines("101 Capability list follows", capabilities()),
        Verb::Date => Reply::line(&format!("111 {}", clock::now())),
        Verb::Help => Reply::lines("100 Help follows", HELP.iter().map(|line| (*line).to_owned())),
        Verb::Quit => Reply::last("205 Bye"),
        Verb::Post => Reply::line("440 Nothing can be posted to the sample provider"),
        Verb::ModeStream | Verb::IHave | Verb::Check | Verb::TakeThis => {
            Reply::last("502 The sample provider is no feed")
        }
        _ => Reply::line("500 The sample provider does not know this command"),
    }
}

fn capabilities() -> impl Iterator<Item = String> {
    let version = concat!("IMPLEMENTATION Newsmux sample ", env!("CARGO_PKG_VERSION"));
    let labels = [
        "VERSION 2",
        version,
        "READER",
        "HDR",
        "NEWNEWS",
        "OVER MSGID",
        "LIST ACTIVE HEADERS NEWSGROUPS OVERVIEW.FMT",
    ];
    labels.into_iter().map(str::to_owned)
}

fn overview_format() -> impl Iterator<Item = String> {
    let headers = OVERVIEW.into_iter().map(|name| format!("{name}:"));
    headers.chain([":bytes", ":lines", "Xref:full"].map(str::to_owned))
}

/// A group's line in LIST ACTIVE: nobody may post.
fn active(group: &Group) -> String {
    format!("{} {} 1 n", group.name, group.last())
}

/// The status line of a group that was selected.
pub(crate) fn selected(group: &Group) -> String {
    let (last, name) = (group.last(), group.name);
    format!("211 {last} 1 {last} {name}")
}

fn since(words: &[&str]) -> Option<String> {
    match words {
        [date, time] => clock::asked(date, time, &clock::now()),
        [date, time, zone] if zone.eq_ignore_ascii_case("GMT") => {
            clock::asked(date, time, &clock::now())
        }
        _ => None,
    }
}

fn is_new(since: &str) -> bool {
    since <= DATE.digits
}

pub(crate) fn no_such_group() -> Reply {
    Reply::line("411 There is no such group")
}

pub(crate) fn syntax(words: &str) -> Reply {
    Reply::line(&format!("501 {words}"))
}
