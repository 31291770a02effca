//! The picture that is to be downloaded: the mark of Newsmux and two words, so that whoever opens it sees that
//! it worked. Drawn in whole numbers: the same octets on every computer.

use crate::yenc::crc;

const WIDTH: usize = 1200;
const HEIGHT: usize = 800;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Eight bits for each of red, green and blue; nothing interlaced.
const FORMAT: [u8; 5] = [8, 2, 0, 0, 0];
/// The most octets that a stored block of zlib has.
const STORED: usize = 65_535;

type Color = [usize; 3];
const TOP: Color = [0, 8, 30];
const BOTTOM: Color = [34, 62, 132];
const TILE_FROM: Color = [79, 141, 249];
const TILE_TO: Color = [42, 79, 208];
const WHITE: Color = [255, 255, 255];

/// The mark is drawn on a square of 1024, as `icons/icon.svg` is.
const MARK: usize = 400;
const MARK_AT: (usize, usize) = ((WIDTH - MARK) / 2, 110);
const SQUARE: usize = 1024;
const TILE: (usize, usize, usize) = (64, 960, 208);
/// The corners of the letter in it.
const LETTER: [(usize, usize); 12] = [
    (276, 750),
    (276, 274),
    (392, 274),
    (588, 542),
    (588, 274),
    (700, 274),
    (700, 566),
    (792, 566),
    (644, 766),
    (496, 566),
    (388, 420),
    (388, 750),
];
/// Each pixel of the mark is looked at so often in each direction.
const FINE: usize = 3;

const WORDS: &str = "IT WORKS";
const WORDS_TOP: usize = 570;
/// The side of a letter's dot, and how many dots wide and high a letter is.
const DOT: usize = 14;
const LETTER_WIDTH: usize = 5;
const LETTER_HEIGHT: usize = 7;

/// The picture as a PNG file, which is [`PICTURE_NAME`](crate::PICTURE_NAME) when it has been downloaded.
#[must_use]
pub fn picture() -> Vec<u8> {
    let mut rows = Vec::with_capacity(HEIGHT * (1 + WIDTH * 3));
    for y in 0..HEIGHT {
        // No filter: the octets are as they are.
        rows.push(0);
        rows.extend((0..WIDTH).flat_map(|x| pixel(x, y)).map(|value| value as u8));
    }
    let mut file = SIGNATURE.to_vec();
    let size = [WIDTH, HEIGHT].map(|length| (length as u32).to_be_bytes()).concat();
    chunk(&mut file, b"IHDR", &[size.as_slice(), &FORMAT].concat());
    chunk(&mut file, b"IDAT", &zlib(&rows));
    chunk(&mut file, b"IEND", &[]);
    file
}

fn pixel(x: usize, y: usize) -> Color {
    let ground = mix(TOP, BOTTOM, y, HEIGHT);
    if is_lettered(x, y) {
        return WHITE;
    }
    let (left, top) = MARK_AT;
    if !(left..left + MARK).contains(&x) || !(top..top + MARK).contains(&y) {
        return ground;
    }
    let mut sum = [0; 3];
    for (sub_x, sub_y) in (0..FINE * FINE).map(|at| (at % FINE, at / FINE)) {
        let fine = |at: usize, sub: usize| (at * FINE + sub) * SQUARE / (MARK * FINE);
        let seen = mark(fine(x - left, sub_x), fine(y - top, sub_y)).unwrap_or(ground);
        (0..3).for_each(|channel| sum[channel] += seen[channel]);
    }
    sum.map(|value| value / (FINE * FINE))
}

/// What the mark has at a place of its square.
fn mark(x: usize, y: usize) -> Option<Color> {
    if !is_in_tile(x, y) {
        return None;
    }
    Some(if is_in_letter(x, y) { WHITE } else { mix(TILE_FROM, TILE_TO, x + y, 2 * SQUARE) })
}

/// Within a square with round corners.
fn is_in_tile(x: usize, y: usize) -> bool {
    let (from, to, radius) = TILE;
    let beyond = |at: usize| (from + radius).saturating_sub(at) + at.saturating_sub(to - radius);
    let (across, down) = (beyond(x), beyond(y));
    across.pow(2) + down.pow(2) <= radius.pow(2)
}

/// Within the polygon: a line to the right crosses its edges an odd number of times.
fn is_in_letter(x: usize, y: usize) -> bool {
    let ends = LETTER.iter().cycle().skip(1);
    let crossed = LETTER.iter().zip(ends).filter(|((x1, y1), (x2, y2))| {
        let [x1, y1, x2, y2, x, y] = [*x1, *y1, *x2, *y2, x, y].map(|value| value as i64);
        if (y1 > y) == (y2 > y) {
            return false;
        }
        let side = (x - x1) * (y2 - y1) - (y - y1) * (x2 - x1);
        if y2 > y1 { side < 0 } else { side > 0 }
    });
    crossed.count() % 2 == 1
}

fn is_lettered(x: usize, y: usize) -> bool {
    let step = (LETTER_WIDTH + 1) * DOT;
    let left = (WIDTH - WORDS.len() * step + DOT) / 2;
    if x < left || !(WORDS_TOP..WORDS_TOP + LETTER_HEIGHT * DOT).contains(&y) {
        return false;
    }
    let (column, row) = ((x - left) % step / DOT, (y - WORDS_TOP) / DOT);
    let Some(letter) = WORDS.as_bytes().get((x - left) / step) else { return false };
    column < LETTER_WIDTH && glyph(*letter)[row] >> (LETTER_WIDTH - 1 - column) & 1 == 1
}

/// A letter in rows of dots.
fn glyph(letter: u8) -> [u8; LETTER_HEIGHT] {
    match letter {
        b'I' => [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        b'T' => [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100],
        b'W' => [0b10001, 0b10001, 0b10001, 0b10101, 0b10101, 0b10101, 0b01010],
        b'O' => [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
        b'R' => [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001],
        b'K' => [0b10001, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0b10001],
        b'S' => [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110],
        _ => [0; LETTER_HEIGHT],
    }
}

fn mix(from: Color, to: Color, at: usize, of: usize) -> Color {
    [0, 1, 2].map(|channel| (from[channel] * (of - at) + to[channel] * at) / of)
}

/// A chunk of a PNG file.
fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let from = file.len();
    file.extend_from_slice(name);
    file.extend_from_slice(data);
    let sum = crc(&file[from..]);
    file.extend_from_slice(&sum.to_be_bytes());
}

/// `data` as a zlib stream (RFC 1950), stored and not compressed: there is to be something to download.
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = data.chunks(STORED);
    let last = blocks.len() - 1;
    for (at, block) in blocks.enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(at == last));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(&adler(data).to_be_bytes());
    stream
}

/// Adler-32 (RFC 1950).
fn adler(data: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let sums = data.iter().fold((1, 0), |(a, b): (u32, u32), byte| {
        let a = (a + u32::from(*byte)) % MODULUS;
        (a, (b + a) % MODULUS)
    });
    sums.1 << 16 | sums.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_on_every_computer() {
        let file = picture();
        assert_eq!(file.len(), 2_881_083);
        assert_eq!(crc(&file), 0x7623_ce75);
    }

    #[test]
    fn adler_is_that_of_the_rfc() {
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }
}
