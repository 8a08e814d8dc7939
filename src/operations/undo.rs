//! Undoing a restore that took the place of what stood: the names go back.

use std::collections::BTreeMap;

use super::Refusal;
use super::backup::place;
use super::facts::Held;
use super::findings::Findings;
use super::numbering::Numbers;
use super::restore::{exchanging, interrupts, reached};
use super::restore_facts::{RestoreFacts, Stands};
use super::restore_part::swapping;
use super::set_undo::exchanged;
use crate::domain::beside::{called, noun, standing};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::AppId;
use crate::domain::plan::{Act, Change, FORMAT, Finding, Lane, Operation, Plan, Stage, Step};
use crate::domain::run::RunId;

/// A datastore of which what a run replaced takes its place again.
pub(super) struct Returned<'a> {
    spec: &'a DatastoreSpec,
    pub(super) server: &'a Stands,
    source: &'a Source,
    /// What the run put there.
    from: &'a str,
    /// What it replaced.
    aside: &'a str,
    /// The containers that are stopped for it alone.
    pub(super) stops: Vec<String>,
}

impl<'a> Returned<'a> {
    pub(super) fn of(
        spec: &'a DatastoreSpec,
        facts: &'a RestoreFacts,
        source: &'a Source,
        from: &'a str,
        aside: Option<&'a str>,
        title: &str,
    ) -> Result<Self, Refusal> {
        let Some(aside) = aside else {
            let stood = standing(source);
            let failure = Failure::new(FailureKind::Unsupported, title, "nothing stood there before");
            let hint = format!("remove {stood}, where it is not wanted");
            return Err(Refusal::Senseless(failure.hint(hint)));
        };
        let server = reached(spec, facts)?;
        Ok(Self { spec, server, source, from, aside, stops: server.users().to_vec() })
    }

    pub(super) fn findings(&self, lock: Option<&Held>, reason: bool) -> Vec<Finding> {
        let Self { spec, server, source, from, aside, .. } = self;
        let stood = standing(source);
        let mut findings = Findings::new(spec, reason);
        findings.lock(lock, &place(spec), "nobody else works on it");
        let (old, new) = (called(source, aside), called(source, from));
        if server.names().contains(*aside) {
            findings.good(noun(source), format!("{old} stands there, which the run replaced"));
        } else {
            let found = format!("{old}, which the run replaced, is not there");
            findings.refuse(noun(source), found, "a backup of it was taken before: midwatch backups", false);
        }
        if server.names().contains(*from) {
            let found = format!("{new} is there already: it was undone, or never swapped");
            findings.refuse("name", found, "see what stands there", false);
        }
        if server.live().is_none() {
            findings.refuse(noun(source), format!("{stood} is not there"), "see what stands there", false);
        }
        findings.swapping(server);
        findings.all
    }

    /// What was aside takes the name, and what has it goes back to where it was restored.
    pub(super) fn swap(&self, numbers: &mut Numbers) -> Step {
        let act = Act::Swap {
            datastore: self.spec.id.clone(),
            source: self.source.clone(),
            from: self.aside.to_owned(),
            aside: Some(self.from.to_owned()),
            stops: self.stops.clone(),
        };
        let said = swapping(self.source, self.aside, Some(self.from), &self.stops);
        numbers.step(said, act, exchanging(self.server))
    }

    pub(super) fn back(&self, numbers: &mut Numbers) -> Step {
        let act = Act::Unswap {
            datastore: self.spec.id.clone(),
            source: self.source.clone(),
            from: self.aside.to_owned(),
            aside: Some(self.from.to_owned()),
            drops: false,
            stops: self.stops.clone(),
        };
        let said = format!("{} as it was until now", standing(self.source));
        numbers.step(said, act, exchanging(self.server))
    }

    pub(super) fn change(&self) -> Change {
        Change {
            server: None,
            what: format!("{} {}", noun(self.source), standing(self.source)),
            from: Some("as restored, with what was written since".to_owned()),
            to: Some("as it was before".to_owned()),
        }
    }
}

/// That a run exchanged nothing.
pub(super) fn unsupported(title: String, undone: &Plan) -> Refusal {
    let why = format!("it put nothing in the place of what stood: {}", undone.title);
    let failure = Failure::new(FailureKind::Unsupported, title, why);
    Refusal::Senseless(failure.hint("an app's: midwatch rollback"))
}

/// Plans it: `undone` is the plan of that run.
pub fn plan(
    spec: &DatastoreSpec,
    facts: &RestoreFacts,
    run: &RunId,
    undone: &Plan,
    reason: Option<&str>,
) -> Result<Plan, Refusal> {
    let title = format!("undo the run {run}");
    let Some(it) = exchanged(undone).last() else { return Err(unsupported(title, undone)) };
    let source = it.source;
    let stood = standing(source);
    let part = Returned::of(spec, facts, source, it.from, it.aside, &title)?;
    let mut numbers = Numbers::default();
    let stage = |title: &str, step: Step| Stage {
        title: title.to_owned(),
        lanes: vec![Lane { server: spec.server.clone(), steps: vec![step] }],
        tidies: false,
        only_after: Vec::new(),
    };
    let stages = vec![stage("swap", part.swap(&mut numbers))];
    let undo = vec![stage("put back", part.back(&mut numbers))];
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Undo,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("undo {run}: {stood} on {} as it was before", spec.server),
        as_of: facts.as_of,
        reason: reason.map(str::to_owned),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: vec![part.change()],
        interrupts: interrupts(source, part.server, true),
        findings: part.findings(facts.lock.as_ref(), reason.is_some()),
        leaves: None,
        stages,
        undo,
        undone_by: format!(
            "what was restored is kept as {}: midwatch undo of this run",
            called(source, it.from)
        ),
    })
}
