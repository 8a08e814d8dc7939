//! What the app's own checks say before anything is changed.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::domain::checking::{Answer, OwnCheck};
use crate::domain::deploy::AppSpec;
use crate::domain::health::{Health, Verdict};
use crate::engine::ground::Engines;
use crate::operations::facts::CheckFacts;

/// How long one attempt is waited for; a check has a deadline of its own.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes one attempt of each.
pub(super) async fn checks(engines: &Engines, spec: &AppSpec) -> Vec<CheckFacts> {
    let own = engines.checks.of(&spec.id);
    let asked = own.into_iter().map(async |check: OwnCheck| {
        let late = |_| {
            let why = format!("no word of it after {} s", PATIENCE.as_secs());
            Some(Answer::Not(Verdict::new(Health::Unknown, why)))
        };
        let answer = timeout(PATIENCE, engines.checks.ask(&check.id)).await.unwrap_or_else(late)?;
        Some(CheckFacts { check, answer })
    });
    join_all(asked).await.into_iter().flatten().collect()
}
