//! Backing an app up as one set: all of its datastores and its release, so that code and data go back together.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Refusal;
use super::backup::{self, Ask, findings};
use super::datastore_facts::DatastoreFacts;
use super::facts::Held;
use super::numbering::Numbers;
use crate::domain::backup::Backup;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, DatastoreId, RepositoryId, ServerId};
use crate::domain::plan::{Act, Change, FORMAT, Finding, Judgement, Lane, Operation, Plan, Stage, Step};
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;

/// How long reading and storing one of them may take.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long taking backups out of a repository may take.
const FORGETTING: Duration = Duration::from_secs(600);

/// The name that the backups of an app's release go by. No datastore of the configuration can be asked for
/// by it: it is one of an app.
pub fn release_of(app: &AppId) -> DatastoreId {
    DatastoreId::from(format!("{app}.release"))
}

/// How an app's release stands on one of its servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The server.
    pub server: ServerId,
    /// The files that it is: the Compose file, the environment, the ledger; absolute.
    pub paths: Vec<String>,
    /// The current release's number, where the ledger has one.
    pub current: Option<u32>,
    /// Who holds the app's lock there.
    pub lock: Option<Held>,
}

/// What the plan is made of.
#[derive(Clone, Debug)]
pub struct SetFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// By each of the app's servers.
    pub releases: Vec<Release>,
    /// Everything that is backed up: the datastores, then the releases' files.
    pub parts: Vec<(DatastoreSpec, DatastoreFacts)>,
}

/// The files of a release as something that can be backed up, where `like` is the app's first datastore.
pub fn part(app: &AppSpec, release: &Release, like: &DatastoreSpec) -> DatastoreSpec {
    DatastoreSpec {
        id: release_of(&app.id),
        server: release.server.clone(),
        source: Source::Files { run_as: None, paths: release.paths.clone(), exclude: Vec::new() },
        assertions: Vec::new(),
        ..like.clone()
    }
}

/// Plans it.
pub fn plan(app: &AppSpec, facts: &SetFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let mut places = app.places.clone();
    let mut numbers = Numbers::default();
    let mut lanes: BTreeMap<ServerId, Vec<Step>> = BTreeMap::new();
    let mut expired: BTreeMap<RepositoryId, (ServerId, Vec<Backup>)> = BTreeMap::new();
    let numbered = facts.releases.iter().filter_map(|it| it.current).max();
    let release = numbered.map(|number| format!("{}/{number}", app.id));
    let mut looked = locks(facts);
    looked.push(standing(app, facts));
    for (spec, it) in &facts.parts {
        let seen = it
            .seen
            .as_ref()
            .map_err(|failure| Refusal::Unreachable(vec![(spec.server.clone(), failure.clone())]))?;
        let stock = it.stock.as_ref().map_err(|failure| Refusal::Senseless(failure.clone()))?;
        places.entry(spec.server.clone()).or_insert_with(|| backup::place(spec));
        let act = Act::BackUp {
            datastore: spec.id.clone(),
            source: spec.source.clone(),
            repository: spec.repository.clone(),
            makes: false,
            about: seen.about,
            role_passwords: seen.role_passwords,
            release: release.clone(),
            set: true,
        };
        let title = format!("back {} up into {}, and read it back", spec.source.describe(), spec.repository);
        lanes.entry(spec.server.clone()).or_default().push(numbers.step(title, act, LONGEST));
        let own: Vec<Backup> = stock.backups.iter().filter(|it| it.server == spec.server).cloned().collect();
        let (_, gone) =
            expired.entry(spec.repository.clone()).or_insert_with(|| (spec.server.clone(), Vec::new()));
        gone.extend(spec.retention.expired(&own, facts.as_of).into_iter().cloned());
        looked.extend(findings(spec, it, &Ask { init: false, ..ask.clone() }).into_iter().map(|finding| {
            let found = format!("{}: {}", spec.id, finding.found);
            Finding { found, ..finding }
        }));
    }
    if lanes.is_empty() {
        let failure =
            Failure::new(FailureKind::Invalid, format!("back {} up", app.id), "it has no datastores");
        return Err(Refusal::Senseless(
            failure.hint(format!("name them: [apps.{}] datastores = […]", app.id)),
        ));
    }
    let mut changes = Vec::new();
    let mut stages = vec![Stage {
        title: "back up as one set".to_owned(),
        lanes: lanes.into_iter().map(|(server, steps)| Lane { server, steps }).collect(),
        tidies: false,
        only_after: Vec::new(),
    }];
    for (repository, (server, gone)) in expired.into_iter().filter(|(_, (_, gone))| !gone.is_empty()) {
        changes.extend(gone.iter().map(|it| Change {
            server: None,
            what: "backup".to_owned(),
            from: Some(format!("{} of {} of {}, {}", it.short(), it.datastore, it.at.rfc3339(), it.bytes)),
            to: None,
        }));
        let act = Act::Forget {
            repository: repository.clone(),
            backups: gone.iter().map(|it| it.id.clone()).collect(),
        };
        let title = format!("take {} out of {repository} that nothing keeps any longer", gone.len());
        let steps = vec![numbers.step(title, act, FORGETTING)];
        let lanes = vec![Lane { server, steps }];
        stages.push(Stage {
            title: "keep what is to be kept".to_owned(),
            lanes,
            tidies: true,
            only_after: Vec::new(),
        });
    }
    let names: Vec<&str> = facts.parts.iter().map(|(spec, _)| spec.id.as_str()).collect();
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Backup,
        app: app.id.clone(),
        environment: app.environment.clone(),
        guard: Guard::Confirm,
        title: format!("back {} up as one set: {}", app.id, names.join(", ")),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places,
        changes,
        findings: looked,
        interrupts: Vec::new(),
        leaves: None,
        stages,
        undo: Vec::new(),
        undone_by: "it changes nothing on the servers; what was taken can be forgotten: restic forget"
            .to_owned(),
    })
}

/// Whether a deploy is under way, which would part code and data.
fn locks(facts: &SetFacts) -> Vec<Finding> {
    let one = |it: &Release| {
        let (judgement, found, remedy) = match &it.lock {
            None => (Judgement::Good, "nobody deploys it meanwhile".to_owned(), None),
            Some(Held::By(holder)) => (
                Judgement::Refused,
                format!("{} holds the lock since {}: {}", holder.by, holder.since.rfc3339(), holder.what),
                Some(format!("wait for it; where it has died: midwatch resume {}", holder.run)),
            ),
            Some(Held::Unreadable(begins)) => (
                Judgement::Refused,
                format!("the lock is held by something that cannot be read: {begins}"),
                Some("look at .midwatch/lock in the app's folder".to_owned()),
            ),
        };
        let server = Some(it.server.clone());
        Finding { check: "lock".to_owned(), server, judgement, found, remedy, may_override: false }
    };
    facts.releases.iter().map(one).collect()
}

/// Which release it is that goes with the data.
fn standing(app: &AppSpec, facts: &SetFacts) -> Finding {
    let mut numbers: Vec<Option<u32>> = facts.releases.iter().map(|it| it.current).collect();
    numbers.dedup();
    let (judgement, found) = match numbers[..] {
        [Some(number)] => (Judgement::Good, format!("release {number} goes with the data")),
        [None] | [] => (
            Judgement::Noted,
            format!("{} has no release yet: its files as they stand go with the data", app.id),
        ),
        _ => (Judgement::Noted, "its servers are not at the same release: the newest is named".to_owned()),
    };
    Finding { check: "release".to_owned(), server: None, judgement, found, remedy: None, may_override: false }
}

#[cfg(test)]
mod tests {
    use super::super::datastore_facts::{Seen, Stock};
    use super::*;
    use crate::domain::deploy::Place;
    use crate::operations::sample;

    fn app() -> AppSpec {
        let place = Place {
            project: "shop".to_owned(),
            directory: "/srv/shop".to_owned(),
            file: "compose.yaml".to_owned(),
            env_file: None,
        };
        AppSpec::bare("shop".into(), BTreeMap::from([("web-1".into(), place)]))
    }

    fn datastore(id: &str, server: &str) -> DatastoreSpec {
        let source = Source::Volume { volume: id.to_owned() };
        DatastoreSpec { guard: Guard::Confirm, ..sample::datastore(id, server, source) }
    }

    fn facts(parts: Vec<DatastoreSpec>, lock: Option<Held>) -> SetFacts {
        let seen = || DatastoreFacts {
            as_of: Timestamp::from_secs(9),
            lock: None,
            seen: Ok(Seen::default()),
            stock: Ok(Stock { there: true, ..Stock::default() }),
        };
        let release = Release {
            server: "web-1".into(),
            paths: vec!["/srv/shop/compose.yaml".into()],
            current: Some(7),
            lock,
        };
        let files = part(&app(), &release, &parts[0]);
        let parts = parts.into_iter().chain([files]).map(|it| (it, seen())).collect();
        SetFacts { as_of: Timestamp::from_secs(9), releases: vec![release], parts }
    }

    #[test]
    fn one_set_holds_every_datastore_and_the_release_that_all_of_them_name() {
        let all = facts(vec![datastore("db", "db-1"), datastore("uploads", "web-1")], None);
        let plan = plan(&app(), &all, &Ask::default()).unwrap();
        let taken: Vec<(&str, &str, Option<&str>)> = plan
            .steps()
            .filter_map(|(server, step)| match &step.act {
                Act::BackUp { datastore, release, set: true, .. } => {
                    Some((server.as_str(), datastore.as_str(), release.as_deref()))
                }
                _ => None,
            })
            .collect();
        let release = Some("shop/7");
        assert_eq!(
            taken,
            [("db-1", "db", release), ("web-1", "uploads", release), ("web-1", "shop.release", release)]
        );
        // The app's own lock is taken, so that no deploy comes between.
        assert_eq!(plan.places[&ServerId::from("web-1")].directory, "/srv/shop");
        assert!(plan.places.contains_key(&ServerId::from("db-1")));
        assert!(plan.refusals().next().is_none());
        let held = facts(vec![datastore("db", "db-1")], Some(Held::Unreadable("x".to_owned())));
        assert_eq!(super::plan(&app(), &held, &Ask::default()).unwrap().refusals().count(), 1);
    }
}
