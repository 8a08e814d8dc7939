//! A backup as a plain file on the console's machine, or what a volume or files held in a folder there.
//! Only the repository is needed for it; nothing is asked of any server, and nothing that is here is replaced.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bytes::Bytes;
use tokio::fs;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::domain::backup::Backup;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::only::members;
use crate::domain::quantity::Bytes as Size;
use crate::domain::text::{clean, shorten};
use crate::engine::gather::stock_of;
use crate::engine::ground::Engines;
use crate::operations::restore::chosen;
use crate::repository::read::WAITING;
use crate::repository::{RepositoryError, Vault};

/// What was brought.
#[derive(Clone, Debug)]
pub struct Here {
    /// Which backup.
    pub backup: Backup,
    /// How much of it was read.
    pub bytes: Size,
}

/// Brings the backup whose id begins so, or the newest, to a path: into a folder where the path ends with a
/// slash or is a folder, which has to be empty or not there, and else into a file, which must not be there.
/// Of files and volumes `only` some paths with what is below them, where any are named.
pub async fn bring(
    engines: &Engines,
    spec: &DatastoreSpec,
    id: Option<&str>,
    only: &[String],
    to: &Path,
) -> Result<Here, Failure> {
    let what = format!("bring a backup of {} to {}", spec.id, to.display());
    let stock = stock_of(engines, spec).await?;
    let Some(backup) = chosen(&stock.backups, id)?.cloned() else {
        let why = format!("{} holds no backup of it", stock.path);
        return Err(
            Failure::new(FailureKind::NotFound, what, why).hint("see what there is: midwatch backups")
        );
    };
    let vault = engines.vaults.repository(&spec.repository)?;
    let folder = to.is_dir() || to.as_os_str().to_string_lossy().ends_with('/');
    if !folder && !only.is_empty() {
        let why = "some files of it go into a folder, and this is none";
        return Err(
            Failure::new(FailureKind::Invalid, what, why).hint("with a slash at its end: --to ./FOLDER/")
        );
    }
    let it = Wanted { vault, spec, backup: &backup, only, what: &what };
    let bytes = if folder { it.unpacked(to).await? } else { it.filed(to).await? };
    Ok(Here { backup, bytes })
}

struct Wanted<'a> {
    vault: &'a Vault,
    spec: &'a DatastoreSpec,
    backup: &'a Backup,
    only: &'a [String],
    what: &'a str,
}

impl Wanted<'_> {
    fn failed(&self, kind: FailureKind, why: impl Into<String>) -> Failure {
        Failure::new(kind, self.what, why.into())
    }

    fn lost(&self, error: &io::Error) -> Failure {
        self.failed(FailureKind::Invalid, error.to_string())
    }

    /// Reads it into something, to its end.
    async fn into(&self, mut to: impl AsyncWrite + Unpin) -> Result<Size, Failure> {
        let (tell, mut come) = mpsc::channel::<Bytes>(WAITING);
        let taking = async {
            let mut taken = Ok(());
            while taken.is_ok()
                && let Some(piece) = come.recv().await
            {
                taken = to.write_all(&piece).await;
            }
            come.close();
            taken?;
            to.shutdown().await
        };
        let (id, source) = (self.spec.id.as_str(), &self.spec.source);
        let (brought, taken) =
            tokio::join!(self.vault.bring(&self.backup.id, id, source.file(), tell), taking);
        match (brought, taken) {
            (Err(RepositoryError::Stopped) | Ok(_), Err(error)) => Err(self.lost(&error)),
            (Err(error), _) => Err(error.into_failure(self.what)),
            (Ok(bytes), Ok(())) => Ok(bytes),
        }
    }

    /// As it is in the repository; it gets its name once it is whole.
    async fn filed(&self, to: &Path) -> Result<Size, Failure> {
        if to.symlink_metadata().is_ok() {
            return Err(self.failed(FailureKind::Conflict, "it is there already"));
        }
        let half = PathBuf::from(format!("{}.part", to.display()));
        // Whoever reads it reads all that the datastore held.
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&half).await;
        let file = file.map_err(|error| self.lost(&error))?;
        let kept = async {
            let again = file.try_clone().await.map_err(|error| self.lost(&error))?;
            let bytes = self.into(file).await?;
            again.sync_all().await.map_err(|error| self.lost(&error))?;
            // A link is made only where nothing is, which a rename would replace.
            fs::hard_link(&half, to).await.map_err(|error| self.lost(&error))?;
            Ok(bytes)
        }
        .await;
        // What is left of one that failed is of no use; of one that did not, it is a second name.
        let _ = fs::remove_file(&half).await;
        kept
    }

    /// As plain files, by the tar that is here.
    async fn unpacked(&self, to: &Path) -> Result<Size, Failure> {
        if !matches!(self.spec.source, Source::Volume { .. } | Source::Files { .. }) {
            let why = format!("a backup of kind \"{}\" is one file", self.spec.source.kind());
            return Err(self.failed(FailureKind::Invalid, why).hint("name a file that is not there yet"));
        }
        fs::create_dir_all(to).await.map_err(|error| self.lost(&error))?;
        let mut there = fs::read_dir(to).await.map_err(|error| self.lost(&error))?;
        if there.next_entry().await.map_err(|error| self.lost(&error))?.is_some() {
            return Err(self.failed(FailureKind::Conflict, "there is something in it"));
        }
        let mut tar = tokio::process::Command::new("tar");
        tar.arg("-C")
            .arg(to)
            .args(["-xpf", "-", "--"])
            .args(members(&self.spec.source, self.only))
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        tar.stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = tar.spawn().map_err(|error| self.lost(&error))?;
        let Some(stdin) = child.stdin.take() else {
            return Err(self.failed(FailureKind::Bug, "tar takes nothing"));
        };
        let (brought, ended) = tokio::join!(self.into(stdin), child.wait_with_output());
        let ended = ended.map_err(|error| self.lost(&error))?;
        match brought {
            Ok(bytes) if ended.status.success() => Ok(bytes),
            Err(failure) if ended.status.success() => Err(failure),
            _ => {
                let said = String::from_utf8_lossy(&ended.stderr);
                let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("tar failed");
                Err(self.failed(FailureKind::Invalid, shorten(&clean(last), 300).into_owned()))
            }
        }
    }
}
