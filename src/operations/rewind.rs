//! Going back to a moment: the program that keeps the archive of a PostgreSQL server's log restores beside the
//! data directory that stands, a second instance is started on that, and both are compared.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Refusal;
use super::backup::place;
use super::findings::holds;
use super::numbering::Numbers;
use super::restore::{COMPARING, LONGEST};
use super::rewind_facts::{Cluster, RewindFacts};
use super::rewind_swap;
use crate::domain::archive::{ArchiveSpec, Reach, Tool};
use crate::domain::beside::{directory, directory_made_at};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::AppId;
use crate::domain::plan::rewind::Does;
use crate::domain::plan::{Act, Change, Exchange, FORMAT, Lane, Operation, Plan, Rewind, Stage, Step};
use crate::domain::quantity::Bytes;
use crate::domain::sql::Purpose;
use crate::domain::time::{Age, Timestamp};

/// How long a folder and its owners may take, and removing it.
pub(super) const BRIEF: Duration = Duration::from_secs(1800);

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The moment.
    pub at: Timestamp,
    /// Why; it is journaled.
    pub reason: Option<String>,
    /// Whether it takes the place of what stands.
    pub swap: bool,
}

/// The archive that a datastore is brought back from: it has to be of PostgreSQL, and to have one there.
pub fn from_archive(spec: &DatastoreSpec, archive: Option<ArchiveSpec>) -> Result<ArchiveSpec, Failure> {
    let failed = |why: String| {
        let what = format!("restore {} to a moment", spec.id);
        Failure::new(FailureKind::Unsupported, what, why)
    };
    if !spec.source.is_sql() {
        let why = format!("it is of kind \"{}\": only a PostgreSQL server has a log", spec.source.kind());
        return Err(failed(why).hint(format!("a backup: midwatch restore {} --backup ID", spec.id)));
    }
    let Some(archive) = archive else {
        let hint = format!(
            "add it: [datastores.{0}.archive]; of backups: midwatch restore {0} --backup ID",
            spec.id
        );
        return Err(failed("nothing that keeps its write-ahead log is configured".to_owned()).hint(hint));
    };
    in_place(spec, &archive)?;
    Ok(archive)
}

/// Whether the archive's program and the server are in one place, so that it can restore there.
fn in_place(spec: &DatastoreSpec, archive: &ArchiveSpec) -> Result<(), Failure> {
    let container = match &spec.source {
        Source::Postgres { container, .. } => container,
        _ => &None,
    };
    if archive.server == spec.server && archive.container == *container {
        return Ok(());
    }
    let place = |server: &str, container: &Option<String>| match container {
        Some(container) => format!("in {container} on {server}"),
        None => format!("on {server}"),
    };
    let why = format!(
        "{} is asked {}, and the data is {}: it restores where it runs",
        archive.tool.name(),
        place(archive.server.as_str(), &archive.container),
        place(spec.server.as_str(), container)
    );
    let hint = match archive.tool {
        Tool::Barman => "by hand, from there: barman recover --remote-ssh-command … --target-time …",
        Tool::PgBackRest => {
            "by hand: pgbackrest --type=time --target=… --pg1-path=… restore, on the data's server"
        }
        Tool::WalG => "by hand, on the data's server: wal-g backup-fetch",
    };
    Err(Failure::new(FailureKind::Unsupported, format!("restore {} to a moment", spec.id), why).hint(hint))
}

/// Plans it.
pub fn plan(
    spec: &DatastoreSpec,
    archive: &ArchiveSpec,
    facts: &RewindFacts,
    ask: &Ask,
) -> Result<Plan, Refusal> {
    let what = format!("restore {} to {}", spec.id, ask.at.rfc3339());
    let senseless = Refusal::Senseless;
    in_place(spec, archive).map_err(senseless)?;
    // Where a run is at work on the server, that is why it does not answer as it should.
    let works = |otherwise: Refusal| match &facts.lock {
        Some(lock) => {
            let (found, remedy) = holds(lock, &place(spec));
            // Refused, as by the finding of a plan.
            senseless(Failure::new(FailureKind::Invalid, &what, found).hint(remedy))
        }
        None => otherwise,
    };
    let lost = |failure: &Failure| works(Refusal::Unreachable(vec![(spec.server.clone(), failure.clone())]));
    let cluster = facts.cluster.as_ref().map_err(lost)?;
    let archived = facts.archived.as_ref().map_err(lost)?;
    let tool = archive.tool.name();
    let reach = archived.reach(ask.at, archive.tool).map_err(|why| {
        let failure = Failure::new(FailureKind::Invalid, &what, format!("{tool}: {why}"));
        works(senseless(
            failure.hint("nothing was changed; what can be restored: midwatch status, or i on the datastore"),
        ))
    })?;
    if let Some(odd) = odd(&cluster.data).or_else(|| odd(&cluster.bin)) {
        let why = format!("{odd:?} has characters that a server's settings would not take as they are");
        return Err(senseless(Failure::new(FailureKind::Unsupported, what, why)));
    }
    if !reach.base.name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        || reach.base.name.starts_with('-')
    {
        let why = format!("{tool} calls its backup {:?}, which is no name of its", reach.base.name);
        return Err(senseless(Failure::new(FailureKind::Invalid, what, why)));
    }
    let into = directory(&cluster.data, Purpose::Restore, facts.as_of);
    let aside = directory(&cluster.data, Purpose::Before, facts.as_of);
    let names = ask.swap.then(|| rewind_swap::names(cluster, &into, &aside));
    let wanted = wanted(cluster, archive, reach);
    let work = Work { spec, archive, cluster, into: &into };
    let outlived: Vec<String> = work.outlived(facts.as_of).map(str::to_owned).collect();
    let (stages, undo) = work.stages(reach, ask.at, wanted, names.as_ref().map(|it| (it, &*outlived)));
    let when = ask.at.rfc3339();
    let how = if ask.swap { "in the place of" } else { "beside" };
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Restore,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("restore {} as it was at {when} {how} what stands on {}", spec.id, spec.server),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: changes(&when, cluster, &into, names.as_ref(), &outlived),
        findings: work.findings(facts, ask, reach, wanted),
        interrupts: if ask.swap { rewind_swap::interrupts(cluster) } else { Vec::new() },
        leaves: None,
        stages,
        undo,
        undone_by: match &names {
            Some(it) => {
                let kept = Age(spec.keep_replaced);
                format!("midwatch undo RUN brings {} back; it is kept for at least {kept}", it.aside)
            }
            None => format!(
                "what stands is not touched; midwatch undo RUN stops the second instance and removes {into}"
            ),
        },
    })
}

fn changes(
    when: &str,
    cluster: &Cluster,
    into: &str,
    names: Option<&Exchange>,
    outlived: &[String],
) -> Vec<Change> {
    let change = |of: &str, from: Option<&str>, to: Option<String>| Change {
        server: None,
        what: format!("data directory {of}"),
        from: from.map(str::to_owned),
        to,
    };
    let Some(names) = names else {
        let to = format!("as it was at {when}, with a second instance on its own socket");
        return vec![change(into, None, Some(to))];
    };
    let mut all = vec![
        change(&cluster.data, Some("as it stands"), Some(format!("as it was at {when}"))),
        change(&names.aside, None, Some("what stood until then".to_owned())),
    ];
    all.extend(outlived.iter().map(|it| change(it, Some("what a restore replaced long ago"), None)));
    all
}

/// A path with a character that is not plain.
fn odd(path: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    (!path.starts_with('/') || path.len() < 2 || !path.chars().all(plain)).then_some(path)
}

/// How much room it takes: what the data directory has, a tenth more for what comes out of the log, and what
/// Barman puts into it of the log, unpacked.
fn wanted(cluster: &Cluster, archive: &ArchiveSpec, reach: Reach<'_>) -> Bytes {
    let used = cluster.used.map_or(0, |it| it.0);
    let log = if archive.tool == Tool::Barman { reach.segments.saturating_mul(cluster.segment) } else { 0 };
    Bytes(used.saturating_add(used / 10).saturating_add(log))
}

/// What it is planned with.
pub(super) struct Work<'a> {
    pub(super) spec: &'a DatastoreSpec,
    pub(super) archive: &'a ArchiveSpec,
    pub(super) cluster: &'a Cluster,
    into: &'a str,
}

impl Work<'_> {
    /// Who restores, where it is not the owner.
    pub(super) fn by(&self) -> Option<&str> {
        Some(self.cluster.by.as_str()).filter(|by| *by != self.cluster.owner)
    }

    pub(super) fn act(&self, does: Does) -> Act {
        self.act_on(self.into, does)
    }

    pub(super) fn act_on(&self, folder: &str, does: Does) -> Act {
        Act::Rewind(Box::new(Rewind {
            datastore: self.spec.id.clone(),
            source: self.spec.source.clone(),
            into: folder.to_owned(),
            owner: self.cluster.owner.clone(),
            run_as: self.cluster.run_as.clone(),
            by: self.by().map(str::to_owned),
            does,
        }))
    }

    /// What earlier restores replaced, and was kept for as long as it should be.
    fn outlived(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let old = move |folder: &&str| {
            let at = directory_made_at(folder, &self.cluster.data, Purpose::Before);
            at.is_some_and(|at| at.age(now) > self.spec.keep_replaced)
        };
        self.cluster.seat.before.iter().map(String::as_str).filter(old)
    }

    fn stages(
        &self,
        reach: Reach<'_>,
        at: Timestamp,
        room: Bytes,
        swap: Option<(&Exchange, &[String])>,
    ) -> (Vec<Stage>, Vec<Stage>) {
        let Self { archive, cluster, into, .. } = self;
        let mut numbers = Numbers::default();
        let safe = swap.map(|_| self.safe(&mut numbers));
        let base = reach.base.name.clone();
        let mut first = vec![numbers.step(
            format!("make {into}, empty, for {} alone", self.by().unwrap_or(&cluster.owner)),
            self.act(Does::Make { room }),
            BRIEF,
        )];
        let about = cluster.used.unwrap_or_default();
        let fetch = Does::Fetch { archive: (*archive).clone(), base: base.clone(), to: at, about };
        let title = format!(
            "have {} restore its backup {base} into {into}, for {}",
            archive.tool.name(),
            at.rfc3339()
        );
        first.push(numbers.step(title, self.act(fetch), LONGEST));
        if self.by().is_some() {
            let title = format!("give it to {}, as what stands is {}'s", cluster.owner, cluster.owner);
            first.push(numbers.step(title, self.act(Does::HandOver), BRIEF));
        }
        let start = Does::Start {
            bin: cluster.bin.clone(),
            port: cluster.port,
            settings: cluster.settings.clone(),
            archive: (archive.tool == Tool::WalG).then(|| (*archive).clone()),
            to: at,
        };
        let title = format!(
            "start a second instance on {into}, that archives nothing and has no network, and wait until it is as it was then"
        );
        let start = numbers.step(title, self.act(start), LONGEST);
        let compare = self.act(Does::Compare { port: cluster.port });
        let compare = numbers.step("compare its databases with those that stand", compare, COMPARING);
        let safe = safe.map(|safe| self.stage("make safe what stands", vec![safe]));
        let mut stages: Vec<Stage> = safe.into_iter().collect();
        stages.extend([
            self.stage("bring it back beside", first),
            self.stage("start it", vec![start]),
            self.stage("compare", vec![compare]),
        ]);
        let back = match swap {
            Some((it, outlived)) => {
                stages.extend(self.swap(it, outlived, &mut numbers));
                self.put_back(it, &mut numbers)
            }
            None => numbers.step(gone(into), self.act(Does::Remove), BRIEF),
        };
        (stages, vec![self.stage("as before", vec![back])])
    }

    fn stage(&self, title: &str, steps: Vec<Step>) -> Stage {
        stage(self.spec, title, steps)
    }
}

pub(super) fn stage(spec: &DatastoreSpec, title: &str, steps: Vec<Step>) -> Stage {
    let lanes = vec![Lane { server: spec.server.clone(), steps }];
    Stage { title: title.to_owned(), lanes, tidies: false, only_after: Vec::new() }
}

pub(super) fn gone(into: &str) -> String {
    format!("stop what runs on {into}, and remove it")
}

#[cfg(test)]
#[path = "rewind_tests.rs"]
mod tests;
