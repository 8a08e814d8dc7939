//! What is observed on a server, as the configuration says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collectors::{Collector, collectors_of};
use crate::config::{Config, IntervalsConfig, ServerConfig};
use crate::domain::ids::{AppId, ServerId};

/// All that decides which collectors a server gets; a server whose plan changed begins anew.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerPlan {
    /// Its section.
    pub server: ServerConfig,
    /// How often things are looked at.
    pub intervals: IntervalsConfig,
    /// The files that tell proxies there where the requests of which app go.
    pub routes: Vec<(AppId, String)>,
}

impl ServerPlan {
    /// The plans of a whole configuration.
    pub fn all(config: &Config) -> BTreeMap<ServerId, Self> {
        let plan = |id: &ServerId, server: &ServerConfig| Self {
            server: server.clone(),
            intervals: config.intervals.clone(),
            routes: routes(config, id),
        };
        config.servers.iter().map(|(id, server)| (id.clone(), plan(id, server))).collect()
    }

    pub(super) fn collectors(&self) -> Vec<Arc<dyn Collector>> {
        collectors_of(&self.server, &self.intervals, &self.routes)
    }
}

/// The files on a server that tell proxies where the requests of which app go.
pub fn routes(config: &Config, server: &ServerId) -> Vec<(AppId, String)> {
    let here = config.apps.iter().filter(|(_, app)| app.servers.contains(server));
    here.filter_map(|(id, app)| Some((id.clone(), app.deploy.proxy.as_ref()?.file.clone()))).collect()
}
