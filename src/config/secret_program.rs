//! Running a program that prints a secret: bounded in time and in size, its complaints kept, its output
//! never shown.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::secret::MOST;
use crate::domain::text::{clean, shorten};

/// How long a program may take: enough for a person to unlock a password manager.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Why a program gave no secret.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It could not be started, or its output not be read.
    #[error("{program} could not be run")]
    Start {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It failed.
    #[error("{program} failed{}", .complaint.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Failed {
        /// The program.
        program: String,
        /// What it ended with, where no signal ended it.
        code: Option<i32>,
        /// The last line of its standard error, clean.
        complaint: Option<String>,
    },
    /// It took too long.
    #[error("{program} gave nothing within {} s", DEADLINE.as_secs())]
    Deadline {
        /// The program.
        program: String,
    },
}

/// What a program prints: at most one byte more than a secret may have. `env` is set for it beside what the
/// console has.
pub async fn output(argv: &[&str], env: &[(&str, &str)]) -> Result<Vec<u8>, ProgramError> {
    let (program, rest) = argv.split_first().unwrap_or((&"", &[]));
    let named = || (*program).to_owned();
    let failed = |source| ProgramError::Start { program: named(), source };
    let mut child = tokio::process::Command::new(program)
        .args(rest)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(ProgramError::Failed { program: named(), code: None, complaint: None });
    };
    let all = async {
        let (out, complaints) = tokio::try_join!(read(stdout), read(stderr))?;
        Ok((child.wait().await?, out, complaints))
    };
    let (status, out, complaints) = match tokio::time::timeout(DEADLINE, all).await {
        Ok(ended) => ended.map_err(failed)?,
        Err(_) => return Err(ProgramError::Deadline { program: named() }),
    };
    if !status.success() {
        let text = String::from_utf8_lossy(&complaints);
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let complaint = line.map(|line| shorten(&clean(line), 200).into_owned());
        return Err(ProgramError::Failed { program: named(), code: status.code(), complaint });
    }
    Ok(out)
}

/// Reads a pipe as far as a secret can go and closes it: whoever writes on gets a broken pipe, so
/// that endless output ends.
async fn read(pipe: impl AsyncRead) -> io::Result<Vec<u8>> {
    tokio::pin!(pipe);
    let mut bytes = Vec::new();
    pipe.take(MOST + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
