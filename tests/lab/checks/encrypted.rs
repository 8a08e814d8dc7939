//! The lab's Redis over TLS: a terminator of the test's own stands before it, with a certificate by
//! an authority that only the check's `ca` trusts.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{Bench, fact, verdict};
use crate::lab::Lab;

/// Takes TLS for `localhost` before an address; gives back its port and the authority's certificate.
async fn terminator(before: String) -> (u16, tempfile::NamedTempFile) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let trusted = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(trusted.path(), authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let cert = params.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, before) = (acceptor.clone(), before.clone());
            tokio::spawn(async move {
                let Ok(mut near) = acceptor.accept(stream).await else { return };
                let mut far = TcpStream::connect(before).await.unwrap();
                // Either side may end it without a good-bye.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, trusted)
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn redis_is_asked_over_tls_and_its_certificate_is_checked() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &[]).await;
    let (port, ca) = terminator(lab.at("/redis/here")).await;
    let password = format!("password = {{ file = \"{}\" }}", lab.at("/redis/password_file"));
    let parts = format!("host = \"localhost\"\nport = {port}\n{password}\ntls = true");
    let trusted = format!("ca = \"{}\"", ca.path().display());

    let well = bench.one("redis", &format!("{parts}\n{trusted}")).await;
    assert_eq!(verdict(&well), "up: ");
    assert_eq!(fact(&well, "role"), "master");

    let untrusted = bench.one("redis", &parts).await;
    assert!(verdict(&untrusted).contains("certificate is not trusted"), "{untrusted:?}");

    let url = tempfile::NamedTempFile::new().unwrap();
    let secret = lab.at("/redis/password");
    std::fs::write(url.path(), format!("rediss://:{secret}@localhost:{port}/0")).unwrap();
    let by_url =
        bench.one("redis", &format!("url = {{ file = \"{}\" }}\n{trusted}", url.path().display())).await;
    assert_eq!(verdict(&by_url), "up: ");
    assert!(!format!("{by_url:?}").contains(&secret), "the password is shown");

    // Plain words to a port that speaks TLS are no answer, and say so within the deadline.
    let plain = bench.one("redis", &parts.replace("tls = true", "")).await;
    assert_ne!(verdict(&plain), "up: ");
}
