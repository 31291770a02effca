//! Passwords of our own making, for programs that log in to Newsmux.

use chacha20poly1305::aead::Generate;
use nntp_proxy::config::Secret;

/// No letter or digit that looks like another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 120 bits.
const LENGTH: usize = 24;

/// A new random password; none when the system gives no random numbers.
#[must_use]
pub fn generate() -> Option<Secret> {
    let random = <[u8; LENGTH]>::try_generate().ok()?;
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    Some(Secret::new(random.iter().map(letter).collect::<String>()))
}
