//! The harness of the tests: scripted Usenet providers and clients, and the real newsmuxd between
//! them.
//!
//! | module | what it gives |
//! | --- | --- |
//! | [`provider`] | [`Provider`](provider::Provider): an NNTP server with quirks and faults; its [`Book`](provider::Book) says what it saw |
//! | [`client`] | [`Client`](client::Client): a scripted client with framing of its own; dialogues as tests |
//! | [`article`] | [`Article`](article::Article): the same bytes on every run |
//! | [`daemon`] | [`Daemon`](daemon::Daemon): newsmuxd, built, started, signalled and watched |
//! | [`tls`] | [`Authority`](tls::Authority): certificates, good and bad |
//! | [`socks`] | [`Socks`](socks::Socks): a SOCKS5 proxy with names of its own |
//! | [`rng`] | [`Rng`](rng::Rng): randomness that a seed repeats |
//! | [`transport`] | what provider and client run over: TCP, TLS, pipes |
//! | [`real`] | real servers and clients |
//! | [`desktop`] | on Linux: a bus, a keyring, a display and a panel of the test's own |
//!
//! Provider and client know no sockets, so that a test can put them into memory, under paused time:
//!
//! ```
//! use newsmux_tests::article::Article;
//! use newsmux_tests::client::Client;
//! use newsmux_tests::provider::{Ending, Fault, Provider, on, serve_connection};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let article = Article::binary(1, 10_000);
//! let provider = Provider::named("a")
//!     .with(&article)
//!     .account("user", "a password")
//!     .rule(on("BODY", Fault::cut(700, Ending::Close)).skip(1))
//!     .state();
//!
//! let (ours, theirs) = tokio::io::duplex(4096);
//! tokio::spawn(serve_connection(theirs, provider.clone()));
//! let mut client = Client::over(ours);
//! client.talk("
//!     S: 200 *
//!     C: AUTHINFO USER user
//!     C: AUTHINFO PASS a password
//!     S: 381 *
//!     S: 281 *
//!     C: STAT <nothing@here>
//!     S: 430 *
//! ").await;
//!
//! let body = format!("BODY {}", article.id());
//! assert_eq!(client.ask(&body).await.block(), article.body_block());
//! client.send(&body).await;
//! assert_eq!(client.rest().await.len(), 700);
//!
//! let book = provider.until_alone().await;
//! assert_eq!((book.peak, book.logins, book.count("BODY")), (1, 1, 2));
//! # }
//! ```
//!
//! [`Script::random`](provider::Script::random) makes faults of all kinds from a seed: the n-th reply
//! on a provider's m-th connection always suffers the same.
//!
//! Under paused time a client's patience passes in no time when everything else waits longer:
//! [`Client::with_patience`](client::Client::with_patience) sets it.

pub mod article;
pub mod client;
#[cfg(unix)]
pub mod daemon;
#[cfg(target_os = "linux")]
pub mod desktop;
pub mod provider;
#[cfg(unix)]
pub mod real;
pub mod rng;
pub mod socks;
pub mod tls;
pub mod transport;
