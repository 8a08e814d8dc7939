//! Whom we trust to sign certificates: this machine's own store, and further files that are named.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::error::HttpError;

/// A set of roots; cheap to clone.
#[derive(Clone, Debug)]
pub struct Roots(pub(super) Arc<RootCertStore>);

impl Roots {
    /// Reads this machine's store. A machine without one trusts nobody: every certificate is then
    /// untrusted, and says so.
    pub async fn system() -> Self {
        let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
        let mut store = RootCertStore::empty();
        match found {
            Ok(found) => {
                for error in &found.errors {
                    tracing::warn!(%error, "a root certificate could not be read");
                }
                store.add_parsable_certificates(found.certs);
            }
            Err(error) => tracing::warn!(%error, "the root certificates could not be read"),
        }
        Self(Arc::new(store))
    }

    /// Nobody.
    pub fn none() -> Self {
        Self(Arc::new(RootCertStore::empty()))
    }

    /// The same and those certificates of a text that can be read; what else is in it does no harm.
    #[must_use]
    pub fn with_pem(&self, text: &[u8]) -> Self {
        let mut store = (*self.0).clone();
        store.add_parsable_certificates(CertificateDer::pem_slice_iter(text).flatten());
        Self(Arc::new(store))
    }

    /// The same and the certificates of a PEM file.
    pub async fn with_file(&self, path: &Path) -> Result<Self, HttpError> {
        let shown = path.display();
        let pem = tokio::fs::read(path)
            .await
            .map_err(|error| HttpError::Roots(format!("{shown} could not be read: {error}")))?;
        let mut store = (*self.0).clone();
        let mut added = 0;
        for cert in CertificateDer::pem_slice_iter(&pem) {
            let cert = cert.map_err(|error| HttpError::Roots(format!("{shown} is not PEM: {error}")))?;
            store
                .add(cert)
                .map_err(|error| HttpError::Roots(format!("{shown} holds no root certificate: {error}")))?;
            added += 1;
        }
        if added == 0 {
            return Err(HttpError::Roots(format!("{shown} holds no certificate")));
        }
        Ok(Self(Arc::new(store)))
    }
}
