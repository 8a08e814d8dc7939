//! A command in a container and the terminal, joined: bytes both ways, the window's size, until it is over.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

use super::input::terminal_size;
use super::tap::Keys;
use crate::domain::exec::ExecEnd;
use crate::domain::failure::{Failure, FailureKind};
use crate::engine::exec::{Frames, Session, Standing, Terminal};

/// How much of the output is read at a time.
const PIECE: usize = 32 * 1024;

/// A part of the output.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Whether it is of the error output.
    pub error: bool,
    /// The bytes, as they came.
    pub bytes: Vec<u8>,
}

/// The terminal behind standard output; `None` where its size is not known.
pub fn terminal() -> Option<Terminal> {
    let kind = std::env::var("TERM").ok().filter(|it| !it.is_empty() && it.is_ascii());
    let kind = kind.unwrap_or_else(|| "xterm-256color".to_owned());
    // One that tells no size is of the usual one.
    let size = terminal_size()
        .map(|(columns, rows)| if columns == 0 || rows == 0 { (80, 24) } else { (columns, rows) });
    Some(Terminal { size: size?, kind })
}

/// Carries what is typed to the command and what it writes to `out`, until either is over. `framed` where
/// the command has no terminal.
pub async fn carry(session: Session, mut keys: Keys, out: Sender<Piece>, framed: bool) -> ExecEnd {
    let Session { mut output, mut input, standing } = session;
    let typing = async {
        while let Some(bytes) = keys.bytes.recv().await {
            if input.write_all(&bytes).await.is_err() || input.flush().await.is_err() {
                break;
            }
        }
        // It may write on after the end of what it reads; where it went away, its output says so.
        let _ = input.shutdown().await;
        std::future::pending::<()>().await;
    };
    let writing = async {
        let mut piece = vec![0; PIECE];
        let mut apart = Frames::default();
        loop {
            let n = match output.read(&mut piece).await {
                Ok(0) => return None,
                Ok(n) => n,
                Err(error) => return Some(broken(&standing, &error)),
            };
            let parts = if framed { apart.take(&piece[..n]) } else { vec![(false, &piece[..n])] };
            for (error, bytes) in parts {
                if out.send(Piece { error, bytes: bytes.to_vec() }).await.is_err() {
                    let what = format!("run {}", standing.title());
                    return Some(Failure::new(FailureKind::Unsupported, what, "nobody takes its output"));
                }
            }
        }
    };
    let resizing = async {
        let Ok(mut changed) = signal(SignalKind::window_change()) else {
            return std::future::pending().await;
        };
        while changed.recv().await.is_some() {
            if !framed && let Some(size) = terminal_size() {
                standing.resize(size).await;
            }
        }
        std::future::pending::<()>().await;
    };
    let because = tokio::select! {
        because = writing => because,
        because = standing.cut() => Some(because),
        () = typing => None,
        () = resizing => None,
    };
    // From here on what is typed is nobody's but the console's.
    drop(keys);
    drop(out);
    standing.over(because).await
}

fn broken(standing: &Standing, error: &io::Error) -> Failure {
    let what = format!("run {}", standing.title());
    Failure { why: Failure::chain(error), ..Failure::new(FailureKind::Unreachable, what, "") }
}
