//! Lines from bytes, and what is done about too long ones.

use nntp::line::{LineReader, TooLong};

/// The lines of `text`, which comes octet by octet. A too long one is `None`.
fn read(limit: usize, text: &str) -> Vec<Option<String>> {
    let mut reader = LineReader::new(limit);
    let mut lines = Vec::new();
    for octet in text.as_bytes() {
        reader.push(&[*octet]);
        while let Some(line) = reader.next_line() {
            lines.push(line.ok().map(|line| String::from_utf8_lossy(&line).into_owned()));
        }
    }
    lines
}

fn some(lines: &[&str]) -> Vec<Option<String>> {
    lines.iter().map(|line| Some((*line).to_owned())).collect()
}

#[test]
fn a_line_ends_in_crlf_or_a_bare_lf() {
    assert_eq!(read(99, "DATE\r\nquit\n\r\n\n"), some(&["DATE\r\n", "quit\n", "\r\n", "\n"]));
    assert_eq!(read(99, "a\rb\r\r\n"), some(&["a\rb\r\r\n"]));
    assert_eq!(read(99, "no end"), some(&[]));
}

#[test]
fn a_line_may_be_as_long_as_the_limit_with_its_end() {
    assert_eq!(read(6, "1234\r\n12345\n"), some(&["1234\r\n", "12345\n"]));
    assert_eq!(read(6, "12345\r\nDATE\r\n"), [None, Some("DATE\r\n".to_owned())]);
}

#[test]
fn a_too_long_line_is_reported_once_and_the_next_one_is_read() {
    let text = format!("{}\r\nDATE\r\n{}\nQUIT\r\n", "x".repeat(5_000), "y".repeat(9));
    let date = Some("DATE\r\n".to_owned());
    assert_eq!(read(8, &text), [None, date, None, Some("QUIT\r\n".to_owned())]);
}

#[test]
fn a_line_that_never_ends_takes_no_more_memory_than_the_limit() {
    let mut reader = LineReader::new(512);
    let mut reports = Vec::new();
    for _ in 0..1_000 {
        reader.push(&[b'x'; 400]);
        reports.extend(reader.next_line());
        assert!(reader.buffer_mut().len() <= 512);
    }
    assert_eq!(reports, [Err(TooLong)]);
}

#[test]
fn what_is_behind_the_last_line_is_there_for_an_upload() {
    let mut reader = LineReader::new(512);
    reader.push(b"TAKETHIS <1@x>\r\nSubject: x\r\n\r\nbo");
    assert_eq!(reader.next_line(), Some(Ok("TAKETHIS <1@x>\r\n".into())));
    assert_eq!(reader.take_rest(), "Subject: x\r\n\r\nbo");
    assert!(reader.is_empty());
    reader.push(b"DATE\r\n");
    assert_eq!(reader.next_line(), Some(Ok("DATE\r\n".into())));
}
