//! QUIT, CAPABILITIES, MODE READER, DATE and HELP: right in each mode, before and after the login,
//! and never a provider's business.

use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::Provider;

use crate::{MODES, small, text};

#[tokio::test]
async fn before_and_after_the_login_each_mode_says_what_it_can() {
    let provider = Provider::named("a").group("misc.test", &[(1, &small())]).listen().await;
    for mode in MODES {
        let setup = Setup::with(&[&provider]).mode(mode).client("me", "secret word");
        let daemon = Daemon::start(&setup).await;
        let mut client = daemon.client().await;
        let before = text(&client.ask("CAPABILITIES AUTOUPDATE").await);
        client
            .talk(
                "C: MODE READER
                 C: HELP
                 C: DATE
                 S: 201 *
                 S: 100 *
                 S: ...
                 S: 480 *
                 C: AUTHINFO USER me
                 C: AUTHINFO PASS secret word
                 C: MODE READER
                 C: HELP
                 C: DATE
                 S: 381 *
                 S: 281 *
                 S: 201 *
                 S: 100 *
                 S: ...
                 S: 111 *",
            )
            .await;
        let after = text(&client.ask("capabilities").await);
        client.talk("C: quit\nS: 205 *\nS: (closed)").await;

        assert!(before.starts_with("VERSION 2\r\n") && after.starts_with("VERSION 2\r\n"));
        assert!(before.contains("\r\nAUTHINFO USER\r\n") && !after.contains("AUTHINFO"));
        assert_eq!(after.contains("\r\nREADER\r\n"), mode != "per-command", "{after}");
        for never in ["STARTTLS", "COMPRESS", "SASL", "STREAMING", "\r\nPOST\r\n", "IHAVE"] {
            assert!(!before.contains(never) && !after.contains(never), "{never} in {mode}");
        }
    }
    for ours in ["CAPABILITIES", "MODE", "HELP", "AUTHINFO"] {
        assert_eq!(provider.count(ours), 0, "{ours} reached the provider");
    }
}

#[tokio::test]
async fn nothing_of_that_needs_a_provider() {
    for mode in MODES {
        let daemon = Daemon::start(&Setup::new().mode(mode).posting()).await;
        let mut client = daemon.client().await;
        let capabilities = text(&client.ask("CAPABILITIES").await);
        assert_eq!(capabilities.contains("\r\nPOST\r\n"), mode != "per-command");
        client.talk("C: MODE READER\nC: HELP\nC: DATE\nS: 20*\nS: 100 *\nS: ...").await;
        let date = client.line().await;
        assert!(date.len() == 18 && date.starts_with("111 20"), "{date:?}");
        client.talk("C: QUIT\nS: 205 *\nS: (closed)").await;
    }
}

#[tokio::test]
async fn an_empty_line_is_not_answered_and_case_does_not_matter() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    let mut client = daemon.client().await;
    client.talk("C:\nC: mode Reader\nC: Stat <small@x>\nS: 201 *\nS: 223 *").await;
}

#[tokio::test]
async fn encryption_and_compression_are_refused_and_the_session_goes_on() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    daemon
        .client()
        .await
        .talk(
            "C: STARTTLS
             S: 5*
             C: COMPRESS DEFLATE
             S: 5*
             C: XFEATURE COMPRESS GZIP
             S: 5*
             C: AUTHINFO SASL PLAIN
             S: 5*
             C: MODE STREAM
             S: 5*
             C: STAT <small@x>
             S: 223 *",
        )
        .await;
    assert_eq!(provider.book().commands.len(), 1);
}
