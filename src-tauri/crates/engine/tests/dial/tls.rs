//! What is demanded of a certificate at each level, and what is said when it is not met.

use std::sync::Arc;

use nntp_proxy::check::Step as Stage;
use nntp_proxy::config::{Tls, Verify};
use nntp_proxy::dial::{NetDialler, establish};
use rustls::ServerConfig;
use rustls::version::TLS12;

use crate::certificates::{Authority, expired, self_signed, valid};
use crate::checking::{findings, words};
use crate::old;
use crate::server::{Server, Step};
use crate::{assert_says, encrypted, established, plain, refused, with_login};

const LEVELS: [Verify; 3] = [Verify::Full, Verify::Certificate, Verify::None];

/// A provider that greets and takes the login, behind TLS.
async fn provider(config: Arc<ServerConfig>) -> Server {
    let login = ["200 hello\r\n", "381 password\r\n", "281 welcome\r\n"];
    let [greeting, user, password] = login.map(Step::Say);
    Server::start([Step::Tls(config), greeting, Step::Hear, user, Step::Hear, password]).await
}

/// Which levels accept the certificate; the others have to say `why`, and nothing else.
async fn assert_accepted(
    authority: &Authority,
    config: Arc<ServerConfig>,
    by: &[Verify],
    why: &[&str],
) {
    for verify in LEVELS {
        let server = provider(Arc::clone(&config)).await;
        let to = with_login(plain(server.address));
        let to = encrypted(to, Tls::On, verify, &authority.file());
        if by.contains(&verify) {
            assert!(established(&to).await.posting);
            assert_eq!(
                server.heard(),
                ["TLS Full", "AUTHINFO USER user", "AUTHINFO PASS pass word"],
                "{verify:?}"
            );
        } else {
            assert_says(&refused(&to).await, why);
            assert!(!server.heard().iter().any(|line| line.contains("AUTHINFO")), "{verify:?}");
        }
    }
}

#[tokio::test]
async fn a_good_certificate_is_accepted_at_every_level() {
    let authority = Authority::new();
    assert_accepted(&authority, authority.server("localhost", valid), &LEVELS, &[]).await;
}

#[tokio::test]
async fn the_wrong_host_is_refused_at_full_only() {
    let authority = Authority::new();
    let config = authority.server("elsewhere.example", valid);
    let accepting = [Verify::Certificate, Verify::None];
    let why = ["encrypted connection failed", "another host name", "check the host"];
    assert_accepted(&authority, config, &accepting, &why).await;
}

#[tokio::test]
async fn an_unknown_authority_is_accepted_at_none_only() {
    let authority = Authority::new();
    for (other, why) in [
        (Authority::called("another authority"), "none of the authorities in the ca_file"),
        // One that goes by the same name.
        (Authority::new(), "the certificate is not valid"),
    ] {
        for host in ["localhost", "elsewhere.example"] {
            let config = other.server(host, valid);
            assert_accepted(&authority, config, &[Verify::None], &[why]).await;
        }
    }
}

#[tokio::test]
async fn an_expired_certificate_is_accepted_at_none_only() {
    let authority = Authority::new();
    let why = ["expired", "clock"];
    for host in ["localhost", "elsewhere.example"] {
        let config = authority.server(host, expired);
        assert_accepted(&authority, config, &[Verify::None], &why).await;
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_accepted_at_none_only() {
    let authority = Authority::new();
    let config = self_signed("localhost", &authority.other_file(""));
    assert_accepted(&authority, config, &[Verify::None], &["none of the authorities"]).await;
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_the_ca_file_is_accepted() {
    let authority = Authority::new();
    let file = authority.other_file("");
    let server = provider(self_signed("localhost", &file)).await;
    established(&encrypted(with_login(plain(server.address)), Tls::On, Verify::Full, &file)).await;
}

#[tokio::test]
async fn a_server_without_the_certificates_key_is_refused_at_every_level() {
    let authority = Authority::new();
    assert_accepted(&authority, authority.impostor("localhost"), &[], &["not valid"]).await;
}

#[tokio::test]
async fn a_certificate_of_version_1_is_accepted_at_none_only() {
    let authority = Authority::new();
    for tls in old::VERSIONS {
        assert_accepted(&authority, old::version_1(tls), &[Verify::None], &["not valid"]).await;
    }
}

#[tokio::test]
async fn a_certificate_of_version_1_is_no_excuse_for_not_having_its_key() {
    let authority = Authority::new();
    for tls in old::VERSIONS {
        assert_accepted(&authority, old::version_1_impostor(tls), &[], &["not valid"]).await;
    }
}

#[tokio::test]
async fn a_key_of_1024_bits_is_accepted_at_none_only() {
    let authority = Authority::new();
    for tls in old::VERSIONS {
        assert_accepted(&authority, old::short(tls, true), &[Verify::None], &["not valid"]).await;
    }
}

/// With TLS 1.3 nobody here can tell: see the documentation of `Verify::None`.
#[tokio::test]
async fn a_short_key_is_proven_where_it_can_be() {
    let authority = Authority::new();
    assert_accepted(&authority, old::short(&TLS12, false), &[], &["not valid"]).await;
}

#[tokio::test]
async fn a_server_with_unsafe_ciphers_or_versions_only_says_so() {
    let authority = Authority::new();
    let ciphers = ["only offers ciphers that are no longer considered safe"];
    let version = ["only offers TLS 1.0 or 1.1, which is no longer considered safe"];
    for (answer, why) in [
        // Alerts (RFC 8446, section 6): handshake_failure, insufficient_security, protocol_version.
        (vec![21, 3, 3, 0, 2, 2, 40], ciphers),
        (vec![21, 3, 3, 0, 2, 2, 71], ciphers),
        (vec![21, 3, 1, 0, 2, 2, 70], version),
        // A server that knows no better goes on with TLS 1.0.
        (hello([3, 1], [0, 0x2f]), version),
        (hello([3, 2], [0, 0x2f]), version),
    ] {
        let server = Server::start([Step::Shake(answer)]).await;
        let to = with_login(plain(server.address));
        let to = encrypted(to, Tls::On, Verify::None, &authority.file());
        let said = refused(&to).await;
        assert_says(&said, &why);
        assert!(!said.contains("check that TLS is on"), "{said}");
        let found = findings(&to).await;
        assert_says(&words(&found, Stage::Encryption), &why);
    }
}

/// A server's hello, up to TLS 1.2 (RFC 5246, section 7.4.1.3).
fn hello(version: [u8; 2], cipher: [u8; 2]) -> Vec<u8> {
    let body = [&version[..], &[7; 32], &[0], &cipher, &[0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    [&[22, version[0], version[1], 0, length + 4, 2, 0, 0, length], &body[..]].concat()
}

#[tokio::test]
async fn an_address_is_verified_like_a_name() {
    let authority = Authority::new();
    for (certified, accepted) in [("127.0.0.1", true), ("127.0.0.2", false)] {
        let server = provider(authority.server(certified, valid)).await;
        let mut to = with_login(plain(server.address));
        to = encrypted(to, Tls::On, Verify::Full, &authority.file());
        to.host = "127.0.0.1".into();
        assert_eq!(establish(&NetDialler::new(), &to).await.is_ok(), accepted, "{certified}");
    }
}

#[tokio::test]
async fn the_next_connection_resumes_the_tls_session() {
    let authority = Authority::new();
    let server = provider(authority.server("localhost", valid)).await;
    let to = encrypted(with_login(plain(server.address)), Tls::On, Verify::Full, &authority.file());
    let dialler = NetDialler::new();
    for _ in 0..2 {
        establish(&dialler, &to).await.unwrap();
    }
    let heard = server.heard();
    let handshakes: Vec<_> = heard.iter().filter(|line| line.starts_with("TLS")).collect();
    assert_eq!(handshakes, ["TLS Full", "TLS Resumed"]);
}

#[tokio::test]
async fn a_ca_file_that_is_no_use_is_named() {
    let authority = Authority::new();
    let server = provider(authority.server("localhost", valid)).await;
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (content, why) in [
        (None, "No such file"),
        (Some(""), "no certificate is in it"),
        (Some("not a certificate"), "no certificate is in it"),
        (Some(broken), ""),
    ] {
        let file = authority.other_file(content.unwrap_or_default());
        if content.is_none() {
            std::fs::remove_file(&file).unwrap();
        }
        let why = if cfg!(unix) { why } else { "" };
        for verify in [Verify::Full, Verify::Certificate] {
            let to = encrypted(with_login(plain(server.address)), Tls::On, verify, &file);
            let name = format!("the ca_file {}: ", file.display());
            assert_says(&refused(&to).await, &[&name, why]);
        }
    }
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn a_ca_file_that_has_been_mended_is_used() {
    let authority = Authority::new();
    let server = provider(authority.server("localhost", valid)).await;
    let file = authority.other_file("");
    let to = encrypted(with_login(plain(server.address)), Tls::On, Verify::Full, &file);
    let dialler = NetDialler::new();
    assert!(establish(&dialler, &to).await.is_err());
    std::fs::copy(authority.file(), &file).unwrap();
    assert!(establish(&dialler, &to).await.is_ok());
}

#[tokio::test]
async fn a_ca_file_that_was_replaced_is_read_anew() {
    let (old, new) = (Authority::new(), Authority::called("a new authority"));
    let before = provider(old.server("localhost", valid)).await;
    let after = provider(new.server("localhost", valid)).await;
    let file = old.other_file("");
    std::fs::copy(old.file(), &file).unwrap();
    let at = |server: &Server| {
        encrypted(with_login(plain(server.address)), Tls::On, Verify::Full, &file)
    };
    let dialler = NetDialler::new();
    establish(&dialler, &at(&before)).await.unwrap();
    assert!(establish(&dialler, &at(&after)).await.is_err());

    std::fs::copy(new.file(), &file).unwrap();
    establish(&dialler, &at(&after)).await.unwrap();
    // Nor does a session that was begun under the old authority let it in.
    assert!(establish(&dialler, &at(&before)).await.is_err());
}

#[tokio::test]
async fn a_ca_file_that_was_written_again_as_it_was_keeps_the_tls_sessions() {
    let authority = Authority::new();
    let server = provider(authority.server("localhost", valid)).await;
    let to = encrypted(with_login(plain(server.address)), Tls::On, Verify::Full, &authority.file());
    let dialler = NetDialler::new();
    for _ in 0..2 {
        establish(&dialler, &to).await.unwrap();
        let same = std::fs::read(authority.file()).unwrap();
        std::fs::write(authority.file(), same).unwrap();
    }
    let heard = server.heard();
    let handshakes: Vec<_> = heard.iter().filter(|line| line.starts_with("TLS")).collect();
    assert_eq!(handshakes, ["TLS Full", "TLS Resumed"]);
}

#[tokio::test]
async fn a_plain_server_on_a_tls_setting_says_so() {
    let authority = Authority::new();
    let server = Server::start([Step::Say("200 hello\r\n")]).await;
    let to = encrypted(with_login(plain(server.address)), Tls::On, Verify::None, &authority.file());
    let why = ["does not speak TLS on this port", "563", "switch TLS off"];
    assert_says(&refused(&to).await, &why);
    assert!(!server.heard().iter().any(|line| line.contains("AUTHINFO")));
}

#[tokio::test]
async fn a_server_that_hangs_up_on_the_handshake_says_so() {
    let authority = Authority::new();
    let server = Server::start([Step::Close]).await;
    let to = encrypted(with_login(plain(server.address)), Tls::On, Verify::None, &authority.file());
    assert_says(&refused(&to).await, &["the provider closed the connection", "563"]);
}
