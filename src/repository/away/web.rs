//! Asking a store over HTTP.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::store::{Part, StoreError};
use crate::config::Secret;
use crate::domain::clock::Clock;
use crate::http::roots::Roots;
use crate::http::{Answer, Client, HttpError, Limits, Request};

/// The most that a file may have: a pack is 4 to 128 MiB, an index may be larger than a pack.
const LARGEST: usize = 1 << 30;
/// How long a file may take, at worst: 128 MiB at 2 Mbit/s.
const LONGEST: Duration = Duration::from_secs(600);
/// How long an answer without a file may take.
const SHORT: Duration = Duration::from_secs(60);

/// A client that is made when it is first asked, and the secret of its login, fetched then.
pub(super) struct Web {
    clock: Arc<dyn Clock>,
    secret: Option<Secret>,
    ready: OnceCell<(Client, Option<SecretString>)>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").finish_non_exhaustive()
    }
}

impl Web {
    /// Asks nobody yet.
    pub(super) fn new(clock: Arc<dyn Clock>, secret: Option<Secret>) -> Self {
        Self { clock, secret, ready: OnceCell::new() }
    }

    /// What asks, and the secret.
    pub(super) async fn ready(&self) -> Result<&(Client, Option<SecretString>), StoreError> {
        let made = async {
            let client = Client::new(&Roots::system().await, Arc::clone(&self.clock))?;
            let secret = match &self.secret {
                Some(secret) => Some(secret.resolve().await.map_err(StoreError::Secret)?),
                None => None,
            };
            Ok((client, secret))
        };
        self.ready.get_or_try_init(|| made).await
    }

    /// The time by the clock that signs.
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Sends it; `None` where there is nothing of that name. `large` where a file comes or goes.
    pub(super) async fn send(&self, request: &Request, large: bool) -> Result<Option<Answer>, StoreError> {
        let deadline = if large { LONGEST } else { SHORT };
        let (client, _) = self.ready().await?;
        match client.send(request, Limits { deadline, body: LARGEST }).await {
            Ok(answer) if answer.truncated => Err(HttpError::TooLarge(LARGEST).into()),
            // Redirects are not followed: a store does not move.
            Ok(answer) if answer.status >= 300 => {
                Err(StoreError::Nonsense(format!("it answers {}", answer.status)))
            }
            Ok(answer) => Ok(Some(answer)),
            Err(HttpError::Status { status: 404, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What an answer has of what was asked for; a server that knows no parts sends all of it.
pub(super) fn content(answer: Answer, part: Option<Part>) -> Result<Bytes, StoreError> {
    let Some(part) = part else { return Ok(answer.body.into()) };
    let bytes = Bytes::from(answer.body);
    let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let (begin, length) = (if answer.status == 206 { 0 } else { size(part.offset) }, size(part.length));
    let end = begin.saturating_add(length);
    if bytes.len() < end || (answer.status == 206 && bytes.len() != length) {
        let why = format!("{} bytes came of {length} that were asked for", bytes.len());
        return Err(StoreError::Nonsense(why));
    }
    Ok(bytes.slice(begin..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &[u8]) -> Answer {
        Answer {
            status,
            headers: http::HeaderMap::new(),
            body: body.to_vec(),
            truncated: false,
            first_byte: Duration::ZERO,
        }
    }

    #[test]
    fn a_part_is_what_was_asked_for_whether_the_server_knows_parts_or_not() {
        let part = Part { offset: 2, length: 3 };
        assert_eq!(part.header(), "bytes=2-4");
        assert_eq!(content(answer(206, b"cde"), Some(part)).unwrap(), "cde");
        assert_eq!(content(answer(200, b"abcdefg"), Some(part)).unwrap(), "cde");
        assert_eq!(content(answer(200, b"abcdefg"), None).unwrap(), "abcdefg");
        for short in [answer(206, b"cd"), answer(206, b"cdef"), answer(200, b"abcd")] {
            assert!(content(short, Some(part)).is_err());
        }
    }
}
