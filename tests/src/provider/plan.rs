//! What is to happen to one reply: all faults that struck it, put together.

use tokio::time::Duration;

use super::fault::{At, Ending, Fault, Gate};
use super::reply::Reply;

/// How many bytes trickle at the beginning of a reply, and at its end.
const TRICKLE: usize = 8 * 1024;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// How many faults it is made of.
    pub(super) faults: u64,
    pub(super) delay: Duration,
    say: Option<String>,
    impostor: bool,
    pub(super) bare_lf: bool,
    corrupt: Option<At>,
    extra: Vec<u8>,
    pub(super) trickle: bool,
    pub(super) ends: Vec<usize>,
    pub(super) pause: Duration,
    stop: Option<(At, Stop)>,
    close: Option<Ending>,
}

/// How a reply stops on its way.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    End(Ending),
    Forever,
    Until(Gate),
}

/// One piece of a reply, and what comes behind it.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) stop: Option<Stop>,
}

impl Plan {
    pub(super) fn of(faults: Vec<Fault>) -> Self {
        let mut plan = Self { faults: faults.len() as u64, ..Self::default() };
        faults.into_iter().for_each(|fault| plan.add(fault));
        plan
    }

    fn add(&mut self, fault: Fault) {
        match fault {
            Fault::Delay(delay) => self.delay += delay,
            Fault::Cut(at, how) => self.stop = Some((at, Stop::End(how))),
            Fault::Stall(at) => self.stop = Some((at, Stop::Forever)),
            Fault::Hold(at, gate) => self.stop = Some((at, Stop::Until(gate))),
            Fault::Trickle => self.trickle = true,
            Fault::Split(ends, pause) => (self.ends, self.pause) = (ends, pause),
            Fault::Corrupt(at) => self.corrupt = Some(at),
            Fault::Say(line) => self.say = Some(line),
            Fault::SayAndClose(line) => {
                self.say = Some(line);
                self.close = Some(Ending::Close);
            }
            Fault::Impostor => self.impostor = true,
            Fault::BareLf => self.bare_lf = true,
            Fault::Extra(bytes) => self.extra = bytes,
            Fault::ExtraAndClose(bytes) => {
                self.extra = bytes;
                self.close = Some(Ending::Close);
            }
        }
    }

    /// Whether the line of the client is to be answered without being looked at.
    pub(super) fn instead(&self) -> Option<Reply> {
        self.say.as_deref().map(Reply::line)
    }

    /// Whether the client cannot use the connection any more behind this reply.
    pub(super) fn takes_the_connection(&self, reply: &Reply) -> bool {
        !self.leaves_an_answer(reply)
            || self.stop.is_some()
            || self.close.is_some()
            || !self.extra.is_empty()
    }

    /// Whether the reply is still one, and whole. Some of what is said instead may be the answer, too.
    pub(super) fn leaves_an_answer(&self, reply: &Reply) -> bool {
        let codes = ["201", "403", "500", "503"];
        let answer = |said: &str| codes.iter().any(|code| said.starts_with(code));
        let impostor = self.impostor && reply.status.contains('<');
        let whole = self.stop.as_ref().is_none_or(|(at, _)| {
            let bytes = self.spoiled(reply);
            at.within(&bytes) == bytes.len()
        });
        whole && !impostor && self.say.as_deref().is_none_or(answer)
    }

    /// Whether the reply is an article that stops on its way; and if so, whether within its headers.
    pub(super) fn breaks_article(&self, reply: &Reply) -> Option<bool> {
        let (at, _) = self.stop.as_ref().filter(|_| reply.is_article())?;
        let bytes = self.spoiled(reply);
        let headers = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let headers = headers.filter(|_| reply.status.starts_with("220")).unwrap_or_default();
        Some(at.within(&bytes) < headers)
    }

    /// The reply in pieces, one for each write.
    pub(super) fn pieces(&self, reply: &Reply) -> Vec<Piece> {
        let bytes = self.spoiled(reply);
        let stop = self.stop.clone().map(|(at, stop)| (at.within(&bytes), stop));
        let mut ends: Vec<_> = match self.trickle {
            true => (1..bytes.len()).filter(|end| is_trickled(*end, bytes.len())).collect(),
            false => self.ends.iter().copied().filter(|end| *end < bytes.len()).collect(),
        };
        ends.extend(stop.as_ref().map(|(at, _)| *at));
        ends.push(bytes.len());
        ends.sort_unstable();
        ends.dedup();
        let mut pieces = Vec::with_capacity(ends.len());
        let mut from = 0;
        for end in ends {
            let stop = stop.as_ref().filter(|(at, _)| *at == end).map(|(_, stop)| stop.clone());
            pieces.push(Piece { bytes: bytes[from..end].to_vec(), stop });
            from = end;
        }
        if let (Some(how), Some(last)) = (self.close, pieces.last_mut()) {
            last.stop.get_or_insert(Stop::End(how));
        }
        pieces
    }

    fn spoiled(&self, reply: &Reply) -> Vec<u8> {
        let mut status = reply.status.clone();
        if self.impostor {
            status = status.replacen('<', "<another.", 1);
        }
        let mut bytes = status.into_bytes();
        bytes.extend_from_slice(if self.bare_lf { b"\n" } else { b"\r\n" });
        let block = bytes.len();
        bytes.extend_from_slice(reply.block.as_deref().unwrap_or_default());
        if let Some(at) = self.corrupt {
            corrupt(&mut bytes, block, at);
        }
        bytes.extend_from_slice(&self.extra);
        bytes
    }
}

/// Whether a piece of a reply that trickles ends behind this byte: all do near its beginning and its end.
fn is_trickled(end: usize, length: usize) -> bool {
    end <= TRICKLE || length - end <= TRICKLE
}

impl At {
    /// Its byte in `bytes`.
    fn within(self, bytes: &[u8]) -> usize {
        match self {
            Self::Byte(n) => n.min(bytes.len()),
            Self::Part(part) => bytes.len() * usize::from(part.min(1000)) / 1000,
        }
    }
}

/// Turns over a bit of the first byte behind `at` whose change leaves the framing alone.
fn corrupt(bytes: &mut [u8], block: usize, at: At) {
    let from = at.within(bytes).max(block);
    let harmless = |byte: &u8| !b"\r\n.\x0b\x0c/".contains(byte);
    if let Some(byte) = bytes.iter_mut().skip(from).find(|byte| harmless(byte)) {
        *byte ^= 1;
    }
}
