//! A run as lines, as it goes on.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::cli::print;
use crate::domain::plan::{FrozenPlan, StepId};
use crate::domain::run::{News, Progress, RunEnd, RunNews};
use crate::engine::Tell;

/// Prints a line for each thing that happens.
pub(super) struct Lines {
    steps: BTreeMap<StepId, (String, String)>,
    json: bool,
}

impl Lines {
    pub(super) fn new(plan: &FrozenPlan, json: bool) -> Self {
        let steps = plan.plan().steps();
        let steps =
            steps.map(|(server, step)| (step.id, (step.place(server).to_owned(), step.title.clone())));
        Self { steps: steps.collect(), json }
    }

    fn step(&self, id: StepId) -> String {
        match self.steps.get(&id) {
            Some((server, title)) => format!("{server}: {title}"),
            None => format!("step {id}"),
        }
    }

    fn line(&self, news: &RunNews) -> String {
        match &news.what {
            News::Waits(most) => format!(
                "waits for a second person, {} minutes at most; nothing is changed until then\n  to be approved by another operator:  midwatch approve {}",
                most.as_secs() / 60,
                news.run
            ),
            News::Unapproved(why) => format!("  NO  {why}; it waits on"),
            News::Approved(who) => format!("approved by {who}"),
            News::Begun => format!("run {}", news.run),
            News::Stage(title) => format!("\n{title}"),
            News::StepBegun(id) => format!("  …   {}", self.step(*id)),
            News::Progress(id, Progress::Pulled { done, total }) => {
                format!("      {}: {done} of {total}", self.step(*id))
            }
            News::Progress(id, Progress::Saying(said)) => format!("      {}: {said}", self.step(*id)),
            News::StepDone(id, said, took) => {
                let said = if said.is_empty() { String::new() } else { format!(", {said}") };
                format!("  ok  {} ({:.1} s{said})", self.step(*id), took.as_secs_f32())
            }
            News::StepFailed(id, failure) => {
                let hint = failure.hint.as_ref().map(|hint| format!("\n        {hint}")).unwrap_or_default();
                format!("  NO  {}: {}{hint}", self.step(*id), failure.reason())
            }
            News::Undoing(why) => format!("\nputting back what was changed: {why}"),
            News::Ended(end) => ended(end),
            News::Untold(name, failure) => format!("  note  {name} was not told: {}", failure.reason()),
        }
    }
}

fn ended(end: &RunEnd) -> String {
    let mut out = vec![format!("\n{} after {:.1} s", end.outcome.word(), end.took.as_secs_f32())];
    if let Some(failure) = &end.because {
        out.push(format!("  {failure}"));
    }
    out.extend(end.stands.iter().map(|(server, stands)| format!("  {server}: {stands}")));
    out.join("\n")
}

#[async_trait]
impl Tell for Lines {
    async fn tell(&self, news: RunNews) {
        if self.json {
            // It holds strings and numbers only.
            print(&serde_json::to_string(&news).unwrap_or_default());
        } else {
            print(&self.line(&news));
        }
    }
}
