//! `tls`: a handshake, and the certificate that it shows.

use super::attempt::Attempt;
use super::certificate;
use super::look::Look;
use super::seen::Seen;
use crate::config::checks::TlsCheck;
use crate::http::tls::{Speak, handshake};

/// Shakes hands, looks at the certificate, and hangs up.
pub async fn attempt(check: &TlsCheck, look: &Look<'_>) -> Attempt {
    let roots = match look.roots(check.ca.as_deref()).await {
        Ok(roots) => roots,
        Err(attempt) => return attempt,
    };
    let deadline = look.deadline();
    let stream = match look.reach.tcp(&check.address.host, check.address.port, &deadline).await {
        Ok(stream) => stream,
        Err(miss) => return miss.into(),
    };
    let name = check.server_name.as_deref().unwrap_or(&check.address.host);
    let shaken = deadline.phase("TLS handshake", handshake(stream, name, &roots, Speak::Nothing)).await;
    let peer = match shaken.and_then(|result| result) {
        Ok((_, peer)) => peer,
        Err(error) => return look.reach.blame(&error).into(),
    };
    let latency = deadline.elapsed();
    let mut attempt = Attempt::answered(latency);
    certificate::tell(&mut attempt, &peer, look.now(), check.min_validity.unwrap_or(look.certificate()));
    let seen = Seen {
        latency: Some(latency),
        cert_days_left: Some(peer.certificate.days_left(look.now())),
        ..Seen::default()
    };
    attempt.judge(check.condition.as_ref(), &seen);
    attempt
}
