//! What every kind of check works with in one attempt.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use super::attempt::Attempt;
use super::means::Means;
use super::reach::Reach;
use super::redis::Memory;
use crate::config::Secret;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::http::limits::Deadline;
use crate::http::roots::Roots;

/// One attempt's means.
pub struct Look<'a> {
    /// Where it looks from.
    pub reach: &'a Reach,
    /// How long it may take.
    pub within: Duration,
    /// What all checks share.
    pub means: &'a Means,
    /// What the attempt before left for this one.
    pub memory: &'a Memory,
}

impl Look<'_> {
    /// The deadline, running from now.
    pub fn deadline(&self) -> Deadline {
        Deadline::new(self.within)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.means.clock.now()
    }

    /// For how long a certificate should still be valid.
    pub fn certificate(&self) -> Duration {
        self.means.thresholds.certificate
    }

    /// Whom to trust: this machine's roots, and a file's. A file that cannot be read is no reason to
    /// call the target down.
    pub async fn roots(&self, ca: Option<&Path>) -> Result<Roots, Attempt> {
        let roots = self.means.roots().await;
        match ca {
            None => Ok(roots.clone()),
            Some(path) => roots
                .with_file(path)
                .await
                .map_err(|error| Attempt::unknown(Failure::chain(&error).join(": "))),
        }
    }

    /// Fetches a secret; without it there is no look.
    pub async fn secret(&self, source: &Secret) -> Result<SecretString, Attempt> {
        self.means.secret(source).await.map_err(Attempt::unknown)
    }
}
