//! Which datastores a key is about.

use super::State;
use super::overview::Pane;
use super::page::Page;
use super::selection::Selected;
use crate::domain::backup::{Backup, sets_of};
use crate::domain::ids::{AppId, BackupId, DatastoreId, ServerId};
use crate::domain::problem::Target;
use crate::domain::setup::DatastoreSetup;
use crate::keys::keymap::Scope;

impl State {
    /// The datastore that is selected, else those of the app or on the server that is selected or that
    /// the page is about.
    pub fn datastores_at_hand(&self) -> Vec<DatastoreId> {
        let of_app = |app: &AppId| self.datastores_of(app);
        let on_server = |server: &ServerId| self.datastores_that(|it| it.server == *server);
        match (self.selected(), self.nav.page()) {
            (Some(Selected::Target(Target::Datastore(datastore))), _) => vec![datastore],
            (Some(Selected::Target(Target::App(app))), _) => of_app(&app),
            (Some(Selected::Target(Target::Server(server))), _) => on_server(&server),
            (_, Page::Datastore(it) | Page::Files(it, _) | Page::Found(it)) => vec![it.clone()],
            (_, Page::App(app)) => of_app(app),
            (_, Page::Server(server)) => on_server(server),
            _ => Vec::new(),
        }
    }

    /// The datastores of an app.
    pub fn datastores_of(&self, app: &AppId) -> Vec<DatastoreId> {
        self.datastores_that(|it| it.apps.contains(app))
    }

    /// The sets of backups of an app, newest first, as far as the live picture knows them.
    pub fn sets_of(&self, app: &AppId) -> Vec<Backup> {
        let datastores = self.fleet.datastores();
        let own = self.setup.datastores.iter().filter(|it| it.apps.contains(app));
        sets_of(app, own.flat_map(|it| datastores.backups(it)))
    }

    /// Where keys count now: the page's, but for the datastores among the others of the overview.
    pub fn scope(&self) -> Scope {
        match self.nav.page() {
            Page::Overview if self.overview.pane == Pane::Datastores => Scope::Datastore,
            page => page.scope(),
        }
    }

    /// The one datastore that a key is about, where it is about one.
    pub fn datastore_at_hand(&self) -> Option<DatastoreId> {
        match self.datastores_at_hand().as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// The backup that is selected on a datastore's page, or that the page is about.
    pub fn backup_at_hand(&self) -> Option<BackupId> {
        match (self.nav.page(), self.selected()) {
            (Page::Files(_, id), _) => Some(id.clone()),
            (_, Some(Selected::Backup(_, id))) => Some(id),
            (Page::Found(_), _) => self.found.selected().map(|it| it.backup.clone()),
            _ => None,
        }
    }

    /// Whether what has runs by a name is a datastore, and no app.
    pub fn is_datastore(&self, name: &AppId) -> bool {
        self.fleet.datastores().named(name).is_some() && !self.setup.changeable.contains_key(name)
    }

    fn datastores_that(&self, is: impl Fn(&DatastoreSetup) -> bool) -> Vec<DatastoreId> {
        self.setup.datastores.iter().filter(|it| is(it)).map(|it| it.id.clone()).collect()
    }
}
