//! The bare relay: reads and writes of 256 KiB, and no idea of what is in them. Nothing that relays
//! can be cheaper and still read and write.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use crate::number;

const BUFFER: usize = 256 * 1024;

/// Relays what comes to `--port` to the port `--to`, until it is killed.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (port, to): (u16, u16) = (number(arguments, "--port", 0)?, number(arguments, "--to", 0)?);
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|e| e.to_string())?;
    for client in listener.incoming() {
        let client = client.map_err(|e| e.to_string())?;
        // Who leaves is no matter.
        let named = thread::Builder::new().name("bare".to_owned());
        named.spawn(move || drop(relay(&client, to))).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn relay(client: &TcpStream, to: u16) -> io::Result<()> {
    let provider = TcpStream::connect(("127.0.0.1", to))?;
    client.set_nodelay(true)?;
    provider.set_nodelay(true)?;
    thread::scope(|scope| {
        scope.spawn(|| copy(client, &provider));
        copy(&provider, client)
    })
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return to.shutdown(Shutdown::Write);
        }
        to.write_all(buffer.get(..n).unwrap_or_default())?;
    }
}
