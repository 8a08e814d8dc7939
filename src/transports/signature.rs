//! Signatures with SSH keys as `ssh-keygen -Y sign` makes them and `ssh-keygen -Y verify` checks them
//! (OpenSSH, PROTOCOL.sshsig), and whose keys an account takes. Not here: making one (`ssh`).

use std::collections::BTreeSet;

use russh::keys::ssh_key::{HashAlg, SshSig, authorized_keys::Entry};
use russh::keys::{Algorithm, PublicKey};
use serde::{Deserialize, Serialize};

/// Who this side is to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The key that it was let in with, `SHA256:…`.
    pub key: String,
    /// All keys that it could have used, that one among them.
    pub held: BTreeSet<String>,
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
