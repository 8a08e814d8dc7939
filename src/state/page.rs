//! Which page is shown, and the way back.

use crate::domain::ids::{AppId, BackupId, DatastoreId, RequestId, ServerId};
use crate::domain::run::RunId;
use crate::keys::keymap::Scope;

/// A full screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// Problems, servers and apps.
    #[default]
    Overview,
    /// One server.
    Server(ServerId),
    /// One app.
    App(AppId),
    /// Log lines of any sources.
    Logs,
    /// Charts.
    Metrics,
    /// All checks.
    Checks,
    /// A change that is planned.
    Plan,
    /// A run of this console.
    Run(RequestId),
    /// The releases of an app.
    Releases(AppId),
    /// A run that was interrupted.
    Unfinished(RunId),
    /// A run that waits for a second person.
    Approval(RunId),
    /// An app that is to be added to the configuration.
    Adopt,
    /// A datastore with its backups.
    Datastore(DatastoreId),
    /// The files of one of its backups.
    Files(DatastoreId, BackupId),
    /// Files that were looked for in all of its backups.
    Found(DatastoreId),
}

impl Page {
    /// Where its keys count.
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Overview => Scope::Overview,
            Self::Server(_) => Scope::Server,
            Self::App(_) => Scope::App,
            Self::Logs => Scope::Logs,
            Self::Metrics => Scope::Metrics,
            Self::Checks => Scope::Checks,
            Self::Plan => Scope::Plan,
            Self::Run(_) => Scope::Run,
            Self::Releases(_) => Scope::Releases,
            Self::Unfinished(_) => Scope::Unfinished,
            Self::Approval(_) => Scope::Approval,
            Self::Adopt => Scope::Adopt,
            Self::Datastore(_) | Self::Files(..) | Self::Found(_) => Scope::Datastore,
        }
    }

    /// What the header calls it.
    pub fn title(&self) -> String {
        match self {
            Self::Overview => "overview".to_owned(),
            Self::Server(server) => format!("server {server}"),
            Self::App(app) => format!("app {app}"),
            Self::Logs => "logs".to_owned(),
            Self::Metrics => "metrics".to_owned(),
            Self::Checks => "checks".to_owned(),
            Self::Plan => "plan".to_owned(),
            Self::Run(_) => "run".to_owned(),
            Self::Releases(app) => format!("releases of {app}"),
            Self::Unfinished(_) => "interrupted run".to_owned(),
            Self::Approval(_) => "approval".to_owned(),
            Self::Adopt => "adopt".to_owned(),
            Self::Datastore(datastore) => format!("datastore {datastore}"),
            Self::Files(datastore, backup) => format!("backup {} of {datastore}", backup.short()),
            Self::Found(datastore) => format!("files of {datastore}"),
        }
    }
}

/// The pages that were opened, the shown one last; never empty, the first is always the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nav {
    above: Vec<Page>,
}

/// How many pages the way back holds.
const DEEPEST: usize = 32;

impl Nav {
    /// The shown page.
    pub fn page(&self) -> &Page {
        static OVERVIEW: Page = Page::Overview;
        self.above.last().unwrap_or(&OVERVIEW)
    }

    /// Opens a page over the shown one; one that is already on the way back is gone back to.
    pub fn open(&mut self, page: Page) {
        if page == Page::Overview {
            self.above.clear();
            return;
        }
        if let Some(at) = self.above.iter().position(|held| *held == page) {
            self.above.truncate(at + 1);
            return;
        }
        if self.above.len() >= DEEPEST {
            self.above.remove(0);
        }
        self.above.push(page);
    }

    /// Opens a page in the place of the shown one, to which there is no way back.
    pub fn replace(&mut self, page: Page) {
        self.above.pop();
        self.open(page);
    }

    /// Goes back; gives back whether there was somewhere to go.
    pub fn back(&mut self) -> bool {
        self.above.pop().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_ends_at_the_overview() {
        let mut nav = Nav::default();
        nav.open(Page::Server("a".into()));
        nav.open(Page::Logs);
        nav.open(Page::Server("a".into()));
        assert_eq!(nav.page(), &Page::Server("a".into()));
        assert!(nav.back());
        assert_eq!(nav.page(), &Page::Overview);
        assert!(!nav.back());
    }
}
