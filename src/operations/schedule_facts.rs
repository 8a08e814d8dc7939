//! What the plan of a schedule is made of: how systemd stands on its server, read just before.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Held;
use crate::domain::failure::Failure;
use crate::domain::schedule::Scope;
use crate::domain::time::Timestamp;

/// How it stands there.
#[derive(Clone, Debug)]
pub struct ScheduleFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// What the server says.
    pub machine: Result<Machine, Failure>,
}

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// systemd's version; `None` where there is none.
    pub systemd: Option<u32>,
    /// Who we are there.
    pub user: String,
    /// Whether we may write what is root's: we are root, or `sudo -n` works.
    pub root: bool,
    /// Whether our user's units run while nobody is logged in.
    pub lingers: bool,
    /// When the calendar comes round next, in systemd's words, or what is wrong with it.
    pub next: Result<String, String>,
    /// restic's version; `None` where it is not there.
    pub restic: Option<(u32, u32)>,
    /// The programs that are there, of those that were asked for.
    pub programs: BTreeSet<String>,
    /// Whether the folder that was asked for holds a repository; `None` where none was.
    pub repository: Option<bool>,
    /// Whether the service's user gets to the repository's host without being asked anything, and why not; `None`
    /// where nobody tried.
    pub away: Option<Result<(), String>>,
    /// Who holds the schedule's lock.
    pub lock: Option<Held>,
    /// The files that are there, by manager and name.
    pub units: BTreeMap<(Scope, String), Standing>,
}

/// A unit's file as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// SHA-256 of it, in hex.
    pub hash: String,
    /// What is in it.
    pub text: String,
}

impl Default for Machine {
    /// One that has told nothing.
    fn default() -> Self {
        Self {
            systemd: None,
            user: String::new(),
            root: false,
            lingers: false,
            next: Err("there is nothing there that reads it".to_owned()),
            restic: None,
            programs: BTreeSet::new(),
            repository: None,
            away: None,
            lock: None,
            units: BTreeMap::new(),
        }
    }
}
