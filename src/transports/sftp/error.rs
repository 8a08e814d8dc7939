//! What can go wrong with a file at the other end of SFTP.

use russh_sftp::client::error::Error;
use russh_sftp::protocol::StatusCode;
use thiserror::Error as ThisError;

use crate::domain::text::{clean, shorten};

/// Why something was not done with a file.
#[derive(Clone, Debug, ThisError, PartialEq, Eq)]
pub enum SftpError {
    /// There is no such file or folder.
    #[error("{0} is not there")]
    NotThere(String),
    /// We are known, but may not do this.
    #[error("{0}: permission denied")]
    Denied(String),
    /// The server says no. Of a full disk, a quota and a name that is taken it says the same.
    #[error("{path}: {said}")]
    Refused {
        /// The file.
        path: String,
        /// The server's words.
        said: String,
    },
    /// Less came of it than it has.
    #[error("{path}: {came} bytes came of {of}")]
    Short {
        /// The file.
        path: String,
        /// Bytes that came.
        came: u64,
        /// Bytes that were asked for.
        of: u64,
    },
    /// The session is gone; the same may go well in another.
    #[error("the SFTP session was lost: {0}")]
    Lost(String),
}

impl SftpError {
    /// What the library tells, of a file.
    pub(super) fn of(path: &str, error: Error) -> Self {
        let path = clean(path).into_owned();
        match error {
            Error::Status(status) => match status.status_code {
                StatusCode::NoSuchFile => Self::NotThere(path),
                StatusCode::PermissionDenied => Self::Denied(path),
                StatusCode::NoConnection | StatusCode::ConnectionLost => {
                    Self::Lost("the server says so".to_owned())
                }
                code => {
                    let said = shorten(&clean(status.error_message.trim()), 200).into_owned();
                    Self::Refused { path, said: if said.is_empty() { code.to_string() } else { said } }
                }
            },
            Error::Timeout => Self::Lost("no answer in time".to_owned()),
            other => {
                tracing::debug!(error = %other, "a session of SFTP ended");
                Self::Lost("the server ended it".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use russh_sftp::protocol::Status;

    #[test]
    fn what_the_server_says_is_cleaned_and_kept() {
        let told = |status_code, said: &str| {
            let status =
                Status { id: 1, status_code, error_message: said.to_owned(), language_tag: String::new() };
            SftpError::of("/srv/\u{1b}[2Jx", Error::Status(status)).to_string()
        };
        assert!(told(StatusCode::Failure, "Disk quota exceeded").ends_with(": Disk quota exceeded"));
        assert!(told(StatusCode::Failure, "").ends_with(": Failure"));
        assert!(told(StatusCode::NoSuchFile, "No such file").ends_with(" is not there"));
        assert!(!told(StatusCode::PermissionDenied, "\u{1b}[31mno").contains('\u{1b}'));
        assert!(matches!(SftpError::of("/x", Error::Timeout), SftpError::Lost(_)));
    }
}
