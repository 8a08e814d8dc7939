//! A run that waits for a second person: what is asked for, and what an approval is a signature over.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ids::ServerId;
use super::plan::{FrozenPlan, PlanDigest, hex};
use super::run::{Operator, RunId};

/// How long a run waits, by the server's clock and by its own.
pub const WINDOW: Duration = Duration::from_secs(600);

/// What an approval's signature is for (the namespace of `ssh-keygen -Y`), so that none that was made
/// for something else counts.
pub const NAMESPACE: &str = "midwatch-approve";

/// What is signed. The digest is that of the whole plan, and the run's name is its own: a signature
/// counts for no other plan and no other run.
pub fn message(run: &RunId, plan: &PlanDigest) -> String {
    format!("midwatch approve 1\nrun {run}\nplan {plan}\n")
}

/// What a run asks for, as it stands on its servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The run, which changes nothing before it is approved.
    pub run: RunId,
    /// The digest of its plan.
    pub digest: PlanDigest,
    /// Who asks.
    pub by: Operator,
    /// The fingerprint of the key that they are logged in with.
    pub key: String,
    /// The fingerprints of all keys that they hold; none of them approves.
    pub held: BTreeSet<String>,
    /// Who an authority says that they are, where they are logged in with a certificate: another key that
    /// is certified for the same is theirs too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A run that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// What it asks for.
    pub request: Request,
    /// What it would carry out.
    pub plan: FrozenPlan,
    /// How long it waits still, when it was looked at.
    pub left: Duration,
    /// Whether the console that asked is connected: without it nothing would begin.
    pub alive: bool,
    /// Where it stands.
    pub on: Vec<ServerId>,
}

impl Waiting {
    /// Whether what stands on the server belongs together; what does not is never shown for approval.
    pub fn is_sound(&self) -> bool {
        self.request.digest == *self.plan.digest() && self.request.run.is_of(self.plan.digest())
    }
}

/// Who approved or denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    /// Who, as their console says.
    pub by: Operator,
    /// Why, in their words; of a denial.
    #[serde(default)]
    pub why: Option<String>,
    /// The certificate of the key that signed, as OpenSSH writes it, where it is let in by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// An approval that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who, as their console says.
    pub by: Operator,
    /// The fingerprint of the key that signed.
    pub key: String,
    /// What the key is called where the server keeps it; it may say nothing.
    pub comment: String,
    /// The signature, as `ssh-keygen -Y verify` takes it.
    pub signature: String,
    /// The certificate by which that key counts, where it does by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl Approval {
    /// The signature in a few letters: SHA-256 over its text, in hex.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.signature.as_bytes()))
    }

    /// Who it is, for the reader.
    pub fn who(&self) -> String {
        match self.comment.as_str() {
            "" => format!("{} with the key {}", self.by, self.key),
            comment => format!("{} with the key {} ({comment})", self.by, self.key),
        }
    }
}

/// What a person answers to a run that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on.
    Approve,
    /// It may not, maybe with a word why.
    Deny(Option<String>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn every_run_and_every_plan_has_a_message_of_its_own() {
        let (one, two) = (PlanDigest::of(b"one"), PlanDigest::of(b"two"));
        let run = |seconds, plan| RunId::new(Timestamp::from_secs(seconds), plan);
        let all = [message(&run(1, &one), &one), message(&run(2, &one), &one), message(&run(1, &one), &two)];
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 3);
        assert!(run(1, &one).is_of(&one) && !run(1, &one).is_of(&two));
    }
}
