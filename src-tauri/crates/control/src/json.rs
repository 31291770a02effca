//! Files of JSON, and what is wrong with them.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Error as JsonError};

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

/// What is in `text`, or where it is wrong and, in the words of `explain`, why. `file` is for messages.
pub(crate) fn parse_json<T: DeserializeOwned>(
    file: &Path,
    text: &[u8],
    explain: impl Fn(&JsonError) -> String,
) -> Result<T, Error> {
    let mut json = Deserializer::from_slice(text);
    let parsed = serde_path_to_error::deserialize(&mut json)
        .map_err(|e| Error::field(file, e.path().to_string(), explain(e.inner())))?;
    json.end().map_err(|e| Error::field(file, "", explain(&e)))?;
    Ok(parsed)
}
