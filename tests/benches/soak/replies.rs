//! What a client asks, and whether what it gets is right to the last byte.

use newsmux_tests::client::Reply;
use newsmux_tests::rng::Rng;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Duration, sleep, timeout};

use crate::world::{EVERYWHERE, GROUP_SIZE, GROUPS, World, number, range};

pub(crate) type Reader = BufReader<OwnedReadHalf>;

/// How long a client waits for the next byte.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much is read at once, in bytes.
const PIECE: usize = 16 * 1024;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// A line about an article, by its message-id.
    Id(String, usize),
    Group(usize),
    /// A line about numbers at the provider of the selected group; an article's becomes the current one.
    Number(String, Option<u64>),
    /// `STAT`, of the current article.
    Current,
}

/// What a client has selected, as far as it was told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Selected {
    /// The group, and the provider whose numbers count.
    group: Option<(usize, usize)>,
    current: Option<u64>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Right, with so many bytes.
    Right(usize),
    /// `430` for an article that every provider has.
    Missing,
    /// Another refusal.
    Refused,
    /// `400`.
    SentAway,
    Closed,
    /// Nothing came for two minutes.
    Silence,
    Wrong(String),
}

impl Ask {
    pub(crate) fn by_id(rng: &mut Rng, world: &World) -> Self {
        let n = rng.below(world.articles.len() as u64) as usize;
        let verb = rng.pick(&["BODY", "BODY", "BODY", "ARTICLE", "ARTICLE", "HEAD", "STAT"]);
        Self::Id(format!("{verb} {}", world.articles[n].id()), n)
    }

    /// What a newsreader asks next.
    pub(crate) fn of_group(rng: &mut Rng, world: &World, selected: Selected) -> Self {
        let Some((group, provider)) = selected.group.filter(|_| !rng.chance(150)) else {
            return Self::Group(rng.below(GROUPS.len() as u64) as usize);
        };
        let n = number(provider, group, rng.below(GROUP_SIZE as u64) as usize);
        let about = |verb| Self::Number(format!("{verb} {n}"), Some(n));
        match rng.below(8) {
            0 | 1 => Self::Number(format!("OVER {}", range(provider, group)), None),
            2 | 3 => about("ARTICLE"),
            4 => about("BODY"),
            5 => about("HEAD"),
            6 => Self::by_id(rng, world),
            _ => Self::Current,
        }
    }

    pub(crate) fn line(&self) -> String {
        match self {
            Self::Id(line, _) | Self::Number(line, _) => line.clone(),
            Self::Group(group) => format!("GROUP {}", GROUPS[*group]),
            Self::Current => "STAT".to_owned(),
        }
    }

    /// The replies that would be right. A provider that is sick may name another article: by its number, nobody
    /// can tell.
    fn right<'a>(&self, world: &'a World, selected: Selected, status: &str) -> Vec<&'a Reply> {
        let provider = selected.group.map_or(0, |(_, provider)| provider);
        let (line, told) = (self.line(), status.replacen("<another.", "<", 1));
        let is_told = |reply: &&Reply| match self {
            Self::Number(..) | Self::Current => reply.status == told,
            _ => reply.status == status,
        };
        let all: Vec<&Reply> = match (self, selected.current) {
            (Self::Id(..) | Self::Group(_), _) => world.replies(&line).collect(),
            (Self::Number(..), _) => world.reply(provider, &line).into_iter().collect(),
            (Self::Current, Some(n)) => {
                world.reply(provider, &format!("STAT {n}")).into_iter().collect()
            }
            (Self::Current, None) => Vec::new(),
        };
        all.into_iter().filter(is_told).collect()
    }
}

impl Selected {
    fn learn(&mut self, ask: &Ask, status: &str) {
        match ask {
            Ask::Group(group) => {
                let low = status.split(' ').nth(2).and_then(|low| low.parse::<u64>().ok());
                self.group = low.map(|low| (*group, (low / 1000 - 1) as usize));
                self.current = low;
            }
            Ask::Number(_, Some(n)) => self.current = Some(*n),
            _ => {}
        }
    }
}

/// Reads the reply; at most so many bytes a second.
pub(crate) async fn read(
    reader: &mut Reader,
    world: &World,
    ask: &Ask,
    selected: &mut Selected,
    pace: Option<u64>,
) -> Verdict {
    let mut status = Vec::new();
    match timeout(PATIENCE, reader.read_until(b'\n', &mut status)).await {
        Err(_) => return Verdict::Silence,
        Ok(Err(_) | Ok(0)) => return Verdict::Closed,
        Ok(Ok(_)) => {}
    }
    let status = String::from_utf8_lossy(&status).into_owned();
    let Some(line) = status.strip_suffix("\r\n") else {
        let cut = !status.ends_with('\n');
        return if cut { Verdict::Closed } else { Verdict::Wrong(format!("{ask:?}: {status:?}")) };
    };
    let right = ask.right(world, *selected, line);
    if right.is_empty() {
        if matches!(ask, Ask::Number(..)) {
            selected.current = None;
        }
        return refusal(ask, *selected, line);
    }
    selected.learn(ask, line);
    let blocks: Option<Vec<&[u8]>> = right.iter().map(|reply| reply.block.as_deref()).collect();
    match blocks {
        // A good status line, and nothing behind it; or a refusal, which is what was right.
        None => Verdict::Right(status.len()),
        Some(blocks) => match block(reader, blocks, pace).await {
            Verdict::Right(bytes) => Verdict::Right(bytes + status.len()),
            Verdict::Wrong(what) => Verdict::Wrong(format!("{ask:?}: {line}: {what}")),
            other => other,
        },
    }
}

fn refusal(ask: &Ask, selected: Selected, line: &str) -> Verdict {
    match line.as_bytes() {
        [b'4', b'0', b'0', ..] => Verdict::SentAway,
        [b'4', b'3', b'0', ..] => match ask {
            Ask::Id(_, article) if *article < EVERYWHERE => Verdict::Missing,
            _ => Verdict::Refused,
        },
        [b'4' | b'5', _, _, b' ', ..] => Verdict::Refused,
        _ if matches!(ask, Ask::Current) && selected.current.is_none() => Verdict::Refused,
        _ => Verdict::Wrong(format!("{ask:?} with {selected:?}: {line:?}")),
    }
}

/// Reads a block, which has to be one of these.
async fn block(reader: &mut Reader, mut possible: Vec<&[u8]>, pace: Option<u64>) -> Verdict {
    let (mut piece, mut whole) = (vec![0; PIECE], 0);
    loop {
        let next = possible.iter().map(|block| block.len()).min().unwrap_or(0);
        if next == 0 {
            return Verdict::Right(whole);
        }
        let window = piece.get_mut(..next.min(PIECE)).unwrap_or_default();
        let n = match timeout(PATIENCE, reader.read(window)).await {
            Err(_) => return Verdict::Silence,
            Ok(Err(_) | Ok(0)) => return Verdict::Closed,
            Ok(Ok(n)) => n,
        };
        let read = &piece[..n];
        if !possible.iter().any(|block| block.starts_with(read)) {
            return Verdict::Wrong(difference(possible[0], read, whole));
        }
        possible.retain_mut(|block| {
            let same = block.starts_with(read);
            *block = block.get(n..).unwrap_or_default();
            same
        });
        whole += n;
        if let Some(pace) = pace {
            sleep(Duration::from_secs_f64(n as f64 / pace as f64)).await;
        }
    }
}

/// Where the bytes are others, and what they are.
fn difference(expected: &[u8], read: &[u8], behind: usize) -> String {
    let at = expected.iter().zip(read).take_while(|(one, other)| one == other).count();
    let some = |bytes: &[u8]| {
        let bytes = bytes.iter().skip(at).take(60).copied().collect::<Vec<_>>();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    format!("at {} of its block {:?} instead of {:?}", behind + at, some(read), some(expected))
}
