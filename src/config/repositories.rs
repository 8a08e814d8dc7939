//! `[repositories.NAME]`: where backups are kept, in the format of restic.

use super::repository_place::RepositoryPlace;
use super::secret::Secret;
use super::table::Table;

/// A repository.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryConfig {
    /// Where it is.
    pub place: RepositoryPlace,
    /// The password that opens it. Whoever loses it loses the backups.
    pub password: Secret,
}

impl RepositoryConfig {
    /// Where it is, for the reader.
    pub fn at(&self) -> String {
        self.place.to_string()
    }

    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let place = RepositoryPlace::read(t);
        let password: Option<Secret> = t.need("password");
        Some(Self { place: place?, password: password? })
    }
}
