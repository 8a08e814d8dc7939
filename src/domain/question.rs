//! What a task must ask a person before it can go on, and the answers.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::ids::ServerId;

/// A question to the operator. Text in it is already clean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The server's key is not in any known-hosts file.
    UnknownHostKey {
        /// The server.
        server: ServerId,
        /// `host` or `[host]:port` as known-hosts files write it.
        address: String,
        /// The key's algorithm (`ssh-ed25519`).
        algorithm: String,
        /// `SHA256:…`.
        fingerprint: String,
        /// The file that the key is added to on yes.
        file: String,
    },
    /// A private key is encrypted.
    Passphrase {
        /// The server it is needed for.
        server: ServerId,
        /// The key's file.
        key: String,
        /// Whether an answer given before was wrong.
        again: bool,
    },
}

/// A person's answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Go on.
    Yes,
    /// Do not, until the console is started again or a reconnect is asked for.
    No,
    /// A secret that was typed.
    Secret(SecretString),
}

/// Who can ask a person; headless, the answer is always [`Answer::No`].
#[async_trait::async_trait]
pub trait Asker: Send + Sync {
    /// Asks, and waits for as long as it takes. Dropping the future withdraws the question.
    async fn ask(&self, question: Question) -> Answer;
}

/// Answers no to everything: the asker of a program that nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct NobodyThere;

#[async_trait::async_trait]
impl Asker for NobodyThere {
    async fn ask(&self, _question: Question) -> Answer {
        Answer::No
    }
}
