//! `tls` and `https`: certificates that are good, of another name, ended, and signed by nobody.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::bench::{Heard, answer, closed_port, converse, fact, one, serve, verdict};

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub file: tempfile::NamedTempFile,
}

fn named(name: &str) -> DistinguishedName {
    let mut it = DistinguishedName::new();
    it.push(DnType::CommonName, name);
    it
}

pub fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Lab Authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let cert = params.self_signed(&key).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), cert.pem()).unwrap();
    Authority { issuer: Issuer::new(params, key), file }
}

/// A certificate for a name, valid from and until so many days from now; signed by the authority, or
/// by itself.
pub fn certificate(name: &str, from: i64, until: i64, by: Option<&Authority>) -> Proof {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name = named(name);
    let day = |days: i64| {
        let at = now();
        let span = std::time::Duration::from_secs(days.unsigned_abs() * 86_400 + 3600);
        if days < 0 { at - span } else { at + span }
    };
    params.not_before = day(from).into();
    params.not_after = day(until).into();
    let cert = match by {
        Some(authority) => params.signed_by(&key, &authority.issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    (cert.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

/// An HTTPS server with that certificate.
pub async fn https(proof: Proof) -> (u16, Heard) {
    https_serve(proof, |_| answer(200, "", "well")).await
}

/// What a server shows of itself, and proves it with.
pub type Proof = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// What accepts TLS with that.
pub fn acceptor((cert, key): Proof) -> TlsAcceptor {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The same with other answers.
pub async fn https_serve(
    proof: Proof,
    says: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
) -> (u16, Heard) {
    let (acceptor, says) = (acceptor(proof), Arc::new(says));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, log, says) = (acceptor.clone(), Arc::clone(&log), Arc::clone(&says));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    converse(stream, says, log).await;
                }
            });
        }
    });
    (port, heard)
}

#[tokio::test]
async fn a_certificate_is_judged_and_described() {
    let ca = authority();
    let file = ca.file.path().display();
    let (port, _) = https(certificate("localhost", -1, 60, Some(&ca))).await;
    let good = one(
        "tls",
        &format!("address = \"localhost:{port}\"\nca = \"{file}\"\ncondition = 'cert.days_left >= 60'"),
    )
    .await;
    assert_eq!(verdict(&good), "up: ");
    assert_eq!((fact(&good, "names"), fact(&good, "days left")), ("localhost", "60"));
    assert_eq!(fact(&good, "trust"), "trusted");

    let (port, _) = https(certificate("localhost", -60, 5, Some(&ca))).await;
    let soon = one("tls", &format!("address = \"localhost:{port}\"\nca = \"{file}\"")).await;
    assert_eq!(verdict(&soon), "degraded: the certificate ends in 5 days");
    let enough =
        one("tls", &format!("address = \"localhost:{port}\"\nca = \"{file}\"\nmin_validity = \"3d\"")).await;
    assert_eq!(verdict(&enough), "up: ");

    let (port, _) = https(certificate("localhost", -60, -2, Some(&ca))).await;
    let ended = one("tls", &format!("address = \"localhost:{port}\"\nca = \"{file}\"")).await;
    assert!(
        verdict(&ended).starts_with("down: the certificate is not trusted: it ended on 20"),
        "{}",
        verdict(&ended)
    );

    let (port, _) = https(certificate("other.example", -1, 60, Some(&ca))).await;
    let other = one("tls", &format!("address = \"localhost:{port}\"\nca = \"{file}\"")).await;
    assert_eq!(
        verdict(&other),
        "down: the certificate is not trusted: it is for other.example, not localhost"
    );
    let asked = one(
        "tls",
        &format!("address = \"localhost:{port}\"\nca = \"{file}\"\nserver_name = \"other.example\""),
    )
    .await;
    assert_eq!(verdict(&asked), "up: ");
}

#[tokio::test]
async fn what_nobody_signed_is_described_but_not_trusted() {
    let (port, _) = https(certificate("localhost", -1, 60, None)).await;
    let result = one("tls", &format!("address = \"localhost:{port}\"")).await;
    let reason = verdict(&result);
    assert!(reason.starts_with("down: the certificate is not trusted: "), "{reason}");
    assert_eq!(fact(&result, "signed by"), "itself");
    let ca = authority();
    let (port, _) = https(certificate("localhost", -1, 60, Some(&ca))).await;
    let other = authority();
    let unknown =
        one("tls", &format!("address = \"localhost:{port}\"\nca = \"{}\"", other.file.path().display()))
            .await;
    assert!(unknown.verdict.health == midwatch::domain::health::Health::Down, "{}", verdict(&unknown));
}

#[tokio::test]
async fn nothing_is_sent_to_whom_we_do_not_trust() {
    let (port, heard) = https(certificate("localhost", -1, 60, None)).await;
    let url =
        format!("url = \"https://localhost:{port}/\"\nheaders = {{ Authorization = {{ env = \"HOME\" }} }}");
    let result = one("http", &url).await;
    assert!(verdict(&result).starts_with("down: the certificate is not trusted: "), "{}", verdict(&result));
    assert_eq!(fact(&result, "certificate"), "CN=localhost");
    assert_eq!(heard.lock().unwrap().len(), 0);

    let ca = authority();
    let (port, heard) = https(certificate("localhost", -1, 60, Some(&ca))).await;
    let url = format!("url = \"https://localhost:{port}/\"\nca = \"{}\"", ca.file.path().display());
    let result = one("http", &url).await;
    assert_eq!(verdict(&result), "up: ");
    assert_eq!(heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_handshake_that_is_refused_silent_or_garbage_is_down() {
    let port = closed_port().await;
    let refused = one("tls", &format!("address = \"127.0.0.1:{port}\"")).await;
    assert_eq!(verdict(&refused), format!("down: 127.0.0.1:{port} refuses the connection"));
    let (port, _) = serve(|_| super::bench::HOLD.to_vec()).await;
    let silent = one("tls", &format!("address = \"127.0.0.1:{port}\"")).await;
    assert_eq!(verdict(&silent), "down: no TLS handshake within 600 ms");
    let (port, _) = serve(|_| b"HTTP/1.0 400 Bad Request\r\n\r\n".to_vec()).await;
    let plain = one("tls", &format!("address = \"127.0.0.1:{port}\"")).await;
    assert!(verdict(&plain).starts_with("down: the TLS handshake failed"), "{}", verdict(&plain));
    let missing = one("tls", &format!("address = \"127.0.0.1:{port}\"\nca = \"/nothing/here.pem\"")).await;
    assert!(
        verdict(&missing).starts_with("unknown: /nothing/here.pem could not be read"),
        "{}",
        verdict(&missing)
    );
}

#[allow(clippy::disallowed_methods, reason = "certificates are judged by the machine's own clock")]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
