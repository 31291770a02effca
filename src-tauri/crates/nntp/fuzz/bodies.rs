//! What has to hold for any bytes at all. The fuzz targets and `tests/fuzz_smoke.rs` run the same.

use bytes::Bytes;
use nntp::block::{BlockScan, Scan};
use nntp::client::{Action, ClientFlow, Facts};
use nntp::command::{Class, Framing, Request, Upload};
use nntp::dot::{BodyStart, stuff, unstuff};
use nntp::line::LineReader;
use nntp::login::{Account, Login, Progress};
use nntp::status::{Code, StatusLine};

/// Cuts `data` into pieces; its own octets say where.
fn pieces(data: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut pieces) = (data, Vec::new());
    while let Some(first) = rest.first() {
        let (piece, behind) = rest.split_at((usize::from(*first) % 9 + 1).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Where `end` first ends in `data`, as if `\r\n` stood before it.
fn naively(data: &[u8], end: &[u8]) -> Option<usize> {
    let text = [b"\r\n", data].concat();
    let at = text.windows(end.len()).position(|window| window == end)?;
    Some(at + end.len() - 2)
}

/// A request is sent on as one line, and is taken by a provider for what we took it for.
pub(crate) fn request(data: &[u8]) {
    let Ok(request) = Request::parse(Bytes::copy_from_slice(data)) else { return };
    let wire = request.wire();
    let line = wire.strip_suffix(b"\r\n").expect("a request ends in CRLF");
    assert!(!line.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')), "more than one line");
    let again = Request::parse(wire.clone()).expect("what was parsed can be parsed");
    assert_eq!((again.verb(), again.class()), (request.verb(), request.class()));
    assert_eq!((again.args(), again.wire()), (request.args(), wire));
    assert_eq!(request.class() == Class::ById, by_id(&request), "{}", wire.escape_ascii());
    for code in (100..600).filter_map(Code::new) {
        let framing = request.framing(code);
        assert_eq!(code.get() >= 400, framing == Framing::Line && code.get() >= 400);
        let waits = matches!(request.class(), Class::Upload(Upload::Post | Upload::IHave));
        assert!(waits || framing != Framing::Continue, "{code} makes a server wait");
    }
}

fn by_id(request: &Request) -> bool {
    let uploads = matches!(request.class(), Class::Upload(_) | Class::Stateless);
    request.message_id().is_some() && !uploads
}

/// A status line is sent on as one line with the same code.
pub(crate) fn status(data: &[u8]) {
    let Ok(status) = StatusLine::parse(Bytes::copy_from_slice(data)) else { return };
    assert!((100..600).contains(&status.code().get()));
    assert!(data.starts_with(status.code().to_string().as_bytes()));
    assert!(status.to_wire().ends_with(b"\r\n"));
    let again = StatusLine::parse(status.to_wire()).expect("what was parsed can be parsed");
    assert_eq!((again.code(), again.group()), (status.code(), status.group()));
    assert_eq!(again.message_id(), status.message_id());
}

/// A block ends at its first terminator, however it is cut; a body begins behind the first empty line.
pub(crate) fn block(data: &[u8]) {
    let (mut scan, mut start) = (BlockScan::default(), BodyStart::default());
    let (mut end, mut body, mut before) = (None, None, 0);
    for piece in pieces(data) {
        if let (None, Scan::End(at)) = (end, end.map_or_else(|| scan.push(piece), |_| Scan::More)) {
            end = Some(before + at);
        }
        if body.is_none() {
            body = start.push(piece).map(|at| before + at);
        }
        before += piece.len();
    }
    assert_eq!(end, naively(data, b"\r\n.\r\n"), "the end of {}", data.escape_ascii());
    assert_eq!(body, naively(data, b"\r\n\r\n"), "the body of {}", data.escape_ascii());
    let mut text = data.to_vec();
    text.extend_from_slice(b"\r\n");
    assert_eq!(unstuff(&stuff(&text)), Some(text));
}

/// Lines are the same however they are cut, within the limit, in bounded memory.
pub(crate) fn lines(data: &[u8]) {
    const LIMIT: usize = 24;
    let mut reader = LineReader::new(LIMIT);
    let mut read = Vec::new();
    for piece in pieces(data) {
        reader.push(piece);
        while let Some(line) = reader.next_line() {
            read.push(line.ok());
        }
        assert!(reader.buffer_mut().len() <= LIMIT, "more than a line is kept");
    }
    let whole = data.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let expected: Vec<_> = whole.map(|line| (line.len() <= LIMIT).then_some(line)).collect();
    let read: Vec<_> = read.iter().map(|line| line.as_deref()).collect();
    // One that has not ended yet may be known to be too long.
    assert!(read.len() <= expected.len() + 1);
    assert_eq!(read.get(..expected.len()), Some(&expected[..]));
    assert!(read.get(expected.len()).is_none_or(Option::is_none));
}

/// Whatever a provider says, what it is told is one line at a time, and it cannot make us repeat our
/// password.
pub(crate) fn login(data: &[u8]) {
    let account = Account::new("user\u{e9}", "pass word").expect("no line end in it");
    let start_tls = data.first().is_some_and(|byte| byte % 2 == 1);
    let mut login = Login::new(Some(account), start_tls);
    for line in data.get(1..).unwrap_or_default().split(|byte| *byte == b'\n') {
        let Ok(status) = StatusLine::parse(Bytes::copy_from_slice(line)) else { return };
        let progress = match login.receive(&status) {
            Ok(Progress::StartTls(next)) => next.encrypted(),
            Ok(progress) => progress,
            Err(refusal) => {
                assert!(
                    !refusal.text.contains("pass word") && !refusal.text.contains("user\u{e9}")
                );
                assert!(refusal.text.chars().count() <= 200);
                return assert!(!refusal.text.contains(char::is_control));
            }
        };
        let Progress::Send(next, said) = progress else { return };
        assert_eq!(said.iter().position(|byte| *byte == b'\n'), Some(said.len() - 1));
        login = next;
    }
}

/// Whatever a client says, nothing is sent on that should not be.
pub(crate) fn dialogue(data: &[u8]) {
    let bits = data.first().copied().unwrap_or_default();
    let facts =
        Facts { posting: bits & 1 == 1, login_needed: bits & 2 == 2, stateful: bits & 4 == 4 };
    let mut flow = ClientFlow::new(facts);
    let mut reader = LineReader::new(4096);
    reader.push(data);
    while let Some(line) = reader.next_line() {
        let mut action = flow.receive(line);
        if let Action::CheckLogin { user, password } = &action {
            assert!(facts.login_needed && !flow.is_logged_in());
            action = flow.login_checked(user == password);
        }
        match action {
            Action::Reply(reply) | Action::Swallow { reply } => is_a_reply(&reply),
            Action::Capabilities(offer) => is_a_reply(&offer.to_reply()),
            Action::Close(reply) if reply.is_empty() => return,
            Action::Close(reply) => return is_a_reply(&reply),
            Action::Forward(request) => may_be_sent_on(facts, &flow, &request),
            Action::CheckLogin { .. } => panic!("a login is checked once"),
            Action::Nothing => {}
        }
    }
}

fn is_a_reply(reply: &Bytes) {
    StatusLine::parse(reply.clone()).expect("a reply begins with a code");
    assert!(reply.ends_with(b"\r\n"));
}

fn may_be_sent_on(facts: Facts, flow: &ClientFlow, request: &Request) {
    assert!(flow.is_logged_in());
    let allowed = match request.class() {
        Class::ById | Class::Stateless => true,
        Class::Stateful(_) | Class::Unknown => facts.stateful,
        Class::Upload(Upload::Post | Upload::IHave) => facts.posting,
        Class::Upload(Upload::TakeThis) | Class::Local(_) => false,
    };
    assert!(allowed, "{request:?} is sent on");
}
