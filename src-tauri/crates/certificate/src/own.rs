//! Newsmux's own certificate: made on first use, and renewed in time.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nntp_proxy::encryption::ServerIdentity;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrets::atomic::{make_folder, write_atomically};
use x509_parser::parse_x509_certificate;

use crate::authority::Authority;
use crate::facts::{fingerprint, time};
use crate::{Error, Facts, Loaded, Names, Problem};

/// The authority and its key.
const AUTHORITY: &str = "authority.pem";
/// The certificate that is shown, its chain and its key.
const SERVER: &str = "server.pem";
/// The authority without its key: what programs import.
const IMPORT: &str = "newsmux-certificate.crt";
/// Held while any of them is read or changed.
const LOCK: &str = "lock";
/// For how long a certificate is good.
const LASTS: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long before its end it is renewed.
const SPARE: Duration = Duration::from_secs(60 * 24 * 60 * 60);

pub(crate) fn load(folder: &Path, names: &Names, now: SystemTime) -> Result<Loaded, Error> {
    // Another Newsmux may make them at the same time.
    let _lock = lock(&folder.join(LOCK))?;
    let authority = authority(folder, names, now)?;
    let names = authority.permitted(names);
    let file = folder.join(SERVER);
    let known = read(&file)?.and_then(|text| shown(&text, &authority, &names, now));
    let (identity, mut facts) = match known {
        Some(known) => known,
        None => {
            let signed = authority.sign(&names, now, LASTS);
            let signed = signed.map_err(|error| Error::new(&file, Problem::NotMade(error)))?;
            let text = signed.chain + &signed.key;
            write(&file, text.as_bytes(), 0o600)?;
            let unfit = || Error::new(&file, Problem::Damaged);
            shown(text.as_bytes(), &authority, &names, now).ok_or_else(unfit)?
        }
    };
    let import = folder.join(IMPORT);
    if read(&import)?.as_deref() != Some(authority.pem.as_bytes()) {
        write(&import, authority.pem.as_bytes(), 0o644)?;
    }
    facts.fingerprint = fingerprint(&authority.certificate);
    facts.import = Some(import);
    Ok(Loaded { identity, facts })
}

/// The authority; a new one where there is none, or it ends soon.
fn authority(folder: &Path, names: &Names, now: SystemTime) -> Result<Authority, Error> {
    let file = folder.join(AUTHORITY);
    if let Some(text) = read(&file)? {
        let authority = Authority::read(&file, &text)?;
        if !authority.is_old(now) {
            return Ok(authority);
        }
    }
    let made = Authority::make(names, now);
    let made = made.map_err(|error| Error::new(&file, Problem::NotMade(error)))?;
    write(&file, made.as_bytes(), 0o600)?;
    Authority::read(&file, made.as_bytes())
}

/// The certificate in this text, if it can be shown any longer.
fn shown(
    text: &[u8],
    authority: &Authority,
    names: &Names,
    now: SystemTime,
) -> Option<(ServerIdentity, Facts)> {
    let mut chain = CertificateDer::pem_slice_iter(text).filter_map(Result::ok);
    let (der, signed_by) = (chain.next()?, chain.next()?);
    let (_, certificate) = parse_x509_certificate(&der).ok()?;
    let facts = Facts::of(text)?;
    let begins = time(certificate.validity().not_before.timestamp());
    let is_good = signed_by == authority.certificate
        && begins < now
        && now + SPARE < facts.expires
        && names.texts().iter().all(|name| facts.names.contains(name));
    let identity = ServerIdentity::from_pem(text, text).ok()?;
    is_good.then_some((identity, facts))
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(file, Problem::Read(error))),
    }
}

fn write(file: &Path, text: &[u8], mode: u32) -> Result<(), Error> {
    write_atomically(file, text, mode).map_err(|error| Error::new(file, Problem::Write(error)))
}

/// Waits until no other Newsmux has it. It is free again when what this returns is dropped.
fn lock(file: &Path) -> Result<File, Error> {
    let open = || -> io::Result<File> {
        file.parent().map_or(Ok(()), make_folder)?;
        let lock = File::options().create(true).append(true).open(file)?;
        match lock.lock() {
            // Some network drives have no locks.
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(lock),
            locked => locked.map(|()| lock),
        }
    };
    open().map_err(|error| Error::new(file, Problem::Write(error)))
}
