//! Where a block ends and a body begins, at every cut.

use nntp::block::{BlockScan, Scan};
use nntp::dot::{BodyStart, stuff, unstuff};

/// Blocks with what could be taken for their end.
const BLOCKS: [&[u8]; 10] = [
    b".\r\n",
    b"\r\n.\r\n",
    b"line\r\n.\r\n",
    b"..\r\n.\r\n",
    b"...\r\n..\r\n.\r\n",
    b"a\r\n\r\n\r\n.\r\n",
    b"a\r\r\n.\r\n",
    b"a\n.\n.\r\r\n.\r\n",
    b".\rx\r\n.x\r\n.\r.\r\n.\r\n",
    b"a\r\n.\n\r\n.\r\r\n\r\n.\r\n",
];

/// What may stand behind a block: the next reply, or what looks like another end.
const BEHIND: [&[u8]; 4] = [b"", b"430 no\r\n", b".\r\n", b"\r\n.\r\n"];

/// How long the block is that the pieces begin with.
fn length(pieces: &[&[u8]]) -> Option<usize> {
    let (mut scan, mut before) = (BlockScan::default(), 0);
    for piece in pieces {
        match scan.push(piece) {
            Scan::End(at) => return Some(before + at),
            Scan::More => before += piece.len(),
        }
    }
    None
}

#[test]
fn a_block_ends_behind_its_terminator_at_every_two_cuts() {
    for block in BLOCKS {
        for behind in BEHIND {
            let text = [block, behind].concat();
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    assert_eq!(length(&pieces), Some(block.len()), "{}", text.escape_ascii());
                }
            }
        }
    }
}

#[test]
fn a_block_that_lacks_an_octet_has_not_ended() {
    for block in BLOCKS {
        let octets: Vec<_> = block[..block.len() - 1].chunks(1).collect();
        assert_eq!(length(&octets), None, "{}", block.escape_ascii());
    }
}

#[test]
fn a_body_begins_behind_the_first_empty_line_at_every_cut() {
    for (article, start) in [
        (&b"Subject: x\r\n\r\nbody\r\n\r\n.\r\n"[..], 14),
        (b"\r\nno headers\r\n", 2),
        (b"A: b\r\n c\r\r\n\r\n\r\n", 13),
    ] {
        for cut in 0..=article.len() {
            let (first, second) = article.split_at(cut);
            let mut body = BodyStart::default();
            let at = body.push(first).or_else(|| body.push(second).map(|at| at + cut));
            assert_eq!(at, Some(start), "cut at {cut}");
        }
    }
    assert_eq!(BodyStart::default().push(b"headers only\r\n.\r\n"), None);
}

#[test]
fn a_text_is_the_same_after_stuffing_and_unstuffing() {
    for (text, block) in [
        (&b""[..], &b".\r\n"[..]),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"..a\r\n.b\r\n", b"...a\r\n..b\r\n.\r\n"),
    ] {
        assert_eq!(stuff(text), block);
        assert_eq!(unstuff(block).as_deref(), Some(text));
    }
}

#[test]
fn what_has_no_terminator_is_no_block() {
    for cut_off in [&b""[..], b".", b".\r", b"a\r\n", b"a.\r\n", b"a\n.\r\n"] {
        assert_eq!(unstuff(cut_off), None, "{}", cut_off.escape_ascii());
    }
}
