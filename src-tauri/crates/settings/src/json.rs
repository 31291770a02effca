//! Files of JSON, and what is wrong with them.

use std::fs;
use std::path::Path;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Deserializer, Error as JsonError};
use serde_path_to_error::Path as JsonPath;

use crate::error::{Error, Problem};

/// Some editors write it before a text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let mut text = fs::read(file).map_err(|e| Error::new(file, Problem::Read(e)))?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(text)
}

/// Whether `text` is JSON, whatever it says.
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// What is in `text`, or where it is wrong and, in the words of `explain`, why. `file` is for messages.
pub(crate) fn parse_json<T: DeserializeOwned>(
    file: &Path,
    text: &[u8],
    explain: impl Fn(&JsonError) -> String,
) -> Result<T, Error> {
    let mut json = Deserializer::from_slice(text);
    let parsed = serde_path_to_error::deserialize(&mut json)
        .map_err(|e| Error::field(file, place(e.path()), explain(e.inner())))?;
    json.end().map_err(|e| Error::field(file, "", explain(&e)))?;
    Ok(parsed)
}

/// A place that ends in nothing that has a name is the one around it.
fn place(path: &JsonPath) -> String {
    path.to_string().trim_end_matches(['?', '.']).to_owned()
}

/// What is wrong, without the names of Rust's types.
pub(crate) fn plainly(error: &JsonError) -> String {
    let types = [
        ("expected u8", "expected a whole number from 0 to 255"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("expected u32", "expected a whole number"),
        ("expected struct ", "expected the fields of "),
        ("expected a sequence", "expected a list, in [ ]"),
    ];
    types.iter().fold(error.to_string(), |said, (from, to)| said.replace(from, to))
}
