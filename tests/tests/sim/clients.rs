//! Clients: they connect, ask this and that, read at their own pace, and leave when they like.

use std::sync::Arc;

use newsmux_tests::rng::Rng;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf};
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::requests::{Ask, Selected};
use crate::support::connect;
use crate::world::{Volume, World};

/// Longer than anything may take in which something still happens.
const FOREVER: Duration = Duration::from_secs(3600);
/// How much a client's pipe has room for, in bytes.
const ROOM: usize = 16 * 1024;

/// A client's reading side.
struct Reader {
    world: Arc<World>,
    id: u64,
    stream: BufReader<ReadHalf<DuplexStream>>,
    selected: Selected,
    /// Bytes that it takes in a second.
    rate: Option<u64>,
    /// So many bytes from now it stops reading for a while.
    rest: Option<(usize, Duration)>,
}

/// Where a client leaves: before the reply to this request, or within its block.
#[derive(Clone, Copy)]
struct Leave {
    at: usize,
    within: bool,
}

/// One client's life.
pub(crate) async fn live(world: Arc<World>, seed: u64) {
    let rng = &mut Rng::new(seed);
    let is_little = world.volume == Volume::Little;
    let (connections, batches) = if is_little { (3, 5) } else { (1, 2) };
    for _ in 0..=rng.below(connections) {
        sleep(Duration::from_millis(rng.below(500))).await;
        let (read, mut write) = tokio::io::split(connect(&world.proxy, ROOM, |stream| stream));
        let mut reader = Reader::new(&world, seed, read, rng);
        let greeting = reader.line().await;
        assert!(greeting.starts_with("201 "), "{greeting}");
        let depth = *rng.pick(match world.volume {
            Volume::Little => &[1, 1, 1, 3, 3, 10, 40][..],
            Volume::Large => &[1, 3, 8],
            Volume::Huge => &[64],
        });
        for _ in 0..rng.below(batches + 1) {
            let ask = |_| match world.volume {
                Volume::Huge => Ask::Body(rng.below(world.articles.len() as u64) as usize),
                Volume::Little | Volume::Large => {
                    Ask::random(rng, world.articles.len(), reader.selected)
                }
            };
            let asked: Vec<_> = (0..depth).map(ask).collect();
            let lines: String = asked.iter().map(|ask| ask.line(&world)).collect();
            let leave = Leave { at: rng.below(depth) as usize, within: rng.chance(500) };
            let leave = (world.clients_leave && rng.chance(150)).then_some(leave);
            let writing = async {
                write.write_all(lines.as_bytes()).await.ok();
            };
            let (_, go_on) = tokio::join!(writing, reader.replies(&asked, leave));
            if !go_on {
                break;
            }
        }
    }
}

impl Reader {
    fn new(world: &Arc<World>, id: u64, stream: ReadHalf<DuplexStream>, rng: &mut Rng) -> Self {
        let slow = if world.volume == Volume::Little { 20_000 } else { 300_000 };
        let rest = Duration::from_secs(*rng.pick(&[1, 3, 8, 40, 200]));
        Self {
            world: Arc::clone(world),
            id,
            stream: BufReader::new(stream),
            selected: Selected::default(),
            rate: *rng.pick(&[None, None, Some(slow), Some(2_000_000)]),
            rest: rng.chance(150).then(|| (rng.below(100_000) as usize, rest)),
        }
    }

    /// Reads the replies to all that was asked; false when the session is over.
    async fn replies(&mut self, asked: &[Ask], leave: Option<Leave>) -> bool {
        self.world.tally().requests += asked.len() as u64;
        for (at, ask) in asked.iter().enumerate() {
            let leave = leave.filter(|leave| leave.at == at);
            if leave.is_some_and(|leave| !leave.within) {
                self.leaves(&asked[at..], 0);
                return false;
            }
            let status = self.line().await;
            if status.is_empty() || status.starts_with("400 ") {
                let may_end = ask.may_end(&self.world, &self.selected, 0);
                assert!(may_end, "the session ends behind {ask:?} with {status:?}");
                self.leaves(&asked[at..], 0);
                return false;
            }
            assert!(status.ends_with("\r\n"), "{ask:?}: {status:?}");
            if !ask.check(&self.world, &mut self.selected, &status) {
                continue;
            }
            let blocks = ask.blocks(&self.world);
            let wanted = leave.map_or(usize::MAX, |_| blocks[0].len() / 2);
            let (seen, whole) = self.block(&blocks, wanted).await;
            self.world.tally().delivered += seen as u64;
            if !whole {
                let may_end = seen >= wanted || ask.may_end(&self.world, &self.selected, seen);
                assert!(may_end, "the session ends behind {seen} bytes of {ask:?}");
                self.leaves(&asked[at..], seen);
                return false;
            }
        }
        true
    }

    /// The replies to these will not be read; of the first, `seen` bytes were.
    fn leaves(&self, asked: &[Ask], seen: usize) {
        let all: usize = asked.iter().map(|ask| ask.blocks(&self.world)[0].len()).sum();
        self.world.tally().unread += (all - seen) as u64;
    }

    async fn line(&mut self) -> String {
        let mut line = Vec::new();
        let reading = self.stream.read_until(b'\n', &mut line);
        timeout(FOREVER, reading).await.expect("a reply").unwrap();
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut tally = self.world.tally();
        tally.dialogues.entry(self.id).or_default().push((Instant::now(), line.clone()));
        line
    }

    /// Reads a block, which has to be one of these to the last byte; or so many bytes of it, or to the
    /// end of the connection. How many there were, and whether that was all.
    async fn block(&mut self, possible: &[Vec<u8>], wanted: usize) -> (usize, bool) {
        let mut possible: Vec<&[u8]> = possible.iter().map(Vec::as_slice).collect();
        let (mut seen, mut piece) = (0, vec![0; ROOM]);
        loop {
            let next = possible.iter().map(|block| block.len()).min();
            let next = next.expect("the bytes of some provider's article");
            if next == 0 || seen >= wanted {
                return (seen, next == 0);
            }
            let window = next.min(piece.len());
            let reading = timeout(FOREVER, self.stream.read(&mut piece[..window])).await;
            let n = reading.expect("a reply that goes on").unwrap_or(0);
            if n == 0 {
                return (seen, false);
            }
            seen += n;
            possible.retain_mut(|block| {
                let same = block.starts_with(&piece[..n]);
                *block = block.get(n..).unwrap_or_default();
                same
            });
            self.rest(n).await;
        }
    }

    /// Takes its time for so many bytes.
    async fn rest(&mut self, bytes: usize) {
        if let Some(rate) = self.rate {
            sleep(Duration::from_micros(1_000_000 * bytes as u64 / rate)).await;
        }
        match self.rest {
            Some((left, rest)) if left < bytes => {
                self.rest = None;
                sleep(rest).await;
            }
            Some((left, rest)) => self.rest = Some((left - bytes, rest)),
            None => {}
        }
    }
}
