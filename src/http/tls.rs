//! A TLS handshake over any stream, with the certificate on record even where it is not trusted.
//!
//! The handshake is always carried through, so that an untrusted certificate can be looked at; a
//! caller that wants to send something goes through [`Peer::require_trust`] first. Nothing is accepted
//! in silence: the verdict is part of what the handshake returns.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::Certificate;
use super::error::HttpError;
use super::roots::Roots;

/// What the other side of a handshake showed.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its certificate.
    pub certificate: Certificate,
    /// How many certificates it sent along.
    pub chain: usize,
    /// Why it is not trusted, in words; `Ok` where it is.
    pub trust: Result<(), String>,
    /// Whether a trusted root signed it, be its name as it may.
    pub signed: bool,
    /// Why it is not for the name that was asked for; `Ok` where it is.
    pub name: Result<(), String>,
    /// `TLSv1.3` and its like.
    pub protocol: String,
}

impl Peer {
    /// An error unless the certificate is trusted, and for the name that was asked for.
    pub fn require_trust(&self) -> Result<(), HttpError> {
        self.trust
            .clone()
            .map_err(|why| HttpError::Untrusted { why, certificate: Box::new(self.certificate.clone()) })
    }

    /// An error unless the certificate is trusted, for whichever name.
    pub fn require_signed(&self) -> Result<(), HttpError> {
        if self.signed { Ok(()) } else { self.require_trust() }
    }
}

/// Which protocol is asked for by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speak {
    /// HTTP/1.1.
    Http1,
    /// Whatever the port speaks.
    Nothing,
}

/// Shakes hands; `name` is the host name or address that the certificate must be for.
pub async fn handshake<S>(
    stream: S,
    name: &str,
    roots: &Roots,
    speak: Speak,
) -> Result<(TlsStream<S>, Peer), HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let server = ServerName::try_from(name.trim_matches(['[', ']']).to_owned())
        .map_err(|_| HttpError::Address(format!("{name:?} is not a host name")))?;
    let (config, recorder) = config(roots, speak)?;
    let stream =
        TlsConnector::from(Arc::new(config)).connect(server.clone(), stream).await.map_err(HttpError::Tls)?;
    let seen = recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Seen { chain, verdict }) = seen else {
        return Err(HttpError::Tls(std::io::Error::other("the server showed no certificate")));
    };
    let leaf = chain.first().map(AsRef::as_ref).unwrap_or_default();
    let certificate = Certificate::parse(leaf)
        .ok_or_else(|| HttpError::Tls(std::io::Error::other("the certificate cannot be read")))?;
    let protocol =
        stream.get_ref().1.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
    // The name is looked at last: where only that is wrong, all the rest is right.
    let signed = matches!(
        &verdict,
        Ok(())
            | Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            ))
    );
    let trust = verdict.map_err(|error| why(&error, &certificate, name));
    let peer = Peer {
        name: for_name(&chain, &server).map_err(|error| why(&error, &certificate, name)),
        trust,
        signed,
        chain: chain.len(),
        protocol: protocol.replace('_', "."),
        certificate,
    };
    Ok((stream, peer))
}

fn config(roots: &Roots, speak: Speak) -> Result<(ClientConfig, Arc<Recorder>), HttpError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusted = if roots.0.is_empty() {
        None
    } else {
        let built = WebPkiServerVerifier::builder_with_provider(roots.0.clone(), provider.clone()).build();
        Some(built.map_err(|error| HttpError::Roots(error.to_string()))?)
    };
    let recorder = Arc::new(Recorder { trusted, provider: provider.clone(), seen: Mutex::default() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpError::Roots(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    // Each look is a handshake of its own: a resumed session shows no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    if speak == Speak::Http1 {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    Ok((config, recorder))
}

fn for_name(chain: &[CertificateDer<'_>], server: &ServerName<'_>) -> Result<(), rustls::Error> {
    let leaf = chain.first().ok_or(rustls::Error::NoCertificatesPresented)?;
    rustls::client::verify_server_name(&ParsedCertificate::try_from(leaf)?, server)
}

/// A verdict in words.
fn why(error: &rustls::Error, certificate: &Certificate, name: &str) -> String {
    let rustls::Error::InvalidCertificate(error) = error else {
        return error.to_string();
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("it ended on {}", day(certificate.not_after))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("it begins on {}", day(certificate.not_before))
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = certificate.names.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if certificate.names.len() > 4 { ", …" } else { "" };
            format!("it is for {}{more}, not {name}", if names.is_empty() { "no name" } else { &names })
        }
        CertificateError::UnknownIssuer if certificate.self_signed => "it is signed by itself".to_owned(),
        CertificateError::UnknownIssuer => format!("its issuer is not known here ({})", certificate.issuer),
        CertificateError::Revoked => "it is revoked".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        other => crate::domain::text::clean(&other.to_string()).into_owned(),
    }
}

fn day(at: crate::domain::time::Timestamp) -> String {
    at.rfc3339().get(..10).unwrap_or_default().to_owned()
}

#[derive(Debug)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    verdict: Result<(), rustls::Error>,
}

/// Asks the real verifier, keeps its verdict and the chain, and lets the handshake go on.
#[derive(Debug)]
struct Recorder {
    /// `None` where this machine trusts nobody.
    trusted: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Seen>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = match &self.trusted {
            Some(trusted) => trusted
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map(|_| ()),
            None => Err(rustls::Error::General("this machine has no root certificates".to_owned())),
        };
        let chain =
            std::iter::once(end_entity).chain(intermediates).map(|cert| cert.clone().into_owned()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { chain, verdict });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
