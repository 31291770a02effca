//! Streams cut at every byte, broken streams, and bombs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

use super::*;

/// Gives these chunks, one a read, then its end.
struct Chunks(VecDeque<Vec<u8>>);

impl AsyncRead for Chunks {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buf.put_slice(&self.0.pop_front().unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

/// `plain` in pieces, each flushed so that it can be read at once.
fn deflated(pieces: &[&[u8]]) -> Vec<u8> {
    let (mut deflate, mut all) = (Compress::new(Compression::default(), false), Vec::new());
    for piece in pieces {
        let mut made = Vec::with_capacity(piece.len() * 2 + 64);
        deflate.compress_vec(piece, &mut made, FlushCompress::Sync).unwrap();
        assert!(made.len() < made.capacity());
        all.extend(made);
    }
    all
}

fn cut(bytes: &[u8], cuts: &[usize]) -> Chunks {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let ends = cuts.iter().copied().chain([bytes.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    // An empty chunk would be the end.
    let chunks = starts.zip(ends).filter(|(start, end)| start < end);
    Chunks(
        chunks
            .flat_map(|(start, end)| bytes[start..end].chunks(READ))
            .map(<[u8]>::to_vec)
            .collect(),
    )
}

/// Reads to the end, or to an error, so many bytes at a time.
fn read_all(chunks: Chunks, room: usize) -> (Vec<u8>, io::Result<()>) {
    let mut half = Inflated::new(Box::new(chunks));
    let (mut all, mut cx) = (Vec::new(), Context::from_waker(Waker::noop()));
    loop {
        let mut room = vec![0; room];
        let mut buf = ReadBuf::new(&mut room);
        match Pin::new(&mut half).poll_read(&mut cx, &mut buf) {
            Poll::Ready(Ok(())) if buf.filled().is_empty() => return (all, Ok(())),
            Poll::Ready(Ok(())) => all.extend_from_slice(buf.filled()),
            Poll::Ready(Err(error)) => return (all, Err(error)),
            Poll::Pending => unreachable!("the chunks are all there"),
        }
    }
}

fn overview() -> Vec<u8> {
    let line = |n: u32| format!("{n}\tSubject {n}\tsomebody@example.com\t<{n}@example.com>\r\n");
    (1..200).map(line).collect::<String>().into_bytes()
}

proptest! {
    #[test]
    fn replies_are_the_same_wherever_the_stream_is_cut(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        room in 1_usize..700,
    ) {
        let slices: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let (read, end) = read_all(cut(&deflated(&slices), &cuts), room);
        end.unwrap();
        prop_assert_eq!(read, pieces.concat());
    }

    #[test]
    fn commands_can_be_inflated_however_much_the_socket_takes(
        commands in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40_000), 1..4),
        takes in prop::collection::vec(1_usize..9000, 1..8),
    ) {
        let sent = Sent::default();
        let mut half = Stored::new(Box::new(Narrow { sent: sent.clone(), takes, at: 0 }));
        let mut cx = Context::from_waker(Waker::noop());
        for command in &commands {
            let mut left = command.as_slice();
            while !left.is_empty() {
                if let Poll::Ready(taken) = Pin::new(&mut half).poll_write(&mut cx, left) {
                    left = &left[taken.unwrap()..];
                }
            }
            while Pin::new(&mut half).poll_flush(&mut cx).is_pending() {}
        }
        let sent = sent.lock().unwrap().clone();
        let (read, end) = read_all(cut(&sent, &[]), 5000);
        end.unwrap();
        prop_assert_eq!(read, commands.concat());
    }
}

#[test]
fn an_overview_is_the_same_with_a_cut_at_any_byte() {
    let overview = overview();
    let stream = deflated(&[b"224 overview\r\n", &overview, b".\r\n"]);
    let whole = [b"224 overview\r\n", overview.as_slice(), b".\r\n"].concat();
    assert!(stream.len() < whole.len() / 4, "{} of {}", stream.len(), whole.len());
    for at in 0..=stream.len() {
        let (read, end) = read_all(cut(&stream, &[at]), 4096);
        end.unwrap();
        assert!(read == whole, "cut at {at}");
    }
}

#[test]
fn a_stream_that_breaks_off_gives_what_came_and_then_the_end() {
    let overview = overview();
    let stream = deflated(&[&overview]);
    for at in 0..stream.len() {
        let (read, end) = read_all(cut(&stream[..at], &[]), 4096);
        end.unwrap();
        assert!(overview.starts_with(&read), "broken off at {at}");
    }
}

#[test]
fn nothing_is_read_behind_the_last_block() {
    let mut deflate = Compress::new(Compression::default(), false);
    let mut stream = Vec::with_capacity(100);
    deflate.compress_vec(b"205 bye\r\n", &mut stream, FlushCompress::Finish).unwrap();
    stream.extend_from_slice(b"220 0 <planted>\r\n");
    let (read, end) = read_all(cut(&stream, &[]), 4096);
    end.unwrap();
    assert_eq!(read, b"205 bye\r\n");
}

#[test]
fn a_broken_stream_is_an_error_that_says_so() {
    let mut stream = deflated(&[b"211 1 1 1 g\r\n"]);
    stream.push(0b111);
    let (read, end) = read_all(cut(&stream, &[]), 4096);
    assert!(b"211 1 1 1 g\r\n".starts_with(&read));
    let error = end.unwrap_err();
    assert!(is_broken(&error), "{error}");
    assert!(!is_broken(&io::ErrorKind::InvalidData.into()));
}

#[test]
fn a_bomb_is_inflated_only_as_far_as_it_is_read() {
    // A million times "0" takes a thousand bytes.
    let bomb = deflated(&[&vec![b'0'; 50_000_000]]);
    assert!(bomb.len() < 50_000, "{}", bomb.len());
    let mut half = Inflated::new(Box::new(cut(&bomb, &[])));
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        let mut room = [0; 1000];
        let mut buf = ReadBuf::new(&mut room);
        assert!(Pin::new(&mut half).poll_read(&mut cx, &mut buf).is_ready());
        assert_eq!(buf.filled().len(), 1000);
    }
    // What was inflated is what was asked for, and no compressed byte was read that is not needed.
    assert_eq!(half.inflate.total_out(), 100_000);
    assert!(half.inflate.total_in() <= READ as u64 && half.compressed.len() == READ);
}

type Sent = Arc<Mutex<Vec<u8>>>;

/// A socket that takes so many bytes at a time, and between two times none.
struct Narrow {
    sent: Sent,
    takes: Vec<usize>,
    at: usize,
}

impl AsyncWrite for Narrow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.at += 1;
        if self.at.is_multiple_of(2) {
            return Poll::Pending;
        }
        let taken = bytes.len().min(self.takes[self.at % self.takes.len()]);
        self.sent.lock().unwrap().extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
