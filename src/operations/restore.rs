//! Bringing a backup back: beside what stands, or in its place.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Refusal;
use super::backup::place;
use super::datastore_facts::Stock;
use super::numbering::Numbers;
use super::restore_facts::{RestoreFacts, Stands};
use super::restore_findings::findings;
use super::restore_only::some;
use super::restore_part::Part;
use crate::domain::backup::{Backup, meant};
use crate::domain::beside::{called, noun, standing};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::AppId;
use crate::domain::only::Only;
use crate::domain::plan::{Act, Change, FORMAT, Lane, Operation, Plan, Stage, Step};
use crate::domain::time::Age;

/// How long bringing it back may take.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long comparing may take.
pub(super) const COMPARING: Duration = Duration::from_secs(1800);
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
    /// The tables or paths that alone are meant, as they were said; all where there are none.
    pub only: Vec<String>,
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
    // Where its list was not read there is nothing to choose from, and why is said.
    let unread = spec.source.is_sql() && facts.archive.is_none();
    if ask.only.is_empty() || unread {
        return planned(spec, facts, ask, Only::All);
    }
    let it = some(spec, facts, ask)?;
    planned(&it.spec, &it.facts, ask, it.only)
}

fn planned(spec: &DatastoreSpec, facts: &RestoreFacts, ask: &Ask, only: Only) -> Result<Plan, Refusal> {
    let title = format!("restore {}", spec.id);
    if ask.to.is_some() && matches!(spec.source, Source::Files { .. } | Source::Redis { .. }) {
        let why = format!("what is brought back of kind \"{}\" has no name there", spec.source.kind());
        let failure = Failure::new(FailureKind::Unsupported, title, why);
        return Err(Refusal::Senseless(failure.hint("to a file here: --to ./FILE")));
    }
    let mut part = Part::of(spec, facts, ask.swap)?;
    if !only.is_all() {
        // What earlier restores left is left to one of all.
        part.outlived.clear();
        part.only = only;
    }
    let (source, server, backup) = (&spec.source, part.server, part.backup);
    let (stages, undo) = steps(&part, ask);
    let Part { into, aside, outlived, .. } = &part;
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
    let of = part.from.map(|from| format!(" of {}", from.id)).unwrap_or_default();
    let alone = match &part.only {
        Only::All => String::new(),
        some => format!("{} of ", some.describe()),
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
            "restore {alone}{} of {}{of} {how} {} on {}",
            backup.short(),
            backup.at.rfc3339(),
            spec.source.describe(),
            spec.server
        ),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: changes(source, shown, &part.only, aside.as_deref(), ask.swap, outlived),
        findings: findings(spec, facts, server, ask, &part.only, shown),
        interrupts: interrupts(source, server, ask.swap),
        leaves: None,
        stages,
        undo,
        undone_by,
    })
}

/// The stages, and the way back.
fn steps(part: &Part<'_>, ask: &Ask) -> (Vec<Stage>, Vec<Stage>) {
    let mut numbers = Numbers::default();
    let lane = |steps: Vec<Step>| vec![Lane { server: part.spec.server.clone(), steps }];
    let stage = |title: &str, steps, tidies| Stage {
        title: title.to_owned(),
        lanes: lane(steps),
        tidies,
        only_after: Vec::new(),
    };
    let mut stages = Vec::new();
    if let Some(safe) = part.safe(&mut numbers, None) {
        stages.push(stage("make safe what stands", vec![safe], false));
    }
    let load = part.load(&mut numbers);
    let masked = part.mask(&mut numbers);
    let steps = std::iter::once(load).chain(masked).chain(part.compare(&mut numbers)).collect();
    stages.push(stage("bring it back beside", steps, false));
    if ask.swap {
        stages.push(stage("swap", vec![part.swap(&mut numbers)], false));
    }
    if let Some(to) = &ask.to {
        let act = Act::Swap {
            datastore: part.spec.id.clone(),
            source: part.spec.source.with_name(to),
            from: part.into.clone(),
            aside: None,
            stops: Vec::new(),
        };
        let steps = vec![numbers.step(format!("call {} {to}", part.into), act, RENAMING)];
        stages.push(stage("give it its name", steps, false));
    }
    if let Some(drop) = part.drop(&mut numbers) {
        stages.push(stage("what was replaced long ago", vec![drop], true));
    }
    let undo = vec![stage("put back", vec![part.back(&mut numbers)], false)];
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

/// How what is called so is got rid of by hand.
fn gone(source: &Source, called: &str) -> String {
    match source {
        Source::Postgres { .. } => format!("drop database {called}"),
        Source::Volume { .. } => format!("docker volume rm {called}"),
        Source::Files { .. } | Source::Redis { .. } => format!("remove {called}"),
    }
}

pub(super) fn changes(
    source: &Source,
    into: &str,
    only: &Only,
    aside: Option<&str>,
    swap: bool,
    outlived: &[String],
) -> Vec<Change> {
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
        let held = if only.is_all() { "as in the backup" } else { "some of what is in the backup" };
        all.push(change(&called(source, into), None, Some(held)));
    }
    all.extend(outlived.iter().map(|name| change(&called(source, name), Some("kept long enough"), None)));
    all
}
