//! Connections that died while nobody looked: no client ever notices.

use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::{Ending, Fault, Provider, Script, on};

use crate::{MODES, fetch, small};

#[tokio::test]
async fn idle_connections_that_the_provider_ends_are_replaced_unseen() {
    for mode in MODES {
        let provider = Provider::named("a").with(&small()).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        fetch(&mut client, &small()).await;
        for (words, how) in [
            ("", Ending::Close),
            ("", Ending::Reset),
            ("400 Idle timeout\r\n", Ending::Close),
            ("400 Idle timeout\r\n", Ending::Reset),
            ("502 Bye", Ending::Close),
        ] {
            provider.hang_up(words, how);
            provider.until_alone().await;
            fetch(&mut client, &small()).await;
        }
        assert_eq!(provider.book().peak, 1, "in {mode}");
    }
}

#[tokio::test]
async fn an_end_right_behind_a_reply_is_not_taken_for_the_next_one() {
    for mode in MODES {
        let words = b"400 Idle timeout\r\n".to_vec();
        let rules = [Fault::ExtraAndClose(words.clone()), Fault::Extra(words)];
        for fault in rules {
            let provider =
                Provider::named("a").with(&small()).rule(on("BODY", fault)).listen().await;
            let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
            let mut client = daemon.client().await;
            for _ in 0..4 {
                fetch(&mut client, &small()).await;
            }
            let lines = ["BODY <small@x>", "STAT <small@x>", "BODY <small@x>", "DATE"];
            let replies = client.ask_all(&lines).await;
            let codes: Vec<_> = replies.iter().map(|reply| reply.code()).collect();
            assert_eq!(codes, ["222", "223", "222", "111"], "in {mode}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_fell_silent_is_given_up_and_the_request_repeated() {
    for mode in MODES {
        let provider = Provider::named("a").with(&small()).listen().await;
        let account = newsmux_tests::daemon::Account::at(&provider).timeout(1);
        let daemon = Daemon::start(&Setup::new().provider(account).mode(mode)).await;
        let mut client = daemon.client().await;
        fetch(&mut client, &small()).await;
        provider.play(Script::new().and(on("BODY", Fault::stall(0)).connection(1)));
        fetch(&mut client, &small()).await;
        assert_eq!(provider.book().accepted, 2, "in {mode}");
    }
}
