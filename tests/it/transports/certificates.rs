//! Host certificates: an authority in the known hosts vouches for a server that nobody has seen.

use midwatch::domain::failure::FailureKind;
use russh::keys::ssh_key::certificate::{Builder, CertType};
use russh::keys::{Algorithm, Certificate, PrivateKey, PublicKey, PublicKeyBase64 as _};

use super::server::Server;
use super::{links, ssh};

/// Seconds in 2020 and in 2100.
const LONG_AGO: u64 = 1_577_836_800;
const FAR_AHEAD: u64 = 4_102_444_800;

fn authority() -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()
}

fn certify(authority: &PrivateKey, key: &PublicKey, name: &str, until: u64, kind: CertType) -> Certificate {
    let mut rng = russh::keys::key::safe_rng();
    let mut builder =
        Builder::new_with_random_nonce(&mut rng, key.key_data().clone(), LONG_AGO, until).unwrap();
    builder.cert_type(kind).unwrap().valid_principal(name).unwrap();
    builder.sign(authority).unwrap()
}

/// Connects to a server with such a certificate, the authority being trusted for 127.0.0.1.
async fn connect(name: &str, until: u64, kind: CertType) -> Result<(), midwatch::domain::failure::Failure> {
    let authority = authority();
    let server = Server::start_with(|key| Some(certify(&authority, key, name, until, kind))).await;
    let key = authority.public_key();
    let line = format!("@cert-authority [127.0.0.1]:* {} {}\n", key.algorithm(), key.public_key_base64());
    std::fs::write(server.known_hosts(), line).unwrap();
    let (links, _) = links(vec![ssh(server.target())]);
    links.get(&"it".into()).await.map(drop)
}

#[tokio::test]
async fn a_good_one_is_enough() {
    connect("127.0.0.1", FAR_AHEAD, CertType::Host).await.unwrap();
}

#[tokio::test]
async fn another_name_an_expired_one_and_a_users_are_refused() {
    for (name, until, kind) in [
        ("10.0.0.1", FAR_AHEAD, CertType::Host),
        ("127.0.0.1", LONG_AGO + 60, CertType::Host),
        ("127.0.0.1", FAR_AHEAD, CertType::User),
    ] {
        let failure = connect(name, until, kind).await.err().unwrap();
        assert_eq!(failure.kind, FailureKind::HostKey, "{failure}");
    }
}

#[tokio::test]
async fn without_a_trusted_authority_the_plain_key_counts() {
    let stranger = authority();
    let server =
        Server::start_with(|key| Some(certify(&stranger, key, "127.0.0.1", FAR_AHEAD, CertType::Host))).await;
    let (links, _) = links(vec![ssh(server.target())]);
    links.get(&"it".into()).await.map(drop).unwrap();
    // An authority that is trusted but did not sign changes nothing.
    let plain = std::fs::read_to_string(server.known_hosts()).unwrap();
    let other = authority();
    let key = other.public_key();
    let line = format!("@cert-authority * {} {}\n{plain}", key.algorithm(), key.public_key_base64());
    std::fs::write(server.known_hosts(), line).unwrap();
    let (links, _) = super::links(vec![ssh(server.target())]);
    links.get(&"it".into()).await.map(drop).unwrap();
    std::fs::write(server.known_hosts(), "").unwrap();
    let (links, _) = super::links(vec![ssh(server.target())]);
    assert_eq!(links.get(&"it".into()).await.err().unwrap().kind, FailureKind::HostKey);
}
