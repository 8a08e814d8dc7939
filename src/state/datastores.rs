//! Which datastores a key is about.

use super::State;
use super::page::Page;
use super::selection::Selected;
use crate::domain::ids::{AppId, DatastoreId, ServerId};
use crate::domain::problem::Target;
use crate::domain::setup::DatastoreSetup;

impl State {
    /// The datastore that is selected, else those of the app or on the server that is selected or that
    /// the page is about.
    pub fn datastores_at_hand(&self) -> Vec<DatastoreId> {
        let of_app = |app: &AppId| self.datastores_that(|it| it.apps.contains(app));
        let on_server = |server: &ServerId| self.datastores_that(|it| it.server == *server);
        match (self.selected(), self.nav.page()) {
            (Some(Selected::Target(Target::Datastore(datastore))), _) => vec![datastore],
            (Some(Selected::Target(Target::App(app))), _) => of_app(&app),
            (Some(Selected::Target(Target::Server(server))), _) => on_server(&server),
            (_, Page::App(app)) => of_app(app),
            (_, Page::Server(server)) => on_server(server),
            _ => Vec::new(),
        }
    }

    fn datastores_that(&self, is: impl Fn(&DatastoreSetup) -> bool) -> Vec<DatastoreId> {
        self.setup.datastores.iter().filter(|it| is(it)).map(|it| it.id.clone()).collect()
    }
}
