//! What a step does with systemd: units of ours are tried, written, started, and taken away again.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{DatastoreId, RepositoryId};
use crate::domain::schedule::{Scope, UnitFile};
use crate::domain::shell::{line, quote};

/// Where secrets of services are, each in a file that root alone may read.
pub const CREDENTIALS: &str = "/etc/midwatch/credentials";

/// One thing done with units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case")]
pub enum UnitsAct {
    /// `systemd-analyze verify` of files that are not in place yet. Changes nothing.
    Verify {
        /// Whose manager.
        scope: Scope,
        /// The files.
        units: Vec<UnitFile>,
    },
    /// Writes a secret that a service needs into a file for root alone.
    Credential {
        /// The file's name in [`CREDENTIALS`].
        file: String,
        /// What.
        of: Credential,
    },
    /// Writes the files, where those that are there are still what the plan was made of; what they were
    /// is kept beside the run.
    Place {
        /// Whose manager.
        scope: Scope,
        /// The files.
        units: Vec<UnitFile>,
        /// SHA-256 of each that is there, in hex, in the same order; empty for none.
        before: Vec<String>,
    },
    /// Has systemd read its units again, and enables the timer and starts it anew.
    Enable {
        /// Whose manager.
        scope: Scope,
        /// The timer.
        timer: String,
    },
    /// Reads back that the files are in place and the timer waits for its next run.
    See {
        /// Whose manager.
        scope: Scope,
        /// The files.
        units: Vec<UnitFile>,
        /// The timer.
        timer: String,
    },
    /// Starts the service once and waits for its end, which has to be a good one.
    Start {
        /// Whose manager.
        scope: Scope,
        /// The service.
        service: String,
    },
    /// Disables the timer, and takes the files away; they are kept beside the run.
    Remove {
        /// Whose manager.
        scope: Scope,
        /// The files' names.
        units: Vec<String>,
    },
    /// Takes away what services needed that are there no more.
    Forget {
        /// The files' names in [`CREDENTIALS`].
        files: Vec<String>,
    },
    /// Puts the files back as the run found them.
    Back {
        /// Whose manager.
        scope: Scope,
        /// The files' names.
        units: Vec<String>,
        /// What goes too where there were none before, in [`CREDENTIALS`].
        files: Vec<String>,
    },
}

/// A secret by what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", content = "name", rename_all = "kebab-case")]
pub enum Credential {
    /// The password of a repository.
    Repository(RepositoryId),
    /// The password of whoever reads a PostgreSQL database, as a line of a password file (libpq, "The
    /// Password File").
    Postgres(DatastoreId),
}

impl UnitsAct {
    /// Whether something is otherwise once it has begun.
    pub const fn touches(&self) -> bool {
        matches!(self, Self::Place { .. } | Self::Enable { .. } | Self::Remove { .. })
    }

    /// What a person would type.
    pub(super) fn shell(&self) -> String {
        match self {
            Self::Verify { units, .. } => {
                line(["systemd-analyze", "verify"].into_iter().chain(units.iter().map(|it| it.name.as_str())))
            }
            Self::Credential { file, of } => {
                let whose = match of {
                    Credential::Repository(id) => format!("the password of the repository {id}"),
                    Credential::Postgres(id) => format!("*:*:*:*: and the password of {id}"),
                };
                let path = format!("{CREDENTIALS}/{file}");
                format!(
                    "# its input: {whose}\nsudo sh -c 'umask 077; mkdir -p {CREDENTIALS} && cat >\"$1\"' sh {}",
                    quote(&path)
                )
            }
            Self::Place { scope, units, .. } => {
                let tee = if *scope == Scope::System { "sudo tee" } else { "tee" };
                let one = |it: &UnitFile| {
                    let path = format!("{}/{}", folder(*scope), it.name);
                    let path = if *scope == Scope::System { quote(&path).into_owned() } else { path };
                    format!("{tee} {path} >/dev/null <<'END'\n{}END", it.text)
                };
                units.iter().map(one).collect::<Vec<_>>().join("\n")
            }
            Self::Enable { scope, timer } => {
                let timer = quote(timer);
                let systemctl = systemctl(*scope);
                format!(
                    "{systemctl} daemon-reload && {systemctl} enable {timer} && {systemctl} restart {timer}"
                )
            }
            Self::See { scope, timer, .. } => format!("{} list-timers {}", systemctl(*scope), quote(timer)),
            Self::Start { scope, service } => format!("{} start {}", systemctl(*scope), quote(service)),
            Self::Remove { scope, units } | Self::Back { scope, units, .. } => {
                let timers = units.iter().filter(|name| is_timer(name)).map(String::as_str);
                let paths: Vec<String> =
                    units.iter().map(|name| format!("{}/{}", folder(*scope), quote(name))).collect();
                let systemctl = systemctl(*scope);
                let sudo = if *scope == Scope::System { "sudo " } else { "" };
                format!(
                    "{systemctl} disable --now {}; {sudo}rm -f {} && {systemctl} daemon-reload",
                    line(timers),
                    paths.join(" ")
                )
            }
            Self::Forget { files } => line(
                ["sudo", "rm", "-f"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(files.iter().map(|it| format!("{CREDENTIALS}/{it}"))),
            ),
        }
    }
}

/// Whether a unit is one, by its name.
fn is_timer(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "timer")
}

const fn folder(scope: Scope) -> &'static str {
    match scope {
        Scope::System => "/etc/systemd/system",
        Scope::User => "~/.config/systemd/user",
    }
}

const fn systemctl(scope: Scope) -> &'static str {
    match scope {
        Scope::System => "sudo systemctl",
        Scope::User => "systemctl --user",
    }
}
