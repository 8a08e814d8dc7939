//! Secrets that cost something to fetch (a program, the keyring) are kept for a while, so that a
//! check every few seconds does not unlock a password manager every few seconds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

use crate::config::{Secret, SecretError};
use crate::domain::time::Timestamp;

/// How long a fetched secret is used before it is fetched anew.
const KEEP: Duration = Duration::from_secs(300);

/// Fetched secrets, in memory only.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<(Secret, SecretString, Timestamp)>>);

impl Secrets {
    /// Fetches a secret, or gives the one that was fetched a moment ago.
    pub async fn get(&self, source: &Secret, now: Timestamp) -> Result<SecretString, SecretError> {
        if !matches!(source, Secret::Command(_) | Secret::Keyring { .. }) {
            return source.resolve().await;
        }
        if let Some(kept) = self.kept(source, now) {
            return Ok(kept);
        }
        let secret = source.resolve().await?;
        self.lock().push((source.clone(), secret.clone(), now));
        Ok(secret)
    }

    fn kept(&self, source: &Secret, now: Timestamp) -> Option<SecretString> {
        let mut kept = self.lock();
        kept.retain(|(_, _, at)| at.age(now) < KEEP);
        kept.iter().find(|(known, _, _)| known == source).map(|(_, secret, _)| secret.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Secret, SecretString, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
