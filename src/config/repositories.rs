//! `[repositories.NAME]`: where backups are kept, in the format of restic.

use std::path::PathBuf;

use super::mistake::Mistake;
use super::secret::Secret;
use super::table::Table;

/// A repository.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryConfig {
    /// The folder on this machine.
    pub path: PathBuf,
    /// The password that opens it. Whoever loses it loses the backups.
    pub password: Secret,
}

impl RepositoryConfig {
    /// Where it is, for the reader.
    pub fn at(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let path: Option<PathBuf> = t.need("path");
        let password: Option<Secret> = t.need("password");
        let path = path?;
        if !path.is_absolute() {
            t.report(
                Mistake::error(t.span_of("path"), "a repository's folder starts with `/` or `~/`")
                    .help("where midwatch is started must not decide where backups go"),
            );
            return None;
        }
        Some(Self { path, password: password? })
    }
}
