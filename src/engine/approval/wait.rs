//! The side that asks: it waits on all servers of its plan, and judges what is given there.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::files::{self, Seen};
use crate::domain::approval::{Approval, NAMESPACE, Request, WINDOW, message};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::FrozenPlan;
use crate::domain::run::{Operator, RunId};
use crate::domain::text::{clean, shorten};
use crate::engine::ground::Ground;
use crate::transports::signature::{certified, named, verify};
use crate::transports::{Identity, Piped};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(1500);
/// How long it is tried to take back what was asked.
const LAST: Duration = Duration::from_secs(10);

/// A run that asks.
pub struct Asking<'a> {
    /// Where: on each of these a second person's key has to be known.
    pub grounds: &'a BTreeMap<ServerId, Ground>,
    /// Which.
    pub run: &'a RunId,
    /// For what.
    pub plan: &'a FrozenPlan,
    /// Whose.
    pub by: &'a Operator,
}

/// What came of it.
pub enum Answer {
    /// It may go on.
    Approved(Approval),
    /// It was given up here.
    Cancelled,
    /// It may not, or nobody answered.
    Refused(Failure),
}

/// What a look at all servers comes to.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    /// Nothing that counts was given yet.
    Waits,
    /// There is a signature, and whose keys count is not known yet.
    Keys,
    /// It is approved.
    Counts(Approval),
    /// A signature does not count, and why.
    CountsNot(String),
}

impl Asking<'_> {
    /// What is asked: it names the keys that do not count, since whoever asks holds them.
    pub async fn request(&self) -> Result<Request, Failure> {
        let mut all: Vec<Identity> = Vec::new();
        for ground in self.grounds.values() {
            let identity = ground.transport().await?.identity();
            all.push(identity.ok_or_else(|| {
                let why = format!(
                    "it is not known which key you are logged in with on {}, so that nobody is known to be another",
                    ground.server
                );
                Failure::new(FailureKind::Invalid, &self.plan.plan().title, why).hint(
                    "ask from a console that reaches it over SSH, or set `ExposeAuthInfo yes` in its sshd_config",
                )
            })?);
        }
        Ok(Request {
            run: self.run.clone(),
            digest: self.plan.digest().clone(),
            by: self.by.clone(),
            key: all.first().map(|it| it.key.clone()).unwrap_or_default(),
            name: all.iter().find_map(|it| named(it.certificate.as_ref()?)),
            held: all.into_iter().flat_map(|it| it.held).collect(),
        })
    }

    /// Waits for an answer, and leaves nothing behind. `refused` is told of each signature that does not
    /// count.
    pub async fn answer(
        &self,
        request: &Request,
        cancel: &CancellationToken,
        refused: &(dyn Fn(String) + Sync),
    ) -> Answer {
        let answer = tokio::select! {
            () = cancel.cancelled() => Answer::Cancelled,
            // By this clock too, should a server's stand still.
            () = sleep(WINDOW) => Answer::Refused(self.late()),
            answer = self.asked(request, refused) => match answer {
                Ok(approval) => Answer::Approved(approval),
                Err(failure) => Answer::Refused(failure),
            },
        };
        let withdrawn = join_all(self.grounds.values().map(|ground| files::withdraw(ground, self.run)));
        // What is left behind is over by itself.
        let _ = timeout(LAST, withdrawn).await;
        answer
    }

    async fn asked(&self, request: &Request, refused: &(dyn Fn(String) + Sync)) -> Result<Approval, Failure> {
        let asked =
            join_all(self.grounds.values().map(|ground| files::ask(ground, request, self.plan))).await;
        let mut until: BTreeMap<&ServerId, i64> = BTreeMap::new();
        for (server, asked) in self.grounds.keys().zip(asked) {
            until.insert(server, asked?);
        }
        let mut present: BTreeMap<&ServerId, Piped> = BTreeMap::new();
        let mut keys = false;
        loop {
            let polled = join_all(self.grounds.values().map(|it| files::poll(it, self.run, keys))).await;
            let mut seen: BTreeMap<&ServerId, Seen> = BTreeMap::new();
            for (server, polled) in self.grounds.keys().zip(polled) {
                match polled {
                    Ok(it) => drop(seen.insert(server, it)),
                    // The connection may come back within the time that there is.
                    Err(failure) => tracing::warn!(%server, %failure, "a run that waits cannot look"),
                }
            }
            self.is_over(&seen, &until)?;
            match judged(&seen, self.grounds.keys(), &message(self.run, self.plan.digest()), request, keys) {
                Judged::Counts(approval) => return Ok(approval),
                Judged::CountsNot(why) => {
                    let refusing = self.grounds.values().map(|it| files::refuse(it, self.run, &why));
                    // One that could not be taken away is refused again.
                    drop(join_all(refusing).await);
                    refused(why);
                    keys = false;
                }
                Judged::Keys => {
                    keys = true;
                    continue;
                }
                Judged::Waits => keys = false,
            }
            for (server, ground) in self.grounds {
                let away = seen.get(server).is_some_and(|it| !it.alive);
                if away && let Ok(piped) = files::stay(ground, self.run).await {
                    present.insert(server, piped);
                }
            }
            sleep(PAUSE).await;
        }
    }

    fn is_over(
        &self,
        seen: &BTreeMap<&ServerId, Seen>,
        until: &BTreeMap<&ServerId, i64>,
    ) -> Result<(), Failure> {
        let refused = |why: String| Failure::new(FailureKind::Conflict, &self.plan.plan().title, why);
        for (server, it) in seen {
            if let Some(denied) = &it.denied {
                let why = denied.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                return Err(refused(format!("{} denied it{why}", denied.by)));
            }
            if it.gone {
                return Err(refused(format!("what was asked for is gone from {server}")).hint("ask again"));
            }
            if until.get(server).is_some_and(|until| it.now > *until) {
                return Err(self.late());
            }
        }
        Ok(())
    }

    fn late(&self) -> Failure {
        let why = format!("nobody approved it within {} minutes", WINDOW.as_secs() / 60);
        Failure::new(FailureKind::Conflict, &self.plan.plan().title, why).hint("ask again")
    }
}

/// Whether what was given counts: a signature over this very run and plan, with a key that every server
/// takes and that whoever asked does not hold.
fn judged<'a>(
    seen: &BTreeMap<&ServerId, Seen>,
    servers: impl Iterator<Item = &'a ServerId>,
    message: &str,
    request: &Request,
    keys: bool,
) -> Judged {
    let Some((by, signature)) = seen.values().find_map(|it| it.approved.as_ref()) else {
        return Judged::Waits;
    };
    let key = match verify(NAMESPACE, message.as_bytes(), signature) {
        Ok(key) => key,
        Err(why) => return Judged::CountsNot(format!("the approval of {} does not count: {why}", by.by)),
    };
    if request.held.contains(&key) {
        return Judged::CountsNot(format!(
            "the approval of {} does not count: whoever asked holds that key ({key}) too",
            by.by
        ));
    }
    if !keys {
        return Judged::Keys;
    }
    let mut comment = String::new();
    let mut by_certificate = false;
    for server in servers {
        let Some(it) = seen.get(server) else { return Judged::Waits };
        if let Some((_, called)) = it.keys.iter().find(|(known, _)| *known == key) {
            comment.clone_from(called);
            continue;
        }
        match certified_on(it, &key, by.certificate.as_deref(), request.name.as_deref()) {
            Ok(name) => (comment, by_certificate) = (name, true),
            Err(why) => {
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                return Judged::CountsNot(format!(
                    "the approval of {} does not count: {server} does not let that key ({key}) in{why}",
                    by.by
                ));
            }
        }
    }
    let certificate = by.certificate.clone().filter(|_| by_certificate);
    Judged::Counts(Approval { by: by.by.clone(), key, comment, signature: signature.clone(), certificate })
}

/// Who an authority of a server says that the key's holder is; why not, where there is a certificate.
fn certified_on(
    seen: &Seen,
    key: &str,
    certificate: Option<&str>,
    asker: Option<&str>,
) -> Result<String, Option<String>> {
    let it = certified(certificate.ok_or(None)?, seen.now).map_err(Some)?;
    if it.key != key {
        return Err(Some("the certificate with it is for another key".to_owned()));
    }
    seen.authorities.take(&it).map_err(Some)?;
    // One person may have been given several keys.
    if asker == Some(it.name.as_str()) {
        return Err(Some(format!("its certificate is for {}, who asked", clean(&it.name))));
    }
    Ok(format!("certified as {}", shorten(&clean(&it.name), 60)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use russh::keys::ssh_key::LineEnding;
    use russh::keys::{Algorithm, HashAlg, PrivateKey};

    use super::*;
    use crate::domain::approval::Judge;
    use crate::domain::plan::PlanDigest;
    use crate::domain::time::Timestamp;
    use crate::transports::signature::fingerprint;

    fn key() -> PrivateKey {
        PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()
    }

    fn message_of(seconds: i64, plan: &[u8]) -> String {
        let digest = PlanDigest::of(plan);
        message(&RunId::new(Timestamp::from_secs(seconds), &digest), &digest)
    }

    fn seen(key: &PrivateKey, message: &str, known: &[&PrivateKey]) -> Seen {
        let signature = key.sign(NAMESPACE, HashAlg::Sha512, message.as_bytes()).unwrap();
        let by = Judge {
            by: Operator { user: "ben".into(), machine: "desk".into() },
            why: None,
            certificate: None,
        };
        let known = known.iter().map(|it| (fingerprint(it.public_key()), "ben@desk".to_owned()));
        Seen {
            approved: Some((by, signature.to_pem(LineEnding::LF).unwrap())),
            keys: known.collect(),
            ..Seen::default()
        }
    }

    #[test]
    fn only_another_persons_key_over_this_run_and_plan_counts() {
        let (anna, ben, carl) = (key(), key(), key());
        let (one, two) = (ServerId::from("web-1"), ServerId::from("web-2"));
        let held: BTreeSet<String> = [fingerprint(anna.public_key())].into();
        let asked = message_of(1, b"plan");
        let digest = PlanDigest::of(b"plan");
        let request = Request {
            run: RunId::new(Timestamp::from_secs(1), &digest),
            digest,
            by: Operator { user: "anna".into(), machine: "desk".into() },
            key: fingerprint(anna.public_key()),
            held,
            name: None,
        };
        let judge = |one_seen: Seen, two_seen: Option<Seen>| {
            let mut all = BTreeMap::from([(&one, one_seen)]);
            all.extend(two_seen.map(|it| (&two, it)));
            judged(&all, [&one, &two].into_iter(), &asked, &request, true)
        };
        let empty = |known: &[&PrivateKey]| Seen { approved: None, ..seen(&ben, &asked, known) };
        let counts_not = |judged, part: &str| {
            let Judged::CountsNot(why) = judged else { panic!("{judged:?}") };
            assert!(why.contains(part), "{why}");
        };
        let good = seen(&ben, &asked, &[&anna, &ben]);
        match judge(good.clone(), Some(empty(&[&anna, &ben]))) {
            Judged::Counts(it) => assert_eq!(it.key, fingerprint(ben.public_key())),
            other => panic!("{other:?}"),
        }
        assert_eq!(judge(good.clone(), None), Judged::Waits, "a server that cannot be read says nothing");
        counts_not(judge(good, Some(empty(&[&anna]))), "web-2 does not let that key");
        let all = [&anna, &ben];
        counts_not(judge(seen(&anna, &asked, &all), Some(empty(&all))), "whoever asked holds that key");
        counts_not(judge(seen(&carl, &asked, &all), Some(empty(&all))), "does not let that key");
        for other in [message_of(2, b"plan"), message_of(1, b"other")] {
            counts_not(judge(seen(&ben, &other, &all), Some(empty(&all))), "not over this run");
        }
        assert_eq!(judge(empty(&all), Some(empty(&all))), Judged::Waits);
    }
}
