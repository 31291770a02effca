//! Groups and articles (RFC 3977, sections 6 and 8).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::library::{Library, bounds};
use super::quirk::Quirk;
use super::reply::Reply;
use super::session::{Selected, Session};
use crate::article::Article;

type Numbered = BTreeMap<u64, Article>;

impl Session {
    pub(super) fn reading(&mut self, verb: &str, args: &str) -> Reply {
        let state = Arc::clone(&self.state);
        let library = state.library();
        match verb {
            "GROUP" => self.select(&library, args),
            "LISTGROUP" => self.list_group(&library, args),
            "NEXT" => self.step(&library, true),
            "LAST" => self.step(&library, false),
            "ARTICLE" | "HEAD" | "BODY" | "STAT" => self.article(&library, verb, args),
            "OVER" | "XOVER" => self.over(&library, verb, args),
            "HDR" | "XHDR" => self.header(&library, verb, args),
            _ => Reply::line("500 What?"),
        }
    }

    fn select(&mut self, library: &Library, name: &str) -> Reply {
        let Some(numbered) = library.group(name) else {
            return Reply::line("411 No such newsgroup");
        };
        let (count, low, high) = bounds(numbered);
        let current = numbered.keys().next().copied();
        self.group = Some(Selected { name: name.into(), current });
        let mangled = self.state.has(Quirk::EchoesMangledGroup);
        let name = if mangled { "mangled.name" } else { name };
        Reply::line(&format!("211 {count} {low} {high} {name}"))
    }

    fn list_group(&mut self, library: &Library, args: &str) -> Reply {
        let (name, range) = args.split_once(' ').unwrap_or((args, "1-"));
        let name = match (name, &self.group) {
            ("", None) => return Reply::line("412 No newsgroup selected"),
            ("", Some(selected)) => selected.name.clone(),
            (name, _) => name.to_owned(),
        };
        let selected = self.select(library, &name);
        let (Some(numbered), Some(range)) = (library.group(&name), range_of(range)) else {
            return selected;
        };
        let lines: String = numbered.range(range).map(|(n, _)| format!("{n}\r\n")).collect();
        let numberless = self.state.has(Quirk::ListgroupWithoutNumbers);
        let status = if numberless { "211 Article list follows" } else { &selected.status };
        Reply::with_block(status, lines.as_bytes())
    }

    fn step(&mut self, library: &Library, forward: bool) -> Reply {
        let Some(selected) = &mut self.group else {
            return Reply::line("412 No newsgroup selected");
        };
        let (Some(current), Some(numbered)) = (selected.current, library.group(&selected.name))
        else {
            return Reply::line("420 No current article");
        };
        let next = match forward {
            true => numbered.range(current + 1..).next(),
            false => numbered.range(..current).next_back(),
        };
        match next {
            Some((number, article)) => {
                selected.current = Some(*number);
                Reply::line(&format!("223 {number} {}", article.id()))
            }
            None if forward => Reply::line("421 No next article"),
            None => Reply::line("422 No previous article"),
        }
    }

    fn article(&mut self, library: &Library, verb: &str, args: &str) -> Reply {
        let found = match args {
            id if id.starts_with('<') => self.by_id(library, verb, id),
            number => self.by_number(library, number),
        };
        match found {
            Ok((number, article)) => self.show(library, verb, number, &article),
            Err(refusal) => refusal,
        }
    }

    fn by_id(&self, library: &Library, verb: &str, id: &str) -> Result<(u64, Article), Reply> {
        let Some(article) = library.article(id) else {
            let lies = verb == "STAT" && self.state.has(Quirk::StatFindsAll);
            let status = if lies { "223 No such article" } else { "430 No such article" };
            return Err(Reply::line(status));
        };
        let number = library.place(id).map(|(_, number)| number);
        let number = number.filter(|_| self.state.has(Quirk::NumbersById)).unwrap_or_default();
        Ok((number, article.clone()))
    }

    /// The article with this number, or the current one; it becomes the current one.
    fn by_number(&mut self, library: &Library, number: &str) -> Result<(u64, Article), Reply> {
        let Some(selected) = &mut self.group else {
            return Err(Reply::line("412 No newsgroup selected"));
        };
        let number = match number {
            "" => selected.current.ok_or_else(|| Reply::line("420 No current article"))?,
            digits => digits.parse().map_err(|_| Reply::line("501 That is no number"))?,
        };
        let Some(article) = library.numbered(&selected.name, number) else {
            let missing = if self.state.has(Quirk::MissingNumberIs430) { "430" } else { "423" };
            return Err(Reply::line(&format!("{missing} No such article number")));
        };
        selected.current = Some(number);
        Ok((number, article.clone()))
    }

    fn show(&self, library: &Library, verb: &str, number: u64, article: &Article) -> Reply {
        if verb == "STAT" && self.state.has(Quirk::BareStat) {
            return Reply::line("223");
        }
        let comma = if self.state.has(Quirk::CommaBehindCode) { "," } else { "" };
        let status = format!("{}{comma} {number} {}", self.code(verb), article.id());
        let head = self.state.headers(library, article);
        match verb {
            "STAT" => Reply::line(&status),
            "HEAD" => Reply::with_block(&status, head.as_bytes()),
            "BODY" => Reply::with_block(&status, article.body()),
            _ => {
                let lines = [head.as_bytes(), b"\r\n", article.body()].concat();
                Reply::with_block(&status, &lines)
            }
        }
    }

    fn code(&self, verb: &str) -> u16 {
        let said = self.state.config.quirks.iter().find_map(|quirk| match (quirk, verb) {
            (Quirk::BodySays(code), "BODY") | (Quirk::ArticleSays(code), "ARTICLE") => Some(*code),
            _ => None,
        });
        let right = match verb {
            "ARTICLE" => 220,
            "HEAD" => 221,
            "BODY" => 222,
            _ => 223,
        };
        said.unwrap_or(right)
    }

    fn over(&self, library: &Library, verb: &str, args: &str) -> Reply {
        let line = |number: u64, article: &Article| {
            let (subject, id, bytes) = (article.subject(), article.id(), article.body().len());
            let lines = article.body().split(|byte| *byte == b'\n').count() - 1;
            format!(
                "{number}\t{subject}\tauthor@example.com\tMon, 02 Jan 2023 03:04:05 +0000\t{id}\t\t\
                 {bytes}\t{lines}\tXref: {} {number}\r\n",
                self.state.name()
            )
        };
        self.each(library, args, |lines| self.overview(verb, lines), line)
    }

    fn overview(&self, verb: &str, lines: &str) -> Reply {
        match (lines, verb) {
            ("", "OVER") => Reply::line("423 No articles in that range"),
            ("", _) if self.state.has(Quirk::EmptyXoverIs420) => Reply::line("420 No articles"),
            (lines, _) => Reply::with_block("224 Overview follows", lines.as_bytes()),
        }
    }

    fn header(&self, library: &Library, verb: &str, args: &str) -> Reply {
        let (field, range) = args.split_once(' ').unwrap_or((args, ""));
        let field = field.to_ascii_lowercase();
        let line = |number: u64, article: &Article| {
            let head = self.state.headers(library, article);
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut values = lines.filter(|(name, _)| name.eq_ignore_ascii_case(&field));
            format!("{number} {}\r\n", values.next().map_or("", |(_, value)| value))
        };
        let status = if verb == "HDR" { "225 Headers follow" } else { "221 Header follows" };
        self.each(library, range, |lines| Reply::with_block(status, lines.as_bytes()), line)
    }

    /// The lines of the articles that `args` means: a message-id, a range, or the current one.
    fn each(
        &self,
        library: &Library,
        args: &str,
        reply: impl Fn(&str) -> Reply,
        line: impl Fn(u64, &Article) -> String,
    ) -> Reply {
        if args.starts_with('<') {
            return match library.article(args) {
                Some(article) => reply(&line(0, article)),
                None => Reply::line("430 No such article"),
            };
        }
        let Some(selected) = &self.group else {
            return Reply::line("412 No newsgroup selected");
        };
        let range = match (args, selected.current) {
            ("", None) => return Reply::line("420 No current article"),
            ("", Some(current)) => Some(current..=current),
            (range, _) => range_of(range),
        };
        let nothing = Numbered::new();
        let numbered = library.group(&selected.name).unwrap_or(&nothing);
        let lines = range.map(|range| numbered.range(range).map(|(n, a)| line(*n, a)).collect());
        match lines {
            Some::<String>(lines) => reply(&lines),
            None => Reply::line("501 That is no range"),
        }
    }
}

/// `n`, `n-` or `n-m`.
fn range_of(range: &str) -> Option<RangeInclusive<u64>> {
    let (low, high) = match range.split_once('-') {
        None => (range, range),
        Some((low, "")) => (low, "18446744073709551615"),
        Some(both) => both,
    };
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    Some(if low <= high { low..=high } else { high + 1..=high })
}
