//! The vault's file: JSON, with a header in the clear and the secrets sealed. The key is made of the
//! passphrase by Argon2id (RFC 9106); XChaCha20-Poly1305 seals, and covers the header too.

use std::collections::BTreeMap;

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64, Encoding};
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use nntp_proxy::config::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::VaultError;

const VERSION: u32 = 1;
const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20-poly1305";
const SALT: usize = 16;

/// A file can ask for this much and no more: somebody else may have written it.
const MOST: Cost = Cost { memory_kib: 1 << 20, passes: 16, lanes: 16 };

pub(super) type Key = Zeroizing<[u8; 32]>;

/// What it takes to try a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

/// More than OWASP asks for (19 MiB, two passes), and still a fraction of a second.
impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 64 << 10, passes: 3, lanes: 1 }
    }
}

/// All but the secrets and the nonce, which is another each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    version: u32,
    kdf: String,
    cost: Cost,
    salt: String,
    cipher: String,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed {
    pub(super) header: Header,
    nonce: String,
    sealed: String,
}

/// What is sealed: secrets by the names of their owners.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    pub(super) secrets: BTreeMap<String, Zeroizing<String>>,
}

/// Only the version, whatever else a newer one has.
#[derive(Deserialize)]
struct Outline {
    header: Versioned,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Header {
    pub(super) fn new(cost: Cost) -> Result<Self, VaultError> {
        let salt = <[u8; SALT]>::try_generate().map_err(|_| no_random())?;
        Ok(Self {
            version: VERSION,
            kdf: KDF.into(),
            cost,
            salt: Base64::encode_string(&salt),
            cipher: CIPHER.into(),
        })
    }

    fn check(&self) -> Result<(), VaultError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let asks = memory_kib <= MOST.memory_kib && passes <= MOST.passes && lanes <= MOST.lanes;
        if self.kdf != KDF || self.cipher != CIPHER || !asks {
            return Err(unusable("asks for something that no vault of ours does"));
        }
        Ok(())
    }

    /// The key that `passphrase` gives. It takes its time.
    pub(super) fn key(&self, passphrase: &Secret) -> Result<Key, VaultError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let params = Params::new(memory_kib, passes, lanes, None).map_err(|_| damaged())?;
        let salt = Base64::decode_vec(&self.salt).map_err(|_| damaged())?;
        let mut key = Key::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, &mut *key)
            .map_err(|error| match error {
                argon2::Error::OutOfMemory => {
                    VaultError::Failed("there is not enough memory to open the vault".into())
                }
                _ => damaged(),
            })?;
        Ok(key)
    }

    /// What is sealed together with the secrets, so that none of it can be changed.
    fn text(&self) -> Result<Vec<u8>, VaultError> {
        serde_json::to_vec(self).map_err(|_| damaged())
    }
}

impl Sealed {
    pub(super) fn parse(text: &[u8]) -> Result<Self, VaultError> {
        let outline: Outline = serde_json::from_slice(text).map_err(|_| damaged())?;
        if outline.header.version > VERSION {
            return Err(unusable("was written by a newer version of Newsmux"));
        }
        let sealed: Self = serde_json::from_slice(text).map_err(|_| damaged())?;
        sealed.header.check()?;
        Ok(sealed)
    }

    pub(super) fn seal(
        header: &Header,
        key: &Key,
        contents: &Contents,
    ) -> Result<Self, VaultError> {
        let clear = Zeroizing::new(serde_json::to_vec(contents).map_err(|_| damaged())?);
        let nonce = XNonce::try_generate().map_err(|_| no_random())?;
        let payload = Payload { msg: &clear, aad: &header.text()? };
        let sealed = cipher(key).encrypt(&nonce, payload).map_err(|_| damaged())?;
        Ok(Self {
            header: header.clone(),
            nonce: Base64::encode_string(&nonce),
            sealed: Base64::encode_string(&sealed),
        })
    }

    /// Whether it was the key or the file that is wrong cannot be known.
    pub(super) fn open(&self, key: &Key) -> Result<Contents, VaultError> {
        let nonce = Base64::decode_vec(&self.nonce).map_err(|_| damaged())?;
        let nonce = XNonce::try_from(nonce.as_slice()).map_err(|_| damaged())?;
        let sealed = Base64::decode_vec(&self.sealed).map_err(|_| damaged())?;
        let payload = Payload { msg: &sealed, aad: &self.header.text()? };
        let clear = cipher(key).decrypt(&nonce, payload);
        let clear = Zeroizing::new(clear.map_err(|_| VaultError::WrongPassphrase)?);
        serde_json::from_slice(&clear).map_err(|_| damaged())
    }

    pub(super) fn text(&self) -> Result<Vec<u8>, VaultError> {
        serde_json::to_vec_pretty(self).map_err(|_| damaged())
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

fn damaged() -> VaultError {
    unusable("is damaged: put a copy of it in its place, or remove it and begin a new one")
}

fn unusable(said: &str) -> VaultError {
    VaultError::Unusable(said.into())
}

fn no_random() -> VaultError {
    VaultError::Failed("the system gives no random numbers".into())
}
