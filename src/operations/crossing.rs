//! Migrations that lie between the release in place and the one that a rollback goes to.

use std::collections::BTreeMap;

use super::facts::ServerFacts;
use super::numbering::Numbers;
use super::steps::HOOK;
use crate::domain::ids::ServerId;
use crate::domain::plan::act::{Carried, Migrating};
use crate::domain::plan::{Act, Finding, Judgement, Step};
use crate::domain::release::{Migration, ReleaseNumber};

/// One of them, with the release it ran for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crossed {
    release: ReleaseNumber,
    migration: Migration,
}

/// Those that still hold, the last first: the order in which they are taken back. Also of a release that
/// failed, since its migration is not taken back by itself.
pub(super) fn crossed(known: &[(ServerId, &ServerFacts)], to: ReleaseNumber) -> Vec<Crossed> {
    let mut all: BTreeMap<(ReleaseNumber, usize), Migration> = BTreeMap::new();
    for release in known.iter().flat_map(|(_, facts)| &facts.releases).filter(|it| it.number > to) {
        for (n, migration) in release.migrations.iter().enumerate().filter(|(_, it)| !it.taken_back) {
            all.entry((release.number, n)).or_insert_with(|| migration.clone());
        }
    }
    let told = |((release, _), migration)| Crossed { release, migration };
    all.into_iter().rev().map(told).collect()
}

/// What is told of them: those that nothing takes back ask for a reason.
pub(super) fn findings(crossed: &[Crossed], overridden: bool) -> Vec<Finding> {
    let told = |it: &Crossed| {
        let Crossed { release, migration: Migration { name, down, .. } } = it;
        let (judgement, found, remedy) = match down {
            Some(_) => (
                Judgement::Noted,
                format!("`{name}` of release {release} is taken back by its `down`, before anything is replaced"),
                None,
            ),
            None => (
                if overridden { Judgement::Overridden } else { Judgement::Refused },
                format!("`{name}` of release {release} changed the data, and nothing is known to take it back"),
                Some(
                    "restore the data from before it, give it a `down`, or accept with --reason that the older \
                     release meets the newer data"
                        .to_owned(),
                ),
            ),
        };
        let may_override = down.is_none();
        Finding { check: "migration".to_owned(), server: None, judgement, found, remedy, may_override }
    };
    crossed.iter().map(told).collect()
}

/// The same where the data go back too: nothing is taken back, and what is gone is written down.
pub(super) fn noted(crossed: &[Crossed]) -> Vec<Finding> {
    let told = |Crossed { release, migration }: &Crossed| Finding {
        check: "migration".to_owned(),
        server: None,
        judgement: Judgement::Noted,
        found: format!(
            "`{}` of release {release} goes with the data, and is not run backwards",
            migration.name
        ),
        remedy: None,
        may_override: false,
    };
    crossed.iter().map(told).collect()
}

/// What is written down of them then.
pub(super) fn carried(crossed: &[Crossed]) -> impl Iterator<Item = Carried> {
    crossed.iter().map(|it| Carried {
        release: it.release,
        name: it.migration.name.clone(),
        taken_back: true,
    })
}

/// The steps that take back what can be, on one server for the app.
pub(super) fn steps(numbers: &mut Numbers, crossed: &[Crossed]) -> Vec<Step> {
    let down = |it: &Crossed| {
        let Migration { name, service, down, .. } = it.migration.clone();
        let act = Act::Migrate {
            release: it.release,
            service,
            command: down?,
            migration: Migrating::Down { name: name.clone() },
        };
        Some(numbers.step(format!("take back: {name}"), act, HOOK))
    };
    crossed.iter().filter_map(down).collect()
}
