//! Ending commands of a login as root. sshd passes signals on for everyone but root ("session
//! signalling requires privilege separation"), so a command that root leaves behind and that says
//! nothing would run, and hold its session, for ever. Such commands carry a mark in their
//! environment, by which a second command finds and ends them.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use russh::ChannelMsg;
use russh::client::Handle;
use tokio::time::timeout;

use crate::transports::RemoteCommand;

use super::channel::{self, To};
use super::verify::Verifier;

/// How long the search may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// Ends every process whose environment has the mark in `$1`. Its own shell has it as an argument
/// only.
const SWEEP: &str = r#"
for f in $(grep -lsF "MIDWATCH_RUN=$1" /proc/[0-9]*/environ); do
  p=${f#/proc/}; kill "${p%/environ}" 2>/dev/null
done; :"#;

/// The mark of one command.
pub(super) struct Mark {
    token: String,
    handle: Arc<Handle<Verifier>>,
}

impl Mark {
    pub(super) fn new(handle: &Arc<Handle<Verifier>>) -> Self {
        let token = format!("{:016x}", RandomState::new().build_hasher().finish());
        Self { token, handle: Arc::clone(handle) }
    }

    /// The command's line with the mark in its environment.
    pub(super) fn line(&self, command: &RemoteCommand) -> String {
        format!("MIDWATCH_RUN={} {}", self.token, command.line())
    }

    /// Ends what carries the mark.
    pub(super) async fn sweep(&self) {
        // Beyond the budget of sessions: those within it may all be held by what is to be ended.
        let search = async {
            let channel = channel::open(&self.handle, To::Session).await.ok()?;
            let (mut read, write) = channel.split()?;
            let command = RemoteCommand::script(SWEEP).arg(&self.token);
            write.exec(true, command.line()).await.ok()?;
            while !matches!(read.wait().await, Some(ChannelMsg::Close) | None) {}
            Some(())
        };
        if timeout(DEADLINE, search).await.is_err() {
            tracing::debug!("a command that was left on the server could not be looked for in time");
        }
    }
}
