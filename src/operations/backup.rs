//! Backing a datastore up.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Refusal;
use super::datastore_facts::{DatastoreFacts, Stock};
use super::numbering::Numbers;
use crate::domain::backup::Backup;
use crate::domain::datastore::{DatastoreSpec, folder};
use crate::domain::deploy::Place;
use crate::domain::ids::AppId;
use crate::domain::plan::{Act, Change, FORMAT, Finding, Judgement, Lane, Operation, Plan, Stage};
use crate::domain::time::{Age, Timestamp};

use super::facts::Held;

/// How long reading and storing may take.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long taking backups out of a repository may take.
const FORGETTING: Duration = Duration::from_secs(600);

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Why; it stands in the backup, and overrides what may be overridden.
    pub reason: Option<String>,
    /// Whether the repository may be made where it is not there.
    pub init: bool,
    /// The release that the app it belongs to is at.
    pub release: Option<String>,
}

/// Where a datastore's lock and its runs are on its server: in a folder of our own, from the user's home.
pub fn place(spec: &DatastoreSpec) -> Place {
    Place { project: spec.id.to_string(), directory: folder(&spec.id), file: String::new(), env_file: None }
}

/// Plans it.
pub fn plan(spec: &DatastoreSpec, facts: &DatastoreFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let seen = match &facts.seen {
        Ok(seen) => seen,
        Err(failure) => return Err(Refusal::Unreachable(vec![(spec.server.clone(), failure.clone())])),
    };
    let stock = match &facts.stock {
        Ok(stock) => stock,
        Err(failure) => return Err(Refusal::Senseless(failure.clone())),
    };
    let mut numbers = Numbers::default();
    let makes = !stock.there && ask.init;
    let act = Act::BackUp {
        datastore: spec.id.clone(),
        source: spec.source.clone(),
        repository: spec.repository.clone(),
        makes,
        about: seen.about,
        role_passwords: seen.role_passwords,
        release: ask.release.clone(),
        set: false,
    };
    let what = spec.source.describe();
    let title = format!("back {what} up into {}, and read it back", spec.repository);
    let taken = Stage {
        title: "back up".to_owned(),
        lanes: vec![Lane { server: spec.server.clone(), steps: vec![numbers.step(title, act, LONGEST)] }],
        tidies: false,
        only_after: Vec::new(),
    };
    let mut stages = vec![taken];
    let mut changes = Vec::new();
    let change =
        |what: String, from: Option<String>, to: Option<String>| Change { server: None, what, from, to };
    if makes {
        let path = stock.path.clone();
        changes.push(change(format!("repository {}", spec.repository), None, Some(path)));
    }
    let expired = expired(spec, stock, facts.as_of);
    if !expired.is_empty() {
        for it in &expired {
            let was = format!("{} of {}, {}", it.short(), it.at.rfc3339(), it.bytes);
            changes.push(change("backup".to_owned(), Some(was), None));
        }
        let act = Act::Forget {
            repository: spec.repository.clone(),
            backups: expired.iter().map(|it| it.id.clone()).collect(),
        };
        let title =
            format!("take {} out of {} that nothing keeps any longer", expired.len(), spec.repository);
        let steps = vec![numbers.step(title, act, FORGETTING)];
        let lanes = vec![Lane { server: spec.server.clone(), steps }];
        stages.push(Stage {
            title: "keep what is to be kept".to_owned(),
            lanes,
            tidies: true,
            only_after: Vec::new(),
        });
    }
    let place = place(spec);
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Backup,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: crate::domain::setup::Guard::Confirm,
        title: format!("back up {} ({what} on {}) into {}", spec.id, spec.server, spec.repository),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: BTreeMap::from([(spec.server.clone(), place)]),
        changes,
        findings: findings(spec, facts, ask),
        interrupts: Vec::new(),
        leaves: None,
        stages,
        undo: Vec::new(),
        undone_by: "it changes nothing on the server; what was taken can be forgotten: restic forget"
            .to_owned(),
    })
}

/// What nothing keeps any longer, as [`prune`](super::prune) judges it; what belongs together with
/// backups of other datastores is left to that.
fn expired<'a>(spec: &DatastoreSpec, stock: &'a Stock, now: Timestamp) -> Vec<&'a Backup> {
    let kept = |it: &Backup| it.replaced(spec.keep_replaced, now).is_some();
    let shared = |it: &Backup| it.run.as_ref().is_some_and(|run| stock.shared.contains(run));
    let expired = spec.retention.expired(&stock.backups, now);
    expired.into_iter().filter(|it| !kept(it) && !shared(it)).collect()
}

/// What was looked at.
pub(super) fn findings(spec: &DatastoreSpec, facts: &DatastoreFacts, ask: &Ask) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut add = |check: &str, judgement, found: String, remedy: Option<String>, may_override: bool| {
        let judgement = match judgement {
            Judgement::Refused if ask.reason.is_some() && may_override => Judgement::Overridden,
            other => other,
        };
        let server = Some(spec.server.clone());
        all.push(Finding { check: check.to_owned(), server, judgement, found, remedy, may_override });
    };
    match &facts.lock {
        None => add("lock", Judgement::Good, "nobody else backs it up".to_owned(), None, false),
        Some(Held::By(it)) => add(
            "lock",
            Judgement::Refused,
            format!("{} holds the lock since {}: {}", it.by, it.since.rfc3339(), it.what),
            Some(format!("wait for it; where it has died: midwatch resume {} leave", it.run)),
            false,
        ),
        Some(Held::Unreadable(begins)) => add(
            "lock",
            Judgement::Refused,
            format!("the lock is held by something that cannot be read: {begins}"),
            Some(format!("look at {}/lock", place(spec).own())),
            false,
        ),
    }
    if let Ok(seen) = &facts.seen {
        let about = seen.about.map(|about| format!(", about {about}")).unwrap_or_default();
        add("datastore", Judgement::Good, format!("{}{about}", seen.version), None, false);
        for note in &seen.notes {
            add("datastore", Judgement::Noted, note.clone(), None, false);
        }
    }
    let Ok(stock) = &facts.stock else { return all };
    match (stock.there, stock.backups.last()) {
        (false, _) if ask.init => {
            let found = format!("{} is made: there is none yet", stock.path);
            add("repository", Judgement::Noted, found, None, false);
        }
        // A disk that is not mounted looks like a repository that is yet to be made.
        (false, _) => add(
            "repository",
            Judgement::Refused,
            format!("there is no repository in {}", stock.path),
            Some(format!("see that it is mounted; the first time: midwatch backup {} --init", spec.id)),
            false,
        ),
        (true, None) => add(
            "repository",
            Judgement::Good,
            "opened; it holds no backup of this yet".to_owned(),
            None,
            false,
        ),
        (true, Some(last)) => {
            let age = Age(last.at.age(facts.as_of));
            let found =
                format!("{} backups, the last one {age} old with {}", stock.backups.len(), last.bytes);
            add("repository", Judgement::Good, found, None, false);
        }
    }
    for lock in stock.locks.iter().filter(|it| it.exclusive || it.stale.is_some()) {
        let (said, id) = (lock.describe(), &spec.repository);
        let (judgement, found, remedy) = match &lock.stale {
            Some(_) => (Judgement::Noted, format!("left behind, and is taken away: {said}"), None),
            None => (
                Judgement::Refused,
                said,
                Some(format!("wait for it; where it has died: midwatch repo unlock {id} --force")),
            ),
        };
        add("repository", judgement, found, remedy, false);
    }
    // As much again as the last time is what a backup that shares nothing with it would need.
    let wanted =
        facts.seen.as_ref().ok().and_then(|seen| seen.about).or(stock.backups.last().map(|it| it.bytes));
    match (stock.free, wanted) {
        (Some(free), Some(wanted)) if free < wanted => add(
            "room",
            Judgement::Refused,
            format!("{free} free where the repository is, about {wanted} to read"),
            Some("make room there; what is compressed and shared needs less".to_owned()),
            true,
        ),
        (Some(free), _) => {
            add("room", Judgement::Good, format!("{free} free where the repository is"), None, false);
        }
        (None, _) => {
            add("room", Judgement::Noted, "how much room there is could not be read".to_owned(), None, false);
        }
    }
    all
}
