//! Repositories of backups without a server: what is whole becomes a backup, nothing else does.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use midwatch::config::{RepositoryConfig, RepositoryPlace, Secret};
use midwatch::domain::clock::FixedClock;
use midwatch::domain::file_list::{FileList, Wanted};
use midwatch::domain::ids::RepositoryId;
use midwatch::domain::time::Timestamp;
use midwatch::repository::{Content, Entry, Label, RepositoryError, Vault, Written, incoming};
use tokio::sync::oneshot;

fn vault(path: &Path, password: &str) -> Vault {
    let config = RepositoryConfig {
        place: RepositoryPlace::Folder(path.to_owned()),
        password: Secret::Literal(password.to_owned().into()),
    };
    let clock = Arc::new(FixedClock(Timestamp::from_secs(1_800_000_000)));
    Vault::new(&RepositoryId::from("main"), &config, clock)
}

fn label(name: &str, at: i64) -> Label {
    Label {
        folder: name.to_owned(),
        host: "db-1".to_owned(),
        user: "ops".to_owned(),
        at: Timestamp::from_secs(at),
        tags: vec![format!("datastore:{name}"), "why:before, and after".to_owned()],
        description: None,
    }
}

/// Bytes that no compression makes smaller.
fn noise(len: usize, seed: u64) -> Bytes {
    let mut state = seed | 1;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Streams pieces into a backup; `whole` says that all came.
async fn write(vault: &Vault, at: i64, pieces: Vec<Bytes>, whole: bool) -> Result<Written, RepositoryError> {
    let (mut feed, taken) = incoming();
    let (tell, sum) = oneshot::channel();
    let here = Entry { name: "globals.sql".to_owned(), content: Content::Here(Bytes::from_static(b"roles")) };
    let stream = Entry { name: "database.dump".to_owned(), content: Content::Stream(taken, sum) };
    let feeding = async move {
        for piece in pieces {
            if feed.push(piece).await.is_err() {
                return;
            }
        }
        if whole && let Ok(sum) = feed.whole().await {
            tell.send(sum).unwrap();
        }
    };
    tokio::join!(vault.write(label("shop", at), vec![here, stream], true, || {}), feeding).0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_whole_is_a_backup_and_the_same_again_costs_next_to_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&folder.path().join("repo"), "watch");
    let data = noise(12 << 20, 7);
    let pieces = || data.chunks(100_000).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    let first = write(&vault, 1000, pieces(), true).await.unwrap();
    let second = write(&vault, 2000, pieces(), true).await.unwrap();
    assert_eq!(first.bytes.0, (12 << 20) + 5);
    assert!(second.stored.0 * 50 < first.stored.0, "{second:?} after {first:?}");

    let all = vault.backups().await.unwrap();
    let ids: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, [first.id.as_str(), &second.id]);
    assert_eq!(first.id.len(), 64);
    assert_eq!(all[0].datastore.as_str(), "shop");
    assert_eq!(all[0].server.as_str(), "db-1");
    assert_eq!(all[0].at, Timestamp::from_secs(1000));
    assert_eq!(all[0].bytes, first.bytes);
    assert_eq!(all[0].reason.as_deref(), Some("before; and after"));

    assert_eq!(vault.forget(vec![first.id.clone(), "0".repeat(64)]).await.unwrap(), 1);
    let left = vault.backups().await.unwrap();
    assert_eq!(left.iter().map(|it| it.id.clone()).collect::<Vec<_>>(), [second.id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cut_is_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&folder.path().join("repo"), "watch");
    for len in [0, 10, 9 << 20] {
        let cut = write(&vault, 1000, vec![noise(len, 3)], false).await.unwrap_err();
        assert!(matches!(&cut, RepositoryError::Cut(file) if file == "database.dump"), "{cut:?}");
        assert_eq!(vault.backups().await.unwrap(), []);
    }
    assert_eq!(std::fs::read_dir(folder.path().join("repo/snapshots")).unwrap().count(), 0);
    write(&vault, 2000, vec![noise(10, 3)], true).await.unwrap();
    assert_eq!(vault.backups().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_is_no_backup_though_all_of_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&folder.path().join("repo"), "watch");
    write(&vault, 500, vec![noise(10, 3)], true).await.unwrap();
    let (mut feed, taken) = incoming();
    let (tell, sum) = oneshot::channel();
    let entries = vec![Entry { name: "database.dump".to_owned(), content: Content::Stream(taken, sum) }];
    let writing = vault.write(label("shop", 1000), entries, false, || {});
    let given_up = tokio::time::timeout(Duration::from_millis(500), writing).await;
    assert!(given_up.is_err(), "it waits for bytes");
    // The other thread goes on with what it has until it sees that nobody wants it.
    if feed.push(noise(1000, 5)).await.is_ok()
        && let Ok(whole) = feed.whole().await
    {
        let _ = tell.send(whole);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(vault.backups().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_that_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("repo");
    let missing = vault(&path, "watch").backups().await.unwrap_err().into_failure("open it");
    assert!(missing.to_string().contains("there is no repository in"), "{missing}");
    assert!(!path.exists(), "looking made something");
    write(&vault(&path, "watch"), 1000, vec![noise(10, 3)], true).await.unwrap();
    let wrong = vault(&path, "wotch").backups().await.unwrap_err().into_failure("open it");
    assert_eq!(wrong.reason(), "no key of it is opened by the password");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_not_made_to_its_end_is_made_anew_and_one_with_data_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("repo");
    write(&vault(&path, "watch"), 1000, vec![noise(10, 3)], true).await.unwrap();
    let config = std::fs::read(path.join("config")).unwrap();
    std::fs::remove_file(path.join("config")).unwrap();
    let lost = write(&vault(&path, "watch"), 2000, vec![noise(10, 3)], true).await.unwrap_err();
    assert!(matches!(lost, RepositoryError::NoConfig(_)), "{lost:?}");
    // Of one that was killed when it was made there is the key alone.
    for part in ["snapshots", "index", "data"] {
        std::fs::remove_dir_all(path.join(part)).unwrap();
    }
    write(&vault(&path, "watch"), 3000, vec![noise(10, 3)], true).await.unwrap();
    assert_ne!(std::fs::read(path.join("config")).unwrap(), config);
    assert_eq!(std::fs::read_dir(path.join("keys")).unwrap().count(), 1);
    assert_eq!(vault(&path, "watch").backups().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_that_cannot_be_read_is_an_error_and_not_a_missing_backup() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&folder.path().join("repo"), "watch");
    let written = write(&vault, 1000, vec![noise(10, 3)], true).await.unwrap();
    let file = folder.path().join("repo/snapshots").join(&written.id);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    vault.backups().await.unwrap_err();
}

/// An archive of these files, each with so many bytes.
fn tarred(files: &[(&str, usize)]) -> Bytes {
    let mut builder = tar::Builder::new(Vec::new());
    for (n, (path, len)) in files.iter().enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_size(*len as u64);
        header.set_mtime(1000);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, &noise(*len, n as u64 + 9)[..]).unwrap();
    }
    builder.into_inner().unwrap().into()
}

/// Writes an archive as a backup, as a datastore of files is.
async fn write_tar(vault: &Vault, at: i64, bytes: Bytes) {
    let (mut feed, taken) = incoming();
    let (tell, sum) = oneshot::channel();
    let entry = Entry { name: "files.tar".to_owned(), content: Content::Stream(taken, sum) };
    let feeding = async move {
        for piece in bytes.chunks(100_000) {
            feed.push(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        tell.send(feed.whole().await.unwrap()).unwrap();
    };
    tokio::join!(vault.write(label("web", at), vec![entry], true, || {}), feeding).0.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_backup_are_listed_and_found_across_backups() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&folder.path().join("repo"), "watch");
    let long = format!("srv/{}/prod.env", "d".repeat(150));
    let first: &[(&str, usize)] = &[("etc/hosts", 100), ("srv/big", 5 << 20), (&long, 7)];
    write_tar(&vault, 1000, tarred(first)).await;
    write_tar(&vault, 2000, tarred(first)).await;
    write_tar(&vault, 3000, tarred(&[("etc/hosts", 120), ("srv/big", 5 << 20)])).await;
    write(&vault, 4000, vec![noise(10, 3)], true).await.unwrap();
    let mut backups = vault.backups().await.unwrap();
    backups.reverse();
    let names = |list: &FileList| list.entries.iter().map(|it| it.path.clone()).collect::<Vec<_>>();
    let all = vault.files(&backups[2], "").await.unwrap();
    assert_eq!(names(&all), ["etc/hosts", "srv/big", &long]);
    assert_eq!((all.entries[1].bytes.0, all.entries[1].at), (5 << 20, Some(Timestamp::from_secs(1000))));
    assert_eq!(names(&vault.files(&backups[2], "/etc/").await.unwrap()), ["etc/hosts"]);
    assert_eq!(names(&vault.files(&backups[0], "").await.unwrap()), ["database.dump", "globals.sql"]);

    let look = async |typed: &str| {
        let wanted = Wanted::read(typed).unwrap();
        vault.find(backups.clone(), wanted, |_| ControlFlow::Continue(())).await.unwrap()
    };
    let found = look("*.ENV").await;
    let taken: Vec<_> = found.files.iter().map(|it| (it.taken, it.file.path.as_str())).collect();
    let at = Timestamp::from_secs;
    assert_eq!(taken, [(at(2000), long.as_str()), (at(1000), &long)], "the newest first, both of them");
    assert_eq!((found.looked, found.of, found.unread.len()), (4, 4, 0));
    assert_eq!(look("hosts").await.files.len(), 3);
    assert_eq!(look("nothing").await.files.len(), 0);
    let ended = vault.find(backups.clone(), Wanted::read("x").unwrap(), |_| ControlFlow::Break(())).await;
    assert!(matches!(ended, Err(RepositoryError::Stopped)), "{ended:?}");

    // What is damaged is named, and not told as if it held nothing.
    for file in walk(&folder.path().join("repo/data")) {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[20] ^= 1;
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&file, bytes).unwrap();
    }
    assert!(vault.files(&backups[1], "").await.is_err());
    let found = look("hosts").await;
    assert!(!found.unread.is_empty(), "{found:?}");
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    folders.flat_map(|it| std::fs::read_dir(it).unwrap().map(|it| it.unwrap().path())).collect()
}
