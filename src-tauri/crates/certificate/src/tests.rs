//! The certificate over the years, with a clock of the tests.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tempfile::TempDir;

use crate::authority::Authority;
use crate::{Error, Loaded, Names, Problem, Source, load};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A computer with a folder for its certificate.
struct Computer {
    folder: TempDir,
    names: Names,
    /// The time when it begins.
    start: SystemTime,
}

impl Computer {
    fn new() -> Self {
        let start = SystemTime::UNIX_EPOCH + DAY * 20_000;
        let names = Names::new("box", ["192.168.1.5".parse().unwrap()]);
        Self { folder: tempfile::tempdir().unwrap(), names, start }
    }

    fn source(&self) -> Source {
        Source::Own(self.folder.path().join("tls"))
    }

    fn load(&self, day: u32) -> Result<Loaded, Error> {
        load(&self.source(), &self.names, self.start + DAY * day)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join("tls").join(name)).unwrap()
    }

    /// Whether a program that imported this takes the certificate that is shown, on that day.
    fn is_trusted(&self, import: &[u8], name: &str, day: u32) -> bool {
        trusts(import, &self.read("server.pem"), name, self.start + DAY * day)
    }
}

fn trusts(import: &[u8], chain: &[u8], name: &str, at: SystemTime) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(import).unwrap()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).map(Result::unwrap).collect();
    let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let verifier = verifier.build().unwrap();
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], at).is_ok()
}

#[test]
fn it_is_made_on_first_use_for_all_names_and_stays() {
    let computer = Computer::new();
    let first = computer.load(0).unwrap().facts;
    let names = ["localhost", "box", "box.local", "127.0.0.1", "192.168.1.5", "::1"];
    assert_eq!(first.names.len(), names.len(), "{:?}", first.names);
    let import = computer.read("newsmux-certificate.crt");
    for name in names {
        assert!(computer.is_trusted(&import, name, 0), "{name}");
    }
    for name in ["other", "192.168.1.6", "example.com"] {
        assert!(!computer.is_trusted(&import, name, 0), "{name}");
    }
    assert_eq!(computer.load(200).unwrap().facts, first);
}

#[test]
fn it_is_renewed_in_time_and_programs_go_on_trusting_it() {
    let computer = Computer::new();
    let first = computer.load(0).unwrap().facts;
    let import = computer.read("newsmux-certificate.crt");
    let mut renewed = Vec::new();
    for day in 0..3500 {
        let before = computer.read("server.pem");
        let facts = computer.load(day).unwrap().facts;
        if computer.read("server.pem") != before {
            renewed.push(day);
        }
        assert_eq!(facts.fingerprint, first.fingerprint, "day {day}");
        if day % 50 == 0 {
            assert!(computer.is_trusted(&import, "box", day), "day {day}");
        }
    }
    assert_eq!(renewed.len(), 11, "{renewed:?}");
    assert_eq!(renewed[0], 305);
}

#[test]
fn a_new_address_gets_a_new_certificate_of_the_same_authority() {
    let mut computer = Computer::new();
    let first = computer.load(0).unwrap().facts;
    let import = computer.read("newsmux-certificate.crt");
    computer.names = Names::new("box", ["10.1.2.3".parse().unwrap()]);
    let second = computer.load(1).unwrap().facts;
    assert_eq!(second.fingerprint, first.fingerprint);
    assert!(computer.is_trusted(&import, "10.1.2.3", 1));
    // A host name that the authority cannot vouch for would be refused by programs.
    computer.names = Names::new("renamed", []);
    let third = computer.load(2).unwrap().facts;
    assert!(!third.names.contains(&"renamed".to_owned()), "{:?}", third.names);
    assert!(third.names.contains(&"renamed.local".to_owned()));
    assert!(computer.is_trusted(&import, "renamed.local", 2));
}

#[test]
fn an_authority_that_ends_soon_is_replaced_and_programs_have_to_import_the_new_one() {
    let computer = Computer::new();
    let first = computer.load(0).unwrap().facts;
    let second = computer.load(3600).unwrap().facts;
    assert_ne!(second.fingerprint, first.fingerprint);
    assert!(computer.is_trusted(&computer.read("newsmux-certificate.crt"), "box", 3600));
}

#[test]
fn a_certificate_from_the_future_is_made_anew() {
    let computer = Computer::new();
    computer.load(100).unwrap();
    computer.load(0).unwrap();
    let chain = computer.read("server.pem");
    computer.load(0).unwrap();
    // The authority is older than the clock says, which only time can mend.
    assert_eq!(computer.read("server.pem"), chain);
}

#[test]
fn the_authority_cannot_vouch_for_a_web_site() {
    let now = SystemTime::now();
    let home = Names::new("box", []);
    let text = Authority::make(&home, now).unwrap();
    let authority = Authority::read("authority.pem".as_ref(), text.as_bytes()).unwrap();
    let good = authority.sign(&home, now, DAY * 30).unwrap();
    assert!(trusts(authority.pem.as_bytes(), good.chain.as_bytes(), "box", now));
    let evil = Names::new("www.example.com", []);
    let bad = authority.sign(&evil, now, DAY * 30).unwrap();
    assert!(!trusts(authority.pem.as_bytes(), bad.chain.as_bytes(), "www.example.com", now));
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_keys() {
    use std::os::unix::fs::PermissionsExt;
    let computer = Computer::new();
    let facts = computer.load(0).unwrap().facts;
    let folder = computer.folder.path().join("tls");
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("authority.pem"), mode("server.pem")], [0o700, 0o600, 0o600]);
    let import = String::from_utf8(fs::read(facts.import.unwrap()).unwrap()).unwrap();
    assert!(import.contains("BEGIN CERTIFICATE") && !import.contains("PRIVATE"));
}

#[test]
fn a_damaged_certificate_is_made_anew_and_a_damaged_authority_is_named() {
    let computer = Computer::new();
    let first = computer.load(0).unwrap().facts;
    let folder = computer.folder.path().join("tls");
    fs::write(folder.join("server.pem"), "nothing").unwrap();
    assert_eq!(computer.load(0).unwrap().facts.fingerprint, first.fingerprint);
    fs::write(folder.join("authority.pem"), "nothing").unwrap();
    let error = computer.load(0).unwrap_err();
    assert!(matches!(error.problem(), Problem::DamagedAuthority));
    assert!(error.to_string().contains("authority.pem is damaged: delete it"), "{error}");
}

#[test]
fn two_that_begin_at_once_have_one_authority() {
    let computer = Computer::new();
    let load = || computer.load(0).unwrap().facts.fingerprint;
    let [one, other] = thread::scope(|scope| {
        [scope.spawn(load), scope.spawn(load)].map(|thread| thread.join().unwrap())
    });
    assert_eq!(one, other);
}

#[test]
fn a_given_certificate_needs_its_own_key() {
    let (computer, other) = (Computer::new(), Computer::new());
    computer.load(0).unwrap();
    other.load(0).unwrap();
    let file = |computer: &Computer| computer.folder.path().join("tls/server.pem");
    let given = |certificate, key| {
        let source = Source::Given { certificate, key };
        load(&source, &Names::default(), SystemTime::now())
    };
    let loaded = given(file(&computer), file(&computer)).unwrap();
    assert!(loaded.facts.names.contains(&"box".to_owned()));
    assert_eq!(loaded.facts.import, None);
    let wrong = given(file(&computer), file(&other)).unwrap_err().to_string();
    assert!(wrong.contains("the key and the certificate don't fit"), "{wrong}");
    let import = computer.folder.path().join("tls/newsmux-certificate.crt");
    let keyless = given(file(&computer), import).unwrap_err().to_string();
    assert!(keyless.contains("no private key"), "{keyless}");
    let absent = given("absent.pem".into(), file(&computer)).unwrap_err().to_string();
    assert!(absent.starts_with("cannot read absent.pem"), "{absent}");
}
