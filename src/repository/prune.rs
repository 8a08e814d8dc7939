//! Freeing the room of what no backup has.
//!
//! It is done alone, under a lock that restic heeds too, so that what goes can go at once. Killed anywhere
//! it leaves what every snapshot needs: what is packed anew is written and indexed before anything goes.

use rustic_core::repofile::SnapshotId;
use rustic_core::{FileType, LimitOption, OpenStatus, PruneOptions, PrunePlan, Repository};

use super::lock::Kind;
use super::vault::{blocking, by};
use super::{RepositoryError, Vault};
use crate::domain::quantity::Bytes;
use crate::domain::repository::Estimate;

impl Vault {
    /// What pruning would do once these snapshots are forgotten. Nothing is changed, and no lock is taken.
    pub async fn estimate(&self, gone: &[String]) -> Result<Estimate, RepositoryError> {
        let key = self.key(false).await?;
        let (vault, gone) = (self.clone(), gone.to_vec());
        blocking(move || {
            let backend = vault.backend();
            let repository = vault.open(backend.clone(), &by(key))?;
            let there = repository.list::<SnapshotId>()?;
            let ignored: Vec<SnapshotId> =
                there.filter(|it| gone.iter().any(|id| id == it.to_hex().as_str())).collect();
            let plan = planned(&repository, ignored)?.1;
            Ok(Estimate { holds: size(&*backend)?, ..told(&plan) })
        })
        .await
    }

    /// Prunes it, alone. Refused where more than `at_most` would go; `None` where that does not matter. How
    /// much smaller it is by.
    pub async fn prune(&self, at_most: Option<Bytes>) -> Result<Bytes, RepositoryError> {
        let key = self.key(false).await?;
        let hold = self.hold(Kind::Alone).await?;
        let vault = self.clone();
        blocking(move || {
            let _hold = hold;
            let backend = vault.backend();
            let repository = vault.open(backend.clone(), &by(key))?;
            let before = size(&*backend)?;
            let (options, plan) = planned(&repository, Vec::new())?;
            let now = told(&plan).frees;
            if let Some(shown) = at_most.filter(|most| now.0 > most.0) {
                return Err(RepositoryError::MoreGoes { shown, now });
            }
            // Nobody else writes now; what makes room comes first.
            vault.shelf().tidy()?;
            repository.prune(&options, plan)?;
            Ok(Bytes(before.0.saturating_sub(size(&*backend)?.0)))
        })
        .await
    }
}

fn planned(
    repository: &Repository<OpenStatus>,
    ignored: Vec<SnapshotId>,
) -> Result<(PruneOptions, PrunePlan), RepositoryError> {
    let options = PruneOptions::default().instant_delete(true).max_repack(LimitOption::Unlimited);
    let mut looking = options.clone();
    looking.ignore_snaps = ignored;
    let plan = repository.prune_plan(&looking)?;
    Ok((options, plan))
}

fn told(plan: &PrunePlan) -> Estimate {
    let stats = &plan.stats;
    let size = stats.size_sum();
    let marked = stats.size_to_delete.remove + stats.size_to_delete.keep;
    Estimate {
        frees: Bytes(size.remove + size.repackrm + stats.size_unref + marked),
        rewrites: Bytes(size.repack - size.repackrm),
        holds: Bytes(0),
    }
}

/// How much data and index come to.
fn size(backend: &dyn rustic_core::WriteBackend) -> Result<Bytes, RepositoryError> {
    let mut all = 0;
    for tpe in [FileType::Pack, FileType::Index] {
        all += backend.list_with_size(tpe)?.iter().map(|(_, size)| u64::from(*size)).sum::<u64>();
    }
    Ok(Bytes(all))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use rustic_core::{BytesList, ErrorKind, Id, ReadBackend, RusticError, RusticResult, WriteBackend};

    use super::super::{Content, Entry, Label};
    use super::*;
    use crate::config::{RepositoryConfig, RepositoryPlace, Secret};
    use crate::domain::clock::FixedClock;
    use crate::domain::ids::RepositoryId;
    use crate::domain::time::Timestamp;

    fn vault(path: &Path) -> Vault {
        let config = RepositoryConfig {
            place: RepositoryPlace::Folder(path.to_owned()),
            password: Secret::Literal("watch".to_owned().into()),
        };
        Vault::new(
            &RepositoryId::from("main"),
            &config,
            Arc::new(FixedClock(Timestamp::from_secs(2_000_000_000))),
        )
    }

    /// Bytes that no compression makes smaller, the same for the same seed.
    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        std::iter::repeat_with(next).take(len).collect()
    }

    /// A backup of two files, one of which is in every backup.
    async fn back_up(vault: &Vault, n: u64) -> String {
        let file = |name: &str, seed| Entry {
            name: name.to_owned(),
            content: Content::Here(noise(3 << 20, seed).into()),
        };
        let label = Label {
            folder: "shop".to_owned(),
            host: "db-1".to_owned(),
            user: "ops".to_owned(),
            at: Timestamp::from_secs(1_000 + i64::try_from(n).unwrap()),
            tags: vec!["datastore:shop".to_owned()],
            description: None,
        };
        vault.write(label, vec![file("always", 7), file("once", 100 + n)], true, || {}).await.unwrap().id
    }

    fn copied(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copied(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }

    /// Lets so many changes through, and none after: whoever changes is killed there.
    #[derive(Debug)]
    struct Mortal(Arc<dyn WriteBackend>, Arc<AtomicI64>);

    impl Mortal {
        fn lives(&self) -> RusticResult<()> {
            if self.1.fetch_sub(1, Ordering::Relaxed) > 0 {
                Ok(())
            } else {
                Err(RusticError::new(ErrorKind::Backend, "killed"))
            }
        }
    }

    impl ReadBackend for Mortal {
        fn location(&self) -> String {
            self.0.location()
        }
        fn list_with_size(&self, tpe: FileType) -> RusticResult<Vec<(Id, u32)>> {
            self.0.list_with_size(tpe)
        }
        fn read_full(&self, tpe: FileType, id: &Id) -> RusticResult<bytes::Bytes> {
            self.0.read_full(tpe, id)
        }
        fn read_partial(
            &self,
            tpe: FileType,
            id: &Id,
            c: bool,
            at: u32,
            len: u32,
        ) -> RusticResult<bytes::Bytes> {
            self.0.read_partial(tpe, id, c, at, len)
        }
        fn warmup_path(&self, tpe: FileType, id: &Id) -> String {
            self.0.warmup_path(tpe, id)
        }
    }

    impl WriteBackend for Mortal {
        fn create(&self) -> RusticResult<()> {
            self.0.create()
        }
        fn write_bytes(&self, tpe: FileType, id: &Id, c: bool, content: BytesList) -> RusticResult<()> {
            self.lives()?;
            self.0.write_bytes(tpe, id, c, content)
        }
        fn remove(&self, tpe: FileType, id: &Id, c: bool) -> RusticResult<()> {
            self.lives()?;
            self.0.remove(tpe, id, c)
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_only_the_forgotten_had_goes_and_not_more_than_was_shown() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(&folder.path().join("repo"));
        let first = back_up(&vault, 1).await;
        back_up(&vault, 2).await;
        let nothing = vault.estimate(&[]).await.unwrap();
        let some = vault.estimate(std::slice::from_ref(&first)).await.unwrap();
        assert!(nothing.frees.0 < 100_000, "{nothing:?}");
        assert!((3 << 20..4 << 20).contains(&some.frees.0), "{some:?}");
        vault.forget(vec![first]).await.unwrap();
        let refused = vault.prune(Some(nothing.frees)).await.unwrap_err();
        assert!(matches!(refused, RepositoryError::MoreGoes { .. }), "{refused:?}");
        let freed = vault.prune(Some(some.frees)).await.unwrap();
        assert!((3 << 20..4 << 20).contains(&freed.0), "{freed:?}");
        assert_eq!(vault.check(true).await.unwrap().damage, Vec::<String>::new());
        assert_eq!(vault.locks().await.unwrap(), []);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn killed_after_any_change_it_leaves_what_every_backup_needs() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole");
        let first = {
            let vault = vault(&whole);
            let first = back_up(&vault, 1).await;
            back_up(&vault, 2).await;
            first
        };
        vault(&whole).forget(vec![first]).await.unwrap();
        let mut ended = false;
        for changes in 0..40 {
            let path = folder.path().join(format!("struck-{changes}"));
            copied(&whole, &path);
            let vault = vault(&path);
            let key = vault.key(false).await.unwrap();
            let its = vault.clone();
            ended = blocking(move || {
                let left = Arc::new(AtomicI64::new(changes));
                let mortal = Arc::new(Mortal(its.backend(), left));
                let repository = its.open(mortal, &by(key))?;
                let (options, plan) = planned(&repository, Vec::new())?;
                Ok(repository.prune(&options, plan).is_ok())
            })
            .await
            .unwrap();
            let found = vault.check(true).await.unwrap();
            assert_eq!(found.damage, Vec::<String>::new(), "killed after {changes} changes");
            vault.prune(None).await.unwrap();
            let found = vault.check(true).await.unwrap();
            assert_eq!(found, super::super::check::Findings::default(), "after the next one, {changes}");
            assert_eq!(vault.backups().await.unwrap().len(), 1);
            std::fs::remove_dir_all(&path).unwrap();
            if ended {
                assert!(changes > 3, "it has to change something: {changes}");
                break;
            }
        }
        assert!(ended, "it never came to its end");
    }
}
