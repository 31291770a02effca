//! TLS for programs: who imports the certificate that newsmuxd makes, or trusts the one in the settings, is served.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Daemon, Home, Setup};
use newsmux_tests::provider::{Listening, Provider};
use newsmux_tests::real::{Tool, skip};
use newsmux_tests::tls::{Authority, connector};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::client::TlsStream;

use crate::{fetch_from, small};

const IMPORT: &str = ".local/state/newsmux/tls/newsmux-certificate.crt";

/// A port that is free now.
fn free() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

fn encrypted(setup: Setup, tls: Value) -> Setup {
    setup.set("listen", json!({ "tls": tls }))
}

/// What newsmuxd has made for programs to import.
fn import(home: &Home) -> Vec<u8> {
    fs::read(home.path().join(IMPORT)).expect("a certificate to import")
}

async fn try_connect(
    port: u16,
    name: &str,
    authorities: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    connector(authorities).connect(name, stream).await
}

async fn connect(port: u16, name: &str, authorities: &[u8]) -> Client<TlsStream<TcpStream>> {
    let stream = try_connect(port, name, authorities).await.expect("an encrypted connection");
    let mut client = Client::over(stream);
    client.talk("S: 20*").await;
    client
}

async fn provider() -> (Listening, Article) {
    let article = Article::binary(1, 700_000);
    let provider = Provider::named("a").with(&article).with(&small()).listen().await;
    (provider, article)
}

#[tokio::test]
async fn with_the_certificate_imported_articles_come_through_beside_the_plain_port() {
    let (provider, article) = provider().await;
    let port = free();
    let setup = encrypted(Setup::with(&[&provider]), json!({ "port": port }));
    let daemon = Daemon::start(&setup.client("me", "word")).await;
    let authorities = import(daemon.home());
    for name in ["127.0.0.1", "localhost"] {
        let mut client = connect(port, name, &authorities).await;
        client.talk("C: DATE\nS: 480 *\nC: AUTHINFO USER me\nS: 381 *").await;
        client.talk("C: AUTHINFO PASS word\nS: 281 *\nC: STARTTLS\nS: 502 *").await;
        let reply = client.ask(&format!("BODY {}", article.id())).await;
        assert!(reply.block() == article.body_block());
    }
    daemon.client().await.talk("C: AUTHINFO USER me\nS: 381 *").await;
    assert!(try_connect(port, "www.example.com", &authorities).await.is_err());
    let log = daemon.log();
    let words = ["PRIVATE", "word\""];
    assert!(words.iter().all(|word| !log.contains(word)), "a secret in the log");
}

#[tokio::test]
async fn the_certificate_outlives_newsmuxd_and_its_keys_are_for_its_owner() {
    use std::os::unix::fs::MetadataExt;
    let setup = encrypted(Setup::new(), json!({ "port": free() }));
    let mut daemon = Daemon::start(&setup).await;
    let (home, first) = (daemon.home().clone(), import(daemon.home()));
    daemon.signal("TERM").await;
    daemon.ended().await;
    let _again = daemon.again().await;
    assert_eq!(import(&home), first);
    let folder = home.path().join(IMPORT).parent().expect("its folder").to_owned();
    for key in ["authority.pem", "server.pem"] {
        let mode = fs::metadata(folder.join(key)).expect("a key").mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
}

#[tokio::test]
async fn a_reload_turns_it_on_and_off_and_takes_a_new_certificate_without_dropping_anyone() {
    let (provider, _) = provider().await;
    let (port, folder) = (free(), tempfile::tempdir().expect("a folder"));
    let write = |authority: &Authority| -> [PathBuf; 2] {
        let identity = authority.identity("news.home.arpa");
        let files = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
        fs::write(&files[0], &identity.certificate_pem).expect("a file");
        fs::write(&files[1], &identity.key_pem).expect("a file");
        files
    };
    let pem = |authority: &Authority| {
        let file = folder.path().join("authority.pem");
        authority.write(&file);
        fs::read(file).expect("the authority")
    };
    let (first, second) = (Authority::new(), Authority::new());
    let [certificate, key] = write(&first);
    let plain = Setup::with(&[&provider]);
    let tls = json!({ "port": port, "certificate": certificate, "key": key });
    let setup = encrypted(plain.clone(), tls);

    let daemon = Daemon::start(&plain).await;
    assert!(try_connect(port, "news.home.arpa", &pem(&first)).await.is_err());
    daemon.reload(&setup).await;
    let mut before = connect(port, "news.home.arpa", &pem(&first)).await;
    write(&second);
    daemon.reload(&setup).await;
    let mut after = connect(port, "news.home.arpa", &pem(&second)).await;
    assert!(try_connect(port, "news.home.arpa", &pem(&first)).await.is_err());

    // What cannot be used changes nothing.
    fs::write(&certificate, "nothing").expect("a file");
    let from = daemon.log().len();
    daemon.reload(&setup).await;
    daemon.until_logged_behind(from, "chain.pem: no certificate is in it").await;
    drop(connect(port, "news.home.arpa", &pem(&second)).await);

    daemon.reload(&plain).await;
    assert!(try_connect(port, "news.home.arpa", &pem(&second)).await.is_err());
    before.talk("C: DATE\nS: 111 *").await;
    after.talk("C: DATE\nS: 111 *").await;
    fetch_from(&daemon, &small()).await;
}

#[tokio::test]
async fn what_cannot_be_is_named_in_a_sentence_and_by_check() {
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let taken = busy.local_addr().expect("its address").port();
    for (tls, said) in [
        (json!({ "port": taken }), "listen.tls: cannot listen on 127.0.0.1:"),
        (
            json!({ "port": free(), "certificate": "absent.pem", "key": "absent.key" }),
            "listen.tls: cannot read absent.pem: ",
        ),
        (json!({ "certificate": "absent.pem" }), "listen.tls.key: is missing"),
        (json!({ "host": "0.0.0.0" }), "listen.tls.host: other computers could connect without"),
    ] {
        let home = Home::new(&encrypted(Setup::new(), tls));
        let ended = home.run(home.command().args(["--listen", "127.0.0.1:0"])).await;
        assert!(!ended.status.success() && ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn check_tells_what_programs_have_to_import() {
    let (provider, _) = provider().await;
    let home = Home::new(&encrypted(Setup::with(&[&provider]), json!({})));
    let ended = home.run(home.command().arg("--check")).await;
    assert!(ended.status.success(), "{}", ended.stdout);
    for words in [
        "TLS for programs, on 127.0.0.1 port 10563\n  good     certificate: valid for 36",
        " days, for localhost",
        "127.0.0.1",
        "SHA-256 ",
        "programs import ",
        "tls/newsmux-certificate.crt",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    assert!(!import(&home).is_empty());
}

/// As a mail program does, with what OpenSSL finds fault with.
#[tokio::test]
async fn python_verifies_the_certificate_strictly_and_refuses_it_without_the_import() {
    if skip(&[Tool::Python]) {
        return;
    }
    let (provider, article) = provider().await;
    let port = free();
    let setup = encrypted(Setup::with(&[&provider]), json!({ "port": port }));
    let daemon = Daemon::start(&setup).await;
    let import = daemon.home().path().join(IMPORT);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/read-encrypted.py");
    let python = async |name: &str, trusted: &str| {
        let mut python = Command::new(Tool::Python.path());
        python.arg(&script).args([name, &port.to_string(), article.id(), trusted]);
        let output = python.output().await.expect("python3");
        let both = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&both).into_owned()
    };
    let import = import.display().to_string();
    let size = article.body_block().len();
    assert_eq!(python("localhost", &import).await, format!("read {size} bytes\n"));
    assert_eq!(python("127.0.0.1", &import).await, format!("read {size} bytes\n"));
    let refused = python("localhost", "").await;
    assert!(refused.contains("certificate verify failed"), "{refused}");
}
