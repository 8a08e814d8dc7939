//! What is observed on a server, as the configuration says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collectors::archives::ArchiveOf;
use crate::collectors::{Collector, collectors_of};
use crate::config::{Config, DatastoreConfig, IntervalsConfig, ServerConfig};
use crate::domain::ids::{AppId, DatastoreId, ServerId};

/// All that decides which collectors a server gets; a server whose plan changed begins anew.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerPlan {
    /// Its section.
    pub server: ServerConfig,
    /// How often things are looked at.
    pub intervals: IntervalsConfig,
    /// The files that tell proxies there where the requests of which app go.
    pub routes: Vec<(AppId, String)>,
    /// The archives of write-ahead logs that are asked about there.
    pub archives: Vec<ArchiveOf>,
}

impl ServerPlan {
    /// The plans of a whole configuration.
    pub fn all(config: &Config) -> BTreeMap<ServerId, Self> {
        let plan = |id: &ServerId, server: &ServerConfig| Self {
            server: server.clone(),
            intervals: config.intervals.clone(),
            routes: routes(config, id),
            archives: archives(config, id),
        };
        config.servers.iter().map(|(id, server)| (id.clone(), plan(id, server))).collect()
    }

    pub(super) fn collectors(&self) -> Vec<Arc<dyn Collector>> {
        collectors_of(&self.server, &self.intervals, &self.routes, &self.archives)
    }
}

/// The files on a server that tell proxies where the requests of which app go.
pub fn routes(config: &Config, server: &ServerId) -> Vec<(AppId, String)> {
    let here = config.apps.iter().filter(|(_, app)| app.servers.contains(server));
    here.filter_map(|(id, app)| Some((id.clone(), app.deploy.proxy.as_ref()?.file.clone()))).collect()
}

/// The archives that are asked about on a server.
fn archives(config: &Config, server: &ServerId) -> Vec<ArchiveOf> {
    let of = |(id, it): (&DatastoreId, &DatastoreConfig)| {
        let archive = it.archive.as_ref()?;
        let spec = archive.spec(it);
        let near = spec.server == it.server;
        let asked = near.then(|| (it.source.clone(), it.password.clone()));
        (spec.server == *server).then(|| ArchiveOf { datastore: id.clone(), spec, server: asked })
    };
    config.datastores.iter().filter_map(of).collect()
}
