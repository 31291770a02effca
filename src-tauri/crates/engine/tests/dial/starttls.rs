//! STARTTLS (RFC 4642): encrypted, or nothing at all.

use nntp_proxy::config::{BackendConfig, Tls, Verify};

use crate::certificates::{Authority, valid};
use crate::server::{Server, Step};
use crate::{assert_says, encrypted, established, plain, refused, with_login};

fn wants_starttls(server: &Server, authority: &Authority) -> BackendConfig {
    let to = with_login(plain(server.address));
    encrypted(to, Tls::StartTls, Verify::Full, &authority.file())
}

#[tokio::test]
async fn the_login_is_sent_encrypted() {
    let authority = Authority::new();
    let server = Server::start([
        Step::Say("201 no posting\r\n"),
        Step::Hear,
        Step::Say("382 go on\r\n"),
        Step::Tls(authority.server("localhost", valid)),
        Step::Hear,
        Step::Say("381 password\r\n"),
        Step::Hear,
        Step::Say("281 welcome\r\n"),
    ])
    .await;
    assert!(!established(&wants_starttls(&server, &authority)).await.posting);
    let expected = ["STARTTLS", "TLS Full", "AUTHINFO USER user", "AUTHINFO PASS pass word"];
    assert_eq!(server.heard(), expected);
}

#[tokio::test]
async fn nothing_is_sent_when_it_is_refused() {
    let authority = Authority::new();
    for refusal in ["580 not now\r\n", "500 what?\r\n", "483 encrypt\r\n", "281 welcome\r\n"] {
        let server =
            Server::start([Step::Say("200 hello\r\n"), Step::Hear, Step::Say(refusal)]).await;
        let said = refused(&wants_starttls(&server, &authority)).await;
        assert_says(&said, &["does not do STARTTLS", "TLS \"on\"", refusal.trim_end()]);
        assert_eq!(server.heard(), ["STARTTLS"]);
    }
}

#[tokio::test]
async fn nothing_is_sent_when_the_certificate_is_wrong() {
    let authority = Authority::new();
    let server = Server::start([
        Step::Say("200 hello\r\n"),
        Step::Hear,
        Step::Say("382 go on\r\n"),
        Step::Tls(authority.server("elsewhere.example", valid)),
    ])
    .await;
    let said = refused(&wants_starttls(&server, &authority)).await;
    assert_says(&said, &["another host name"]);
    assert!(!server.heard().iter().any(|line| line.contains("AUTHINFO")));
}

/// The trick of CVE-2011-0411: what was sent in the clear is taken for what comes encrypted.
#[tokio::test]
async fn plain_text_behind_the_reply_is_not_taken_for_encrypted() {
    let authority = Authority::new();
    let server = Server::start([
        Step::Say("200 hello\r\n"),
        Step::Hear,
        Step::Say("382 go on\r\n281 welcome\r\n"),
        Step::Tls(authority.server("localhost", valid)),
    ])
    .await;
    assert_says(
        &refused(&wants_starttls(&server, &authority)).await,
        &["encrypted connection failed"],
    );
    assert!(!server.heard().iter().any(|line| line.contains("AUTHINFO")));
}
