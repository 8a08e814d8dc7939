//! The apps' own checks, made once each time a change asks: the same that the console makes all the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::clock::SystemClock;
use super::excused::excuse;
use crate::collectors::checks::{Means, Task, run_once, tasks};
use crate::config::Config;
use crate::domain::checking::{Answer, Checks, OwnCheck};
use crate::domain::health::Health;
use crate::domain::ids::{AppId, CheckId};
use crate::transports::Links;

/// Those of a configuration.
pub struct AppChecks {
    tasks: BTreeMap<CheckId, Task>,
    apps: BTreeMap<CheckId, AppId>,
    config: Config,
    means: Arc<Means>,
}

impl AppChecks {
    /// Nothing is connected to before something is asked.
    pub fn of(config: &Config, links: &Arc<Links>) -> Self {
        let means = Means::new(Arc::<Links>::clone(links), Arc::new(SystemClock), config);
        let mut tasks = tasks(config);
        tasks.retain(|_, task| task.config.app.is_some());
        let app = |(id, task): (&CheckId, &Task)| Some((id.clone(), task.config.app.clone()?));
        let apps = tasks.iter().filter_map(app).collect();
        Self { tasks, apps, config: config.clone(), means: Arc::new(means) }
    }
}

#[async_trait]
impl Checks for AppChecks {
    fn of(&self, app: &AppId) -> Vec<OwnCheck> {
        let own = self.tasks.values().filter(|task| task.config.app.as_ref() == Some(app));
        own.map(|task| OwnCheck {
            id: task.id.clone(),
            from: task.from.clone(),
            fail_after: task.config.fail_after,
        })
        .collect()
    }

    async fn ask(&self, check: &CheckId) -> Option<Answer> {
        let task = self.tasks.get(check)?.clone();
        let mut results = run_once([task], &self.means).await;
        let excused = excuse(&mut results, &self.apps, &self.config, &self.means).await;
        let result = results.into_iter().next()?;
        Some(match result.verdict.health {
            Health::Up => Answer::Up,
            _ if excused.contains(check) => Answer::Excused(result.verdict.reason),
            _ => Answer::Not(result.verdict),
        })
    }
}
