//! Some of a backup alone, beside what stands: what is meant, whether the backup has it, and of which paths it
//! is a part.

use std::collections::BTreeSet;

use super::Refusal;
use super::findings::Findings;
use super::restore::Ask;
use super::restore_facts::{Archive, RestoreFacts};
use super::restore_origin::Other;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::file_list::{plain, within};
use crate::domain::only::{Named, Only, Table, members, tables};

/// What is brought back, as if its datastore were no more than that.
pub(super) struct Narrowed {
    pub(super) spec: DatastoreSpec,
    pub(super) facts: RestoreFacts,
    pub(super) only: Only,
}

/// Fails where some of a backup cannot be had as it is asked for, whatever the backup holds.
pub fn sensible(spec: &DatastoreSpec, ask: &Ask) -> Result<(), Failure> {
    let what = format!("restore some of {}", spec.id);
    let failed = |why: &str| Failure::new(FailureKind::Unsupported, &what, why);
    match &spec.source {
        Source::Redis { .. } => Err(failed("a backup of Redis is one file")),
        Source::Postgres { .. } if ask.swap => Err(failed("some tables cannot take the place of a database")
            .hint("bring them beside, then: pg_dump -t TABLE RESTORED | psql DATABASE")),
        Source::Postgres { .. } => named(ask).map(drop).map_err(|why| {
            Failure::new(FailureKind::Invalid, &what, why).hint("--only orders --only 'audit.\"Odd name\"'")
        }),
        _ if ask.swap => Err(failed("some files cannot take the place of all")
            .hint("bring them beside, and copy what is wanted")),
        _ => Ok(()),
    }
}

fn named(ask: &Ask) -> Result<Vec<Named>, String> {
    let all: Vec<Vec<Named>> = ask.only.iter().map(|text| tables(text)).collect::<Result<_, _>>()?;
    Ok(all.into_iter().flatten().collect())
}

/// What is asked for, in what the backup holds.
pub(super) fn some(spec: &DatastoreSpec, facts: &RestoreFacts, ask: &Ask) -> Result<Narrowed, Refusal> {
    sensible(spec, ask).map_err(Refusal::Senseless)?;
    let what = format!("restore some of {}", spec.id);
    let absent = |why: String| Refusal::Senseless(Failure::new(FailureKind::NotFound, &what, why));
    let (mut spec, mut facts) = (spec.clone(), facts.clone());
    let only = match &facts.archive {
        Some(Ok(archive)) => {
            let all = named(ask).map_err(&absent)?;
            Only::Tables(found(archive, &all).map_err(&absent)?)
        }
        Some(Err(failure)) => return Err(Refusal::Senseless(failure.clone())),
        None => {
            narrowed(&mut spec, &mut facts.from, &ask.only).map_err(&absent)?;
            Only::Members(members(&spec.source, &ask.only))
        }
    };
    Ok(Narrowed { spec, facts, only })
}

/// The tables that are meant, of those that a backup has. `pg_restore` takes schemas and names apart, so that no
/// other table may have a schema of the one and the name of another.
fn found(archive: &Archive, all: &[Named]) -> Result<Vec<Table>, String> {
    let mut tables = BTreeSet::new();
    for it in all {
        let schemas: BTreeSet<String> = match &it.schema {
            Some(schema) => archive.has(schema, &it.name).then(|| schema.clone()).into_iter().collect(),
            None => archive.schemas_of(&it.name),
        };
        let schema = match (schemas.len(), schemas.first()) {
            (1, Some(schema)) => schema.clone(),
            (0, _) | (_, None) => return Err(format!("the backup holds no table {it}")),
            _ => {
                let all: Vec<String> = schemas.iter().map(|schema| format!("{schema}.{}", it.name)).collect();
                return Err(format!("{it} is one of {}: name it with its schema", all.join(", ")));
            }
        };
        if !archive.has_rows_of(&schema, &it.name) {
            return Err(format!(
                "{schema}.{} has no rows of its own in the backup: name its partitions",
                it.name
            ));
        }
        tables.insert(Table { schema, name: it.name.clone() });
    }
    for schema in tables.iter().map(|it| &it.schema) {
        for name in tables.iter().map(|it| &it.name) {
            let other = Table { schema: schema.clone(), name: name.clone() };
            if !tables.contains(&other) && archive.has(schema, name) {
                return Err(format!("{other} would come with them: name fewer at once, or that one too"));
            }
        }
    }
    Ok(tables.into_iter().collect())
}

/// Leaves of the paths of files those that something is wanted of.
fn narrowed(spec: &mut DatastoreSpec, from: &mut Option<Other>, wanted: &[String]) -> Result<(), String> {
    let Source::Files { paths, .. } = &mut spec.source else { return Ok(()) };
    let packed = match from.as_mut().map(|it| &mut it.spec.source) {
        Some(Source::Files { paths, .. }) => Some(paths),
        _ => None,
    };
    let roots = packed.as_deref().unwrap_or(paths).clone();
    let of = |root: &str, path: &str| within(plain(path), plain(root));
    if let Some(path) = wanted.iter().find(|path| !roots.iter().any(|root| of(root, path))) {
        return Err(format!("{path} is not below {}", roots.join(", ")));
    }
    let keeps: Vec<bool> = roots.iter().map(|root| wanted.iter().any(|path| of(root, path))).collect();
    let kept = |paths: &mut Vec<String>| {
        let mut keeps = keeps.iter();
        paths.retain(|_| keeps.next().copied().unwrap_or(true));
    };
    kept(paths);
    if let Some(packed) = packed {
        kept(packed);
    }
    Ok(())
}

impl Findings<'_> {
    /// What is to be known of some of a backup.
    pub(super) fn some(&mut self, only: &Only) {
        match only {
            Only::All => {}
            Only::Tables(_) => self.note(
                "only",
                format!(
                    "{}: the tables with their rows, without indexes, constraints and defaults",
                    only.describe()
                ),
            ),
            Only::Members(_) => self.note("only", format!("{}: it is not compared", only.describe())),
        }
    }
}
