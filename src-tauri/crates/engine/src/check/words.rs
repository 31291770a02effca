//! The findings in plain English sentences, for the command line and the log.

use std::fmt;

use nntp::login::{BadAccount, RefusalKind};

use super::finding::{Found, Outcome, Proof, Remedy, Step, Why};
use super::words_via::on_the_way;
use crate::calendar::civil_from_days;
use crate::config::Verify;
use crate::dial::{Certificate, NO_ADDRESS, Oddity, meaning};

const DAY: u64 = 24 * 60 * 60;

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interface => "interface",
            Self::Proxy => "proxy",
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Encryption => "encryption",
            Self::Greeting => "greeting",
            Self::Login => "login",
            Self::Capabilities => "capabilities",
            Self::RoundTrip => "round trip",
            Self::Connections => "connections",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "ok",
            Self::Doubtful => "WARNING",
            Self::Bad => "FAILED",
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound { .. }
            | Self::NotBound { .. }
            | Self::ProxyReached { .. }
            | Self::ProxyFailed { .. }
            | Self::Address { .. }
            | Self::AddressAtProxy { .. }
            | Self::NoAddressOf { .. }
            | Self::Connected { .. }
            | Self::NotConnected { .. }
            | Self::NotConnectedByProxy { .. } => on_the_way(self, f),
            Self::NoAddress { cause } => write!(f, "{NO_ADDRESS} ({cause})"),
            Self::AllInUse { open } => write!(
                f,
                "Newsmux has all {open} connections busy at the moment: try again when less is going on"
            ),
            Self::Encrypted { version, verified, certificate, days_left } => {
                write!(f, "{version}, {}", demanded(*verified))?;
                certificate.iter().try_for_each(|shown| describe(f, shown))?;
                days_left.iter().try_for_each(|days| write!(f, ", {days} days left"))
            }
            Self::BadCertificate { problem, certificate } => {
                problem.fmt(f)?;
                certificate.iter().try_for_each(|shown| describe(f, shown))
            }
            Self::TlsFailed { cause } => write!(f, "the encrypted connection failed: {cause}"),
            Self::Greeted { posting } => {
                f.write_str(if *posting { "posting allowed" } else { "no posting" })
            }
            Self::Refused { why, proof, beside } => refused(f, *why, *proof, *beside),
            Self::Capabilities { list } => f.write_str(&list.join(", ")),
            Self::RoundTrip { microseconds } => {
                write!(f, "{}.{} ms", microseconds / 1000, microseconds % 1000 / 100)
            }
            Self::Granted { count, wanted, beside, cause } => {
                granted(f, (*count, *wanted, *beside), cause.as_deref())
            }
            Self::SpeaksNoTls => Oddity::SpeaksNoTls.fmt(f),
            Self::SpeaksTls => Oddity::SpeaksTls.fmt(f),
            Self::WebServer => Oddity::WebServer.fmt(f),
            Self::NoNewsServer => Oddity::NoNewsServer.fmt(f),
            Self::HungUp => Oddity::HungUp.fmt(f),
            Self::PastedHost => {
                f.write_str("only the server's name is needed here, without anything around it")
            }
            Self::InTheClear => f.write_str("off: everything is sent in the clear"),
            Self::NoStartTls => f.write_str("the provider does not do STARTTLS"),
            Self::NoAnswer => f.write_str("the provider does not answer in time"),
            Self::LoggedIn { second_try: false } => f.write_str("accepted"),
            Self::LoggedIn { second_try: true } => f.write_str(
                "accepted at the second try: the login is right, and connections from before were \
                 probably still counted",
            ),
            Self::NoLogin => f.write_str("none, and none is needed"),
            Self::LoginNeeded => {
                f.write_str("the provider needs a user name and a password: enter them")
            }
            Self::UnusableLogin => BadAccount.fmt(f),
            Self::NoCapabilities => f.write_str("not told: many providers do not answer"),
        }
    }
}

const fn demanded(verified: Verify) -> &'static str {
    match verified {
        Verify::Full => "certificate and host name verified",
        Verify::Certificate => "certificate verified for any host name",
        Verify::None => "certificate not verified: anyone may be at the other end",
    }
}

fn describe(f: &mut fmt::Formatter<'_>, shown: &Certificate) -> fmt::Result {
    let (names, issuer) = (shown.names.join(", "), &shown.issuer);
    let (year, month, day) = civil_from_days(shown.expires / DAY);
    write!(f, "; certificate for {names} by {issuer}, valid until {year}-{month:02}-{day:02}")
}

fn refused(f: &mut fmt::Formatter<'_>, why: Why, proof: Proof, beside: u16) -> fmt::Result {
    f.write_str(meaning(match why {
        Why::Connections => RefusalKind::TooManyConnections,
        Why::Login => RefusalKind::Credentials,
        Why::Account => RefusalKind::Account,
        Why::Unavailable => RefusalKind::Unavailable,
        Why::Encryption => RefusalKind::TlsNeeded,
        Why::Unexpected => RefusalKind::Unexpected,
    }))?;
    match proof {
        Proof::Told => {}
        Proof::BeforeLogin => f.write_str(
            "; nothing of the account had been sent yet, so user name and password are not the reason",
        )?,
        Proof::LoginWorks => {
            f.write_str("; it does not say why, but Newsmux is logged in with the same password")?;
        }
        Proof::TriedTwice => f.write_str(
            "; it does not say why, but it did so twice with no connection of Newsmux open that could \
             be one too many: unless another program uses the account, the login is wrong",
        )?,
    }
    match (why, beside) {
        (Why::Connections, 0) => f.write_str(
            "; Newsmux has none open, so another program uses the account, or connections that broke \
             are still counted",
        ),
        (Why::Connections, open) => write!(f, "; Newsmux has {open} open"),
        _ => Ok(()),
    }
}

fn granted(
    f: &mut fmt::Formatter<'_>,
    (count, wanted, beside): (u16, u16, u16),
    cause: Option<&str>,
) -> fmt::Result {
    match beside {
        0 => write!(f, "{count} of {wanted} granted")?,
        _ => write!(f, "{count} granted beside the {beside} that Newsmux has open, of {wanted}")?,
    }
    cause.iter().try_for_each(|cause| write!(f, "; one more failed: {cause}"))
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UseTls { port } => write!(f, "set tls to \"on\" and port to {port}"),
            Self::UseStartTls { port } => write!(f, "set tls to \"starttls\" and port to {port}"),
            Self::UseNoTls { port } => write!(
                f,
                "set tls to \"off\" and port to {port}: nothing is encrypted then, and others can read \
                 your password"
            ),
            Self::LowerConnections { to } => write!(f, "set connections to {to}"),
            Self::TrimHost { host, port: None } => write!(f, "set host to \"{host}\""),
            Self::TrimHost { host, port: Some(port) } => {
                write!(f, "set host to \"{host}\" and port to {port}")
            }
        }
    }
}
