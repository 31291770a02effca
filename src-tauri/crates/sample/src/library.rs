//! What the server has: three groups, texts, and one picture in parts. The same each time.

use std::collections::HashMap;

use crate::article::Article;
use crate::picture::picture;
use crate::texts::{HELP, TEXTS, Text, WELCOME};
use crate::{PICTURE_NAME, yenc};

/// Who has written all articles.
pub(crate) const FROM: &str = "Newsmux <newsmux@sample.invalid>";
/// The group of the picture.
pub(crate) const BINARIES: &str = "newsmux.binaries";
/// When all articles and groups were made.
pub(crate) const DATE: Date = Date {
    seconds: 1_735_732_800,
    digits: "20250101120000",
    header: "Wed, 01 Jan 2025 12:00:00 +0000",
};
/// The host in paths and message-ids. No real one can have this name (RFC 2606).
const HOST: &str = "sample.invalid";
/// The size of a part before it is encoded, as posters choose it.
const PART: usize = 700 * 1024;

/// One moment, in every way in which it has to be written.
pub(crate) struct Date {
    /// Since 1970.
    pub(crate) seconds: u64,
    /// As NNTP has it.
    pub(crate) digits: &'static str,
    /// As an article's header has it.
    pub(crate) header: &'static str,
}

/// All groups, and where each article is.
#[derive(Debug)]
pub(crate) struct Library {
    groups: Vec<Group>,
    places: HashMap<String, (usize, usize)>,
}

/// A group. Its articles are numbered from 1 without gaps.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    articles: Vec<Article>,
}

impl Library {
    /// Makes all of it, which takes a moment.
    pub(crate) fn new() -> Self {
        let of = |name| TEXTS.iter().filter(move |text| text.group == name).zip(1..).map(text);
        let groups = vec![
            group(WELCOME, "Where to begin: a sample, not real Usenet", of(WELCOME).collect()),
            group(HELP, "How to use Newsmux", of(HELP).collect()),
            group(BINARIES, "A picture to download", binaries()),
        ];
        let mut places = HashMap::new();
        for (at, group) in groups.iter().enumerate() {
            let ids = group.articles.iter().zip(1..);
            places.extend(ids.map(|(article, number)| (article.id.clone(), (at, number))));
        }
        Self { groups, places }
    }

    /// The groups.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Where a group is among them.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.name == name)
    }

    /// An article by its message-id.
    pub(crate) fn find(&self, id: &str) -> Option<&Article> {
        let (group, number) = self.places.get(id)?;
        self.groups.get(*group)?.article(*number)
    }

    /// The articles with the picture, in order.
    pub(crate) fn picture(&self) -> &[Article] {
        let group = self.groups.iter().find(|group| group.name == BINARIES);
        group.map(|group| group.articles.as_slice()).unwrap_or_default()
    }
}

impl Group {
    /// An article by its number.
    pub(crate) fn article(&self, number: usize) -> Option<&Article> {
        self.articles.get(number.checked_sub(1)?)
    }

    /// The articles with their numbers.
    pub(crate) fn articles(&self) -> impl Iterator<Item = (usize, &Article)> {
        (1..).zip(&self.articles)
    }

    /// The highest number, which is how many there are, too.
    pub(crate) fn last(&self) -> usize {
        self.articles.len()
    }
}

fn group(name: &'static str, about: &'static str, articles: Vec<Article>) -> Group {
    Group { name, about, articles }
}

fn id(name: &str) -> String {
    format!("<{name}@{HOST}>")
}

fn headers(group: &str, number: usize, subject: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Path", format!("{HOST}!not-for-mail")),
        ("From", FROM.into()),
        ("Newsgroups", group.into()),
        ("Subject", subject.into()),
        ("Date", DATE.header.into()),
        ("Xref", format!("{HOST} {group}:{number}")),
    ]
}

fn text((text, number): (&Text, usize)) -> Article {
    let mut headers = headers(text.group, number, text.subject);
    headers.extend(text.answers.map(|other| ("References", id(other))));
    headers.push(("MIME-Version", "1.0".into()));
    headers.push(("Content-Type", "text/plain; charset=UTF-8".into()));
    headers.push(("Content-Transfer-Encoding", "8bit".into()));
    headers.push(("Content-Language", text.language.into()));
    let body: String = text.lines.lines().flat_map(|line| [line, "\r\n"]).collect();
    Article::new(id(text.name), headers, body.as_bytes())
}

fn binaries() -> Vec<Article> {
    let file = picture();
    let parts = yenc::parts(PICTURE_NAME, &file, PART);
    let articles = parts.map(|part| {
        let (number, total) = (part.number, part.total);
        let subject =
            format!("Newsmux sample: it works [1/1] - \"{PICTURE_NAME}\" yEnc ({number}/{total})");
        let headers = headers(BINARIES, number, &subject);
        Article::new(id(&format!("picture.{number}of{total}")), headers, &part.encode())
    });
    articles.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_is_found_by_its_id_and_is_of_its_group() {
        let library = Library::new();
        for group in library.groups() {
            assert!(group.last() > 0, "{} is empty", group.name);
            for (number, article) in group.articles() {
                assert!(std::ptr::eq(library.find(&article.id).unwrap(), article));
                let xref = format!("{HOST} {}:{number}", group.name);
                assert_eq!(article.field("xref"), Some(xref));
                assert!(article.field("Subject").unwrap().is_ascii(), "{}", article.id);
            }
        }
        assert!(library.find("<nothing@sample.invalid>").is_none());
    }

    #[test]
    fn what_is_answered_is_there_before_it() {
        let library = Library::new();
        for (number, article) in library.groups().iter().flat_map(Group::articles) {
            if let Some(answered) = article.field("References") {
                assert!(library.find(&answered).is_some(), "{answered}");
                assert!(number > 1);
            }
        }
    }

    #[test]
    fn texts_have_lines_that_every_reader_shows_whole() {
        for text in TEXTS {
            for line in text.lines.lines() {
                assert!(line.chars().count() <= 76, "{}: {line}", text.name);
                assert_eq!(line, line.trim_end(), "{}", text.name);
            }
        }
    }

    #[test]
    fn the_picture_needs_dot_stuffing_somewhere() {
        let library = Library::new();
        let bodies = library.picture().iter().map(|article| &article.body);
        let stuffed = |body: &bytes::Bytes| body.windows(4).any(|bytes| bytes == b"\r\n..");
        assert!(bodies.clone().any(stuffed));
        assert!(bodies.count() > 3);
    }
}
