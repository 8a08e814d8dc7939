//! The side that answers: it approves with its own key, or denies.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use super::files;
use crate::domain::approval::{Approval, Judge, NAMESPACE, Verdict, Waiting, message};
use crate::domain::clock::Clock;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::run::Operator;
use crate::engine::ground::{Engines, Ground};
use crate::history::journal::{Entry, Journal};
use crate::transports::signature::verify;

/// How often it is looked whether the answer was taken, and how long between.
const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(800);

/// Answers runs that wait.
pub struct Approver {
    /// How servers are reached.
    pub engines: Engines,
    /// Where it is written down that it was done.
    pub journal: Journal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who answers.
    pub by: Operator,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The run has taken it.
    Yes,
    /// It lies there; the run has not looked at it yet.
    NotYet,
}

impl Approver {
    /// Answers. The plan is that which was shown: its own digest is what is signed.
    pub async fn answer(
        &self,
        spec: &AppSpec,
        waiting: &Waiting,
        verdict: &Verdict,
    ) -> Result<Taken, Failure> {
        let title = &waiting.plan.plan().title;
        let conflict = |why: &str| Failure::new(FailureKind::Conflict, title, why);
        if !waiting.is_sound() {
            return Err(conflict("what stands on the server does not belong together"));
        }
        let mut grounds = Vec::new();
        for server in &waiting.on {
            if let Some(place) = spec.places.get(server) {
                grounds.push(Ground::reach(&self.engines, server, place).await?);
            }
        }
        let Some(first) = grounds.first() else {
            return Err(conflict("none of its servers is configured here"));
        };
        let run = &waiting.request.run;
        let answered = match verdict {
            Verdict::Deny(why) => {
                let by = Judge { by: self.by.clone(), why: why.clone(), certificate: None };
                join_all(grounds.iter().map(|ground| files::deny(ground, run, &by))).await
            }
            Verdict::Approve => {
                if !waiting.alive {
                    return Err(conflict("the console that asked is not connected: nothing would begin")
                        .hint("let them ask again"));
                }
                let approval = self.signed(first, waiting).await?;
                let entry = Entry::ApprovalGiven {
                    run: run.clone(),
                    digest: waiting.plan.digest().clone(),
                    by: self.by.clone(),
                    key: approval.key.clone(),
                    signature: approval.fingerprint(),
                };
                self.write_down(entry).await?;
                let by = Judge { by: self.by.clone(), why: None, certificate: approval.certificate.clone() };
                join_all(grounds.iter().map(|it| files::give(it, run, &by, &approval.signature))).await
            }
        };
        // One server is enough: whoever asked looks at all of them.
        if answered.iter().all(Result::is_err) {
            return answered.into_iter().next().unwrap_or(Ok(())).map(|()| Taken::NotYet);
        }
        became(first, waiting).await
    }

    async fn signed(&self, ground: &Ground, waiting: &Waiting) -> Result<Approval, Failure> {
        let title = &waiting.plan.plan().title;
        let transport = ground.transport().await?;
        let held = transport.identity().map(|it| it.key).filter(|key| waiting.request.held.contains(key));
        if let Some(key) = held {
            let why = format!(
                "{}, who asked, holds the key that you are logged in with ({key})",
                waiting.request.by
            );
            return Err(Failure::new(FailureKind::Conflict, title, why)
                .hint("it takes another person, with a key of their own on the server"));
        }
        let what = format!("approve {title}");
        let signed = message(&waiting.request.run, waiting.plan.digest());
        let signature = transport.sign(NAMESPACE, signed.as_bytes()).await;
        let signature = signature.map_err(|error| {
            error.into_failure(&what).hint("approve from a console that reaches the server over SSH")
        })?;
        let key = verify(NAMESPACE, signed.as_bytes(), &signature)
            .map_err(|error| Failure::new(FailureKind::Bug, &what, error.to_string()))?;
        let certificate = transport.identity().and_then(|it| it.certificate);
        Ok(Approval { by: self.by.clone(), key, comment: String::new(), signature, certificate })
    }

    async fn write_down(&self, entry: Entry) -> Result<(), Failure> {
        let (journal, at) = (self.journal.clone(), self.clock.now());
        let what = "write the journal";
        match tokio::task::spawn_blocking(move || journal.append(at, &[entry])).await {
            Ok(written) => written.map_err(|error| error.into_failure(what)),
            Err(error) => Err(Failure::new(FailureKind::Bug, what, error.to_string())),
        }
    }
}

/// Looks for some seconds what whoever asked makes of it.
async fn became(ground: &Ground, waiting: &Waiting) -> Result<Taken, Failure> {
    for _ in 0..LOOKS {
        sleep(PAUSE).await;
        let seen = files::poll(ground, &waiting.request.run, false).await?;
        if seen.gone {
            return Ok(Taken::Yes);
        }
        if let Some(why) = seen.refused {
            return Err(Failure::new(FailureKind::Conflict, &waiting.plan.plan().title, why));
        }
    }
    Ok(Taken::NotYet)
}
