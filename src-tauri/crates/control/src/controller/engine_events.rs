//! What the engine reports: the events of it that the window shows, in the window's terms.

use std::net::SocketAddr;
use std::time::Duration;

use api::snapshot::{Happened, NotEncrypted};
use local::Sockets;
use nntp_proxy::backend::State;
use nntp_proxy::encryption::HandshakeProblem;
use nntp_proxy::events::Event;
use settings::serves_own_user_only;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::run::Controller;

/// Events within this time are taken together.
const TOGETHER: Duration = Duration::from_millis(100);

impl Controller {
    /// Listens to the engine until it stops.
    pub(super) fn listen_to(&self, mut events: Receiver<Event>) {
        let post = self.poster();
        tokio::spawn(async move {
            while let Some(together) = gather(&mut events).await {
                post(Box::new(move |this| this.take_events(together)));
            }
        });
    }

    fn take_events(&mut self, events: Vec<Event>) {
        let (nameless, events): (Vec<_>, Vec<_>) = events.into_iter().partition(is_nameless);
        self.add_events(events.into_iter().filter_map(happened));
        if !nameless.is_empty() {
            self.later(spawn_blocking(|| named(nameless)), |this, named| {
                this.add_events(named.into_iter().flatten());
            });
        }
        self.engine = self.serving.snapshot();
    }

    fn add_events(&mut self, all: impl Iterator<Item = Happened>) {
        let at = self.millis();
        for happened in all {
            if let Happened::OtherUser { client } = &happened
                && serves_own_user_only(self.settings())
            {
                self.other_users.was_refused(client);
            }
            self.events.add(at, happened);
        }
    }
}

/// The next event, and what else comes shortly after it; none when the engine has stopped.
async fn gather(events: &mut Receiver<Event>) -> Option<Vec<Event>> {
    let first = loop {
        match events.recv().await {
            Ok(first) => break first,
            // Those that were missed are gone.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    };
    let (deadline, mut together) = (Instant::now() + TOGETHER, vec![first]);
    loop {
        match timeout_at(deadline, events.recv()).await {
            Ok(Ok(event)) => together.push(event),
            Ok(Err(RecvError::Lagged(_))) => {}
            Ok(Err(RecvError::Closed)) | Err(_) => return Some(together),
        }
    }
}

/// The event for the window, if it shows such events.
pub(super) fn happened(event: Event) -> Option<Happened> {
    Some(match event {
        Event::Connected { provider } => Happened::ProviderUp { provider },
        Event::Failing { provider, state: State::LoginRefused, why } => {
            Happened::LoginRefused { provider, said: why }
        }
        Event::Failing { provider, why, .. } => Happened::ProviderDown { provider, said: why },
        Event::FewerConnections { provider, granted, why } => {
            Happened::FewerConnections { provider, granted, said: why }
        }
        Event::Retried { provider, why } => Happened::Retried { provider, said: why },
        Event::RequestFailed { client, verb, why } => {
            Happened::RequestFailed { client: program(client), request: verb, said: why }
        }
        Event::NotFound { client, message_id } => {
            Happened::NotFound { client: program(client), message_id }
        }
        Event::LoginRefused { client } => Happened::ClientRefused { client },
        Event::LoginNeeded { client } => Happened::LoginNeeded { client },
        Event::HandshakeFailed { client, problem } => {
            let why = match problem {
                HandshakeProblem::NotTrusted => NotEncrypted::NotTrusted,
                HandshakeProblem::NoTls => NotEncrypted::NoTls,
                _ => NotEncrypted::Other,
            };
            Happened::NotEncrypted { client: program(client), why, said: problem.to_string() }
        }
        Event::NotAdmitted { client } => Happened::OtherUser { client },
        _ => return None,
    })
}

/// A program by its login or its name, or by its address without the port, which differs for each connection.
fn program(client: String) -> String {
    client.parse::<SocketAddr>().map_or(client, |address| address.ip().to_string())
}

/// Whether the program is known by its address alone.
fn is_nameless(event: &Event) -> bool {
    matches!(
        event,
        Event::LoginRefused { .. } | Event::LoginNeeded { .. } | Event::NotAdmitted { .. }
    )
}

/// The events with the programs' names, where the system knows them. Blocks for some milliseconds.
fn named(events: Vec<Event>) -> Vec<Happened> {
    let sockets = Sockets::now();
    let name = |client: String| match client.parse::<SocketAddr>() {
        Ok(address) => match sockets.client(address) {
            Some((_, name)) => name,
            None => address.ip().to_string(),
        },
        Err(_) => client,
    };
    let named = events.into_iter().filter_map(happened).map(|happened| match happened {
        Happened::ClientRefused { client } => Happened::ClientRefused { client: name(client) },
        Happened::LoginNeeded { client } => Happened::LoginNeeded { client: name(client) },
        Happened::OtherUser { client } => Happened::OtherUser { client: name(client) },
        other => other,
    });
    let mut all: Vec<Happened> = named.collect();
    all.dedup();
    all
}
