//! Signatures with SSH keys as `ssh-keygen -Y sign` makes them and `ssh-keygen -Y verify` checks them
//! (OpenSSH, PROTOCOL.sshsig), and whose keys an account takes. Not here: making one (`ssh`).

use std::collections::BTreeSet;

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::{HashAlg, SshSig, authorized_keys::Entry};
use russh::keys::{Algorithm, Certificate, PublicKey};
use serde::{Deserialize, Serialize};

/// Who this side is to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The key that it was let in with, `SHA256:…`.
    pub key: String,
    /// All keys that it could have used, that one among them.
    pub held: BTreeSet<String>,
    /// The certificate that it was let in with, where it was, as OpenSSH writes it.
    #[serde(default)]
    pub certificate: Option<String>,
}

/// What a person's certificate says. Whose authority counts for whom is the server's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The fingerprint of the key that it is for.
    pub key: String,
    /// Who the authority says that its holder is: the certificate's key id.
    pub name: String,
    /// The fingerprint of the authority's key.
    pub authority: String,
    /// The accounts that it is for.
    pub principals: Vec<String>,
}

/// Reads a certificate that counts at a time, in seconds since 1970; else why it does not.
pub fn certified(text: &str, now: i64) -> Result<Certified, String> {
    let certificate = Certificate::from_openssh(text.trim())
        .map_err(|_| "it cannot be read as a certificate".to_owned())?;
    if certificate.cert_type() != CertType::User {
        return Err("it is a machine's certificate, and no person's".to_owned());
    }
    let now = u64::try_from(now).unwrap_or_default();
    if now < certificate.valid_after() || now >= certificate.valid_before() {
        return Err("its certificate is over, or not valid yet, by the server's clock".to_owned());
    }
    let authority = certificate.signature_key().fingerprint(HashAlg::Sha256);
    certificate
        .validate_at(now, [&authority])
        .map_err(|_| "its certificate is not signed by whom it says".to_owned())?;
    // OpenSSH refuses those that it does not know, and those that it knows cannot be judged from here.
    if let Some(name) = certificate.critical_options().keys().next() {
        return Err(format!("its certificate is limited ({name}), which cannot be judged for an approval"));
    }
    Ok(Certified {
        key: certificate.public_key().fingerprint(HashAlg::Sha256).to_string(),
        name: certificate.key_id().to_owned(),
        authority: authority.to_string(),
        principals: certificate.valid_principals().to_vec(),
    })
}

/// Who a certificate is for, whether it counts or not.
pub fn named(text: &str) -> Option<String> {
    let name = Certificate::from_openssh(text.trim()).ok()?.key_id().to_owned();
    (!name.is_empty()).then_some(name)
}

/// Why something is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// It cannot be read.
    #[error("it cannot be read as a signature")]
    Unreadable,
    /// It is over something else, for another purpose, or made up.
    #[error("it is not over this run and this plan")]
    Other,
}

/// A key's fingerprint, as `ssh-keygen -l` prints it.
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The fingerprint of the key that signed a message.
pub fn verify(namespace: &str, message: &[u8], signature: &str) -> Result<String, BadSignature> {
    let signature = SshSig::from_pem(signature.trim_end()).map_err(|_| BadSignature::Unreadable)?;
    // SHA-1 signatures are not good any more (RFC 8332).
    if signature.algorithm() == (Algorithm::Rsa { hash: None }) {
        return Err(BadSignature::Other);
    }
    let key = PublicKey::from(signature.public_key().clone());
    key.verify(namespace, message, &signature).map_err(|_| BadSignature::Other)?;
    Ok(fingerprint(&key))
}

/// A server's clock in digits, as `expiry-time` has them: `YYYYMMDDHHMMSS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// By its own zone.
    pub local: String,
    /// In UTC.
    pub utc: String,
}

/// Whose keys a line of an `authorized_keys` file lets in as a person: the fingerprint and the comment.
/// Authorities, keys for one command alone, and those that are over are none.
pub fn authorized(line: &str, now: &Stamps) -> Option<(String, String)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let entry: Entry = line.parse().ok()?;
    let person = entry.config_opts().iter().all(|option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" | "command" => false,
            "expiry-time" => later(value.trim_matches('"'), now),
            _ => true,
        }
    });
    let key = entry.public_key();
    person.then(|| (fingerprint(key), key.comment().to_string()))
}

/// The authority that a line of an `authorized_keys` file names: its fingerprint, and the principals of
/// which a certificate has to have one; the account itself where that is empty.
pub fn authority(line: &str, now: &Stamps) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let entry: Entry = line.parse().ok()?;
    let (mut is_one, mut principals) = (false, Vec::new());
    for option in entry.config_opts().iter() {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" => is_one = true,
            "principals" => principals = value.split(',').map(|it| it.trim().to_owned()).collect(),
            "command" => return None,
            "expiry-time" if !later(value, now) => return None,
            _ => {}
        }
    }
    is_one.then(|| (fingerprint(entry.public_key()), principals))
}

/// Whether a time of `expiry-time` is still to come: a day, or minutes, or seconds, maybe in UTC.
fn later(time: &str, now: &Stamps) -> bool {
    let (digits, now) = match time.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, &now.utc),
        None => (time, &now.local),
    };
    let known = matches!(digits.len(), 8 | 12 | 14) && digits.bytes().all(|byte| byte.is_ascii_digit());
    known && now.len() == 14 && format!("{digits:0<14}") > *now
}

#[cfg(test)]
mod tests {
    use super::*;
    use russh::keys::PrivateKey;
    use russh::keys::ssh_key::LineEnding;

    fn key() -> PrivateKey {
        PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()
    }

    fn signed(key: &PrivateKey, namespace: &str, message: &str) -> String {
        key.sign(namespace, HashAlg::Sha512, message.as_bytes()).unwrap().to_pem(LineEnding::LF).unwrap()
    }

    #[test]
    fn a_signature_is_over_one_message_for_one_purpose() {
        let key = key();
        let text = signed(&key, "some", "this");
        assert_eq!(verify("some", b"this", &text), Ok(fingerprint(key.public_key())));
        assert_eq!(verify("some", b"that", &text), Err(BadSignature::Other));
        assert_eq!(verify("other", b"this", &text), Err(BadSignature::Other));
        assert_eq!(verify("some", b"this", "nothing"), Err(BadSignature::Unreadable));
        let mut bytes = text.into_bytes();
        let middle = bytes.len() - 60;
        bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
        assert!(verify("some", b"this", &String::from_utf8(bytes).unwrap()).is_err());
    }

    fn certificate(ca: &PrivateKey, cert_type: CertType, limit: bool) -> String {
        use russh::keys::ssh_key::certificate::Builder;
        let of = key();
        let mut rng = russh::keys::key::safe_rng();
        let mut it = Builder::new_with_random_nonce(&mut rng, of.public_key(), 1000, 2000).unwrap();
        it.cert_type(cert_type).unwrap().key_id("ann").unwrap().valid_principal("ops").unwrap();
        if limit {
            it.critical_option("force-command", "true").unwrap();
        }
        it.sign(ca).unwrap().to_openssh().unwrap()
    }

    #[test]
    fn a_certificate_counts_in_its_time_whole_and_for_a_person() {
        let ca = key();
        let text = certificate(&ca, CertType::User, false);
        let it = certified(&text, 1500).unwrap();
        assert_eq!((it.name.as_str(), it.principals.as_slice()), ("ann", ["ops".to_owned()].as_slice()));
        assert_eq!(it.authority, fingerprint(ca.public_key()));
        for (at, other) in [(999, None), (2000, None), (1500, Some("no certificate"))] {
            assert!(certified(other.unwrap_or(&text), at).is_err(), "{at}");
        }
        assert!(certified(&certificate(&ca, CertType::Host, false), 1500).unwrap_err().contains("machine"));
        assert!(certified(&certificate(&ca, CertType::User, true), 1500).unwrap_err().contains("limited"));
        // One changed letter.
        let (kind, rest) = text.split_once(' ').unwrap();
        let mut bytes = rest.as_bytes().to_vec();
        let at = rest.find(' ').unwrap_or(rest.len()) - 40;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(certified(&format!("{kind} {}", String::from_utf8(bytes).unwrap()), 1500).is_err());
    }

    #[test]
    fn an_authority_is_one_for_its_principals() {
        let line = key().public_key().to_openssh().unwrap();
        let now = Stamps { local: "20261121140000".into(), utc: "20261121130000".into() };
        let of = |options: &str| authority(&format!("{options} {line} ca"), &now).map(|(_, it)| it);
        assert_eq!(of("cert-authority"), Some(Vec::new()));
        assert_eq!(of("cert-authority,principals=\"ops,ann\""), Some(vec!["ops".into(), "ann".into()]));
        assert_eq!(of("no-pty"), None);
        assert_eq!(of("cert-authority,expiry-time=\"20261121\""), None);
    }

    #[test]
    fn only_a_persons_key_that_still_counts_is_one() {
        let line = key().public_key().to_openssh().unwrap();
        let now = Stamps { local: "20261121140000".into(), utc: "20261121130000".into() };
        let counts = |options: &str| authorized(&format!("{options}{line} ann@laptop"), &now).is_some();
        assert!(counts("") && counts("no-pty,from=\"10.0.0.0/8\" "));
        assert!(!counts("cert-authority ") && !counts("command=\"backup\" ") && !counts("# "));
        assert!(counts("expiry-time=\"20261122\" ") && counts("expiry-time=\"202611211330Z\" "));
        assert!(!counts("expiry-time=\"20261121\" ") && !counts("expiry-time=\"202611211330\" "));
        assert!(!counts("expiry-time=\"tomorrow\" "));
    }
}
