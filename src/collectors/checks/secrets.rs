//! Secrets that cost something to fetch (a program, the keyring) are kept for a while, so that a
//! check every few seconds does not unlock a password manager every few seconds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::config::Secret;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;

/// How long a fetched secret is used before it is fetched anew.
const KEEP: Duration = Duration::from_secs(300);

/// Fetched secrets, in memory only.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<Fetch>>);

struct Fetch {
    source: Secret,
    since: Timestamp,
    cell: Arc<OnceCell<Result<SecretString, Failure>>>,
}

impl Secrets {
    /// Fetches a secret, or gives the one that was fetched a moment ago. Who asks for one that is being
    /// fetched waits for that, and a failure is theirs too: a locked keyring asks its person once, not
    /// once a check.
    pub async fn get(&self, source: &Secret, now: Timestamp) -> Result<SecretString, Failure> {
        let fetch = async || source.resolve().await.map_err(|error| error.into_failure("read the secret"));
        if !matches!(source, Secret::Command(_) | Secret::Keyring { .. }) {
            return fetch().await;
        }
        self.cell(source, now).get_or_init(fetch).await.clone()
    }

    fn cell(&self, source: &Secret, now: Timestamp) -> Arc<OnceCell<Result<SecretString, Failure>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| match it.cell.get() {
            None => true,
            Some(Ok(_)) => it.since.age(now) < KEEP,
            Some(Err(_)) => false,
        });
        if let Some(known) = all.iter().find(|it| it.source == *source) {
            return Arc::clone(&known.cell);
        }
        let cell = Arc::default();
        all.push(Fetch { source: source.clone(), since: now, cell: Arc::clone(&cell) });
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_asked_for_at_once_is_fetched_once_and_a_failure_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let script =
            format!("echo x >>{0}; sleep 0.2; test -e {1} && echo hunter2", at("asked"), at("unlocked"));
        let source = Secret::Command(["sh", "-c", &script].map(str::to_owned).to_vec());
        let (secrets, now) = (Secrets::default(), Timestamp::default());
        let asked = || std::fs::read_to_string(at("asked")).unwrap().lines().count();

        let (a, b) = tokio::join!(secrets.get(&source, now), secrets.get(&source, now));
        assert!(a.is_err() && b.is_err());
        assert_eq!(asked(), 1);

        std::fs::write(at("unlocked"), "").unwrap();
        assert!(secrets.get(&source, now).await.is_ok());
        assert!(secrets.get(&source, now).await.is_ok());
        assert_eq!(asked(), 2);
    }
}
