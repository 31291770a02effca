//! The commands that read articles: one by its number or message-id, or some by a range of numbers.

use std::ops::RangeInclusive;
use std::str::from_utf8;

use nntp::command::{Request, Verb};

use crate::article::Article;
use crate::library::Group;
use crate::reply::Reply;
use crate::session::{Selected, Session, no_such_group, selected, syntax};

const FOLLOWS: &str = "follows";

impl Session {
    /// ARTICLE, HEAD, BODY and STAT.
    pub(crate) fn read(&mut self, request: &Request, words: &[&str]) -> Reply {
        match self.one(request, words) {
            Ok((number, article)) => show(request.verb(), number, article),
            Err(reply) => reply,
        }
    }

    /// The article that is asked for; one by its number becomes the current one.
    fn one(&mut self, request: &Request, words: &[&str]) -> Result<(usize, &Article), Reply> {
        if request.message_id().is_some() {
            return Ok((0, self.by_id(request)?));
        }
        let Selected { group, current } = self.selected()?;
        let number = match words {
            [] => current,
            [number] => number.parse().map_err(|_| syntax("neither a number nor a message-id"))?,
            _ => return Err(syntax("too many arguments")),
        };
        let article = self.library.groups().get(group).and_then(|group| group.article(number));
        let article = article.ok_or_else(no_such_number)?;
        self.selected = Some(Selected { group, current: number });
        Ok((number, article))
    }

    fn by_id(&self, request: &Request) -> Result<&Article, Reply> {
        let id = request.message_id().and_then(|id| from_utf8(id.as_bytes()).ok());
        let found = id.and_then(|id| self.library.find(id));
        found.ok_or_else(|| Reply::line("430 There is no such article"))
    }

    fn selected(&self) -> Result<Selected, Reply> {
        self.selected.ok_or_else(|| Reply::line("412 No group is selected"))
    }

    /// NEXT and LAST.
    pub(crate) fn step(&mut self, forward: bool) -> Reply {
        let Selected { group, current } = match self.selected() {
            Ok(selected) => selected,
            Err(reply) => return reply,
        };
        let number = if forward { current + 1 } else { current.saturating_sub(1) };
        match self.library.groups().get(group).and_then(|group| group.article(number)) {
            Some(article) => {
                self.selected = Some(Selected { group, current: number });
                show(Verb::Stat, number, article)
            }
            None if forward => Reply::line("421 This is the last article"),
            None => Reply::line("422 This is the first article"),
        }
    }

    /// LISTGROUP, which selects a group, too.
    pub(crate) fn list_group(&mut self, words: &[&str]) -> Reply {
        let (name, range) = match words {
            [] => (None, "1-"),
            [name] => (Some(*name), "1-"),
            [name, range] => (Some(*name), *range),
            _ => return syntax("LISTGROUP takes a group and a range"),
        };
        let Some(range) = parse(range) else { return syntax("LISTGROUP: no range") };
        let name = match (name, self.selected()) {
            (Some(name), _) => name.to_owned(),
            (None, Ok(selected)) => self.library.groups()[selected.group].name.to_owned(),
            (None, Err(reply)) => return reply,
        };
        let Some(group) = self.select(&name) else { return no_such_group() };
        let numbers = group.articles().map(|(number, _)| number).filter(|one| range.contains(one));
        Reply::lines(&(selected(group) + " list follows"), numbers.map(|one| one.to_string()))
    }

    /// OVER and XOVER.
    pub(crate) fn overview(&self, request: &Request, words: &[&str]) -> Reply {
        match self.some(request, words) {
            Ok(articles) => {
                let lines = articles.into_iter().map(|(number, article)| article.overview(number));
                Reply::lines("224 Overview follows", lines)
            }
            Err(reply) => reply,
        }
    }

    /// HDR, and XHDR as it was before RFC 3977.
    pub(crate) fn header(&self, request: &Request, words: &[&str]) -> Reply {
        let Some((name, words)) = words.split_first() else {
            return syntax("the name of a header is missing");
        };
        let old = request.verb() == Verb::XHdr;
        let absent = if old { "(none)" } else { "" };
        let line = |(number, article): (usize, &Article)| {
            let value = article.field(name).unwrap_or_else(|| absent.into());
            match old && number == 0 {
                true => format!("{} {value}", article.id),
                false => format!("{number} {value}"),
            }
        };
        match self.some(request, words) {
            Ok(articles) => {
                let status = if old { "221 Header follows" } else { "225 Header follows" };
                Reply::lines(status, articles.into_iter().map(line))
            }
            Err(reply) => reply,
        }
    }

    /// The articles that are meant by a message-id, a range, or nothing: the current one.
    fn some(&self, request: &Request, words: &[&str]) -> Result<Vec<(usize, &Article)>, Reply> {
        if request.message_id().is_some() {
            return Ok(vec![(0, self.by_id(request)?)]);
        }
        let Selected { group, current } = self.selected()?;
        let range = match words {
            [] => current..=current,
            [range] => parse(range).ok_or_else(|| syntax("neither a range nor a message-id"))?,
            _ => return Err(syntax("too many arguments")),
        };
        let articles = self.library.groups().get(group).into_iter().flat_map(Group::articles);
        let meant: Vec<_> = articles.filter(|(number, _)| range.contains(number)).collect();
        if meant.is_empty() { Err(no_such_number()) } else { Ok(meant) }
    }
}

fn show(verb: Verb, number: usize, article: &Article) -> Reply {
    let Article { id, head, body, .. } = article;
    let status = |code: u16, words: &str| format!("{code} {number} {id} {words}");
    match verb {
        Verb::Article => Reply::article(&status(220, FOLLOWS), head, body),
        Verb::Head => Reply::head(&status(221, FOLLOWS), head),
        Verb::Body => Reply::body(&status(222, FOLLOWS), body),
        _ => Reply::line(&status(223, "is there")),
    }
}

fn no_such_number() -> Reply {
    Reply::line("423 There is no article of that number")
}

/// `7`, `7-` or `7-9` (RFC 3977, section 8.3).
fn parse(range: &str) -> Option<RangeInclusive<usize>> {
    match range.split_once('-') {
        None => range.parse().ok().map(|number| number..=number),
        Some((from, "")) => Some(from.parse().ok()?..=usize::MAX),
        Some((from, to)) => Some(from.parse().ok()?..=to.parse().ok()?),
    }
}
