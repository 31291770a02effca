//! Greeting and login (RFC 3977, section 5.1; RFC 4643), and what is there instead of them.

use nntp_proxy::config::Secret;
use nntp_proxy::dial::{DialError, NetDialler, establish};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::certificates::{Authority, valid};
use crate::server::{Server, Step};
use crate::{assert_says, established, plain, refused, with_login};

/// A provider that says these in turn, and hears a line between two of them.
async fn dialogue(words: &[&'static str]) -> Server {
    let mut script: Vec<_> = words.iter().flat_map(|say| [Step::Say(say), Step::Hear]).collect();
    script.pop();
    Server::start(script).await
}

#[tokio::test]
async fn no_login_is_sent_without_an_account() {
    for (greeting, posting) in [("200 hello\r\n", true), ("201 hello\r\n", false)] {
        let server = dialogue(&[greeting, "111 20260101000000\r\n"]).await;
        let mut connection = established(&plain(server.address)).await;
        assert_eq!(connection.posting, posting);
        connection.write.write_all(b"DATE\r\n").await.unwrap();
        let mut reply = [0; 20];
        connection.read.read_exact(&mut reply).await.unwrap();
        assert_eq!(&reply, b"111 20260101000000\r\n");
        assert_eq!(server.heard(), ["DATE"]);
    }
}

#[tokio::test]
async fn the_password_is_sent_when_it_is_asked_for() {
    let server = dialogue(&["200 hello\r\n", "381 more\r\n", "281 welcome\r\n"]).await;
    established(&with_login(plain(server.address))).await;
    assert_eq!(server.heard(), ["AUTHINFO USER user", "AUTHINFO PASS pass word"]);

    let server = dialogue(&["200 hello\r\n", "281 welcome\r\n"]).await;
    established(&with_login(plain(server.address))).await;
    assert_eq!(server.heard(), ["AUTHINFO USER user"]);
}

#[tokio::test]
async fn a_refusal_says_what_it_is_about_and_keeps_the_secrets() {
    for (code, words) in [
        ("481 wrong password pass word for user\r\n", "refuses the user name or password"),
        ("482 too many connections\r\n", "allows no more connections"),
        ("502 account expired\r\n", "refuses the account"),
        ("502 no\r\n", "refuses the login"),
        ("400 going down\r\n", "does not serve us now"),
        ("483 encrypt first\r\n", "switch TLS on"),
    ] {
        let server = dialogue(&["200 hello\r\n", "381 more\r\n", code]).await;
        let said = refused(&with_login(plain(server.address))).await;
        assert_says(&said, &[words, &code[..3]]);
        assert!(!said.contains("pass word") && !said.contains("for user"), "{said}");
    }
}

#[tokio::test]
async fn a_greeting_can_be_a_refusal() {
    let server = dialogue(&["502 too many connections from your address\r\n"]).await;
    let said = refused(&with_login(plain(server.address))).await;
    assert_says(&said, &["allows no more connections", "502 too many connections from your"]);
}

#[tokio::test]
async fn an_account_that_cannot_be_sent_is_not_tried() {
    let server = dialogue(&["200 hello\r\n"]).await;
    for password in ["two\r\nlines", "a\0b"] {
        let mut to = with_login(plain(server.address));
        if let Some(login) = &mut to.login {
            login.password = Secret::new(password);
        }
        let error = establish(&NetDialler::new(), &to).await.err();
        assert!(matches!(error, Some(DialError::Account(_))));
    }
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn what_is_no_news_server_is_named() {
    let web = ["web server", "indexer"];
    let other = ["no news server", "check host and port"];
    let unknown = ["answers in an unknown way", "220 mail.example ESMTP"];
    for (words, why) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", &web),
        ("<!DOCTYPE html>\r\n", &web),
        ("SSH-2.0-OpenSSH_9.2\r\n", &other),
        ("220 mail.example ESMTP\r\n", &unknown),
        ("220-mail.example ESMTP\r\n", &other),
        ("\r\n", &other),
    ] {
        let server = dialogue(&[words]).await;
        assert_says(&refused(&with_login(plain(server.address))).await, why);
        assert!(server.heard().is_empty(), "{words}");
    }
}

#[tokio::test]
async fn a_line_without_an_end_is_no_news_server() {
    let endless = "2".repeat(100_000).leak();
    let server = dialogue(&[endless]).await;
    assert_says(&refused(&plain(server.address)).await, &["no news server"]);
}

#[tokio::test]
async fn a_tls_alert_on_a_plain_setting_says_so() {
    // A TLS server that is spoken to in plain text answers so.
    let server = dialogue(&["\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{16}"]).await;
    let said = refused(&with_login(plain(server.address))).await;
    assert_says(&said, &["speaks TLS on this port", "set TLS to \"on\""]);
}

#[tokio::test]
async fn a_tls_server_on_a_plain_setting_says_so() {
    let authority = Authority::new();
    let server = Server::start([Step::Tls(authority.server("localhost", valid))]).await;
    let mut to = with_login(plain(server.address));
    to.limits.greeting = std::time::Duration::from_millis(100);
    let said = refused(&to).await;
    assert_says(
        &said,
        &["the greeting", "if this is the provider's TLS port", "set TLS to \"on\""],
    );
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn a_provider_that_hangs_up_says_so() {
    let farewells: [&[Step]; 3] = [
        &[Step::Close],
        &[Step::Say("200 hello\r\n"), Step::Hear, Step::Close],
        &[Step::Say("200 hel"), Step::Close],
    ];
    for script in farewells {
        let server = Server::start(script).await;
        let said = refused(&with_login(plain(server.address))).await;
        assert_says(&said, &["closed the connection before the login was done"]);
    }
}
