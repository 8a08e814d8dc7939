//! What the checks that see a certificate tell of it.

use std::time::Duration;

use super::attempt::Attempt;
use crate::domain::health::Health;
use crate::domain::time::Timestamp;
use crate::http::certificate::Certificate;
use crate::http::tls::Peer;

/// Adds what the other side showed, and finds it wanting where it ends within `least`.
pub fn tell(attempt: &mut Attempt, peer: &Peer, now: Timestamp, least: Duration) {
    describe(attempt, &peer.certificate, now);
    attempt.fact("protocol", &peer.protocol);
    attempt.fact("chain", format!("{} sent", peer.chain));
    match &peer.trust {
        Ok(()) => attempt.fact("trust", "trusted"),
        Err(why) => {
            attempt.fact("trust", format!("not trusted: {why}"));
            attempt.find(Health::Down, format!("the certificate is not trusted: {why}"));
        }
    }
    // The verifier stops at the first thing that is wrong; a wrong name behind an unknown issuer is
    // worth knowing too.
    if let Err(why) = &peer.name
        && peer.trust.as_ref().err() != Some(why)
    {
        attempt.find(Health::Down, format!("the certificate is not for this name: {why}"));
    }
    let days = peer.certificate.days_left(now);
    if days >= 0 && now + least > peer.certificate.not_after {
        let word = if days == 1 { "day" } else { "days" };
        attempt.find(Health::Degraded, format!("the certificate ends in {days} {word}"));
    }
}

/// Adds what a certificate says, whether or not it is trusted.
pub fn describe(attempt: &mut Attempt, certificate: &Certificate, now: Timestamp) {
    attempt.fact("certificate", &certificate.subject);
    let issuer = if certificate.self_signed { "itself" } else { certificate.issuer.as_str() };
    attempt.fact("signed by", issuer);
    attempt.fact("names", certificate.names.join(", "));
    attempt.fact("valid until", certificate.not_after.rfc3339());
    attempt.fact("days left", certificate.days_left(now).to_string());
}
