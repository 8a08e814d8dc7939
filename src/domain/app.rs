//! What is deployed as one.

use serde::{Deserialize, Serialize};

use super::health::Verdict;
use super::ids::{AppId, ContainerKey, EnvironmentId, ServerId};
use super::maintenance::Mark;

/// An app as it stands on the servers: a Compose project, on one or more of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct App {
    /// Its name.
    pub id: AppId,
    /// The Compose project's name on the servers.
    pub project: String,
    /// The environment of its servers, where they have one.
    pub environment: Option<EnvironmentId>,
    /// The servers it was found on or is configured for.
    pub servers: Vec<ServerId>,
    /// Its containers, by service, then server.
    pub containers: Vec<ContainerKey>,
    /// Its folded verdict.
    pub verdict: Verdict,
    /// Whether its visitors are told that it is in maintenance.
    #[serde(default)]
    pub maintenance: Maintained,
}

/// Why it is not known of a server that has only just been connected to.
pub const NOT_YET: &str = "it was not read yet";

/// Whether an app's visitors are told that it is in maintenance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maintained {
    /// They get the app, or nothing of ours could tell them.
    #[default]
    No,
    /// They are told, on some of its servers at least.
    Yes {
        /// Who did it and when, where it was first.
        mark: Mark,
        /// On these servers.
        on: Vec<ServerId>,
        /// Not on these.
        not: Vec<ServerId>,
        /// Of these that is not known, and why.
        unknown: Vec<(ServerId, String)>,
    },
    /// That is not known of these servers, and why; on the others they get the app.
    Unknown(Vec<(ServerId, String)>),
}

impl Maintained {
    /// Who did it and when, where they are told.
    pub const fn mark(&self) -> Option<&Mark> {
        match self {
            Self::Yes { mark, .. } => Some(mark),
            Self::No | Self::Unknown(_) => None,
        }
    }

    /// What it comes to by server: how it is there, or why that is not known.
    pub fn of(servers: impl IntoIterator<Item = (ServerId, Result<Option<Mark>, String>)>) -> Self {
        let (mut on, mut not, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut first: Option<Mark> = None;
        for (server, it) in servers {
            match it {
                Ok(Some(mark)) => {
                    on.push(server);
                    first = Some(match first {
                        Some(before) if before.since <= mark.since => before,
                        _ => mark,
                    });
                }
                Ok(None) => not.push(server),
                Err(why) => unknown.push((server, why)),
            }
        }
        match first {
            Some(mark) => Self::Yes { mark, on, not, unknown },
            None if unknown.is_empty() => Self::No,
            None => Self::Unknown(unknown),
        }
    }

    /// How that is told; nothing where visitors get the app.
    pub fn says(&self) -> Option<String> {
        let listed = |some: &[(ServerId, String)]| {
            some.iter().map(|(server, why)| format!("{server} ({why})")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::No => None,
            Self::Unknown(unknown) => {
                Some(format!("whether it is in maintenance is not known of {}", listed(unknown)))
            }
            Self::Yes { mark, on, not, unknown } => {
                let on: Vec<&str> = on.iter().map(ServerId::as_str).collect();
                let place = match (not.is_empty(), unknown.is_empty()) {
                    (true, true) => String::new(),
                    (false, _) => format!(" on {} alone", on.join(", ")),
                    (true, false) => format!(" on {}, not known of {}", on.join(", "), listed(unknown)),
                };
                Some(format!("in maintenance{place} {}", mark.says()))
            }
        }
    }
}
