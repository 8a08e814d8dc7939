//! What is selected on the shown page, and what can be opened from there.

use std::time::Duration;

use super::State;
use super::app_page::Pane as AppPane;
use super::overlay::Overlay;
use super::overview::{Pane, target_name};
use super::page::Page;
use super::server::Pane as ServerPane;
use crate::domain::access::AccessKey;
use crate::domain::cadence::SAMPLES;
use crate::domain::container::Container;
use crate::domain::ids::{BackupId, CheckId, ContainerKey, DatastoreId, ServerId, UnitName};
use crate::domain::metric::{Metric, SeriesKey};
use crate::domain::problem::Target;
use crate::message::effect::Effect;

/// Something that a row stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    /// A server, an app, a container or a check.
    Target(Target),
    /// A unit on a server.
    Unit(ServerId, UnitName),
    /// A disk of a server, by where it is mounted.
    Disk(ServerId, String),
    /// An access log.
    Access(AccessKey),
    /// A backup of a datastore.
    Backup(DatastoreId, BackupId),
    /// A file of a backup, by its path.
    File(String),
}

impl State {
    /// A container wherever it runs.
    pub fn container(&self, key: &ContainerKey) -> Option<&Container> {
        self.fleet.server(&key.server)?.container(&key.id)
    }

    /// What is selected.
    pub fn selected(&self) -> Option<Selected> {
        match self.nav.page() {
            Page::Overview => self.overview.target(&self.fleet).map(Selected::Target),
            Page::Server(server) => match self.server.pane {
                ServerPane::Requests => self.server.requests.selected().cloned().map(Selected::Access),
                ServerPane::Containers => {
                    let id = self.server.containers.selected.clone()?;
                    Some(Selected::Target(Target::Container(ContainerKey { server: server.clone(), id })))
                }
                ServerPane::Units => {
                    let unit = self.server.units.selected.clone()?;
                    Some(Selected::Unit(server.clone(), unit))
                }
                ServerPane::Disks => {
                    let mount = self.server.disks.selected.clone()?;
                    Some(Selected::Disk(server.clone(), mount))
                }
                ServerPane::Checks => {
                    self.server.checks.selected.clone().map(|id| Selected::Target(Target::Check(id)))
                }
            },
            Page::App(_) => {
                let target = match self.app.pane {
                    AppPane::Requests => {
                        return self.app.requests.selected().cloned().map(Selected::Access);
                    }
                    AppPane::Containers => Target::Container(self.app.containers.selected.clone()?),
                    AppPane::Checks => Target::Check(self.app.checks.selected.clone()?),
                    AppPane::Changes => Target::Server(self.app.changed_server()?.clone()),
                };
                Some(Selected::Target(target))
            }
            Page::Checks => self.checks.list.selected.clone().map(|id| Selected::Target(Target::Check(id))),
            Page::Datastore(of) => {
                self.datastore.list.selected.clone().map(|id| Selected::Backup(of.clone(), id))
            }
            Page::Files(..) => self.files.list.selected.clone().map(Selected::File),
            Page::Found(_) => self.found.selected().map(|it| Selected::File(it.file.path.clone())),
            _ => None,
        }
    }

    /// Whether anything is selected or the page itself is about something.
    pub fn has_selection(&self) -> bool {
        self.selected().is_some()
            || matches!(self.nav.page(), Page::Server(_) | Page::App(_) | Page::Datastore(_))
    }

    /// The servers that what is selected or marked is about.
    pub fn selected_servers(&self) -> Vec<ServerId> {
        match self.nav.page() {
            Page::Overview if self.overview.pane == Pane::Servers => self.overview.servers.chosen(),
            Page::Overview => match self.overview.target(&self.fleet) {
                Some(Target::Server(server)) => vec![server],
                Some(Target::Container(key)) => vec![key.server],
                Some(Target::App(app)) => {
                    self.fleet.app(&app).map(|app| app.servers.clone()).unwrap_or_default()
                }
                Some(Target::Check(check)) => self.server_of_check(&check),
                Some(Target::Datastore(datastore)) => {
                    let it = self.fleet.datastores().get(&datastore);
                    it.map(|it| it.server.clone()).into_iter().collect()
                }
                None => Vec::new(),
            },
            Page::Server(server) => vec![server.clone()],
            Page::App(app) => match self.app.row_server() {
                Some(server) => vec![server.clone()],
                None => self.fleet.app(app).map(|app| app.servers.clone()).unwrap_or_default(),
            },
            Page::Checks => {
                self.checks.list.selected.iter().flat_map(|check| self.server_of_check(check)).collect()
            }
            Page::Logs | Page::Metrics => Vec::new(),
            _ => self.app_at_hand().map(|app| self.servers_of(&app)).unwrap_or_default(),
        }
    }

    /// The server that a check is seen from, where it is one.
    fn server_of_check(&self, check: &CheckId) -> Vec<ServerId> {
        let reading = self.fleet.check(check);
        reading.and_then(|it| it.value()?.from.clone()).into_iter().collect()
    }

    /// The newest values of a series at one a server's interval, oldest first, for small bars; gaps
    /// are `None`.
    pub fn recent(&self, server: &ServerId, metric: &Metric, points: usize) -> Vec<Option<f32>> {
        let interval = self.fleet.server(server).map_or(SAMPLES, |it| it.setup.interval);
        self.recent_every(server, metric, points, interval)
    }

    /// The same at one value for each of so long a time.
    pub fn recent_every(
        &self,
        server: &ServerId,
        metric: &Metric,
        points: usize,
        interval: Duration,
    ) -> Vec<Option<f32>> {
        let key = SeriesKey { server: server.clone(), metric: metric.clone() };
        let Some((_, newest)) = self.series.last(&key) else { return Vec::new() };
        let span = interval * u32::try_from(points).unwrap_or(u32::MAX);
        let buckets = self.series.points(&key, newest + interval - span, newest + interval, points);
        buckets.into_iter().map(|bucket| bucket.map(|it| it.avg)).collect()
    }

    /// Copies the name of what is selected.
    pub fn copy_selected(&mut self) -> Vec<Effect> {
        let name = match self.selected() {
            Some(Selected::Unit(_, unit)) => unit.to_string(),
            Some(Selected::Disk(_, mount)) => mount,
            Some(Selected::Access(key)) => key.label,
            Some(Selected::Backup(_, id)) => id.to_string(),
            Some(Selected::File(path)) => path,
            Some(Selected::Target(Target::Container(key))) => {
                self.container(&key).map_or_else(|| key.id.to_string(), |it| it.name.clone())
            }
            Some(Selected::Target(target)) => target_name(&target),
            None => return Vec::new(),
        };
        self.say(format!("copied {name}"));
        vec![Effect::Copy(name)]
    }

    /// Whether a server is not reached.
    pub fn is_lost(&self, server: &ServerId) -> bool {
        self.fleet.server(server).is_some_and(|it| it.link_lost.is_some())
    }

    /// The servers that a person who wants to reconnect means: the selected ones; in logs and charts those
    /// shown that are not reached.
    pub fn servers_to_try(&self) -> Vec<ServerId> {
        let mut servers: Vec<ServerId> = match self.nav.page() {
            Page::Logs => self.logs_page.servers().filter(|it| self.is_lost(it)).cloned().collect(),
            Page::Metrics => self.metrics.servers.iter().filter(|it| self.is_lost(it)).cloned().collect(),
            _ => self.selected_servers(),
        };
        servers.sort();
        servers.dedup();
        servers
    }

    /// Tries those again.
    pub fn reconnect_selected(&mut self) -> Vec<Effect> {
        let servers = self.servers_to_try();
        let names: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
        self.say(format!("trying {} again", names.join(", ")));
        servers.into_iter().map(Effect::Reconnect).collect()
    }

    /// Shows all that is known of what is selected.
    pub fn inspect(&mut self) -> Vec<Effect> {
        self.hold_selection();
        let what = self.selected().or_else(|| match self.nav.page() {
            Page::Server(server) => Some(Selected::Target(Target::Server(server.clone()))),
            Page::App(app) => Some(Selected::Target(Target::App(app.clone()))),
            Page::Datastore(it) => Some(Selected::Target(Target::Datastore(it.clone()))),
            _ => None,
        });
        if let Some(what) = what {
            self.overlays.push(Overlay::Inspect { what, first: 0 });
        }
        Vec::new()
    }

    /// The filter of the shown page takes the keys.
    pub fn edit_filter(&mut self) -> Vec<Effect> {
        if let Some(filter) = self.filter_mut() {
            filter.editing = true;
        }
        Vec::new()
    }
}
