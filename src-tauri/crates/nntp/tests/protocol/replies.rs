//! Status lines, as servers really write them.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use bytes::Bytes;
use nntp::capabilities::{Capabilities, Lacks, Offered};
use nntp::status::{GroupStatus, StatusLine};

fn status(line: &'static str) -> StatusLine {
    StatusLine::parse(Bytes::from_static(line.as_bytes())).unwrap()
}

#[test]
fn a_code_is_three_digits_and_a_blank_or_nservs_comma() {
    for (line, code, text) in [
        ("222 0 <1@x> body", 222, "0 <1@x> body"),
        ("220, 0 <1@x>", 220, ", 0 <1@x>"),
        ("223", 223, ""),
        ("430  No  ", 430, "No"),
    ] {
        assert_eq!((status(line).code().get(), status(line).text()), (code, text.as_bytes()));
    }
}

#[test]
fn what_begins_with_no_code_is_no_status_line() {
    for line in ["", "2", "22", "099 low", "600 high", "OK", " 222", "<html>", "2x2", "+22"] {
        let parsed = StatusLine::parse(Bytes::from_static(line.as_bytes()));
        assert!(parsed.is_err(), "{line}");
    }
}

#[test]
fn a_fourth_digit_is_a_stream_out_of_step() {
    for line in ["2222 0 <1@x>", "2230 odd", "222body", "220,0 <1@x>", "220,", "222-0", "430."] {
        let parsed = StatusLine::parse(Bytes::from_static(line.as_bytes()));
        assert!(parsed.is_err(), "{line}");
    }
    for line in ["222", "222\r\n", "222\n", "222\t0", "220, 0 <1@x>"] {
        let parsed = StatusLine::parse(Bytes::from_static(line.as_bytes()));
        assert!(parsed.is_ok(), "{line}");
    }
}

#[test]
fn quirk_a_bare_line_feed_is_sent_on_as_crlf() {
    for line in ["222 ok", "222 ok\n", "222 ok\r\n"] {
        assert_eq!(status(line).to_wire(), "222 ok\r\n");
    }
}

#[test]
fn the_numbers_of_a_group_are_read_where_they_are() {
    let numbers = GroupStatus { count: 12, low: 3, high: 14 };
    assert_eq!(status("211 12 3 14 misc.test").group(), Some(numbers));
    assert_eq!(status("211\t12  3 14").group(), Some(numbers));
    for without in ["211 list follows", "211", "211 1 2", "211 1 x 3 g", "211 -1 2 3 g"] {
        assert_eq!(status(without).group(), None, "{without}");
    }
}

#[test]
fn number_and_message_id_are_read_where_they_are() {
    let ids = |line| (status(line).article_number(), status(line).message_id().map(<[u8]>::to_vec));
    assert_eq!(ids("220 7 <a@b> article"), (Some(7), Some(b"<a@b>".to_vec())));
    assert_eq!(ids("220, 0 <a b?c>"), (Some(0), Some(b"<a b?c>".to_vec())));
    assert_eq!(ids("223 No such article"), (None, None));
    assert_eq!(ids("223 99999999999999999999 <>"), (None, None));
}

#[test]
fn what_a_provider_offers_is_read_with_forgiveness() {
    let offered =
        Offered::parse(b"VERSION 2\r\n  reader\nSASL PLAIN\r\n\r\nCOMPRESS DEFLATE\r\n.\r\n");
    assert!(offered.has("READER") && offered.has("compress") && !offered.has("COMP"));
    let lines: Vec<_> = offered.iter().collect();
    assert_eq!(lines, ["VERSION 2", "reader", "SASL PLAIN", "COMPRESS DEFLATE"]);
}

#[test]
fn we_offer_nothing_that_we_do_not_do() {
    for bits in 0..32_u8 {
        let offer = Capabilities {
            posting: bits & 1 > 0,
            reader: bits & 2 > 0,
            login: bits & 4 > 0,
            lacks: Lacks { over: bits & 8 > 0, hdr: bits & 16 > 0 },
        };
        let reply = offer.to_reply();
        let offered = Offered::parse(&reply);
        assert!(offered.has("VERSION") && reply.ends_with(b"\r\n.\r\n"));
        assert_eq!(offered.has("POST"), offer.posting);
        assert_eq!(offered.has("READER"), offer.reader);
        assert_eq!(offered.has("AUTHINFO"), offer.login);
        assert_eq!(offered.has("OVER"), offer.reader && !offer.lacks.over);
        assert_eq!(offered.has("HDR"), offer.reader && !offer.lacks.hdr);
        for not_done in ["NEWNEWS", "STARTTLS", "COMPRESS", "SASL", "STREAMING", "MODE-READER"] {
            assert!(!offered.has(not_done), "{not_done}");
        }
    }
}
