//! What CAPABILITIES promises of overviews and headers: what the provider has, under its new name or its
//! old one. Few providers list their commands truthfully, so each is tried once.

use std::sync::Arc;

use bytes::Bytes;
use nntp::capabilities::Lacks;
use nntp::command::Request;
use tokio::time::{Duration, timeout};

use super::ClientSession;
use super::error_classification::classify;
use crate::backend::{Backend, Claim, Urgency};
use crate::error::Error;

/// How long a client waits for this. After that, what is not known to be lacking is promised.
const PATIENCE: Duration = Duration::from_secs(3);
/// No command has to be tried so often.
const TRIES: usize = 8;

impl ClientSession {
    /// Returns what a provider lacks, and asks it if that is not known. A Standard session does not: it may
    /// hold the only connection.
    pub(super) async fn lacks(&self, backend: &Arc<Backend>) -> Lacks {
        if !self.is_dedicated() {
            let tried = async {
                // Without a group they are refused in another way than unknown commands.
                for line in ["OVER", "HDR Subject"] {
                    self.learn(backend, line).await?;
                }
                Ok::<_, Error>(())
            };
            // A provider that does not answer is a matter of the requests that need it.
            drop(timeout(PATIENCE, tried).await);
        }
        backend.lacks_for_groups()
    }

    /// Sends a command, under both its names, until it is known whether the provider has it.
    async fn learn(&self, backend: &Arc<Backend>, line: &'static str) -> Result<(), Error> {
        let ours = |_| Error::Unexpected("our own request".into());
        let request = Request::parse(Bytes::from_static(line.as_bytes())).map_err(ours)?;
        for _ in 0..TRIES {
            let sent = backend.command_for(&request);
            if backend.has_no_command_for(&request) || !backend.is_unsure_of(&sent) {
                break;
            }
            let claim = Claim {
                program: self.client.program(),
                client: self.client.id,
                urgency: Urgency::Interactive,
                priority: self.traffic.priority_of(&self.client),
                cost: 0,
                last_resort: false,
            };
            let mut reply = match backend.turn(&claim, &sent) {
                Ok(reply) => reply,
                Err(mut waiting) => waiting.answer(PATIENCE).await.ok_or(Error::Busy)??,
            };
            let status = reply.status(true).await?;
            classify(backend, reply.request(), &status);
        }
        Ok(())
    }
}
