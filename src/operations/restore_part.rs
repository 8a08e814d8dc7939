//! What is done with one datastore where a backup of it is brought back: alone, or with all that its app has.

use std::time::Duration;

use super::Refusal;
use super::numbering::Numbers;
use super::restore::{COMPARING, LONGEST, RENAMING, exchanging, nothing, reached};
use super::restore_facts::{RestoreFacts, Stands};
use super::restore_origin::{comes, origin};
use crate::domain::backup::Backup;
use crate::domain::beside::{called, made_at, name, standing};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::only::Only;
use crate::domain::plan::{Act, Step};
use crate::domain::sql::Purpose;

/// What masking may take beside the command itself: the connection, and what the server learns of it then.
const AROUND_MASK: Duration = Duration::from_secs(3600);

/// See the module.
pub(super) struct Part<'a> {
    pub(super) spec: &'a DatastoreSpec,
    pub(super) server: &'a Stands,
    pub(super) backup: &'a Backup,
    /// The datastore that it is of, where that is another.
    pub(super) from: Option<&'a DatastoreSpec>,
    /// What of it is brought.
    pub(super) only: Only,
    /// The name of what comes.
    pub(super) into: String,
    /// The name that what stands gets, where it is replaced.
    pub(super) aside: Option<String>,
    /// What earlier restores replaced, and was kept for as long as it should be.
    pub(super) outlived: Vec<String>,
    /// The containers that are stopped for the swap alone.
    pub(super) stops: Vec<String>,
}

impl<'a> Part<'a> {
    pub(super) fn of(spec: &'a DatastoreSpec, facts: &'a RestoreFacts, swap: bool) -> Result<Self, Refusal> {
        let server = reached(spec, facts)?;
        let source = &spec.source;
        let from = facts.from.as_ref().map(|it| &it.spec);
        if let Some(from) = from {
            comes(spec, from).map_err(Refusal::Senseless)?;
        }
        let stock = facts.held().as_ref().map_err(|failure| Refusal::Senseless(failure.clone()))?;
        let Some(backup) = &facts.backup else {
            let whose = from.map(|from| format!(" from {}", from.id)).unwrap_or_default();
            return Err(nothing(format!("restore {}{whose}", spec.id), stock));
        };
        let old = |name: &&String| {
            made_at(name, source, Purpose::Before).is_some_and(|at| at.age(facts.as_of) > spec.keep_replaced)
        };
        Ok(Self {
            spec,
            server,
            backup,
            from,
            only: Only::All,
            // Always one of ours, which nobody else's database has: it is dropped on the way back.
            into: name(source, Purpose::Restore, facts.as_of),
            aside: (swap && server.live().is_some()).then(|| name(source, Purpose::Before, facts.as_of)),
            outlived: server.names().iter().filter(old).cloned().collect(),
            stops: server.users().to_vec(),
        })
    }

    /// Backs up what stands, where it is replaced; as one of a set where the release that stands is named.
    pub(super) fn safe(&self, numbers: &mut Numbers, release: Option<&str>) -> Option<Step> {
        self.aside.as_ref()?;
        let spec = self.spec;
        let act = Act::BackUp {
            datastore: spec.id.clone(),
            source: spec.source.clone(),
            repository: spec.repository.clone(),
            makes: false,
            about: self.server.live(),
            role_passwords: false,
            release: release.map(str::to_owned),
            set: release.is_some(),
        };
        let title = format!("back up what stands in {}, and read it back", standing(&spec.source));
        Some(numbers.step(title, act, LONGEST))
    }

    pub(super) fn load(&self, numbers: &mut Numbers) -> Step {
        let Self { spec, backup, into, .. } = self;
        let act = Act::Load {
            datastore: spec.id.clone(),
            source: spec.source.clone(),
            repository: self.from.unwrap_or(spec).repository.clone(),
            backup: backup.id.clone(),
            about: backup.bytes,
            into: into.clone(),
            from: self.from.map(origin),
            only: self.only.clone(),
        };
        let brought = called(&spec.source, into);
        let of = self.from.map(|from| format!(" of {}", from.id)).unwrap_or_default();
        let only = match &self.only {
            Only::All => String::new(),
            some => format!("{} of ", some.describe()),
        };
        numbers.step(format!("bring {only}backup {}{of} back into {brought}", backup.short()), act, LONGEST)
    }

    /// Has another datastore's data masked, where that is configured.
    pub(super) fn mask(&self, numbers: &mut Numbers) -> Option<Step> {
        let (from, mask) = (self.from?, self.spec.mask.as_ref()?);
        let act = Act::Mask {
            datastore: self.spec.id.clone(),
            source: self.spec.source.clone(),
            of: self.into.clone(),
            from: from.id.clone(),
            command: mask.command.clone(),
            deadline: mask.deadline,
        };
        let title = format!("mask {}", called(&self.spec.source, &self.into));
        Some(numbers.step(title, act, mask.deadline + AROUND_MASK))
    }

    pub(super) fn compare(&self, numbers: &mut Numbers) -> Option<Step> {
        // Files that were not asked for are not missing.
        self.server.live().filter(|_| self.only.members().is_empty())?;
        let (source, with) = (self.spec.source.clone(), self.into.clone());
        let title = format!("compare {} with {}", called(&source, &with), standing(&source));
        let act = Act::CompareData { datastore: self.spec.id.clone(), source, with, only: self.only.clone() };
        Some(numbers.step(title, act, COMPARING))
    }

    pub(super) fn swap(&self, numbers: &mut Numbers) -> Step {
        let act = Act::Swap {
            datastore: self.spec.id.clone(),
            source: self.spec.source.clone(),
            from: self.into.clone(),
            aside: self.aside.clone(),
            stops: self.stops.clone(),
        };
        let title = swapping(&self.spec.source, &self.into, self.aside.as_deref(), &self.stops);
        numbers.step(title, act, exchanging(self.server))
    }

    pub(super) fn drop(&self, numbers: &mut Numbers) -> Option<Step> {
        if self.outlived.is_empty() {
            return None;
        }
        let all: Vec<String> = self.outlived.iter().map(|name| called(&self.spec.source, name)).collect();
        let act = Act::DropDatabases {
            datastore: self.spec.id.clone(),
            source: self.spec.source.clone(),
            databases: self.outlived.clone(),
        };
        Some(numbers.step(format!("drop {}", all.join(", ")), act, RENAMING))
    }

    /// The way back.
    pub(super) fn back(&self, numbers: &mut Numbers) -> Step {
        let act = Act::Unswap {
            datastore: self.spec.id.clone(),
            source: self.spec.source.clone(),
            from: self.into.clone(),
            aside: self.aside.clone(),
            drops: true,
            stops: self.stops.clone(),
        };
        let title = format!("{} as before", standing(&self.spec.source));
        numbers.step(title, act, exchanging(self.server))
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
