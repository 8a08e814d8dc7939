//! Carries a datastore's bytes from its server to the repository, and says that they are whole only when
//! whoever sent them ended well and the bytes are what they should be.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Ending, Flow};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::text::{clean, shorten};
use crate::repository::{Feed, Sum};
use crate::transports::ExitStatus;

/// How much is handed on at once.
const PIECE: usize = 1 << 20;
/// How much of what a command complains of is kept.
const KEPT: usize = 16 * 1024;

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pumped {
    /// What was handed on.
    pub sum: Sum,
}

/// Carries it all. `told` is told of the bytes so far.
pub async fn pump(
    flow: Flow,
    mut feed: Feed,
    what: &str,
    mut told: impl FnMut(u64) + Send,
) -> Result<Pumped, Failure> {
    let Flow { mut stdout, ending, mut judge } = flow;
    let (stderr, status) = match ending {
        Ending::Command(stderr, status) => (Some(stderr), Some(status)),
        Ending::Stream => (None, None),
    };
    let carried = async {
        loop {
            let piece = piece(&mut stdout).await.map_err(|error| {
                Failure::new(FailureKind::Unreachable, what, format!("the stream broke: {error}"))
            })?;
            if piece.is_empty() {
                return Ok(());
            }
            let piece = judge.pass(piece);
            if !piece.is_empty() && feed.push(piece).await.is_err() {
                return Err(nobody(what));
            }
            told(feed.bytes());
        }
    };
    // What it complains of is read beside, or it would wait for us to.
    let (carried, complaint) = tokio::join!(carried, complaint(stderr));
    if let Some(status) = status {
        let lost = |why: String| Failure::new(FailureKind::Unreachable, what, why);
        let status = match status.await {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return Err(carried.err().unwrap_or_else(|| error.into_failure(what))),
            Err(_) => return Err(lost("it ended without a word".to_owned())),
        };
        if status != ExitStatus::Code(0) {
            // Whoever takes the bytes knows better why it was ended.
            if let Err(failure) = carried
                && failure.kind == FailureKind::Conflict
            {
                return Err(failure);
            }
            return Err(ended(&status, &complaint, what));
        }
    }
    carried?;
    let rest = judge.end().map_err(|why| Failure::new(FailureKind::Invalid, what, why))?;
    if !rest.is_empty() && feed.push(rest).await.is_err() {
        return Err(nobody(what));
    }
    let sum = feed.whole().await.map_err(|_| nobody(what))?;
    Ok(Pumped { sum })
}

/// The next piece; empty at the end.
async fn piece(from: &mut (dyn AsyncRead + Send + Unpin)) -> std::io::Result<Bytes> {
    let mut piece = BytesMut::with_capacity(PIECE);
    while piece.len() < PIECE {
        let room = PIECE - piece.len();
        let n = from.take(room as u64).read_buf(&mut piece).await?;
        if n == 0 {
            break;
        }
    }
    Ok(piece.freeze())
}

async fn complaint(stderr: Option<Box<dyn AsyncRead + Send + Sync + Unpin>>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut kept: Vec<u8> = Vec::new();
    let mut buf = vec![0; 4096];
    // A standard error that breaks says nothing more; how the command ended is told elsewhere.
    while let Ok(n @ 1..) = stderr.read(&mut buf).await {
        kept.extend_from_slice(&buf[..n]);
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// A command that ended otherwise than it should have, with its first complaint and what the server said of it
/// where `pg_dump` tells that in the middle, or else its last.
pub fn ended(status: &ExitStatus, complaint: &str, what: &str) -> Failure {
    let lines: Vec<&str> = complaint.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = match lines.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, rest @ .., last] => {
            let server = rest.iter().find(|line| line.contains("Error message from server"));
            format!("{first}; {}", server.unwrap_or(last))
        }
    };
    let said = shorten(&clean(&said), 400).into_owned();
    let how = match status {
        ExitStatus::Code(code) => format!("exit {code}"),
        ExitStatus::Signal(signal) => format!("ended by SIG{signal}"),
    };
    let why = if said.is_empty() { how } else { format!("{said} ({how})") };
    Failure::new(FailureKind::Invalid, what, why)
}

fn nobody(what: &str) -> Failure {
    Failure::new(FailureKind::Conflict, what, "the repository takes no more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_complaint_is_told_with_what_the_server_said() {
        let told = |complaint: &str| ended(&ExitStatus::Code(1), complaint, "back shop-db up").to_string();
        let restarted = "pg_dump: error: Dumping the contents of table \"big\" failed: PQgetResult() failed.\n\
             pg_dump: detail: Error message from server: FATAL:  terminating connection due to administrator command\n\
             server closed the connection unexpectedly\n\
             pg_dump: detail: Command was: COPY public.big (n, text) TO stdout;\n";
        let said = told(restarted);
        assert!(said.contains("PQgetResult() failed.; pg_dump: detail: Error message from server"), "{said}");
        assert!(said.contains("administrator command (exit 1)") && !said.contains("COPY"), "{said}");
        assert!(told("one\n\ntwo\nthree\n").contains("one; three (exit 1)"));
        assert!(told("one\n").contains("one (exit 1)") && told("").contains("exit 1"));
    }
}
