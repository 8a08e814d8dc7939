//! What all slots share, and how a slot's connection is made, jumps included.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::clock::Clock;
use crate::domain::ids::ServerId;
use crate::domain::question::Asker;
use crate::transports::ssh::{self, Settings, SshTarget};
use crate::transports::{Local, Transport, TransportError};

use super::slot::{End, Slot};
use super::target::ServerTarget;
use super::{LinkObserver, LinkOptions};

/// How many jumps may follow one another.
const MAX_JUMPS: usize = 8;

/// Shared by all slots.
pub(super) struct Inner {
    pub(super) servers: Mutex<HashMap<ServerId, Arc<Slot>>>,
    /// Servers that are only jumped over, by what is needed to reach them.
    pub(super) jumps: Mutex<HashMap<JumpKey, Arc<Slot>>>,
    pub(super) shared: ssh::Shared,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) asker: Arc<dyn Asker>,
    pub(super) observer: Arc<dyn LinkObserver>,
    pub(super) options: LinkOptions,
}

/// A jump: how it is written, over which others, by which configuration.
type JumpKey = (String, Option<String>, Option<std::path::PathBuf>, Vec<std::path::PathBuf>);

impl Inner {
    pub(super) fn slot(&self, server: &ServerId) -> Result<Arc<Slot>, TransportError> {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.get(server).cloned().ok_or_else(|| TransportError::NoServer(server.clone()))
    }

    /// Makes a slot's connection.
    pub(super) async fn connect(
        self: &Arc<Self>,
        slot: &Slot,
        asker: &dyn Asker,
    ) -> Result<Arc<dyn Transport>, TransportError> {
        let target = match &slot.target {
            ServerTarget::Local => return Ok(Arc::new(Local)),
            ServerTarget::Ssh(target) => target.as_ref(),
        };
        let settings = Arc::new(self.settings(target).await?);
        let through = match settings.jumps.split_last() {
            None => None,
            Some((last, before)) => {
                self.refuse_circles(target, &settings).await?;
                Some(self.jump(last, before, target).await?)
            }
        };
        let limits = self.options.limits;
        let connection = ssh::connect(&slot.server, settings, through, limits, &self.shared, asker).await?;
        Ok(Arc::new(connection))
    }

    async fn settings(&self, target: &SshTarget) -> Result<Settings, TransportError> {
        let (target, operator) = (target.clone(), self.options.operator.clone());
        let resolved = tokio::task::spawn_blocking(move || ssh::resolve(&target, &operator)).await;
        resolved.map_err(|_| TransportError::Closed)?.map_err(TransportError::Settings)
    }

    /// The connection to the last jump, over those before it.
    async fn jump(
        self: &Arc<Self>,
        last: &str,
        before: &[String],
        target: &SshTarget,
    ) -> Result<Arc<dyn Transport>, TransportError> {
        let slot = self.jump_slot(last, before, target);
        // Boxed, since a jump's connection may need a jump itself.
        let got = Box::pin(slot.get(self)).await;
        got.map_err(|failure| TransportError::Jump { via: last.to_owned(), failure: Box::new(failure) })
    }

    fn jump_slot(&self, last: &str, before: &[String], target: &SshTarget) -> Arc<Slot> {
        if before.is_empty()
            && let Ok(slot) = self.slot(&ServerId::from(last))
            && matches!(slot.target, ServerTarget::Ssh(_))
        {
            return slot;
        }
        let over = (!before.is_empty()).then(|| before.join(","));
        let key = (last.to_owned(), over.clone(), target.ssh_config.clone(), target.known_hosts.clone());
        let mut jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let jump = SshTarget { jump: over, ..ssh::jump_target(last, target) };
            Slot::new(ServerId::from(last), ServerTarget::Ssh(Box::new(jump)), End::Jump)
        };
        Arc::clone(jumps.entry(key).or_insert_with(make))
    }

    /// Follows the first jump of each list, the only one that may have jumps of its own. Without
    /// this two servers that jump over each other would wait for each other for ever.
    async fn refuse_circles(&self, target: &SshTarget, settings: &Settings) -> Result<(), TransportError> {
        let mut at = target.clone();
        let mut next = settings.jumps.first().cloned();
        let mut seen = vec![at.server.clone()];
        while let Some(jump) = next {
            at = match self.jump_slot(&jump, &[], &at).target.clone() {
                ServerTarget::Ssh(target) => *target,
                ServerTarget::Local => return Ok(()),
            };
            if seen.contains(&at.server) || seen.len() > MAX_JUMPS {
                return Err(TransportError::JumpCircle(target.server.to_string()));
            }
            seen.push(at.server.clone());
            next = self.settings(&at).await?.jumps.first().cloned();
        }
        Ok(())
    }
}
