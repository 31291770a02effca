//! Just enough HTTP to ask the programs that are driven by JSON over it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A GET of `path`, or a POST of `body` to it, on `port` of 127.0.0.1; the JSON of the answer.
///
/// # Errors
/// The connection's, and `InvalidData` when the answer is no `200` with JSON in it.
pub fn json(port: u16, path: &str, body: Option<&Value>) -> io::Result<Value> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.map(Value::to_string).unwrap_or_default();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    answer
        .split_once("\r\n\r\n")
        .filter(|(head, _)| head.split(' ').nth(1) == Some("200"))
        .and_then(|(_, body)| serde_json::from_str(body).ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, answer))
}

/// `text` for use in a query.
pub fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
