//! What a newsreader asks for: one group, its overview and its texts. Provider and client make the same bytes.

use newsmux_tests::rng::Rng;

/// How many articles the group has; their numbers begin at 1.
pub(crate) const COUNT: u64 = 1000;

/// The whole reply to a command of a newsreader.
pub(crate) fn reply(verb: &str, argument: &str) -> String {
    match (verb, argument.parse::<u64>().ok()) {
        ("GROUP", _) => format!("211 {COUNT} 1 {COUNT} {argument}\r\n"),
        ("STAT", Some(n)) => format!("223 {n} <{n}@news>\r\n"),
        ("ARTICLE", Some(n)) => article(n),
        ("OVER", _) => overview(argument),
        ("XOVER", _) => binaries(argument),
        _ => "500 what?\r\n".to_owned(),
    }
}

fn article(n: u64) -> String {
    let line = "A line of a text has about sixty octets, and ends right here.\r\n";
    format!("220 {n} <{n}@news>\r\nSubject: {n}\r\nMessage-ID: <{n}@news>\r\n\r\n")
        + &line.repeat(50)
        + ".\r\n"
}

/// The overview of a group with binaries: subjects that repeat, and message-ids that nothing predicts.
fn binaries(range: &str) -> String {
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let (from, to) = (from.parse().unwrap_or(1), to.parse().unwrap_or(COUNT));
    let mut overview = String::from("224 overview follows\r\n");
    for n in from..=to {
        let (mut rng, post) = (Rng::new(n), Rng::new(n / 120).next());
        let (id, bytes) = ((rng.next(), rng.next()), 739_000 + rng.below(9000));
        let (minute, second) = (rng.below(60), rng.below(60));
        overview += &format!(
            "{n}\t[{:02}/57] - \"{post:016x}.part{:02}.rar\" yEnc ({}/120) 734003200\t\
             poster {:x} <{:x}@example.com>\tSat, 28 Nov 2026 21:{minute:02}:{second:02} GMT\t\
             <{:016x}{:016x}@ngPost.example>\t\t{bytes}\t{}\tXref: news.example.com \
             alt.binaries.bench:{n}\r\n",
            n / 120 % 57,
            n / 120 % 57,
            n % 120 + 1,
            post % 97,
            post % 97,
            id.0,
            id.1,
            bytes / 128,
        );
    }
    overview + ".\r\n"
}

fn overview(range: &str) -> String {
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let (from, to) = (from.parse().unwrap_or(1), to.parse().unwrap_or(COUNT));
    let line = |n| format!("{n}\t{n}\ta@example.com\t2 Jan 2023\t<{n}@news>\t\t3200\t50\r\n");
    let lines: String = (from..=to).map(line).collect();
    format!("224 overview follows\r\n{lines}.\r\n")
}
