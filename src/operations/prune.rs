//! Taking what nothing keeps out of a repository, and freeing the room that it alone took.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Refusal;
use super::numbering::Numbers;
use super::repository::{RepositoryFacts, bare, finding, findings, lane};
use crate::domain::backup::Backup;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::Failure;
use crate::domain::ids::DatastoreId;
use crate::domain::plan::{Act, Change, Judgement, Operation, Plan, Stage};
use crate::domain::repository::Estimate;
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;

/// How long taking backups out of a repository may take.
const FORGETTING: Duration = Duration::from_secs(600);
/// How long freeing their room may take.
const PRUNING: Duration = Duration::from_secs(24 * 3600);
/// So many of a datastore's backups that are kept for the same reasons are told in one line.
const MANY: usize = 8;

/// What becomes of the backups in a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Those that stay, with what keeps each; oldest first, by datastore.
    pub kept: Vec<(Backup, Vec<String>)>,
    /// Those that go, likewise.
    pub gone: Vec<Backup>,
}

/// Judges all backups of a repository by the retention of their datastores. `only` these datastores' go,
/// or all where it is empty. What one run took together is kept or goes together, and what is of no
/// datastore that is configured stays.
pub fn judge(
    specs: &[DatastoreSpec],
    only: &BTreeSet<DatastoreId>,
    backups: &[Backup],
    now: Timestamp,
) -> Judged {
    let mut by: BTreeMap<&DatastoreId, Vec<Backup>> = BTreeMap::new();
    for it in backups {
        by.entry(&it.datastore).or_default().push(it.clone());
    }
    let mut all: Vec<(Backup, Vec<String>)> = Vec::new();
    for (id, its) in by {
        let Some(spec) = specs.iter().find(|spec| spec.id == *id) else {
            all.extend(its.into_iter().map(|it| (it, vec!["not configured here".to_owned()])));
            continue;
        };
        for (it, mut why) in spec.retention.judged(&its, now) {
            why.extend(it.replaced(spec.keep_replaced, now));
            if why.is_empty() && !only.is_empty() && !only.contains(id) {
                why.push("not asked for".to_owned());
            }
            all.push((it.clone(), why));
        }
    }
    let held: BTreeMap<String, DatastoreId> = all
        .iter()
        .filter(|(_, why)| !why.is_empty())
        .filter_map(|(it, _)| Some((together(it)?.to_owned(), it.datastore.clone())))
        .collect();
    let mut judged = Judged::default();
    for (it, mut why) in all {
        let with = together(&it).and_then(|of| held.get(of));
        if let Some(with) = with.filter(|_| why.is_empty()) {
            why.push(format!("taken together with {with}, which is kept"));
        }
        if why.is_empty() {
            judged.gone.push(it);
        } else {
            judged.kept.push((it, why));
        }
    }
    judged
}

/// What names those that belong together: the set of an app, else the run.
fn together(it: &Backup) -> Option<&str> {
    it.set.as_deref().or(it.run.as_deref())
}

/// Plans it. `specs` are the datastores whose backups go there.
pub fn plan(
    facts: &RepositoryFacts,
    specs: &[DatastoreSpec],
    judged: &Judged,
    estimate: &Result<Estimate, Failure>,
    reason: Option<&str>,
) -> Result<Plan, Refusal> {
    let estimate = estimate.as_ref().map_err(|failure| Refusal::Senseless(failure.clone()))?;
    let id = &facts.id;
    let mut all = findings(facts, false);
    let room = format!("{} of {} go, {} are written anew", estimate.frees, estimate.holds, estimate.rewrites);
    all.push(finding("room", Judgement::Good, room, None));
    let mut numbers = Numbers::default();
    let mut stages = Vec::new();
    if !judged.gone.is_empty() {
        let act = Act::Forget {
            repository: id.clone(),
            backups: judged.gone.iter().map(|it| it.id.clone()).collect(),
        };
        let title = format!("take {} backups out of {id} that nothing keeps any longer", judged.gone.len());
        let steps = vec![numbers.step(title, act, FORGETTING)];
        stages.push(Stage {
            title: "forget".to_owned(),
            lanes: lane(steps),
            tidies: false,
            only_after: Vec::new(),
        });
    }
    let act = Act::Prune { repository: id.clone(), frees: estimate.frees };
    let title = format!("free {} in {id}", estimate.frees);
    let steps = vec![numbers.step(title, act, PRUNING)];
    // What is forgotten stays so, whatever becomes of its room.
    let tidies = !stages.is_empty();
    stages.push(Stage {
        title: "free their room".to_owned(),
        lanes: lane(steps),
        tidies,
        only_after: Vec::new(),
    });
    let strictest = strictest(specs, judged);
    Ok(Plan {
        title: format!("prune {id}: {} backups go, {} freed", judged.gone.len(), estimate.frees),
        operation: Operation::Prune,
        environment: strictest.and_then(|it| it.environment.clone()),
        guard: strictest.map_or(Guard::Confirm, guard),
        reason: reason.map(str::to_owned),
        changes: changes(judged),
        findings: all,
        stages,
        undone_by: "it is not: what goes is gone".to_owned(),
        ..bare(facts)
    })
}

/// The most strictly guarded of the datastores of which something goes.
fn strictest<'a>(specs: &'a [DatastoreSpec], judged: &Judged) -> Option<&'a DatastoreSpec> {
    let goes = |spec: &&DatastoreSpec| judged.gone.iter().any(|it| it.datastore == spec.id);
    specs.iter().filter(goes).max_by_key(|spec| guard(spec) == Guard::TypeName)
}

/// How it is confirmed: a repository is on this machine, where no second person has a key.
fn guard(spec: &DatastoreSpec) -> Guard {
    match spec.guard {
        Guard::Confirm => Guard::Confirm,
        Guard::TypeName | Guard::TwoPerson => Guard::TypeName,
    }
}

/// What goes and, with what keeps it, what stays.
fn changes(judged: &Judged) -> Vec<Change> {
    let mut all: Vec<Change> = judged
        .gone
        .iter()
        .map(|it| Change {
            server: None,
            what: format!("backup {} of {}", it.short(), it.datastore),
            from: Some(format!("{}, {}", it.at.rfc3339(), it.bytes)),
            to: None,
        })
        .collect();
    let mut alike: BTreeMap<(&DatastoreId, String), Vec<&Backup>> = BTreeMap::new();
    for (it, why) in &judged.kept {
        alike.entry((&it.datastore, why.join(", "))).or_default().push(it);
    }
    for ((datastore, why), its) in alike {
        let to = Some(format!("kept: {why}"));
        match its.as_slice() {
            [first, .., last] if its.len() > MANY => all.push(Change {
                server: None,
                what: format!("{} backups of {datastore}", its.len()),
                from: Some(format!("{} to {}", first.at.rfc3339(), last.at.rfc3339())),
                to,
            }),
            _ => all.extend(its.iter().map(|it| Change {
                server: None,
                what: format!("backup {} of {datastore}", it.short()),
                from: Some(format!("{}, {}", it.at.rfc3339(), it.bytes)),
                to: to.clone(),
            })),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::sample::datastore;
    use super::*;
    use crate::domain::datastore::{Retention, Source};

    const DAY: i64 = 86_400;

    fn spec(name: &str) -> DatastoreSpec {
        DatastoreSpec {
            retention: Retention { within: Duration::from_secs(2 * 86_400), ..Retention::default() },
            ..datastore(name, "db-1", Source::Volume { volume: name.to_owned() })
        }
    }

    fn backup(of: &str, day: i64, run: &str) -> Backup {
        Backup {
            id: format!("{of}-{day}"),
            datastore: of.into(),
            at: Timestamp::from_secs(day * DAY),
            run: Some(run.to_owned()),
            ..Backup::default()
        }
    }

    fn gone(backups: &[Backup], only: &[&str]) -> Vec<String> {
        let only = only.iter().map(|name| DatastoreId::from(*name)).collect();
        let judged = judge(&[spec("a"), spec("b")], &only, backups, Timestamp::from_secs(10 * DAY));
        assert_eq!(judged.gone.len() + judged.kept.len(), backups.len());
        judged.gone.into_iter().map(|it| it.id).collect()
    }

    #[test]
    fn what_nothing_keeps_goes_and_nothing_of_a_stranger() {
        let all = [
            backup("a", 1, "1"),
            backup("a", 2, "2"),
            backup("b", 1, "3"),
            backup("b", 9, "4"),
            backup("c", 1, "5"),
        ];
        assert_eq!(gone(&all, &[]), ["a-1", "b-1"]);
        assert_eq!(gone(&all, &["b"]), ["b-1"]);
    }

    #[test]
    fn what_was_taken_together_stays_together() {
        let all = [backup("a", 1, "set"), backup("a", 9, "2"), backup("b", 1, "set")];
        assert_eq!(gone(&all, &[]), Vec::<String>::new(), "the newest of b is of the set");
        let all = [backup("a", 1, "set"), backup("a", 9, "2"), backup("b", 1, "set"), backup("b", 9, "3")];
        assert_eq!(gone(&all, &[]), ["a-1", "b-1"]);
    }

    #[test]
    fn what_a_restore_replaced_stays_while_it_can_be_undone() {
        let safe = |day| Backup { safety: true, ..backup("a", day, "r") };
        assert_eq!(gone(&[safe(4), backup("a", 9, "2")], &[]), Vec::<String>::new());
        assert_eq!(gone(&[safe(2), backup("a", 9, "2")], &[]), ["a-2"]);
    }
}
