//! Locks as restic has them, so that restic and midwatch keep out of each other's way: whoever writes or
//! reads holds one with others, whoever takes something away holds one alone.
//!
//! The format is restic's: <https://restic.readthedocs.io/en/stable/100_references.html#locks>. A lock is
//! written and only then is it looked who else has one, so that of two at the same time at least one gives
//! way; it is renewed every five minutes, and is stale after half an hour without.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aes256ctr_poly1305aes::aead::Aead;
use aes256ctr_poly1305aes::{Aes256CtrPoly1305Aes, Nonce};
use bytes::Bytes;
use rustic_core::Id;
use rustic_core::repofile::MasterKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;
use tokio_util::task::AbortOnDropHandle;

use super::shelf::Shelf;
use super::vault::blocking;
use super::{RepositoryError, Vault};
use crate::domain::clock::Clock;
use crate::domain::plan::hex;
use crate::domain::repository::RepositoryLock;
use crate::domain::text::{clean, shorten};
use crate::domain::time::{Age, Timestamp};

/// How often a lock is renewed.
const RENEWED: Duration = Duration::from_secs(300);
/// Without being renewed for that long, nobody holds it.
const STALE: Duration = Duration::from_secs(1800);
/// How long others may take to see a lock where that is not at once.
const SETTLES: Duration = Duration::from_millis(200);
/// How long a nonce is, before what is encrypted.
const NONCE: usize = 16;
/// A lock is a few hundred bytes; what is larger is none.
const MOST: u64 = 64 << 10;

/// Whether somebody else may work on the repository meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Others may read and write.
    Shared,
    /// Nobody.
    Alone,
}

/// A lock as restic writes it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    time: String,
    exclusive: bool,
    hostname: String,
    username: String,
    pid: u32,
    #[serde(default)]
    uid: u32,
    #[serde(default)]
    gid: u32,
}

impl Record {
    fn of_this_process(exclusive: bool, now: Timestamp) -> Self {
        Self {
            time: now.rfc3339(),
            exclusive,
            hostname: machine(),
            username: std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default(),
            pid: std::process::id(),
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
        }
    }

    /// Why nobody holds it any more, where that is so.
    fn stale(&self, since: Timestamp, now: Timestamp) -> Option<String> {
        let age = since.age(now);
        if age > STALE {
            return Some(format!("it was not renewed for {}", Age(age)));
        }
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw)?;
        let gone = self.hostname == machine()
            && rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH);
        gone.then(|| "that process has ended".to_owned())
    }
}

fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn cipher(key: &MasterKey) -> Aes256CtrPoly1305Aes {
    let whole: Vec<u8> = [&key.encrypt[..], &key.mac.k, &key.mac.r].concat();
    Aes256CtrPoly1305Aes::new(aes256ctr_poly1305aes::Key::from_slice(&whole))
}

fn sealed(key: &MasterKey, record: &Record) -> Option<(Id, Bytes)> {
    let mut nonce = [0; NONCE];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut nonce).ok()?;
    let text = serde_json::to_vec(record).ok()?;
    let sealed = cipher(key).encrypt(Nonce::from_slice(&nonce), text.as_slice()).ok()?;
    let whole = Bytes::from([&nonce[..], &sealed].concat());
    Some((hex(&Sha256::digest(&whole)).parse().ok()?, whole))
}

fn opened(key: &MasterKey, whole: &[u8]) -> Option<Record> {
    let (nonce, sealed) = whole.split_at_checked(NONCE)?;
    let text = cipher(key).decrypt(Nonce::from_slice(nonce), sealed).ok()?;
    match text.first()? {
        // Since the second version of the format it may be compressed.
        2 => {
            let mut out = Vec::new();
            let reader = zstd::stream::read::Decoder::new(&text[1..]).ok()?;
            reader.take(MOST).read_to_end(&mut out).ok()?;
            serde_json::from_slice(&out).ok()
        }
        _ => serde_json::from_slice(&text).ok(),
    }
}

/// All locks of a repository, those that cannot be read with what can be said of them. Blocks.
fn look(shelf: &dyn Shelf, key: &MasterKey, now: Timestamp) -> Result<Vec<RepositoryLock>, RepositoryError> {
    let mut all = Vec::new();
    for id in shelf.locks()? {
        let Some(whole) = shelf.read_lock(&id)? else { continue };
        let name = id.to_hex().as_str().to_owned();
        let read = opened(key, &whole);
        let at = read.as_ref().and_then(|it| it.time.parse::<jiff::Timestamp>().ok());
        let since = at.map(|at| Timestamp::from_millis(at.as_millisecond()));
        all.push(match (read, since) {
            (Some(it), Some(since)) => RepositoryLock {
                id: name,
                by: shorten(&clean(&format!("{}@{}", it.username, it.hostname)), 100).into_owned(),
                pid: it.pid,
                since,
                exclusive: it.exclusive,
                stale: it.stale(since, now),
            },
            // Whoever holds it may hold it alone.
            _ => RepositoryLock {
                id: name,
                by: String::new(),
                pid: 0,
                since: Timestamp::default(),
                exclusive: true,
                stale: None,
            },
        });
    }
    all.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    Ok(all)
}

/// A lock that is held; dropping it gives it back, which blocks.
pub(super) struct Hold {
    shelf: Arc<dyn Shelf>,
    mine: Arc<Mutex<Option<Id>>>,
    _renewal: AbortOnDropHandle<()>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(id) = mine {
            // One that stays is stale once this process has ended, and says whose it was.
            let give_back = || drop(self.shelf.remove_lock(&id));
            // A shelf elsewhere may be asked for many seconds: the other tasks of this thread go to another.
            let flavor = Handle::try_current().map(|it| it.runtime_flavor());
            match flavor {
                Ok(RuntimeFlavor::MultiThread) => block_in_place(give_back),
                _ => give_back(),
            }
        }
    }
}

impl Vault {
    /// Who works on it, or did.
    pub async fn locks(&self) -> Result<Vec<RepositoryLock>, RepositoryError> {
        let key = self.key(false).await?;
        let (vault, now) = (self.clone(), self.clock.now());
        blocking(move || look(&*vault.shelf(), &key, now)).await
    }

    /// Takes these locks away, whoever holds them. How many were there.
    pub async fn unlock(&self, ids: Vec<String>) -> Result<usize, RepositoryError> {
        let vault = self.clone();
        blocking(move || {
            let files = vault.shelf();
            let there: Vec<Id> = files.locks()?;
            let gone = there.iter().filter(|it| ids.iter().any(|id| id == it.to_hex().as_str()));
            let mut count = 0;
            for id in gone {
                files.remove_lock(id)?;
                count += 1;
            }
            Ok(count)
        })
        .await
    }

    /// Takes a lock; those that nobody holds any more go.
    pub(super) async fn hold(&self, kind: Kind) -> Result<Hold, RepositoryError> {
        let key = self.key(false).await?;
        let (vault, its) = (self.clone(), key.clone());
        let hold = blocking(move || {
            let files = vault.shelf();
            free(&*files, &its, &vault.clock, kind, None)?;
            let id = placed(&*files, &its, kind, vault.clock.now())?;
            Ok((Arc::new(Mutex::new(Some(id))), files))
        });
        let (mine, files) = hold.await?;
        let renewal =
            renew(Arc::clone(&files), key.clone(), kind, Arc::clone(&self.clock), Arc::clone(&mine));
        let hold = Hold { shelf: files, mine, _renewal: AbortOnDropHandle::new(tokio::spawn(renewal)) };
        if !hold.shelf.is_consistent() {
            tokio::time::sleep(SETTLES).await;
        }
        let clock = Arc::clone(&self.clock);
        blocking(move || {
            let mine = *hold.mine.lock().unwrap_or_else(PoisonError::into_inner);
            free(&*hold.shelf, &key, &clock, kind, mine)?;
            Ok(hold)
        })
        .await
    }

    /// The same for reading alone: where nothing can be written, nothing is taken away either.
    pub(super) async fn hold_to_read(&self) -> Result<Option<Hold>, RepositoryError> {
        match self.hold(Kind::Shared).await {
            Err(error) if error.is_read_only() => Ok(None),
            hold => hold.map(Some),
        }
    }
}

fn placed(shelf: &dyn Shelf, key: &MasterKey, kind: Kind, now: Timestamp) -> Result<Id, RepositoryError> {
    let record = Record::of_this_process(kind == Kind::Alone, now);
    let (id, whole) = sealed(key, &record).ok_or(RepositoryError::Died)?;
    shelf.write_lock(&id, whole)?;
    Ok(id)
}

/// That nobody else is in the way; what nobody holds any more is taken away.
fn free(
    shelf: &dyn Shelf,
    key: &MasterKey,
    clock: &Arc<dyn Clock>,
    kind: Kind,
    mine: Option<Id>,
) -> Result<(), RepositoryError> {
    let mine = mine.map(|id| id.to_hex().as_str().to_owned());
    let mut others = Vec::new();
    for it in look(shelf, key, clock.now())? {
        if Some(&it.id) == mine.as_ref() {
            continue;
        }
        match (&it.stale, it.id.parse::<Id>()) {
            (Some(_), Ok(id)) => shelf.remove_lock(&id)?,
            _ if kind == Kind::Alone || it.exclusive => others.push(it),
            _ => {}
        }
    }
    match others.into_iter().next() {
        Some(other) => Err(RepositoryError::Locked(Box::new(other))),
        None => Ok(()),
    }
}

/// Renews a lock for as long as it is held.
async fn renew(
    shelf: Arc<dyn Shelf>,
    key: MasterKey,
    kind: Kind,
    clock: Arc<dyn Clock>,
    mine: Arc<Mutex<Option<Id>>>,
) {
    loop {
        tokio::time::sleep(RENEWED).await;
        let (shelf, key, clock, mine) =
            (Arc::clone(&shelf), key.clone(), Arc::clone(&clock), Arc::clone(&mine));
        // One that could not be renewed is tried again, five times before it is stale.
        let _ = blocking(move || {
            let mut mine = mine.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(before) = *mine {
                *mine = Some(placed(&*shelf, &key, kind, clock.now())?);
                shelf.remove_lock(&before)?;
            }
            Ok(())
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_by_its_key_alone() {
        let key = MasterKey::new();
        let record = Record::of_this_process(true, Timestamp::from_secs(1_800_000_000));
        let (id, whole) = sealed(&key, &record).unwrap();
        assert_eq!(id.to_hex().as_str().len(), 64);
        assert_eq!(opened(&key, &whole).unwrap().pid, std::process::id());
        assert!(opened(&MasterKey::new(), &whole).is_none());
        assert!(opened(&key, &whole[..10]).is_none());
    }

    #[test]
    fn one_is_stale_when_its_process_is_gone_or_it_was_not_renewed() {
        let since = Timestamp::from_secs(1_800_000_000);
        let mut record = Record::of_this_process(false, since);
        assert_eq!(record.stale(since, since), None);
        assert!(record.stale(since, Timestamp::from_secs(1_800_001_801)).is_some());
        // The highest number that a process can have is far below.
        record.pid = 2_000_000_000;
        assert_eq!(record.stale(since, since).as_deref(), Some("that process has ended"));
        record.hostname = "elsewhere".to_owned();
        assert_eq!(record.stale(since, since), None, "nobody can tell from here");
    }
}
