//! The clients: each comes, asks, compares, and goes again, until the time is over.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use newsmux_tests::rng::Rng;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::replies::{Ask, Reader, Selected, Verdict, read};
use crate::tally::Tally;
use crate::world::World;

/// What a client is like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Has so many requests under way.
    Loading(usize),
    /// So does this one, and reads so many bytes a second.
    Slow(usize, u64),
    /// Goes in the middle of something.
    Leaving(usize),
    /// Reads groups, and now and then an article by its message-id.
    Reading,
}

pub(crate) const ALL: [Kind; 14] = [
    Kind::Loading(1),
    Kind::Loading(1),
    Kind::Loading(4),
    Kind::Loading(10),
    Kind::Loading(40),
    Kind::Slow(1, 100_000),
    Kind::Slow(4, 400_000),
    Kind::Slow(10, 1_000_000),
    Kind::Leaving(1),
    Kind::Leaving(10),
    Kind::Reading,
    Kind::Reading,
    Kind::Reading,
    Kind::Reading,
];

/// The programs that clients log in as.
pub(crate) const LOGINS: [&str; 2] = ["one", "two"];
pub(crate) const PASSWORD: &str = "word";
/// How long one that was sent away stays away.
const PAUSE: Duration = Duration::from_millis(300);
/// The longest that one who leaves stays, in milliseconds.
const STAY: u64 = 1500;

/// What clients live in.
pub(crate) struct Stage {
    pub(crate) newsmuxd: SocketAddr,
    pub(crate) world: Arc<World>,
    pub(crate) tally: Tally,
    pub(crate) until: Instant,
    /// What each client waits for.
    pub(crate) waits: Mutex<BTreeMap<usize, String>>,
}

impl Stage {
    pub(crate) fn waits(&self) -> MutexGuard<'_, BTreeMap<usize, String>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client's life.
pub(crate) async fn live(number: usize, kind: Kind, mut rng: Rng, stage: Arc<Stage>) {
    while Instant::now() < stage.until {
        let stay = Duration::from_millis(rng.below(STAY));
        let mut client = Client { number, kind, rng: Rng::new(rng.next()), stage: &stage };
        let visit = client.visit();
        let came = match kind {
            // Dropped wherever it is.
            Kind::Leaving(_) => timeout(stay, visit).await.unwrap_or(Ok(())),
            Kind::Loading(_) | Kind::Slow(..) | Kind::Reading => visit.await,
        };
        if came.is_err() {
            stage.tally.count(&Verdict::Closed);
        }
        sleep(PAUSE).await;
    }
    stage.waits().remove(&number);
}

struct Client<'a> {
    number: usize,
    kind: Kind,
    rng: Rng,
    stage: &'a Stage,
}

impl Client<'_> {
    /// One connection, from the greeting to its end.
    async fn visit(&mut self) -> io::Result<()> {
        let stream = TcpStream::connect(self.stage.newsmuxd).await?;
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut reader = BufReader::new(read);
        self.log_in(&mut reader, &mut write).await?;
        let mut selected = Selected::default();
        for _ in 0..=self.rng.below(30) {
            if Instant::now() >= self.stage.until
                || !self.batch(&mut reader, &mut write, &mut selected).await?
            {
                return Ok(());
            }
        }
        if self.rng.chance(500) {
            write.write_all(b"QUIT\r\n").await?;
        }
        Ok(())
    }

    async fn log_in(&mut self, reader: &mut Reader, write: &mut OwnedWriteHalf) -> io::Result<()> {
        let name = self.rng.pick(&LOGINS);
        let lines = format!("AUTHINFO USER {name}\r\nAUTHINFO PASS {PASSWORD}\r\n");
        write.write_all(lines.as_bytes()).await?;
        for code in ["20", "381", "281"] {
            let mut line = String::new();
            reader.read_line(&mut line).await?;
            if !line.starts_with(code) && !line.is_empty() {
                self.stage.tally.count(&Verdict::Wrong(format!("{line:?} instead of {code}")));
            }
        }
        Ok(())
    }

    /// Asks several things at once; false when the connection is over.
    async fn batch(
        &mut self,
        reader: &mut Reader,
        write: &mut OwnedWriteHalf,
        selected: &mut Selected,
    ) -> io::Result<bool> {
        let (depth, pace) = match self.kind {
            Kind::Loading(depth) | Kind::Leaving(depth) => (depth, None),
            Kind::Slow(depth, pace) => (depth, Some(pace)),
            Kind::Reading => (1, None),
        };
        let ask = |_| match self.kind {
            Kind::Reading => Ask::of_group(&mut self.rng, &self.stage.world, *selected),
            _ => Ask::by_id(&mut self.rng, &self.stage.world),
        };
        let asks: Vec<_> = (0..depth).map(ask).collect();
        let lines: String = asks.iter().map(|ask| ask.line() + "\r\n").collect();
        write.write_all(lines.as_bytes()).await?;
        for ask in &asks {
            self.stage.waits().insert(self.number, format!("{:?}: {ask:?}", self.kind));
            let verdict = read(reader, &self.stage.world, ask, selected, pace).await;
            self.stage.tally.count(&verdict);
            if let Verdict::SentAway | Verdict::Closed | Verdict::Silence = verdict {
                println!("{verdict:?} instead of a reply: {:?}, {ask:?}", self.kind);
            }
            if !matches!(verdict, Verdict::Right(_) | Verdict::Missing | Verdict::Refused) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
