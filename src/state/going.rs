//! From page to page, and which servers are looked at meanwhile.

use super::State;
use super::page::Page;
use super::selection::Selected;
use super::server::Pane as ServerPane;
use crate::domain::ids::ServerId;
use crate::domain::problem::Target;
use crate::message::effect::Effect;

/// So many servers are always read at their full pace.
const FEW: usize = 12;

impl State {
    /// Opens a page.
    pub fn open(&mut self, page: Page) -> Vec<Effect> {
        match &page {
            Page::Server(server) => self.server.open(server.clone()),
            Page::App(app) => self.app.open(app.clone()),
            Page::Datastore(datastore) => self.datastore.open(datastore.clone()),
            _ => {}
        }
        self.nav.open(page);
        self.settle();
        vec![self.watch()]
    }

    /// Whether there is something to go back out of.
    pub fn leads_back(&self) -> bool {
        self.filter().is_some_and(|filter| !filter.is_empty()) || *self.nav.page() != Page::Overview
    }

    /// Goes back: out of a filter first, then to the page before.
    pub fn back(&mut self) -> Vec<Effect> {
        if let Some(filter) = self.filter_mut()
            && !filter.is_empty()
        {
            *filter = super::filter::Filter::default();
            self.settle();
            return Vec::new();
        }
        if let Some(effects) = self.up() {
            return effects;
        }
        let mut effects = Vec::new();
        if matches!(self.nav.page(), Page::Files(..) | Page::Found(_)) {
            effects.push(Effect::Unbrowse);
        }
        if *self.nav.page() == Page::Plan {
            self.plan.leave();
            effects.push(Effect::Unplan);
        }
        if self.nav.back() {
            match self.nav.page().clone() {
                Page::Server(server) => self.server.open(server),
                Page::App(app) => self.app.open(app),
                Page::Datastore(datastore) => self.datastore.open(datastore),
                // Something else was read meanwhile.
                Page::Files(datastore, backup) if self.files.waits() => {
                    let folder = self.files.folder.clone();
                    effects.push(self.ask_files(&datastore, &backup, &folder, false));
                }
                // What was done meanwhile is in them.
                Page::Releases(app) => effects.push(self.load_releases(&app)),
                _ => {}
            }
        }
        self.settle();
        effects.push(self.watch());
        effects
    }

    /// Says which servers are on the screen; the others are looked at less often from now on, and
    /// their readings keep their worth so much longer.
    pub fn watch(&mut self) -> Effect {
        let watched = self.watched();
        self.fleet.watch(|server| watched.contains(server), self.setup.background);
        Effect::Watch(watched)
    }

    /// The servers that are on the screen. A few cost so little that all of them count.
    fn watched(&self) -> Vec<ServerId> {
        if self.fleet.servers().len() <= FEW {
            return self.fleet.servers().map(|server| server.id().clone()).collect();
        }
        match self.nav.page() {
            Page::Metrics => self.metrics.servers.clone(),
            Page::Overview | Page::Logs | Page::Checks => {
                self.fleet.servers().map(|server| server.id().clone()).collect()
            }
            Page::Server(server) => vec![server.clone()],
            Page::App(app) => self.fleet.app(app).map(|app| app.servers.clone()).unwrap_or_default(),
            _ => self.app_at_hand().map(|app| self.servers_of(&app)).unwrap_or_default(),
        }
    }

    /// Opens what is selected.
    pub fn open_selected(&mut self) -> Vec<Effect> {
        self.hold_selection();
        match self.selected() {
            Some(Selected::Target(Target::Server(server))) => self.open(Page::Server(server)),
            Some(Selected::Target(Target::App(app))) => self.open(Page::App(app)),
            Some(Selected::Target(Target::Container(key))) if *self.nav.page() == Page::Overview => {
                self.open(Page::Server(key.server.clone()));
                self.server.pane = ServerPane::Containers;
                self.server.containers.select(key.id);
                self.settle();
                Vec::new()
            }
            Some(Selected::Target(Target::Datastore(datastore))) => self.open(Page::Datastore(datastore)),
            Some(Selected::Backup(datastore, backup)) if !self.replayed => {
                self.open_files(&datastore, &backup, "")
            }
            Some(Selected::File(_)) => self.open_file(),
            Some(Selected::Target(Target::Check(_)) | Selected::Disk(..) | Selected::Backup(..)) => {
                self.inspect()
            }
            Some(Selected::Target(Target::Container(_)) | Selected::Unit(..) | Selected::Access(_)) => {
                self.open_logs()
            }
            None => Vec::new(),
        }
    }
}
