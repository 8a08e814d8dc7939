//! What a certificate says, read whether or not it is trusted.

use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;

/// The most names of a certificate that are kept.
const NAMES: usize = 100;

/// A server's certificate; its texts are clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it names in its subject.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// Whether it names itself as its issuer.
    pub self_signed: bool,
}

impl Certificate {
    /// Reads the DER of an X.509 certificate (RFC 5280); `None` where it is none.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, cert) = X509Certificate::from_der(der).ok()?;
        let text = |text: &str| shorten(&clean(text), 200).into_owned();
        let names = cert.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        Some(Self {
            subject: text(&cert.subject().to_string()),
            issuer: text(&cert.issuer().to_string()),
            names: names.filter_map(name).map(|name| text(&name)).take(NAMES).collect(),
            not_before: Timestamp::from_secs(cert.validity().not_before.timestamp()),
            not_after: Timestamp::from_secs(cert.validity().not_after.timestamp()),
            self_signed: cert.subject() == cert.issuer(),
        })
    }

    /// Whole days until it ends, negative once it has.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.as_millis() - now.as_millis()).div_euclid(86_400_000)
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(IpAddr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|v6| IpAddr::from(v6).to_string()),
        },
        _ => None,
    }
}
