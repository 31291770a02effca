//! The bodies of the fuzz targets, on bytes that look like NNTP and on bytes that do not.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail so")]

#[path = "../fuzz/bodies.rs"]
mod bodies;

use proptest::prelude::*;
use proptest::sample::select;

/// Pieces that matter to a parser: beside each other they make its corners.
const WORDS: [&[u8]; 43] = [
    b"\r",
    b"\n",
    b"\r\n",
    b".",
    b"..",
    b"\r\n.\r\n",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b"\t",
    b"<",
    b">",
    b"<1@x>",
    b"BODY ",
    b"body",
    b"STAT <",
    b"ARTICLE 1",
    b"GROUP ",
    b"LISTGROUP",
    b"XPAT Subject ",
    b"HDR ",
    b"OVER 1-",
    b"AUTHINFO USER ",
    b"AUTHINFO PASS ",
    b"a",
    b"authinfo",
    b"MODE READER",
    b"POST",
    b"TAKETHIS ",
    b"IHAVE <2@x>",
    b"GET / HTTP/1.1",
    b"XYZZY",
    b"200 ",
    b"201",
    b"281",
    b"381\n",
    b"382\n",
    b"480\n",
    b"482 pass word",
    b"481 pass\x1cword\n",
    b"502 too many",
    b"211 1 2 3 g",
    b"\xff",
];

fn nntp_like() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        8 => select(&WORDS[..]).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    proptest::collection::vec(word, 0..30).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_request_is_one_line_with_one_meaning(data in nntp_like()) {
        bodies::request(&data);
        for line in data.split(|byte| *byte == b'\n') {
            bodies::request(line);
        }
    }

    #[test]
    fn a_status_line_keeps_its_meaning(data in nntp_like()) {
        bodies::status(&data);
        for line in data.split(|byte| *byte == b'\n') {
            bodies::status(line);
        }
    }

    #[test]
    fn a_block_ends_where_it_ends_however_it_is_cut(data in nntp_like()) {
        bodies::block(&data);
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut(data in nntp_like()) {
        bodies::lines(&data);
    }

    #[test]
    fn no_provider_gets_more_than_the_login(data in nntp_like()) {
        bodies::login(&data);
    }

    #[test]
    fn no_client_gets_around_the_rules(data in nntp_like()) {
        bodies::dialogue(&data);
    }
}
