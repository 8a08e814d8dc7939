//! What is in a file: read whole or in part, and written, in pieces that are under way side by side.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use russh_sftp::client::error::Error;
use russh_sftp::protocol::{OpenFlags, StatusCode};

use super::opened::Opened;
use super::{PIECE, PIECES, Sftp, SftpError};

impl Sftp {
    /// A file, or a part of it, which has to be there as a whole; `None` where there is no such file.
    pub async fn read(&self, path: &str, part: Option<Range<u64>>) -> Result<Option<Bytes>, SftpError> {
        let file = match self.open(path, OpenFlags::READ).await {
            Err(SftpError::NotThere(_)) => return Ok(None),
            file => file?,
        };
        let (bytes, of) = match part {
            Some(part) => {
                let of = part.end.saturating_sub(part.start);
                (self.range(path, &file, part).await?, of)
            }
            None => self.whole(path, &file).await?,
        };
        let came = bytes.len() as u64;
        if came != of {
            return Err(SftpError::Short { path: path.to_owned(), came, of });
        }
        Ok(Some(bytes.freeze()))
    }

    /// All of it, and how much that is. What fits into a piece comes with its size.
    async fn whole(&self, path: &str, file: &Opened) -> Result<(BytesMut, u64), SftpError> {
        let (first, told) = tokio::join!(
            self.asked(self.raw.read(file.handle(), 0, self.read)),
            self.asked(self.raw.fstat(file.handle()))
        );
        let mut bytes = match first {
            Ok(it) => BytesMut::from(it.data.as_slice()),
            Err(Error::Status(it)) if it.status_code == StatusCode::Eof => BytesMut::new(),
            Err(error) => return Err(self.told(path, error).await),
        };
        let size = match told {
            Ok(it) => it.attrs.size,
            Err(error) => return Err(self.told(path, error).await),
        };
        let Some(size) = size else {
            let said = "the server does not say how large it is".to_owned();
            return Err(SftpError::Refused { path: path.to_owned(), said });
        };
        if size > bytes.len() as u64 {
            bytes.unsplit(self.range(path, file, bytes.len() as u64..size).await?);
        }
        Ok((bytes, size))
    }

    /// What there is of a range, its pieces asked for side by side.
    async fn range(&self, path: &str, file: &Opened, range: Range<u64>) -> Result<BytesMut, SftpError> {
        let (step, end) = (u64::from(self.read), range.end);
        let pieces = (range.start..end).step_by(self.read as usize);
        let pieces = pieces.map(|at| self.piece(path, file, at..end.min(at.saturating_add(step))));
        let mut pieces = std::pin::pin!(stream::iter(pieces).buffered(PIECES));
        let room = usize::try_from(end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let mut bytes = BytesMut::with_capacity(room.min(PIECE as usize * PIECES));
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(bytes)
    }

    /// One piece; a server may give less than it was asked for, and is asked for the rest then.
    async fn piece(&self, path: &str, file: &Opened, range: Range<u64>) -> Result<Vec<u8>, SftpError> {
        let _turn = self.pieces.acquire().await;
        let mut bytes = Vec::new();
        loop {
            let at = range.start + bytes.len() as u64;
            let length = u32::try_from(range.end.saturating_sub(at)).unwrap_or(self.read);
            if length == 0 {
                return Ok(bytes);
            }
            match self.asked(self.raw.read(file.handle(), at, length)).await {
                Ok(it) if it.data.is_empty() => return Ok(bytes),
                Ok(it) if it.data.len() > length as usize => {
                    let said = "more came than was asked for".to_owned();
                    return Err(SftpError::Refused { path: path.to_owned(), said });
                }
                Ok(it) if bytes.is_empty() => bytes = it.data,
                Ok(it) => bytes.extend_from_slice(&it.data),
                Err(Error::Status(it)) if it.status_code == StatusCode::Eof => return Ok(bytes),
                Err(error) => return Err(self.told(path, error).await),
            }
        }
    }

    /// Writes a file that is not there yet, to the disk where the server knows how.
    pub async fn write(&self, path: &str, content: &Bytes) -> Result<(), SftpError> {
        let file = self.open(path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE).await?;
        let step = self.write as usize;
        let handle = file.handle();
        let pieces = (0..content.len()).step_by(step).map(Ok::<usize, Error>);
        let written = stream::iter(pieces).try_for_each_concurrent(PIECES, |at| async move {
            let _turn = self.pieces.acquire().await;
            let piece = content.slice(at..content.len().min(at + step));
            self.asked(self.raw.write(handle, at as u64, piece.to_vec())).await.map(drop)
        });
        let done = async {
            written.await?;
            if self.knows.fsync {
                self.asked(self.raw.fsync(handle)).await?;
            }
            Ok(())
        };
        match done.await {
            Ok(()) => {}
            Err(error) => return Err(self.told(path, error).await),
        }
        // What a server holds back it may only now find no room for.
        match self.asked(file.close()).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.told(path, error).await),
        }
    }
}
