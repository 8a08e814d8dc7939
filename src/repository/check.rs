//! Looking a repository through for damage, and letting another password open it.

use rustic_core::{CheckOptions, Credentials, KeyOptions};
use secrecy::{ExposeSecret, SecretString};

use super::lock::Kind;
use super::vault::{blocking, by};
use super::{RepositoryError, Vault};
use crate::domain::text::{clean, shorten};

/// How many findings of each kind are kept.
const KEPT: usize = 20;

/// What was found, in the library's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Damage.
    pub damage: Vec<String>,
    /// What is strange and does no harm.
    pub strange: Vec<String>,
}

impl Vault {
    /// Looks whether everything that the snapshots need is there; with `read_data` it is read, decrypted
    /// and compared with its names too. Backups may go on meanwhile, a prune may not.
    pub async fn check(&self, read_data: bool) -> Result<Findings, RepositoryError> {
        let key = self.key(false).await?;
        let hold = self.hold_to_read().await?;
        let vault = self.clone();
        blocking(move || {
            let _hold = hold;
            let repository = vault.open(vault.backend(), &by(key))?;
            let results = repository.check(CheckOptions::default().read_data(read_data))?;
            let damaged = results.is_ok().is_err();
            let mut found = Findings::default();
            for (level, it) in results.0 {
                let said =
                    shorten(&clean(&it.to_string().split_whitespace().collect::<Vec<_>>().join(" ")), 300)
                        .into_owned();
                // The library does not give the levels' names away.
                let of = if format!("{level:?}") == "Warn" { &mut found.strange } else { &mut found.damage };
                if of.len() < KEPT {
                    of.push(said);
                }
            }
            if damaged && found.damage.is_empty() {
                found.damage.push("it is damaged, and nothing says where".to_owned());
            }
            Ok(found)
        })
        .await
    }

    /// Lets another password open it, and opens it by that. The key's name.
    pub async fn add_key(&self, password: SecretString, user: &str) -> Result<String, RepositoryError> {
        let key = self.key(false).await?;
        let hold = self.hold(Kind::Shared).await?;
        let (vault, user) = (self.clone(), user.to_owned());
        blocking(move || {
            let _hold = hold;
            let theirs = Credentials::password(password.expose_secret());
            match vault.open(vault.backend(), &theirs) {
                Ok(_) => return Err(RepositoryError::Opens),
                Err(RepositoryError::Password) => {}
                Err(error) => return Err(error),
            }
            let repository = vault.open(vault.backend(), &by(key))?;
            let options = KeyOptions::default().username(user).with_created(true);
            let id = repository.add_key(password.expose_secret(), &options)?;
            vault.open(vault.backend(), &theirs)?;
            Ok(id.to_hex().as_str().to_owned())
        })
        .await
    }
}
