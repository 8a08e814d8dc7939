//! The log streams that belong to what is selected.

use super::State;
use super::app_page::Pane as AppPane;
use super::page::Page;
use super::selection::Selected;
use super::server::Pane as ServerPane;
use crate::domain::container::Container;
use crate::domain::ids::{AppId, ContainerKey, ServerId};
use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::problem::Target;
use crate::message::effect::Effect;

impl State {
    /// The streams that belong to what is selected or marked.
    pub fn selected_sources(&self) -> Vec<LogSource> {
        let keys = match self.nav.page() {
            Page::Server(server) if self.server.pane == ServerPane::Containers => {
                let id = |id| ContainerKey { server: server.clone(), id };
                self.server.containers.chosen().into_iter().map(id).collect()
            }
            Page::App(_) if self.app.pane == AppPane::Containers => self.app.containers.chosen(),
            // What a check looks at.
            Page::App(app) if self.app.pane == AppPane::Checks => return self.app_sources(app),
            Page::Run(request) if !self.run_log.of(*request).is_empty() => {
                return self.run_log.of(*request).iter().map(|it| it.source.clone()).collect();
            }
            // The app as a whole: which container is the new one is not known before it is there.
            Page::Plan
            | Page::Run(_)
            | Page::Releases(_)
            | Page::Unfinished(_)
            | Page::Approval(_)
            | Page::Adopt
            | Page::Datastore(_)
            | Page::Files(..)
            | Page::Found(_) => {
                return self.app_at_hand().map(|app| self.app_sources(&app)).unwrap_or_default();
            }
            _ => Vec::new(),
        };
        if !keys.is_empty() {
            return keys.iter().filter_map(|key| self.container_source(key)).collect();
        }
        match self.selected() {
            Some(Selected::Unit(server, unit)) => {
                vec![LogSource { server, stream: LogStream::Journal { unit: Some(unit) } }]
            }
            Some(Selected::Access(key)) => super::requests::source(&self.fleet, &key).into_iter().collect(),
            Some(Selected::Target(Target::App(app))) => self.app_sources(&app),
            Some(Selected::Target(Target::Container(key))) => {
                self.container_source(&key).into_iter().collect()
            }
            Some(
                Selected::Target(Target::Server(_) | Target::Check(_) | Target::Datastore(_))
                | Selected::Disk(..)
                | Selected::Backup(..)
                | Selected::File(_),
            )
            | None => self.selected_servers().iter().flat_map(|server| self.server_sources(server)).collect(),
        }
    }

    fn app_sources(&self, app: &AppId) -> Vec<LogSource> {
        let keys = self.fleet.app(app).map(|app| app.containers.as_slice()).unwrap_or_default();
        keys.iter().filter_map(|key| self.container_source(key)).collect()
    }

    /// A server's journal and all its containers.
    pub fn server_sources(&self, server: &ServerId) -> Vec<LogSource> {
        let journal = LogSource { server: server.clone(), stream: LogStream::Journal { unit: None } };
        let live = self.fleet.server(server);
        let containers = live.map(crate::store::fleet::ServerLive::known_containers).unwrap_or_default();
        let source = |it: &Container| LogSource {
            server: server.clone(),
            stream: LogStream::Container { name: it.name.clone() },
        };
        std::iter::once(journal).chain(containers.iter().map(source)).collect()
    }

    fn container_source(&self, key: &ContainerKey) -> Option<LogSource> {
        let name = self.container(key)?.name.clone();
        Some(LogSource { server: key.server.clone(), stream: LogStream::Container { name } })
    }

    /// Follows the logs of what is selected or marked.
    pub fn open_logs(&mut self) -> Vec<Effect> {
        let sources = self.selected_sources();
        super::logs::open::forget_stretch(&mut self.logs_page);
        let mut effects = super::logs::open::open(self, sources);
        effects.push(self.watch());
        effects
    }
}
