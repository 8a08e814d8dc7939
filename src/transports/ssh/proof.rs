//! What a connection was let in with, and signatures made with the same key.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::agent::client::AgentClient;
use russh::keys::ssh_key::{LineEnding, SshSig};
use russh::keys::{HashAlg, PrivateKey, PublicKey};
use tokio::time::timeout;

use crate::domain::text::clean;
use crate::transports::TransportError;
use crate::transports::signature::{Identity, fingerprint};

/// How long the agent may take to sign: a person may have to touch a key.
const AGENT: Duration = Duration::from_secs(60);

/// The key that a connection was let in with.
pub(super) struct Proof {
    /// Its public half; that of a certificate where one was shown.
    pub(super) key: PublicKey,
    /// What signs with it.
    pub(super) with: With,
    /// The fingerprints of all keys that could have been used.
    pub(super) held: BTreeSet<String>,
    /// The certificate that was shown with it, as OpenSSH writes it.
    pub(super) certificate: Option<String>,
}

/// What signs.
#[derive(Clone)]
pub(super) enum With {
    /// The agent at this socket.
    Agent(PathBuf),
    /// A key file that was opened.
    File(Arc<PrivateKey>),
}

impl Proof {
    /// As others may know it.
    pub(super) fn identity(&self) -> Identity {
        let key = fingerprint(&self.key);
        let mut held = self.held.clone();
        held.insert(key.clone());
        Identity { key, held, certificate: self.certificate.clone() }
    }

    /// A signature over a message, for one purpose, as `ssh-keygen -Y sign` makes it.
    pub(super) async fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, TransportError> {
        let signature = match &self.with {
            With::File(key) => key.sign(namespace, HashAlg::Sha512, message).map_err(refused)?,
            With::Agent(socket) => {
                timeout(AGENT, self.by_agent(socket, namespace, message)).await.map_err(|_| {
                    TransportError::Deadline { what: "the agent's signature".to_owned(), after: AGENT }
                })??
            }
        };
        signature.to_pem(LineEnding::LF).map_err(refused)
    }

    async fn by_agent(
        &self,
        socket: &PathBuf,
        namespace: &str,
        message: &[u8],
    ) -> Result<SshSig, TransportError> {
        let mut agent = AgentClient::connect_uds(socket).await.map_err(refused)?;
        let data = SshSig::signed_data(namespace, HashAlg::Sha512, message).map_err(refused)?;
        let hash = self.key.algorithm().is_rsa().then_some(HashAlg::Sha512);
        let signature = agent.sign_request_signature(&self.key, hash, &data).await.map_err(refused)?;
        SshSig::new(self.key.key_data().clone(), namespace, HashAlg::Sha512, signature).map_err(refused)
    }
}

fn refused(error: impl std::fmt::Display) -> TransportError {
    TransportError::Unsigned(clean(&error.to_string()).into_owned())
}
