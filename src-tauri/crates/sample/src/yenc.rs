//! Binaries as text: yEnc 1.3, in parts.

use crc_fast::{CrcAlgorithm, checksum};

/// How many encoded octets a line has; one more where the last is escaped.
const LINE: usize = 128;

/// One part of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    /// The file's name.
    pub(crate) name: &'a str,
    /// The whole file.
    pub(crate) file: &'a [u8],
    /// Counted from 1.
    pub(crate) number: usize,
    /// How many there are.
    pub(crate) total: usize,
    /// Where it begins in the file, and where it ends.
    pub(crate) range: (usize, usize),
}

/// The parts of `file`, of at most `size` octets each.
pub(crate) fn parts<'a>(
    name: &'a str,
    file: &'a [u8],
    size: usize,
) -> impl Iterator<Item = Part<'a>> {
    let total = file.len().div_ceil(size);
    (0..total).map(move |at| {
        let range = (at * size, file.len().min((at + 1) * size));
        Part { name, file, number: at + 1, total, range }
    })
}

impl Part<'_> {
    /// The body of its article, in lines that end in CRLF.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self { name, file, number, total, range: (from, to) } = *self;
        let (size, data) = (file.len(), &file[from..to]);
        let mut body = format!(
            "=ybegin part={number} total={total} line={LINE} size={size} name={name}\r\n\
             =ypart begin={} end={to}\r\n",
            from + 1
        )
        .into_bytes();
        body.reserve(data.len() + data.len() / 32);
        encode(data, &mut body);
        let (length, pcrc32, crc32) = (data.len(), crc(data), crc(file));
        body.extend_from_slice(
            format!("=yend size={length} part={number} pcrc32={pcrc32:08x} crc32={crc32:08x}\r\n")
                .as_bytes(),
        );
        body
    }
}

fn encode(data: &[u8], body: &mut Vec<u8>) {
    let mut column = 0;
    for byte in data {
        let shifted = byte.wrapping_add(42);
        if matches!(shifted, 0 | b'\n' | b'\r' | b'=') {
            body.extend_from_slice(&[b'=', shifted.wrapping_add(64)]);
            column += 2;
        } else {
            body.push(shifted);
            column += 1;
        }
        if column >= LINE {
            body.extend_from_slice(b"\r\n");
            column = 0;
        }
    }
    if column > 0 {
        body.extend_from_slice(b"\r\n");
    }
}

/// CRC-32, as yEnc and PNG have it.
pub(crate) fn crc(data: &[u8]) -> u32 {
    checksum(CrcAlgorithm::Crc32IsoHdlc, data) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &[u8]) -> Vec<u8> {
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"=y"));
        let (mut data, mut escaped) = (Vec::new(), 0);
        for byte in lines.flatten().filter(|byte| **byte != b'\r') {
            match byte {
                b'=' if escaped == 0 => escaped = 64,
                _ => data.push(byte.wrapping_sub(42).wrapping_sub(std::mem::take(&mut escaped))),
            }
        }
        data
    }

    #[test]
    fn every_octet_comes_back() {
        let file: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let parts: Vec<_> = parts("f", &file, 300).collect();
        assert_eq!(
            parts.iter().map(|part| part.range.1).collect::<Vec<_>>(),
            [300, 600, 900, 1000]
        );
        let decoded: Vec<u8> = parts.iter().flat_map(|part| decode(&part.encode())).collect();
        assert_eq!(decoded, file);
    }

    #[test]
    fn the_checksums_are_those_of_the_part_and_of_the_file() {
        let body = parts("f.bin", b"123456789", 20).next().unwrap().encode();
        let text = String::from_utf8_lossy(&body);
        assert!(text.starts_with(
            "=ybegin part=1 total=1 line=128 size=9 name=f.bin\r\n=ypart begin=1 end=9\r\n"
        ));
        // The check value of CRC-32.
        assert!(text.ends_with("\r\n=yend size=9 part=1 pcrc32=cbf43926 crc32=cbf43926\r\n"));
    }

    #[test]
    fn no_line_is_longer_than_it_says() {
        let body = parts("f", &[19; 1000], 1000).next().unwrap().encode();
        let lines: Vec<_> = body.split(|byte| *byte == b'\n').collect();
        assert!(lines.iter().all(|line| line.len() <= LINE + 2));
    }
}
