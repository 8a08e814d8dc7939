//! The operator's private keys: read from their files, opened with a passphrase that is asked for
//! once for all servers. What is kept is the opened key, in memory only; it is wiped when dropped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh::keys::{PrivateKey, PublicKey, decode_secret_key, load_public_key};
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::ids::ServerId;
use crate::domain::question::{Answer, Asker, Question};
use crate::transports::TransportError;

/// How often a wrong passphrase may be corrected, as with ssh.
const TRIES: usize = 3;

/// Keys that were opened, and those that nobody wanted to open.
#[derive(Default)]
pub struct KeyRing {
    keys: Mutex<HashMap<PathBuf, Kept>>,
    /// One question at a time, so that fifty servers ask once for the key they share.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
enum Kept {
    Open(Arc<PrivateKey>),
    Declined,
}

/// A key file as far as it can be read without a person.
pub(super) enum KeyFile {
    /// Ready to sign.
    Open(Arc<PrivateKey>),
    /// Encrypted; its public half, where that can be read.
    Locked(Option<PublicKey>),
    /// Encrypted, and a person declined to open it.
    Declined,
    /// Not there.
    Missing,
    /// There, but no use, and why.
    Broken(String),
}

impl KeyRing {
    fn kept(&self) -> MutexGuard<'_, HashMap<PathBuf, Kept>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was declined, so that a person is asked again.
    pub fn ask_again(&self) {
        self.kept().retain(|_, kept| matches!(kept, Kept::Open(_)));
    }

    /// Reads a key file.
    pub(super) async fn load(&self, file: &Path) -> KeyFile {
        match self.kept().get(file) {
            Some(Kept::Open(key)) => return KeyFile::Open(Arc::clone(key)),
            Some(Kept::Declined) => return KeyFile::Declined,
            None => {}
        }
        let text = match tokio::fs::read_to_string(file).await {
            Ok(text) => SecretString::from(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return KeyFile::Missing,
            Err(error) => return KeyFile::Broken(error.to_string()),
        };
        let beside = || load_public_key(with_suffix(file, ".pub")).ok();
        match PrivateKey::from_openssh(text.expose_secret()) {
            Ok(key) if key.is_encrypted() => return KeyFile::Locked(Some(key.public_key().clone())),
            Ok(key) => return KeyFile::Open(self.keep(file, key)),
            Err(_) => {}
        }
        // The older formats; their encryption hides the public half too.
        match decode_secret_key(text.expose_secret(), None) {
            Ok(key) => KeyFile::Open(self.keep(file, key)),
            Err(_) if is_encrypted_pem(text.expose_secret()) => KeyFile::Locked(beside()),
            Err(error) => KeyFile::Broken(error.to_string()),
        }
    }

    /// Asks for the passphrase until the key opens, three times at most.
    pub(super) async fn open(
        &self,
        file: &Path,
        server: &ServerId,
        asker: &dyn Asker,
    ) -> Result<(), TransportError> {
        let _one_at_a_time = self.asking.lock().await;
        // Another server may have asked while we waited.
        match self.load(file).await {
            KeyFile::Locked(_) => {}
            KeyFile::Declined => return Err(TransportError::Passphrase(file.to_owned())),
            KeyFile::Open(_) | KeyFile::Missing | KeyFile::Broken(_) => return Ok(()),
        }
        for attempt in 0..TRIES {
            let key = crate::domain::text::clean(&file.to_string_lossy()).into_owned();
            let question = Question::Passphrase { server: server.clone(), key, again: attempt > 0 };
            let Answer::Secret(passphrase) = asker.ask(question).await else { break };
            if let Some(key) = unlock(file.to_owned(), passphrase).await {
                self.keep(file, key);
                return Ok(());
            }
        }
        self.kept().insert(file.to_owned(), Kept::Declined);
        Err(TransportError::Passphrase(file.to_owned()))
    }

    fn keep(&self, file: &Path, key: PrivateKey) -> Arc<PrivateKey> {
        let key = Arc::new(key);
        self.kept().insert(file.to_owned(), Kept::Open(Arc::clone(&key)));
        key
    }
}

/// Deriving the key from the passphrase takes long on purpose, so it is done off the async threads.
async fn unlock(file: PathBuf, passphrase: SecretString) -> Option<PrivateKey> {
    let open = move || {
        let text = SecretString::from(std::fs::read_to_string(file).ok()?);
        decode_secret_key(text.expose_secret(), Some(passphrase.expose_secret())).ok()
    };
    tokio::task::spawn_blocking(open).await.ok().flatten()
}

fn is_encrypted_pem(text: &str) -> bool {
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// The path with more at its end: `id_rsa` and `-cert.pub`.
pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::question::NobodyThere;
    use russh::keys::ssh_key::LineEnding;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Says {
        answers: Vec<&'static str>,
        asked: AtomicUsize,
    }

    #[async_trait::async_trait]
    impl Asker for Says {
        async fn ask(&self, question: Question) -> Answer {
            let n = self.asked.fetch_add(1, Ordering::SeqCst);
            let Question::Passphrase { again, .. } = question else { panic!("another question") };
            assert_eq!(again, n > 0);
            self.answers.get(n).map_or(Answer::No, |text| Answer::Secret(SecretString::from(*text)))
        }
    }

    fn locked() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let mut rng = russh::keys::key::safe_rng();
        let key = PrivateKey::random(&mut rng, russh::keys::Algorithm::Ed25519).unwrap();
        let locked = key.encrypt(&mut rng, "midnight").unwrap();
        std::fs::write(&file, locked.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
        (dir, file)
    }

    #[tokio::test]
    async fn a_wrong_passphrase_asks_again_and_the_right_one_is_asked_once() {
        let (_dir, file) = locked();
        let ring = Arc::new(KeyRing::default());
        let asker = Says { answers: vec!["wrong", "midnight"], asked: AtomicUsize::new(0) };
        let server = ServerId::from("web");
        let (one, two) = tokio::join!(ring.open(&file, &server, &asker), ring.open(&file, &server, &asker));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(asker.asked.load(Ordering::SeqCst), 2, "the second server did not ask");
        assert!(matches!(ring.load(&file).await, KeyFile::Open(_)));
    }

    #[tokio::test]
    async fn three_wrong_answers_or_nobody_there_decline_until_asked_again() {
        let (_dir, file) = locked();
        let ring = KeyRing::default();
        let asker = Says { answers: vec!["a", "b", "c", "midnight"], asked: AtomicUsize::new(0) };
        assert!(ring.open(&file, &"web".into(), &asker).await.is_err());
        assert_eq!(asker.asked.load(Ordering::SeqCst), 3);
        assert!(matches!(ring.load(&file).await, KeyFile::Declined));
        ring.ask_again();
        assert!(matches!(ring.load(&file).await, KeyFile::Locked(Some(_))));
        assert!(ring.open(&file, &"web".into(), &NobodyThere).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_key_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let ring = KeyRing::default();
        assert!(matches!(ring.load(&file).await, KeyFile::Missing));
        std::fs::write(&file, "not a key").unwrap();
        assert!(matches!(ring.load(&file).await, KeyFile::Broken(_)));
    }
}
