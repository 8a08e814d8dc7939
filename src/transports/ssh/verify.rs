//! The client side's handler for one connection: judges the server's key, and notes how the
//! connection ended.

use std::sync::{Arc, OnceLock};

use russh::client::{self, DisconnectReason};
use russh::keys::{HashAlg, PublicKey, PublicKeyOrCertificate};
use tokio_util::sync::DropGuard;

use crate::domain::ids::ServerId;
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::transports::TransportError;

use super::known_hosts::{self, KnownHosts, Verdict};
use super::pattern::list_matches;
use super::settings::Settings;

/// Judges one server; dropped when its connection ends.
pub(super) struct Verifier {
    pub(super) server: ServerId,
    pub(super) settings: Arc<Settings>,
    pub(super) known: KnownHosts,
    pub(super) now: Timestamp,
    /// How the connection ended, for whoever wonders.
    pub(super) ended: Arc<OnceLock<String>>,
    /// Tells that it did.
    pub(super) _gone: DropGuard,
}

impl client::Handler for Verifier {
    type Error = TransportError;

    async fn check_server_key(&mut self, offered: &PublicKeyOrCertificate) -> Result<bool, TransportError> {
        match offered.certificate() {
            Some(certificate) => self.certificate(certificate)?,
            None => self.key(&offered.public_key())?,
        }
        Ok(true)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<TransportError>) -> Result<(), TransportError> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                let _ = self.ended.set(shorten(&clean(&info.message), 200).into_owned());
                Ok(())
            }
            DisconnectReason::Error(error) => {
                let why = match &error {
                    TransportError::Lost(why) => why.clone(),
                    other => crate::domain::failure::Failure::chain(other).join(": "),
                };
                let _ = self.ended.set(why);
                Err(error)
            }
        }
    }
}

impl Verifier {
    fn name(&self) -> &str {
        self.settings.key_alias.as_deref().unwrap_or(&self.settings.host)
    }

    /// Known-hosts files have an alias without the port.
    fn port(&self) -> u16 {
        if self.settings.key_alias.is_some() { 22 } else { self.settings.port }
    }

    fn key(&self, key: &PublicKey) -> Result<(), TransportError> {
        let address = known_hosts::address(self.name(), self.port());
        let algorithm = key.algorithm().to_string();
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        Err(match self.known.judge(self.name(), self.port(), key) {
            Verdict::Known => return Ok(()),
            Verdict::Revoked { file, line } => TransportError::HostKeyRevoked { address, file, line },
            Verdict::Changed { file, line } => {
                TransportError::HostKeyChanged { address, algorithm, fingerprint, file, line }
            }
            Verdict::Unknown => TransportError::HostKeyUnknown {
                server: self.server.clone(),
                address,
                algorithm,
                fingerprint,
                key: Box::new(key.clone()),
                file: self.settings.known_hosts.first().cloned().unwrap_or_default(),
            },
        })
    }

    /// A certificate is good when an authority of this address signed it, now, for this name.
    fn certificate(&self, certificate: &russh::keys::Certificate) -> Result<(), TransportError> {
        let bad = |why: String| TransportError::HostCertificate {
            address: known_hosts::address(self.name(), self.port()),
            why: clean(&why).into_owned(),
        };
        let key = PublicKey::new(certificate.public_key().clone(), "");
        if let Verdict::Revoked { file, line } = self.known.judge(self.name(), self.port(), &key) {
            let address = known_hosts::address(self.name(), self.port());
            return Err(TransportError::HostKeyRevoked { address, file, line });
        }
        let authorities = self.known.authorities(self.name(), self.port());
        if !authorities.iter().any(|authority| authority.key_data() == certificate.signature_key()) {
            // Nobody we trust signed it: then it is no more than the key in it.
            return self.key(&key);
        }
        if !certificate.cert_type().is_host() {
            return Err(bad("it is not a host's".to_owned()));
        }
        if !certificate.critical_options().is_empty() {
            return Err(bad("it has conditions that are not understood".to_owned()));
        }
        let fingerprints: Vec<_> =
            authorities.iter().map(|authority| authority.fingerprint(HashAlg::Sha256)).collect();
        let now = u64::try_from(self.now.as_millis() / 1000).unwrap_or(0);
        certificate.validate_at(now, &fingerprints).map_err(|error| bad(error.to_string()))?;
        let names = certificate.valid_principals();
        if names.is_empty() || !list_matches(names.iter().map(String::as_str), self.name()) {
            return Err(bad(format!("it is for {}", names.join(", "))));
        }
        Ok(())
    }
}
