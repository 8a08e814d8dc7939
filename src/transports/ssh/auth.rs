//! Proving who we are: the agent's keys, certificates, key files, in that order. No password is
//! ever sent and the agent is never forwarded.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Certificate, HashAlg, PrivateKeyWithHashAlg, PublicKey, load_openssh_certificate};
use russh::{AgentAuthError, MethodKind, MethodSet, SendError, Signer};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::domain::text::{clean, shorten};
use crate::transports::TransportError;
use crate::transports::signature::fingerprint;

use super::key_ring::{KeyFile, KeyRing, with_suffix};
use super::proof::{Proof, With};
use super::settings::Settings;
use super::verify::Verifier;

/// How long one answer of the server may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the agent may take to sign: a person may have to touch a key.
const AGENT: Duration = Duration::from_secs(60);

/// What came of it, where no error did.
pub(super) enum Outcome {
    /// We are in, with this key.
    Accepted(Proof),
    /// The server would take this key, once its passphrase is known.
    Locked(PathBuf),
}

/// Tries everything that the settings allow.
pub(super) async fn authenticate(
    handle: &mut Handle<Verifier>,
    settings: &Settings,
    ring: &KeyRing,
) -> Result<Outcome, TransportError> {
    let files = KeyFiles::load(settings, ring).await;
    let held = files.public().map(|key| fingerprint(&key)).collect();
    let mut auth = Attempt { handle, settings, tried: Vec::new(), accepts: Vec::new(), locked: None, held };
    let mut key = auth.agent(&files).await?;
    if key.is_none() {
        key = auth.certificates(&files).await?;
    }
    if key.is_none() {
        key = auth.files(&files).await?;
    }
    if let Some((key, with, certificate)) = key {
        return Ok(Outcome::Accepted(Proof { key, with, held: auth.held, certificate }));
    }
    match auth.locked {
        Some(file) => Ok(Outcome::Locked(file)),
        None => Err(TransportError::Auth {
            user: settings.user.clone(),
            tried: auth.tried,
            accepts: auth.accepts,
        }),
    }
}

/// The key files that are there.
struct KeyFiles(Vec<(PathBuf, KeyFile)>);

impl KeyFiles {
    async fn load(settings: &Settings, ring: &KeyRing) -> Self {
        let mut files = Vec::new();
        for file in &settings.identities {
            files.push((file.clone(), ring.load(file).await));
        }
        Self(files)
    }

    fn public(&self) -> impl Iterator<Item = PublicKey> {
        self.0.iter().filter_map(|(file, key)| match key {
            KeyFile::Open(key) => Some(key.public_key().clone()),
            KeyFile::Locked(Some(public)) => Some(public.clone()),
            // With only the public half on disk the private one is in the agent.
            KeyFile::Locked(None) | KeyFile::Declined | KeyFile::Missing | KeyFile::Broken(_) => {
                russh::keys::load_public_key(with_suffix(file, ".pub"))
                    .or_else(|_| russh::keys::load_public_key(file))
                    .ok()
            }
        })
    }
}

struct Attempt<'a> {
    handle: &'a mut Handle<Verifier>,
    settings: &'a Settings,
    tried: Vec<String>,
    accepts: Vec<String>,
    locked: Option<PathBuf>,
    /// The fingerprints of the keys that are there, whether they are offered or not.
    held: BTreeSet<String>,
}

/// The key that the server took, what signs with it, and the certificate that was shown.
type Taken = Option<(PublicKey, With, Option<String>)>;

impl Attempt<'_> {
    /// The agent's keys: those that are also named as files first, since servers stop listening
    /// after a few; with `IdentitiesOnly` no others.
    async fn agent(&mut self, files: &KeyFiles) -> Result<Taken, TransportError> {
        let Some(socket) = self.settings.agent.clone() else { return Ok(None) };
        let mut agent = match timeout(ANSWER, AgentClient::connect_uds(&socket)).await {
            Ok(Ok(agent)) => agent,
            Ok(Err(error)) => {
                self.tried.push(format!("agent ({})", clean(&error.to_string())));
                return Ok(None);
            }
            Err(_) => {
                self.tried.push("agent (no answer)".to_owned());
                return Ok(None);
            }
        };
        let Ok(Ok(mut identities)) = timeout(ANSWER, agent.request_identities()).await else {
            self.tried.push("agent (no answer)".to_owned());
            return Ok(None);
        };
        let named: Vec<PublicKey> = files.public().collect();
        let is_named = |identity: &AgentIdentity| {
            named.iter().any(|key| key.key_data() == identity.public_key().key_data())
        };
        self.held.extend(identities.iter().map(|it| fingerprint(&plain(it))));
        if self.settings.identities_only {
            identities.retain(is_named);
        }
        identities.sort_by_key(|identity| !is_named(identity));
        for identity in identities {
            let key = plain(&identity);
            let certificate = match &identity {
                AgentIdentity::Certificate { certificate, .. } => certificate.to_openssh().ok(),
                AgentIdentity::PublicKey { .. } => None,
            };
            if self.agent_key(&mut agent, identity).await? {
                return Ok(Some((key, With::Agent(socket), certificate)));
            }
        }
        Ok(None)
    }

    async fn agent_key(
        &mut self,
        agent: &mut AgentClient<UnixStream>,
        identity: AgentIdentity,
    ) -> Result<bool, TransportError> {
        let hash = self.rsa_hash(identity.public_key().algorithm().is_rsa()).await?;
        let user = &self.settings.user;
        let (name, answer) = match identity {
            AgentIdentity::PublicKey { key, comment } => (
                format!("agent key {}", shorten(&clean(&comment), 60)),
                timeout(AGENT, self.handle.authenticate_publickey_with(user, key, hash, agent)).await,
            ),
            AgentIdentity::Certificate { certificate, comment } => (
                format!("agent certificate {}", shorten(&clean(&comment), 60)),
                timeout(AGENT, self.handle.authenticate_certificate_with(user, certificate, hash, agent))
                    .await,
            ),
        };
        match answer {
            Ok(Ok(result)) => self.note(name, &result),
            Ok(Err(AgentAuthError::Send(_))) => Err(TransportError::Closed),
            Ok(Err(AgentAuthError::Key(error))) => {
                self.tried.push(format!("{name} (the agent does not sign: {})", clean(&error.to_string())));
                Ok(false)
            }
            Err(_) => {
                Err(TransportError::Deadline { what: "the agent's signature".to_owned(), after: AGENT })
            }
        }
    }

    /// Certificates beside a key (`KEY-cert.pub`) and those named by `CertificateFile`.
    async fn certificates(&mut self, files: &KeyFiles) -> Result<Taken, TransportError> {
        let beside = files.0.iter().map(|(file, _)| with_suffix(file, "-cert.pub"));
        let paths: Vec<PathBuf> = self.settings.certificates.iter().cloned().chain(beside).collect();
        for path in paths {
            let Ok(certificate) = load_openssh_certificate(&path) else { continue };
            let fits = |key: &PublicKey| key.key_data() == certificate.public_key();
            let found = files.0.iter().find_map(|(file, key)| match key {
                KeyFile::Open(key) if fits(key.public_key()) => Some((file, Some(Arc::clone(key)))),
                KeyFile::Locked(Some(public)) if fits(public) => Some((file, None)),
                _ => None,
            });
            let name = format!("certificate {}", path.display());
            match found {
                Some((_, Some(key))) => {
                    let (public, with) = (key.public_key().clone(), With::File(Arc::clone(&key)));
                    let shown = certificate.to_openssh().ok();
                    let answer = self.handle.authenticate_openssh_cert(&self.settings.user, key, certificate);
                    let result = answered(timeout(ANSWER, answer).await)?;
                    if self.note(name, &result)? {
                        return Ok(Some((public, with, shown)));
                    }
                }
                Some((file, None)) => {
                    let file = file.clone();
                    if self.would_take_certificate(certificate).await? {
                        self.locked = Some(file);
                        return Ok(None);
                    }
                    self.tried.push(name);
                }
                None => self.tried.push(format!("{name} (its key is not there)")),
            }
        }
        Ok(None)
    }

    async fn files(&mut self, files: &KeyFiles) -> Result<Taken, TransportError> {
        if self.locked.is_some() {
            return Ok(None);
        }
        for (file, key) in &files.0 {
            let name = format!("key {}", file.display());
            match key {
                KeyFile::Open(key) => {
                    let hash = self.rsa_hash(key.algorithm().is_rsa()).await?;
                    let signs = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
                    let answer = self.handle.authenticate_publickey(&self.settings.user, signs);
                    let result = answered(timeout(ANSWER, answer).await)?;
                    if self.note(name, &result)? {
                        return Ok(Some((key.public_key().clone(), With::File(Arc::clone(key)), None)));
                    }
                }
                KeyFile::Locked(public) => {
                    let wanted = match public {
                        Some(public) => self.would_take(public.clone()).await?,
                        None => true,
                    };
                    if wanted {
                        self.locked = Some(file.clone());
                        return Ok(None);
                    }
                    self.tried.push(name);
                }
                KeyFile::Declined => self.tried.push(format!("{name} (encrypted, not opened)")),
                KeyFile::Broken(why) => self.tried.push(format!("{name} ({})", clean(why))),
                KeyFile::Missing => {}
            }
        }
        Ok(None)
    }

    /// Asks the server whether it would take a key, without using it: nobody is asked for the
    /// passphrase of a key that opens nothing.
    async fn would_take(&mut self, public: PublicKey) -> Result<bool, TransportError> {
        let hash = self.rsa_hash(public.algorithm().is_rsa()).await?;
        let mut probe = Probe;
        let answer = self.handle.authenticate_publickey_with(&self.settings.user, public, hash, &mut probe);
        let answer = timeout(ANSWER, answer).await;
        self.probed(answer)
    }

    async fn would_take_certificate(&mut self, certificate: Certificate) -> Result<bool, TransportError> {
        let hash = self.rsa_hash(certificate.public_key().is_rsa()).await?;
        let mut probe = Probe;
        let answer =
            self.handle.authenticate_certificate_with(&self.settings.user, certificate, hash, &mut probe);
        let answer = timeout(ANSWER, answer).await;
        self.probed(answer)
    }

    fn probed(
        &mut self,
        answer: Result<Result<AuthResult, ProbeEnd>, tokio::time::error::Elapsed>,
    ) -> Result<bool, TransportError> {
        match answer {
            Ok(Ok(AuthResult::Success) | Err(ProbeEnd::Wanted)) => Ok(true),
            Ok(Ok(AuthResult::Failure { remaining_methods, .. })) => self.refused(&remaining_methods),
            Ok(Err(ProbeEnd::Gone)) => Err(TransportError::Closed),
            Err(_) => Err(no_answer()),
        }
    }

    /// SHA-512 where the server takes it; SHA-1 only where it says that it knows nothing better.
    async fn rsa_hash(&self, is_rsa: bool) -> Result<Option<HashAlg>, TransportError> {
        if !is_rsa {
            return Ok(None);
        }
        Ok(match self.handle.best_supported_rsa_hash().await? {
            Some(best) => best,
            None => Some(HashAlg::Sha512),
        })
    }

    fn note(&mut self, name: String, result: &AuthResult) -> Result<bool, TransportError> {
        match result {
            AuthResult::Success => Ok(true),
            AuthResult::Failure { remaining_methods, partial_success } => {
                self.tried.push(if *partial_success {
                    format!("{name} (accepted, more is wanted)")
                } else {
                    name
                });
                self.refused(remaining_methods)
            }
        }
    }

    fn refused(&mut self, methods: &MethodSet) -> Result<bool, TransportError> {
        self.accepts = methods.iter().map(|method| <&str>::from(method).to_owned()).collect();
        if self.handle.is_closed() {
            self.tried.push("then the server hung up, as after too many keys".to_owned());
        } else if methods.contains(&MethodKind::PublicKey) {
            return Ok(false);
        }
        Err(TransportError::Auth {
            user: self.settings.user.clone(),
            tried: std::mem::take(&mut self.tried),
            accepts: std::mem::take(&mut self.accepts),
        })
    }
}

fn answered(
    answer: Result<Result<AuthResult, russh::Error>, tokio::time::error::Elapsed>,
) -> Result<AuthResult, TransportError> {
    Ok(answer.map_err(|_| no_answer())??)
}

fn no_answer() -> TransportError {
    TransportError::Deadline { what: "our key".to_owned(), after: ANSWER }
}

/// The key itself, that of a certificate too.
fn plain(identity: &AgentIdentity) -> PublicKey {
    match identity {
        AgentIdentity::PublicKey { key, .. } => key.clone(),
        AgentIdentity::Certificate { certificate, .. } => PublicKey::from(certificate.public_key().clone()),
    }
}

/// Signs nothing: being asked to is the answer.
struct Probe;

/// How a probe ends.
enum ProbeEnd {
    Wanted,
    Gone,
}

impl From<SendError> for ProbeEnd {
    fn from(_: SendError) -> Self {
        Self::Gone
    }
}

impl Signer for Probe {
    type Error = ProbeEnd;

    async fn auth_sign(
        &mut self,
        _key: &AgentIdentity,
        _hash: Option<HashAlg>,
        _to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, ProbeEnd> {
        Err(ProbeEnd::Wanted)
    }
}
