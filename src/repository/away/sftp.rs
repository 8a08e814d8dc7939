//! A folder that is reached by SFTP, laid out as restic's own.
//!
//! A file is written beside, brought to the disk and renamed: it is there whole or not at all. What is left
//! beside has no file's name, so that nobody takes it for one. The host is connected to as a server is, with
//! the connections' own patience; a session that is lost is begun anew by the next request.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::store::{Kind, Named, Part, Store, StoreError};
use crate::config::SftpPlace;
use crate::domain::ids::{RepositoryId, ServerId};
use crate::transports::Links;
use crate::transports::sftp::{Sftp as Session, SftpError};

/// How many folders of data are listed at a time.
const FOLDERS: usize = 16;

/// The folder.
pub(in crate::repository) struct Sftp {
    place: SftpPlace,
    host: ServerId,
    links: Option<Arc<Links>>,
    session: tokio::sync::Mutex<Option<Arc<Session>>>,
    /// What was left beside when a session was lost.
    left: Mutex<Vec<String>>,
}

impl fmt::Debug for Sftp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sftp").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Sftp {
    /// Connects to nobody yet.
    pub(in crate::repository) fn new(id: &RepositoryId, place: SftpPlace, links: Option<Arc<Links>>) -> Self {
        let host = ServerId::of_repository(id);
        Self { place, host, links, session: tokio::sync::Mutex::default(), left: Mutex::default() }
    }

    /// The session; another one where the last was lost.
    async fn session(&self) -> Result<Arc<Session>, StoreError> {
        let mut held = self.session.lock().await;
        if let Some(session) = held.as_ref().filter(|it| !it.is_lost()) {
            return Ok(Arc::clone(session));
        }
        let links = self.links.as_ref().ok_or(StoreError::Ended)?;
        let reached = |failure| StoreError::Reach(Box::new(failure));
        let transport = links.get(&self.host).await.map_err(reached)?;
        let begun = Session::begin(transport).await;
        let session = Arc::new(begun.map_err(|error| reached(error.into_failure("begin SFTP")))?);
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        for beside in left {
            // It is in nobody's way, but takes room.
            let _ = session.remove(&beside).await;
        }
        *held = Some(Arc::clone(&session));
        Ok(session)
    }

    fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.place.path.trim_end_matches('/'))
    }

    fn path(&self, named: &Named) -> String {
        match named.kind {
            Kind::Data => {
                let (folder, name) = (named.kind.folder(), &named.name);
                self.below(&format!("{folder}/{}/{name}", name.get(..2).unwrap_or_default()))
            }
            _ => self.below(&named.to_string()),
        }
    }

    /// Writes it beside and gives it its name; makes its folder where that is not there yet.
    async fn put(session: &Session, path: &str, beside: &str, content: &Bytes) -> Result<(), SftpError> {
        match session.write(beside, content).await {
            Err(SftpError::NotThere(_)) => {
                let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                session.make_folder(folder).await?;
                session.write(beside, content).await?;
            }
            written => written?,
        }
        match session.rename(beside, path).await {
            // Where a name that is taken is refused, it is a try before that came through: the same name is
            // the same content.
            Err(SftpError::Refused { .. }) if session.size(path).await? == Some(content.len() as u64) => {
                session.remove(beside).await
            }
            renamed => renamed,
        }
    }

    /// What was refused for want of room is told as that.
    async fn explained(&self, session: &Session, error: SftpError, wanted: u64) -> StoreError {
        if matches!(error, SftpError::Refused { .. })
            && let Ok(Some(room)) = session.room(&self.place.path).await
            && (room.bytes < wanted || room.files == Some(0))
        {
            return StoreError::Full { at: self.place.path.clone(), room, wanted };
        }
        StoreError::Sftp(error)
    }

    /// Makes a folder and those above it that are not there.
    async fn make(session: &Session, folder: &str) -> Result<(), SftpError> {
        let (mut missing, mut at) = (Vec::new(), folder);
        while !at.is_empty() && session.size(at).await?.is_none() {
            missing.push(at);
            at = at.rsplit_once('/').map_or("", |(above, _)| above);
        }
        for folder in missing.into_iter().rev() {
            session.make_folder(folder).await?;
        }
        Ok(())
    }

    /// The files of a folder, by name and size.
    async fn files(session: &Session, folder: &str) -> Result<Vec<(String, u64)>, SftpError> {
        let mut files = Vec::new();
        for item in session.list(folder).await?.unwrap_or_default() {
            if item.folder {
                continue;
            }
            let bytes = match item.bytes {
                Some(bytes) => Some(bytes),
                None => session.size(&format!("{folder}/{}", item.name)).await?,
            };
            files.extend(bytes.map(|bytes| (item.name, bytes)));
        }
        Ok(files)
    }
}

/// A name that no other try has: what a session that was lost still does there is done to another file.
fn beside(path: &str) -> String {
    format!("{path}-{:016x}.new", RandomState::new().build_hasher().finish())
}

/// Whether a name is one that [`beside`] gave.
fn is_beside(name: &str) -> bool {
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
    let parts = name.strip_suffix(".new").and_then(|it| it.split_once('-'));
    parts.is_some_and(|(of, mark)| (of == "config" || hex(of, 64)) && hex(mark, 16))
}

#[async_trait]
impl Store for Sftp {
    fn at(&self) -> String {
        self.place.to_string()
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        let session = self.session().await?;
        Self::make(&session, &self.place.path).await?;
        for kind in [Kind::Keys, Kind::Snapshots, Kind::Index, Kind::Data, Kind::Locks] {
            session.make_folder(&self.below(kind.folder())).await?;
        }
        Ok(())
    }

    async fn list(&self, kind: Kind) -> Result<Vec<(String, u64)>, StoreError> {
        let session = self.session().await?;
        let folder = self.below(kind.folder());
        if kind != Kind::Data {
            return Ok(Self::files(&session, &folder).await?);
        }
        let folders = session.list(&folder).await?.unwrap_or_default();
        let folders = folders.into_iter().filter(|it| it.folder && it.name.len() == 2);
        let lists = folders.map(|it| {
            let (session, folder) = (Arc::clone(&session), format!("{folder}/{}", it.name));
            async move { Self::files(&session, &folder).await }
        });
        let all: Vec<_> = stream::iter(lists).buffer_unordered(FOLDERS).try_collect().await?;
        Ok(all.into_iter().flatten().collect())
    }

    async fn size(&self, named: &Named) -> Result<Option<u64>, StoreError> {
        Ok(self.session().await?.size(&self.path(named)).await?)
    }

    async fn read(&self, named: &Named, part: Option<Part>) -> Result<Option<Bytes>, StoreError> {
        let part = part.map(|it| {
            let from = u64::from(it.offset);
            from..from + u64::from(it.length)
        });
        Ok(self.session().await?.read(&self.path(named), part).await?)
    }

    async fn write(&self, named: &Named, content: Bytes) -> Result<(), StoreError> {
        let session = self.session().await?;
        let path = self.path(named);
        let beside = beside(&path);
        let Err(error) = Self::put(&session, &path, &beside, &content).await else { return Ok(()) };
        // Before it is removed, since that makes room.
        let told = self.explained(&session, error, content.len() as u64).await;
        if session.remove(&beside).await.is_err() {
            self.left.lock().unwrap_or_else(PoisonError::into_inner).push(beside);
        }
        Err(told)
    }

    async fn remove(&self, named: &Named) -> Result<(), StoreError> {
        Ok(self.session().await?.remove(&self.path(named)).await?)
    }

    /// A lock may be taken at any time: what lies beside one is left.
    async fn tidy(&self) -> Result<(), StoreError> {
        let session = self.session().await?;
        let data = self.below(Kind::Data.folder());
        let mut folders =
            [Kind::Keys, Kind::Snapshots, Kind::Index].map(|it| self.below(it.folder())).to_vec();
        folders.push(self.place.path.clone());
        let within = session.list(&data).await?.unwrap_or_default();
        folders.extend(within.into_iter().filter(|it| it.folder).map(|it| format!("{data}/{}", it.name)));
        let tidied = folders.into_iter().map(|folder| {
            let session = Arc::clone(&session);
            async move {
                for item in session.list(&folder).await?.unwrap_or_default() {
                    if !item.folder && is_beside(&item.name) {
                        session.remove(&format!("{folder}/{}", item.name)).await?;
                    }
                }
                Ok::<(), SftpError>(())
            }
        });
        Ok(stream::iter(tidied).buffer_unordered(FOLDERS).try_collect().await?)
    }

    async fn room(&self) -> Result<Option<u64>, StoreError> {
        let session = self.session().await?;
        // The folder may not be there yet; then it is where the nearest one above it is.
        let mut at = self.place.path.as_str();
        loop {
            match session.room(at).await {
                Err(SftpError::NotThere(_)) if !matches!(at, "/" | ".") => {
                    at = match at.rsplit_once('/') {
                        Some(("", _)) => "/",
                        Some((above, _)) => above,
                        None => ".",
                    };
                }
                found => return Ok(found?.map(|room| room.bytes)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_is_told_from_all_else() {
        let id = "0123456789abcdef".repeat(4);
        let left = beside(&id);
        assert!(is_beside(&left) && is_beside(&beside("config")), "{left}");
        assert!(left.parse::<rustic_core::Id>().is_err(), "it is no file of the repository");
        for other in [id.as_str(), "config", "x.new", &format!("{id}.new"), &format!("{id}-12.new")] {
            assert!(!is_beside(other), "{other}");
        }
    }
}
