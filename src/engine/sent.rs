//! The Compose file and the environment file here that a deploy sends.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::hex;
use crate::operations::SentFile;

/// The most that one may have, in bytes.
const MOST: u64 = 1 << 20;

/// It, read.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// Where it is.
    pub from: String,
    /// What is in it; it may hold secrets: it is no part of a plan, and printed only as
    /// shell, where that is asked for.
    pub text: String,
    /// SHA-256 of it, in hex.
    pub digest: String,
}

impl Sent {
    /// What a plan tells of it.
    pub fn facts(&self) -> SentFile {
        SentFile { from: self.from.clone(), digest: self.digest.clone() }
    }

    /// Whether something of this path is beside it.
    pub fn beside(&self, relative: &str) -> bool {
        Path::new(&self.from).parent().is_some_and(|folder| folder.join(relative).exists())
    }
}

/// The one of an app, where it has one.
pub async fn of(spec: &AppSpec) -> Option<Result<Sent, Failure>> {
    let from = spec.send.as_ref()?;
    Some(read(from, &format!("read the Compose file of {}", spec.id)).await)
}

/// The environment file of an app, where it has one.
pub async fn env_of(spec: &AppSpec) -> Option<Result<Sent, Failure>> {
    let from = spec.send_env.as_ref()?;
    Some(read(from, &format!("read the environment file of {}", spec.id)).await)
}

/// Reads one.
pub async fn read(from: &str, what: &str) -> Result<Sent, Failure> {
    let failed = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => FailureKind::Permission,
            _ => FailureKind::NotFound,
        };
        Failure::new(kind, what, format!("{from}: {error}"))
            .hint("see `send` of the app's configuration, or `send_env`")
    };
    let meta = tokio::fs::metadata(from).await.map_err(failed)?;
    if meta.len() > MOST {
        let why = format!("{from} has more than {} KiB", MOST >> 10);
        return Err(Failure::new(FailureKind::Invalid, what, why));
    }
    let text = tokio::fs::read_to_string(from).await.map_err(failed)?;
    let digest = hex(&Sha256::digest(text.as_bytes()));
    Ok(Sent { from: from.to_owned(), text, digest })
}
