//! What is observed on a server, as the configuration says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collectors::{Collector, collectors_of};
use crate::config::{Config, IntervalsConfig, ServerConfig};
use crate::domain::ids::ServerId;

/// All that decides which collectors a server gets; a server whose plan changed begins anew.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerPlan {
    /// Its section.
    pub server: ServerConfig,
    /// How often things are looked at.
    pub intervals: IntervalsConfig,
}

impl ServerPlan {
    /// The plans of a whole configuration.
    pub fn all(config: &Config) -> BTreeMap<ServerId, Self> {
        let plan =
            |server: &ServerConfig| Self { server: server.clone(), intervals: config.intervals.clone() };
        config.servers.iter().map(|(id, server)| (id.clone(), plan(server))).collect()
    }

    pub(super) fn collectors(&self) -> Vec<Arc<dyn Collector>> {
        collectors_of(&self.server, &self.intervals)
    }
}
