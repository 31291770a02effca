//! What can go wrong with a reply, and the script that says when.
//!
//! A [`Rule`] matches lines of the client by how they begin (`"BODY"`, `"AUTHINFO PASS"`,
//! `"BODY <id>"`, and [`GREETING`] for the moment of the connection), and does a [`Fault`] to their
//! replies. All rules that match a line work together.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Duration;

use super::plan::Plan;
use crate::rng::Rng;

/// The line that rules match for the greeting.
pub const GREETING: &str = "(greeting)";

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Closed, with FIN.
    Close,
    /// Broken off, with RST where the transport has it.
    Reset,
}

/// A place within a reply, status line included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Behind so many bytes; behind the whole reply when it is shorter.
    Byte(usize),
    /// Behind so many thousandths of it.
    Part(u16),
}

/// Something that is done to a reply.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fault {
    /// The reply begins this much later after the arrival of its request.
    Delay(Duration),
    /// The connection ends within the reply.
    Cut(At, Ending),
    /// The reply stops there for ever, on an open connection.
    Stall(At),
    /// The reply stops there until the test opens the gate.
    Hold(At, Gate),
    /// One byte at a time, each flushed; of a long reply its first and its last 8 KiB.
    Trickle,
    /// In pieces that end behind these bytes, each flushed, with a pause behind each.
    Split(Vec<usize>, Duration),
    /// The lowest bit of one byte is turned over: never the status line's, CR's, LF's or a dot's.
    Corrupt(At),
    /// This line instead of the reply.
    Say(String),
    /// This line instead of the reply, and the end.
    SayAndClose(String),
    /// The status line names another article.
    Impostor,
    /// The status line ends in a bare LF.
    BareLf,
    /// These bytes right behind the reply, in the same write.
    Extra(Vec<u8>),
    /// These bytes right behind the reply, in the same write, and the end.
    ExtraAndClose(Vec<u8>),
}

impl Fault {
    /// The end of the connection behind `n` bytes of the reply.
    #[must_use]
    pub fn cut(n: usize, how: Ending) -> Self {
        Self::Cut(At::Byte(n), how)
    }

    /// Silence behind `n` bytes of the reply.
    #[must_use]
    pub fn stall(n: usize) -> Self {
        Self::Stall(At::Byte(n))
    }

    /// A line instead of the reply.
    #[must_use]
    pub fn say(line: &str) -> Self {
        Self::Say(line.into())
    }

    /// A line instead of the reply, and the end.
    #[must_use]
    pub fn say_and_close(line: &str) -> Self {
        Self::SayAndClose(line.into())
    }
}

/// Holds replies back until it is opened. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn closed() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Opens it, for good.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn passed(&self) {
        let mut opened = self.0.subscribe();
        // The sender is ours: this cannot fail.
        drop(opened.wait_for(|open| *open).await);
    }
}

/// When a fault happens. Made by [`on`], narrowed by its methods.
#[derive(Debug, Clone)]
pub struct Rule {
    begins: String,
    connection: Option<u64>,
    skip: u64,
    times: u64,
    fault: Fault,
}

/// Does `fault` to the reply of every line that begins with `begins`, in whatever case.
#[must_use]
pub fn on(begins: &str, fault: Fault) -> Rule {
    Rule { begins: begins.into(), connection: None, skip: 0, times: u64::MAX, fault }
}

impl Rule {
    /// Only on this connection; the first one is 1.
    #[must_use]
    pub fn connection(self, number: u64) -> Self {
        Self { connection: Some(number), ..self }
    }

    /// Not the first `count` times.
    #[must_use]
    pub fn skip(self, count: u64) -> Self {
        Self { skip: count, ..self }
    }

    /// At most so often.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { times: count, ..self }
    }

    /// Once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    fn strikes(&mut self, connection: u64, line: &str) -> bool {
        let begins = line.as_bytes().get(..self.begins.len());
        let fits = begins.is_some_and(|line| line.eq_ignore_ascii_case(self.begins.as_bytes()));
        if !fits || self.connection.is_some_and(|number| number != connection) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let strikes = self.times > 0;
        self.times = self.times.saturating_sub(1);
        strikes
    }
}

/// All that goes wrong at a provider. Empty: nothing.
#[derive(Debug, Clone, Default)]
pub struct Script {
    rules: Vec<Rule>,
    random: Option<Random>,
}

impl Script {
    /// Nothing goes wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule.
    #[must_use]
    pub fn and(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Faults of all kinds, about one reply in ten, as `seed` has it: the n-th reply on the m-th
    /// connection always suffers the same. No bit is turned over and no article denied, so that an
    /// exact answer stays possible; whatever can be repaired may happen.
    #[must_use]
    pub fn random(seed: u64) -> Self {
        Self { rules: Vec::new(), random: Some(Random { seed, per_mille: 100, refuses: false }) }
    }

    /// For a random script: articles may be denied, too, by a 480 or a 500.
    #[must_use]
    pub fn refusing(mut self) -> Self {
        if let Some(random) = &mut self.random {
            random.refuses = true;
        }
        self
    }

    /// For a random script: how many replies in a thousand suffer.
    #[must_use]
    pub fn severity(mut self, per_mille: u64) -> Self {
        if let Some(random) = &mut self.random {
            random.per_mille = per_mille;
        }
        self
    }

    pub(super) fn push(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// What is to happen to the reply of the `nth` line on a connection.
    pub(super) fn plan(&mut self, connection: u64, nth: u64, line: &str) -> Plan {
        let strikes = self.rules.iter_mut().filter_map(|rule| {
            let strikes = rule.strikes(connection, line);
            strikes.then(|| rule.fault.clone())
        });
        let mut faults: Vec<_> = strikes.collect();
        if let Some(random) = &self.random {
            faults.extend(random.faults(connection, nth, line));
        }
        Plan::of(faults)
    }
}

#[derive(Debug, Clone)]
struct Random {
    seed: u64,
    per_mille: u64,
    refuses: bool,
}

impl Random {
    fn faults(&self, connection: u64, nth: u64, line: &str) -> Vec<Fault> {
        let mut rng = Rng::of(self.seed, &[connection, nth]);
        let mut faults = Vec::new();
        if rng.chance(200) {
            faults.push(Fault::Delay(Duration::from_millis(rng.below(200))));
        }
        if rng.chance(100) {
            faults.push(Fault::Trickle);
        }
        if rng.chance(200) {
            let mut ends: Vec<_> = (0..4).map(|_| rng.below(2000) as usize).collect();
            ends.sort_unstable();
            faults.push(Fault::Split(ends, Duration::from_millis(rng.below(20))));
        }
        if rng.chance(self.per_mille) {
            let greeting = line == GREETING;
            faults.push(if greeting {
                greeting_fault(&mut rng)
            } else {
                self.reply_fault(&mut rng)
            });
        }
        faults
    }

    fn reply_fault(&self, rng: &mut Rng) -> Fault {
        const REFUSALS: [&str; 6] = [
            "400 Idle timeout",
            "502 Too many connections for your user",
            "503 Not now",
            "403 Disk on fire",
            // Each of these is this provider's refusal of the article, as good as a 430.
            "480 Who are you?",
            "500 What?",
        ];
        let refusal = *rng.pick(if self.refuses { &REFUSALS } else { &REFUSALS[..4] });
        match rng.below(12) {
            0..=2 => Fault::Cut(at(rng), ending(rng)),
            3 => Fault::Stall(at(rng)),
            4 => Fault::say(refusal),
            5 => Fault::say_and_close(refusal),
            6 => Fault::Impostor,
            7 => Fault::BareLf,
            8 => Fault::Extra(b"400 Idle timeout\r\n".to_vec()),
            9 => Fault::ExtraAndClose(b"400 Idle timeout\r\n".to_vec()),
            10 => Fault::Extra(b"\r\n".to_vec()),
            _ => Fault::say("garbage that is no status line"),
        }
    }
}

fn greeting_fault(rng: &mut Rng) -> Fault {
    match rng.below(6) {
        0 => Fault::Stall(At::Byte(0)),
        1 => Fault::say_and_close("400 Service temporarily unavailable"),
        2 => Fault::say_and_close("502 Too many connections"),
        3 => Fault::say("201 No posting"),
        4 => Fault::Cut(At::Byte(0), ending(rng)),
        _ => Fault::Cut(at(rng), ending(rng)),
    }
}

fn at(rng: &mut Rng) -> At {
    match rng.below(4) {
        0 => At::Byte(rng.below(80) as usize),
        _ => At::Part(rng.below(1001) as u16),
    }
}

fn ending(rng: &mut Rng) -> Ending {
    *rng.pick(&[Ending::Close, Ending::Reset])
}
