//! Bringing a backup back: beside what stands, or in its place.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Refusal;
use super::backup::place;
use super::datastore_facts::Stock;
use super::numbering::Numbers;
use super::restore_facts::{RestoreFacts, Stands};
use super::restore_findings::findings;
use crate::domain::backup::{Backup, meant};
use crate::domain::beside::{called, made_at, name, noun, standing};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::AppId;
use crate::domain::plan::{Act, Change, FORMAT, Lane, Operation, Plan, Stage, Step};
use crate::domain::sql::Purpose;
use crate::domain::time::Age;

/// How long bringing it back may take.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long comparing may take.
const COMPARING: Duration = Duration::from_secs(1800);
/// How long what is no database may take to change places: containers are stopped and started with it, and
/// Redis reads it all.
const EXCHANGING: Duration = Duration::from_secs(3600);
/// How long renaming and dropping may take.
pub(super) const RENAMING: Duration = Duration::from_secs(120);

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Why; it is journaled, and overrides what may be overridden.
    pub reason: Option<String>,
    /// Whether it takes the place of what stands.
    pub swap: bool,
    /// The name of the new database or volume, where it is another than the usual one.
    pub to: Option<String>,
}

/// The backup that an id's start names, or the one that is meant where none is named. `backups` oldest first.
pub fn chosen<'a>(backups: &'a [Backup], id: Option<&str>) -> Result<Option<&'a Backup>, Failure> {
    let Some(id) = id else { return Ok(meant(backups.iter().rev()).map(|(_, it)| it)) };
    let mut named = backups.iter().filter(|it| !id.is_empty() && it.id.starts_with(id));
    let what = format!("find the backup {id}");
    match (named.next(), named.next()) {
        (Some(it), None) => Ok(Some(it)),
        (None, _) => Err(Failure::new(FailureKind::NotFound, what, "the repository has none of that id")
            .hint("list them: midwatch backups")),
        (Some(_), Some(_)) => {
            Err(Failure::new(FailureKind::Invalid, what, "several begin so").hint("more of its digits"))
        }
    }
}

/// Plans it.
pub fn plan(spec: &DatastoreSpec, facts: &RestoreFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let title = format!("restore {}", spec.id);
    if ask.to.is_some() && matches!(spec.source, Source::Files { .. } | Source::Redis { .. }) {
        let why = format!("what is brought back of kind \"{}\" has no name there", spec.source.kind());
        let failure = Failure::new(FailureKind::Unsupported, title, why);
        return Err(Refusal::Senseless(failure.hint("to a file here: --to ./FILE")));
    }
    let server = reached(spec, facts)?;
    let source = &spec.source;
    let stock = facts.stock.as_ref().map_err(|failure| Refusal::Senseless(failure.clone()))?;
    let Some(backup) = &facts.backup else { return Err(nothing(title, stock)) };
    let names = Names {
        // Always one of ours, which nobody else's database has: it is dropped on the way back.
        into: name(source, Purpose::Restore, facts.as_of),
        aside: (ask.swap && server.live().is_some()).then(|| name(source, Purpose::Before, facts.as_of)),
    };
    let outlived = outlived(spec, facts, server);
    let (stages, undo) = steps(spec, server, backup, ask, &names, &outlived);
    let Names { into, aside } = &names;
    let kept = Age(spec.keep_replaced);
    let undone_by = match aside {
        Some(aside) => {
            let aside = called(source, aside);
            format!("midwatch undo RUN brings {aside} back; it is kept for at least {kept}")
        }
        None if ask.swap => format!("there was none before: {}", gone(source, &standing(source))),
        None => {
            let it = ask.to.clone().unwrap_or_else(|| called(source, into));
            format!("what stands is not touched; {}", gone(source, &it))
        }
    };
    let how = if ask.swap { "in the place of" } else { "beside" };
    let shown = ask.to.as_ref().unwrap_or(into);
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Restore,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!(
            "restore {} of {} {how} {} on {}",
            backup.short(),
            backup.at.rfc3339(),
            spec.source.describe(),
            spec.server
        ),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: changes(source, shown, aside.as_deref(), ask.swap, &outlived),
        findings: findings(spec, facts, server, ask, shown),
        interrupts: interrupts(source, server, ask.swap),
        leaves: None,
        stages,
        undo,
        undone_by,
    })
}

/// The names of what comes and what goes.
struct Names {
    into: String,
    aside: Option<String>,
}

/// The stages, and the way back.
fn steps(
    spec: &DatastoreSpec,
    server: &Stands,
    backup: &Backup,
    ask: &Ask,
    names: &Names,
    outlived: &[String],
) -> (Vec<Stage>, Vec<Stage>) {
    let Names { into, aside } = names;
    let stood = standing(&spec.source);
    let brought = called(&spec.source, into);
    let users = server.users().to_vec();
    let mut numbers = Numbers::default();
    let lane = |steps: Vec<Step>| vec![Lane { server: spec.server.clone(), steps }];
    let stage = |title: &str, steps, tidies| Stage { title: title.to_owned(), lanes: lane(steps), tidies };
    let mut stages = Vec::new();
    if aside.is_some() {
        let act = Act::BackUp {
            datastore: spec.id.clone(),
            source: spec.source.clone(),
            repository: spec.repository.clone(),
            makes: false,
            about: server.live(),
            role_passwords: false,
            release: None,
            set: false,
        };
        let title = format!("back up what stands in {stood}, and read it back");
        stages.push(stage("make safe what stands", vec![numbers.step(title, act, LONGEST)], false));
    }
    let load = Act::Load {
        datastore: spec.id.clone(),
        source: spec.source.clone(),
        repository: spec.repository.clone(),
        backup: backup.id.clone(),
        about: backup.bytes,
        into: into.clone(),
    };
    let mut steps =
        vec![numbers.step(format!("bring backup {} back into {brought}", backup.short()), load, LONGEST)];
    if server.live().is_some() {
        let act =
            Act::CompareData { datastore: spec.id.clone(), source: spec.source.clone(), with: into.clone() };
        steps.push(numbers.step(format!("compare {brought} with {stood}"), act, COMPARING));
    }
    stages.push(stage("bring it back beside", steps, false));
    if ask.swap {
        let act = Act::Swap {
            datastore: spec.id.clone(),
            source: spec.source.clone(),
            from: into.clone(),
            aside: aside.clone(),
            stops: users.clone(),
        };
        let title = swapping(&spec.source, into, aside.as_deref(), &users);
        stages.push(stage("swap", vec![numbers.step(title, act, exchanging(server))], false));
    }
    if let Some(to) = &ask.to {
        let act = Act::Swap {
            datastore: spec.id.clone(),
            source: spec.source.with_name(to),
            from: into.clone(),
            aside: None,
            stops: Vec::new(),
        };
        let steps = vec![numbers.step(format!("call {into} {to}"), act, RENAMING)];
        stages.push(stage("give it its name", steps, false));
    }
    if !outlived.is_empty() {
        let all: Vec<String> = outlived.iter().map(|name| called(&spec.source, name)).collect();
        let title = format!("drop {}", all.join(", "));
        let act = Act::DropDatabases {
            datastore: spec.id.clone(),
            source: spec.source.clone(),
            databases: outlived.to_vec(),
        };
        stages.push(stage("what was replaced long ago", vec![numbers.step(title, act, RENAMING)], true));
    }
    let back = Act::Unswap {
        datastore: spec.id.clone(),
        source: spec.source.clone(),
        from: into.clone(),
        aside: aside.clone(),
        drops: true,
        stops: users,
    };
    let undo = vec![stage(
        "put back",
        vec![numbers.step(format!("{stood} as before"), back, exchanging(server))],
        false,
    )];
    (stages, undo)
}

/// That there is nothing to bring back.
pub(super) fn nothing(what: String, stock: &Stock) -> Refusal {
    let why = if stock.there {
        format!("{} holds no backup of it", stock.path)
    } else {
        format!("there is no repository in {}", stock.path)
    };
    let failure = Failure::new(FailureKind::NotFound, what, why);
    Refusal::Senseless(failure.hint("see what there is: midwatch backups"))
}

/// The server, where it answered.
pub(super) fn reached<'a>(spec: &DatastoreSpec, facts: &'a RestoreFacts) -> Result<&'a Stands, Refusal> {
    let lost = |failure: &Failure| Refusal::Unreachable(vec![(spec.server.clone(), failure.clone())]);
    facts.server.as_ref().map_err(lost)
}

/// What is said of a swap before.
pub(super) fn interrupts(source: &Source, server: &Stands, swap: bool) -> Vec<String> {
    if !swap || server.live().is_none() {
        return Vec::new();
    }
    let stood = standing(source);
    match (source, server) {
        (_, Stands::Server(it)) => vec![format!(
            "who is connected to {stood} is disconnected ({} now); it cannot be reached for less than a second",
            it.sessions
        )],
        (Source::Redis { .. }, _) => vec![
            "writes wait, then are refused, until the data is there; nothing answers while it is read in"
                .to_owned(),
        ],
        (_, Stands::Data(it)) if it.users.is_empty() => Vec::new(),
        (_, Stands::Data(it)) => {
            vec![format!(
                "{} stopped for the swap, and started again: {}",
                counted(&it.users),
                it.users.join(", ")
            )]
        }
    }
}

/// How long a swap may take.
pub(super) const fn exchanging(server: &Stands) -> Duration {
    match server {
        Stands::Server(_) => RENAMING,
        Stands::Data(_) => EXCHANGING,
    }
}

fn counted(containers: &[String]) -> String {
    match containers.len() {
        1 => "1 container that uses it is".to_owned(),
        n => format!("{n} containers that use it are"),
    }
}

/// What the step does that puts `from` in the place of what stands.
pub(super) fn swapping(source: &Source, from: &str, aside: Option<&str>, stops: &[String]) -> String {
    let (stood, from) = (standing(source), called(source, from));
    let aside = aside.map(|aside| called(source, aside));
    if let Source::Redis { .. } = source {
        let kept = aside.map(|aside| format!("keep what stands as {aside}, and ")).unwrap_or_default();
        return format!("{kept}have Redis take over {from} by replication");
    }
    let named = match aside {
        Some(aside) => format!("call {stood} {aside}, and {from} {stood}"),
        None => format!("call {from} {stood}"),
    };
    match stops {
        [] => named,
        all => format!("stop {}; {named}; start {} again", all.join(", "), all.join(", ")),
    }
}

/// How what is called so is got rid of by hand.
fn gone(source: &Source, called: &str) -> String {
    match source {
        Source::Postgres { .. } => format!("drop database {called}"),
        Source::Volume { .. } => format!("docker volume rm {called}"),
        Source::Files { .. } | Source::Redis { .. } => format!("remove {called}"),
    }
}

fn changes(source: &Source, into: &str, aside: Option<&str>, swap: bool, outlived: &[String]) -> Vec<Change> {
    let stood = standing(source);
    let change = |what: &str, from: Option<&str>, to: Option<&str>| Change {
        server: None,
        what: format!("{} {what}", noun(source)),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let mut all = Vec::new();
    if swap {
        all.push(change(&stood, aside.map(|_| "as it stands"), Some("as in the backup")));
        all.extend(aside.map(|aside| change(&called(source, aside), None, Some("what stood until then"))));
    } else {
        all.push(change(&called(source, into), None, Some("as in the backup")));
    }
    all.extend(outlived.iter().map(|name| change(&called(source, name), Some("kept long enough"), None)));
    all
}

/// What earlier restores replaced, and was kept for as long as it should be.
fn outlived(spec: &DatastoreSpec, facts: &RestoreFacts, server: &Stands) -> Vec<String> {
    let old = |name: &&String| {
        made_at(name, &spec.source, Purpose::Before)
            .is_some_and(|at| at.age(facts.as_of) > spec.keep_replaced)
    };
    server.names().iter().filter(old).cloned().collect()
}
