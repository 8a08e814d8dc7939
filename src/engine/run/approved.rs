//! A second person, where the environment asks for one: waited for before anything is locked.

use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::{Run, Unbegun};
use crate::domain::approval::{NAMESPACE, WINDOW, message};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::run::News;
use crate::domain::setup::Guard;
use crate::engine::approval::{self, Answer, Asking};
use crate::history::journal::Entry;
use crate::transports::signature::verify;

/// Signatures that do not count and were not told yet; more than these are not told.
const REFUSED: usize = 8;

impl Run<'_> {
    /// Waits until the plan is approved, where that is asked for.
    pub(super) async fn approved(&mut self) -> Result<(), Unbegun> {
        let plan = &self.confirmed.plan;
        if plan.plan().guard != Guard::TwoPerson {
            return Ok(());
        }
        self.reach().await?;
        let by = &self.confirmed.by;
        let asking = Asking { grounds: &self.grounds, run: &self.id, plan, by };
        let request = asking.request().await?;
        let asked = Entry::ApprovalAsked {
            run: self.id.clone(),
            digest: plan.digest().clone(),
            by: by.clone(),
            key: request.key.clone(),
        };
        self.write_down(vec![asked]).await?;
        self.news(News::Waits(WINDOW)).await;
        let (send, mut refused) = mpsc::channel::<String>(REFUSED);
        let told = |why| drop(send.try_send(why));
        let mut answer = std::pin::pin!(asking.answer(&request, &self.cancel, &told));
        let answer = loop {
            tokio::select! {
                biased;
                Some(why) = refused.recv() => self.news(News::Unapproved(why)).await,
                answer = &mut answer => break answer,
            }
        };
        let approval = match answer {
            Answer::Approved(approval) => approval,
            Answer::Cancelled => return Err(Unbegun::Cancelled),
            Answer::Refused(failure) => return Err(Unbegun::Failed(failure)),
        };
        let given = Entry::ApprovalGiven {
            run: self.id.clone(),
            digest: plan.digest().clone(),
            by: approval.by.clone(),
            key: approval.key.clone(),
            signature: approval.fingerprint(),
        };
        self.write_down(vec![given]).await?;
        self.news(News::Approved(approval.who())).await;
        self.approval = Some(approval);
        Ok(())
    }

    /// Whether what is taken up was approved, where that is asked for; to be called once it is connected.
    pub(super) async fn was_approved(&self) -> Result<(), Failure> {
        let plan = &self.confirmed.plan;
        if plan.plan().guard != Guard::TwoPerson {
            return Ok(());
        }
        let signed = message(&self.id, plan.digest());
        let kept = join_all(self.grounds.values().map(|ground| approval::kept(ground, &self.id))).await;
        let counts = |text: &String| verify(NAMESPACE, signed.as_bytes(), text).is_ok();
        if kept.into_iter().flatten().any(|text| counts(&text)) {
            return Ok(());
        }
        let why = "no approval of a second person is kept with it";
        Err(Failure::new(FailureKind::Conflict, format!("finish the run {}", self.id), why)
            .hint("undo it, or leave it as it stands"))
    }
}
