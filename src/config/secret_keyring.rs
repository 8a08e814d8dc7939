//! Asking the system's keyring, through the tool that comes with it (`secret-tool` of libsecret,
//! `security` on macOS): a Secret Service client of our own would bring a D-Bus stack with it.
//!
//! `secret-tool` ends alike, and says nothing, where there is no such entry and where it may not have it:
//! the two are told apart here by a search, which lists what is locked too.

use std::{fmt, io};

use thiserror::Error;

use super::secret_program::{DEADLINE, ProgramError, output};
use crate::domain::failure::FailureKind;
use crate::domain::shell;

/// What `security` ends with where there is no such entry: errSecItemNotFound, in eight bits.
const NOT_FOUND_ON_MACOS: i32 = 44;
/// What gettext takes for: as the program's author wrote it.
const UNTRANSLATED: &[(&str, &str)] = &[("LANGUAGE", "C")];

/// Why the keyring gave no secret. Entries are `service/user`.
#[derive(Debug, Error)]
pub enum KeyringError {
    /// The tool is not installed.
    #[error("{tool} is not installed, so the keyring's {entry} cannot be read")]
    NoTool {
        /// The program.
        tool: String,
        /// What was asked for.
        entry: Entry,
    },
    /// There is no such entry.
    #[error("the keyring has no entry {0}")]
    NoEntry(Entry),
    /// It has the entry, and is locked.
    #[error("the keyring that has {0} is locked")]
    Locked(Entry),
    /// It did not answer; as a rule it asks a person, somewhere, to unlock it.
    #[error("the keyring gave no {entry} within {} s: perhaps it waits to be unlocked", DEADLINE.as_secs())]
    Unanswered {
        /// What was asked for.
        entry: Entry,
    },
    /// There is a session bus, and nobody on it keeps secrets.
    #[error("no keyring runs in this session, so {entry} cannot be read: {complaint}")]
    NoService {
        /// What was asked for.
        entry: Entry,
        /// What the tool said, clean.
        complaint: String,
    },
    /// There is no session bus.
    #[error("there is no D-Bus session here, so no keyring to read {entry} from: {complaint}")]
    NoBus {
        /// What was asked for.
        entry: Entry,
        /// What the tool said, clean.
        complaint: String,
    },
    /// The tool failed otherwise.
    #[error("the keyring gave no {entry}")]
    Program {
        /// What was asked for.
        entry: Entry,
        /// How.
        #[source]
        source: ProgramError,
    },
}

/// The name of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    service: String,
    user: String,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.user)
    }
}

impl Entry {
    /// The command of `secret-tool` that finds it, or with `before` does something else with it.
    fn command(&self, before: &[&str]) -> String {
        let attributes = ["service", &self.service, "username", &self.user];
        shell::line(["secret-tool"].iter().chain(before).chain(&attributes))
    }
}

impl KeyringError {
    /// Its kind.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NoEntry(_) => FailureKind::NotFound,
            Self::Locked(_) => FailureKind::Permission,
            Self::Unanswered { .. } => FailureKind::Timeout,
            Self::NoTool { .. } | Self::NoService { .. } | Self::NoBus { .. } => FailureKind::Unsupported,
            Self::Program { .. } => FailureKind::Invalid,
        }
    }

    /// What a person can do, with the command where there is one.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoTool { .. } => "install libsecret-tools".to_owned(),
            Self::NoEntry(Entry { service, user }) if cfg!(target_os = "macos") => {
                shell::line(["security", "add-generic-password", "-s", service, "-a", user, "-w"])
            }
            Self::NoEntry(entry) => entry.command(&["store", &format!("--label={entry}")]),
            Self::Locked(entry) | Self::Unanswered { entry } => entry.command(&["search", "--unlock"]),
            Self::NoService { .. } => "start one (gnome-keyring, KWallet, KeePassXC), or say where else the \
                                       secret is: { file = … } or { command = […] }"
                .to_owned(),
            Self::NoBus { .. } => {
                "start midwatch in a desktop's session, or say where else the secret is: { file = … } or \
                 { command = […] }"
                    .to_owned()
            }
            Self::Program { .. } => return None,
        })
    }

    fn of(error: ProgramError, entry: Entry) -> Self {
        match error {
            ProgramError::Start { program, source } if source.kind() == io::ErrorKind::NotFound => {
                Self::NoTool { tool: program, entry }
            }
            ProgramError::Deadline { .. } => Self::Unanswered { entry },
            ProgramError::Failed { code: Some(NOT_FOUND_ON_MACOS), .. } if cfg!(target_os = "macos") => {
                Self::NoEntry(entry)
            }
            // The name stands in what every D-Bus says of a name that nobody has.
            ProgramError::Failed { complaint: Some(complaint), .. }
                if complaint.contains("org.freedesktop.secrets") =>
            {
                Self::NoService { entry, complaint }
            }
            ProgramError::Failed { complaint: Some(complaint), .. } if is_about_the_bus(&complaint) => {
                Self::NoBus { entry, complaint }
            }
            source => Self::Program { entry, source },
        }
    }
}

/// Looks up one entry.
pub async fn lookup(service: &str, user: &str) -> Result<Vec<u8>, KeyringError> {
    let entry = Entry { service: service.to_owned(), user: user.to_owned() };
    if cfg!(target_os = "macos") {
        let argv = ["security", "find-generic-password", "-w", "-s", service, "-a", user];
        return output(&argv, UNTRANSLATED).await.map_err(|error| KeyringError::of(error, entry));
    }
    match output(&["secret-tool", "lookup", "service", service, "username", user], UNTRANSLATED).await {
        Err(ProgramError::Failed { complaint: None, code: Some(1), .. }) => {
            let found = output(
                &["secret-tool", "search", "--all", "service", service, "username", user],
                UNTRANSLATED,
            )
            .await;
            Err(match found {
                Ok(found) if found.trim_ascii().is_empty() => KeyringError::NoEntry(entry),
                Ok(_) => KeyringError::Locked(entry),
                Err(error) => KeyringError::of(error, entry),
            })
        }
        looked => looked.map_err(|error| KeyringError::of(error, entry)),
    }
}

/// Whether there is no session bus: the texts of `GLib`'s `gdbusaddress.c` and `gdbusconnection.c`.
fn is_about_the_bus(complaint: &str) -> bool {
    ["D-Bus", "dbus-launch", "message bus", "Could not connect", "given address"]
        .iter()
        .any(|words| complaint.contains(words))
}
