//! Where a secret comes from, and fetching it when it is needed. The value itself is never kept in
//! the configuration, unless it is written there, and never shown.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::io::AsyncReadExt;

use super::secret_keyring::{self, KeyringError};
use super::secret_program::{self, ProgramError};
use crate::domain::failure::{Failure, FailureKind, Retry};

/// The most that a secret may have, in bytes: a private key with its chain fits many times.
pub(super) const MOST: u64 = 64 * 1024;

/// A source of a secret.
#[derive(Clone)]
pub enum Secret {
    /// An environment variable of the console.
    Env(String),
    /// A file that only its owner can read; a line break at its end does not belong to the secret.
    File(PathBuf),
    /// An entry of the system's keyring.
    Keyring {
        /// The entry's service.
        service: String,
        /// The entry's user.
        user: String,
    },
    /// The standard output of a program; a line break at its end does not belong to the secret.
    Command(Vec<String>),
    /// Written in the configuration, which then only its owner may read.
    Literal(SecretString),
}

impl Secret {
    /// Fetches the secret. Waits at most half a minute for a program.
    pub async fn resolve(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Literal(secret) => Ok(secret.clone()),
            Self::Env(name) => match std::env::var(name) {
                Ok(text) if !text.is_empty() => Ok(text.into()),
                Ok(_) | Err(std::env::VarError::NotPresent) => Err(SecretError::NoVariable(name.clone())),
                Err(std::env::VarError::NotUnicode(_)) => Err(SecretError::NotText(format!("${name}"))),
            },
            Self::File(path) => from_file(path).await,
            Self::Keyring { service, user } => {
                from_bytes(secret_keyring::lookup(service, user).await?, || self.to_string())
            }
            Self::Command(argv) => {
                let argv: Vec<_> = argv.iter().map(String::as_str).collect();
                from_bytes(secret_program::output(&argv, &[]).await?, || self.to_string())
            }
        }
    }
}

/// Two secrets are equal when they come from the same place; literal ones by their value.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Env(a), Self::Env(b)) => a == b,
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Keyring { service: a, user: x }, Self::Keyring { service: b, user: y }) => {
                a == b && x == y
            }
            (Self::Command(a), Self::Command(b)) => a == b,
            (Self::Literal(a), Self::Literal(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        }
    }
}

impl fmt::Display for Secret {
    /// The source, never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Keyring { service, user } => write!(f, "the keyring's {service}/{user}"),
            Self::Command(argv) => {
                write!(f, "the output of {}", argv.first().map_or("a command", String::as_str))
            }
            Self::Literal(_) => f.write_str("the configuration"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// Why a secret could not be had. Carries sources and names, never a secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    /// The file could not be read.
    #[error("{} could not be read", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others can read the file.
    #[error("{} can be read by others", .0.display())]
    Exposed(PathBuf),
    /// The program gave nothing.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The keyring does not have it, or does not give it.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// There is nothing, or more than a secret can be.
    #[error("{0} gave nothing, or more than 64 KiB")]
    Size(String),
    /// What came is not UTF-8.
    #[error("what {0} gave is not text")]
    NotText(String),
}

impl SecretError {
    /// For the screen; `what` is verb and object (`read the password of check orders-db`).
    pub fn into_failure(self, what: &str) -> Failure {
        let (kind, hint) = match &self {
            Self::Exposed(path) => (FailureKind::Permission, Some(format!("chmod 600 {}", path.display()))),
            Self::NoVariable(name) => {
                (FailureKind::NotFound, Some(format!("set {name} before midwatch starts")))
            }
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                (FailureKind::Permission, None)
            }
            Self::Keyring(error) => (error.kind(), error.hint()),
            Self::File { .. } | Self::Program(ProgramError::Start { .. }) => (FailureKind::NotFound, None),
            Self::Program(ProgramError::Deadline { .. }) => (FailureKind::Timeout, None),
            Self::Program(ProgramError::Failed { .. }) | Self::Size(_) | Self::NotText(_) => {
                (FailureKind::Invalid, None)
            }
        };
        Failure { kind, what: what.to_owned(), why: Failure::chain(&self), hint, retry: Retry::Never }
    }
}

async fn from_file(path: &Path) -> Result<SecretString, SecretError> {
    let failed = |source| SecretError::File { path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let meta = file.metadata().await.map_err(failed)?;
    if readable_by_others(&meta) {
        return Err(SecretError::Exposed(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    from_bytes(bytes, || path.display().to_string())
}

fn from_bytes(bytes: Vec<u8>, named: impl Fn() -> String) -> Result<SecretString, SecretError> {
    if bytes.len() as u64 > MOST {
        return Err(SecretError::Size(named()));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| SecretError::NotText(named()))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.is_empty() { Err(SecretError::Size(named())) } else { Ok(text.into()) }
}

/// Whether the group or others may read a file.
#[cfg(unix)]
pub fn readable_by_others(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o044 != 0
}

/// Where there are no modes there is nothing to see.
#[cfg(not(unix))]
pub fn readable_by_others(_meta: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(secret: &Secret) -> Result<String, SecretError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(secret.resolve()).map(|secret| secret.expose_secret().to_owned())
    }

    fn command(words: &[&str]) -> Secret {
        Secret::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_command_gives_its_output_without_the_last_line_break() {
        assert_eq!(resolve(&command(&["printf", "a b\\n\\n"])).unwrap(), "a b");
    }

    #[test]
    fn a_command_that_fails_says_what_it_complained_of_and_nothing_of_its_output() {
        let error =
            resolve(&command(&["sh", "-c", "echo hunter2; echo 'no \x1b[31mkey' >&2; exit 3"])).unwrap_err();
        let failure = error.into_failure("read the password");
        assert_eq!(failure.to_string(), "cannot read the password: sh failed: no ␛[31mkey");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = resolve(&command(&["no-such-program-here"])).unwrap_err().into_failure("read it");
        assert_eq!(failure.kind, FailureKind::NotFound);
        assert!(failure.reason().starts_with("no-such-program-here could not be run"), "{failure}");
    }

    #[test]
    fn endless_output_ends() {
        let error = resolve(&command(&["sh", "-c", "exec yes"])).unwrap_err();
        assert!(
            matches!(error, SecretError::Program(ProgramError::Failed { .. }) | SecretError::Size(_)),
            "{error:?}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hunter2\n").unwrap();
        let mode =
            |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let secret = Secret::File(file.path().to_owned());
        mode(0o640);
        let failure = resolve(&secret).unwrap_err().into_failure("read it");
        assert_eq!(failure.hint, Some(format!("chmod 600 {}", file.path().display())));
        mode(0o600);
        assert_eq!(resolve(&secret).unwrap(), "hunter2");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = resolve(&Secret::Env("MIDWATCH_NO_SUCH_VARIABLE".to_owned())).unwrap_err();
        assert_eq!(error.to_string(), "the environment variable MIDWATCH_NO_SUCH_VARIABLE is not set");
    }

    #[test]
    fn nothing_shows_a_literal() {
        let secret = Secret::Literal("hunter2".to_owned().into());
        assert_eq!(format!("{secret:?} {secret}"), "Secret(the configuration) the configuration");
    }
}
