//! Runs of other consoles that wait for a second person: what each would do, for the overview, the app's
//! page and the page on one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::approval::Waiting;
use crate::domain::ids::AppId;
use crate::domain::run::RunId;
use crate::domain::time::Timestamp;
use crate::state::plan::lines::of_plan;
use crate::state::run::lines::span;
use crate::theme::Role;
use crate::widgets::sheet::{Line, wrapped};

/// What is known of them, by app.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    by_app: BTreeMap<AppId, Vec<(Waiting, Timestamp)>>,
    /// The first row shown of the page on one.
    pub first: usize,
}

impl Waits {
    /// Takes all that waits on an app's servers.
    pub fn take(&mut self, app: AppId, all: Vec<Waiting>, now: Timestamp) {
        if all.is_empty() {
            self.by_app.remove(&app);
        } else {
            let until = |it: Waiting| {
                let until = now + it.left;
                (it, until)
            };
            self.by_app.insert(app, all.into_iter().map(until).collect());
        }
    }

    /// Those of an app, oldest first.
    pub fn of<'a>(&'a self, app: &AppId) -> impl Iterator<Item = &'a Waiting> {
        self.by_app.get(app).into_iter().flatten().map(|(it, _)| it)
    }

    /// One by its name.
    pub fn get(&self, run: &RunId) -> Option<&Waiting> {
        self.entry(run).map(|(it, _)| it)
    }

    /// The apps that have any.
    pub fn apps(&self) -> impl Iterator<Item = &AppId> {
        self.by_app.keys()
    }

    fn entry(&self, run: &RunId) -> Option<&(Waiting, Timestamp)> {
        self.by_app.values().flatten().find(|(it, _)| it.request.run == *run)
    }

    /// The page on one as rows: who asks, how long it waits still, and the plan.
    pub fn lines(&self, run: &RunId, keys: &[String; 2], now: Timestamp, cells: u16) -> Option<Vec<Line>> {
        let (it, until) = self.entry(run)?;
        let left = Duration::from_secs(until.since(now).as_secs());
        let request = &it.request;
        let cells = cells.saturating_sub(2);
        let ahead = if !it.alive {
            Line::at(2).text("the console that asked is not connected: nothing would begin", Role::Degraded)
        } else if left.is_zero() {
            Line::at(2).text("its time is over", Role::Degraded)
        } else {
            let [approve, deny] = keys;
            Line::at(2)
                .text(format!("waits for a second person, for {} more; ", span(left)), Role::Text)
                .strong(approve.clone(), Role::Key)
                .text(" approves, ", Role::Text)
                .strong(deny.clone(), Role::Key)
                .text(" denies", Role::Text)
        };
        let mut lines = of_plan(&it.plan, None, ahead, now, cells);
        let asked = format!("asked by {}, logged in with {}; run {}", request.by, request.key, request.run);
        let mut about = wrapped(&asked, 2, Role::Text, cells);
        about.extend(wrapped(&format!("plan {}", request.digest), 2, Role::Muted, cells));
        // Behind the title and what is told of the plan.
        let at = lines.len().min(2);
        lines.splice(at..at, about);
        Some(lines)
    }
}

/// One in a line, for the list of problems; `key` is what shows it.
pub fn cause(it: &Waiting, key: &str) -> String {
    format!("waits for a second person, {key} shows it: {}, by {}", it.plan.plan().title, it.request.by)
}
