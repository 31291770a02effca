//! As much of HTTP as the interfaces of programs need: one address, no other, nothing in between.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use ureq::http::header::AUTHORIZATION;
use ureq::http::uri::Scheme;
use ureq::http::{Response, Uri};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, Error as HttpError};

use crate::{Error, Problem, is_here};

/// How long an answer may take. NZBGet writes its settings within a second.
const TIMEOUT: Duration = Duration::from_secs(10);
/// No settings are longer.
const LONGEST: u64 = 8 << 20;

/// A program's address, and what speaks to it.
pub(super) struct Http {
    agent: Agent,
    base: String,
    host: String,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Http {
    /// At an address as people copy it from a browser, or without the `http://`.
    pub(super) fn at(address: &str) -> Result<Self, Error> {
        let wrong = |said: &str| Error::new(Problem::Address, said);
        let address = address.trim();
        let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(wrong("only addresses with http:// or https:// can be used here")),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        // The page that somebody looks at to find the key.
        let rest = rest.split("/config").next().unwrap_or_default();
        let base = format!("{scheme}://{}", rest.trim_end_matches('/'));
        let host = base.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        let host = host.filter(|_| !rest.contains('@') && !rest.is_empty());
        let example = "enter an address such as http://127.0.0.1:8080";
        let host = host.ok_or_else(|| wrong(example))?;
        if scheme == Scheme::HTTPS && !is_here(&host) {
            let said = "https:// can be used only for programs on this computer";
            return Err(Error::new(Problem::Encrypted, said));
        }
        Ok(Self { agent: agent(), base, host })
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        let usual = if self.base.starts_with("https:") { 443 } else { 80 };
        self.base.parse::<Uri>().ok().and_then(|uri| uri.port_u16()).unwrap_or(usual)
    }

    /// The computer, the port and the path. This computer has no name, and the folder that SABnzbd usually has says nothing.
    pub(super) fn place(&self) -> (String, u16, String) {
        let host = if self.is_here() { String::new() } else { self.host.to_ascii_lowercase() };
        let path = self.base.parse::<Uri>().map(|uri| uri.path().to_owned()).unwrap_or_default();
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/sabnzbd").unwrap_or(path).trim_end_matches('/');
        (host, self.port(), path.to_owned())
    }

    /// Whether it is on this computer.
    pub(super) fn is_here(&self) -> bool {
        is_here(&self.host)
    }

    /// Sends a form.
    pub(super) fn form(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, Error> {
        let request = self.agent.post(format!("{}{path}", self.base));
        answered(request.send_form(form.iter().copied()))
    }

    /// Sends JSON, with these credentials.
    pub(super) fn json(&self, path: &str, login: &str, json: &str) -> Result<Answer, Error> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header(AUTHORIZATION, login).content_type("application/json");
        answered(request.send(json))
    }
}

/// No proxy, whatever the environment says, and no way to another address. Programs sign their certificates themselves;
/// on this computer nobody is between.
fn agent() -> Agent {
    let provider = Arc::new(ring::default_provider());
    let tls = TlsConfig::builder().disable_verification(true);
    let tls = tls.unversioned_rustls_crypto_provider(provider).build();
    let config = Agent::config_builder()
        .proxy(None)
        .tls_config(tls)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .user_agent("Newsmux");
    config.build().into()
}

fn answered(answer: Result<Response<Body>, HttpError>) -> Result<Answer, Error> {
    let mut answer = answer.map_err(|error| unanswered(&error))?;
    let body = answer.body_mut().with_config().limit(LONGEST).lossy_utf8(true);
    let text = body.read_to_string().map_err(|error| unanswered(&error))?;
    Ok(Answer { status: answer.status().as_u16(), text })
}

fn unanswered(error: &HttpError) -> Error {
    let (code, said) = match error {
        HttpError::HostNotFound
        | HttpError::Io(_)
        | HttpError::ConnectionFailed
        | HttpError::Timeout(_) => {
            (Problem::Silent, "nothing answers there: is the program running?")
        }
        HttpError::BadUri(_) | HttpError::Http(_) => {
            (Problem::Address, "this is no address of a program")
        }
        _ => (Problem::Other, "what answers there does not speak HTTP"),
    };
    Error::new(code, format!("{said} ({error})"))
}
