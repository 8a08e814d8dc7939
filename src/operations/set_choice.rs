//! Which set of backups an app is brought back from: all that was taken in one run, of each of its datastores.

use std::collections::BTreeMap;

use crate::domain::backup::{Backup, number_of};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, DatastoreId};
use crate::domain::release::ReleaseNumber;
use crate::domain::time::Timestamp;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// The newest that is no copy of what a restore replaced.
    Newest,
    /// That of which a backup is whose id begins so.
    Backup(&'a str),
    /// The newest of this release.
    Release(ReleaseNumber),
}

/// A set that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its name: the run that took it.
    pub run: String,
    /// When its first backup began.
    pub at: Timestamp,
    /// The release that stood then.
    pub release: Option<ReleaseNumber>,
    /// A backup of each datastore.
    pub members: BTreeMap<DatastoreId, Backup>,
    /// Whether the release's own files are in it.
    pub files: bool,
}

/// One set, as far as its backups are there.
struct Set<'a> {
    run: &'a str,
    all: Vec<&'a Backup>,
    files: bool,
}

impl Set<'_> {
    fn at(&self) -> Timestamp {
        self.all.iter().map(|it| it.at).min().unwrap_or_default()
    }

    fn release(&self, app: &AppId) -> Option<ReleaseNumber> {
        self.all.iter().find_map(|it| number_of(it, app))
    }

    fn missing<'d>(&self, datastores: &'d [(DatastoreId, Vec<Backup>)]) -> Vec<&'d str> {
        let has = |id: &DatastoreId| self.all.iter().any(|it| it.datastore == *id);
        datastores.iter().filter(|(id, _)| !has(id)).map(|(id, _)| id.as_str()).collect()
    }

    fn is_safety(&self) -> bool {
        self.all.iter().all(|it| it.safety)
    }
}

/// Chooses it among the backups of an app's datastores and those of its release's files. One of which a
/// member is not there is refused: data of two times do not belong together.
pub fn chosen(
    app: &AppId,
    datastores: &[(DatastoreId, Vec<Backup>)],
    files: &[Backup],
    which: Which<'_>,
) -> Result<Chosen, Failure> {
    let what = format!("restore {app} as one set");
    let lost = |why: String| Failure::new(FailureKind::NotFound, &what, why);
    let sets = sets(app, datastores, files);
    let found = match which {
        Which::Newest => sets.iter().find(|it| !it.is_safety()),
        Which::Release(number) => sets.iter().find(|it| it.release(app) == Some(number) && !it.is_safety()),
        Which::Backup(id) => {
            let all = datastores.iter().flat_map(|(_, all)| all).chain(files);
            let mut named = all.filter(|it| !id.is_empty() && it.id.starts_with(id));
            let one = match (named.next(), named.next()) {
                (Some(it), None) => it,
                (None, _) => {
                    return Err(lost(format!("no backup of its datastores has the id {id}"))
                        .hint("list them: midwatch backups"));
                }
                (Some(_), Some(_)) => {
                    let failure =
                        Failure::new(FailureKind::Invalid, what, format!("several begin with {id}"));
                    return Err(failure.hint("more of its digits"));
                }
            };
            let Some(run) = &one.set else {
                return Err(lost(format!("{} of {} is of no set", one.short(), one.datastore))
                    .hint(format!("it alone: midwatch restore {} --backup {}", one.datastore, one.short())));
            };
            sets.iter().find(|it| it.run == run)
        }
    };
    let Some(set) = found else {
        let mut all: Vec<String> =
            sets.iter().filter_map(|it| it.release(app)).map(|it| it.to_string()).collect();
        all.dedup();
        return Err(match which {
            Which::Release(number) if !all.is_empty() => lost(format!("there is no set of release {number}"))
                .hint(format!("there are of {}", all.join(", "))),
            _ => lost("there is none".to_owned()).hint(format!("take one: midwatch backup {app}")),
        });
    };
    let missing = set.missing(datastores);
    if !missing.is_empty() {
        let why = format!(
            "the set of {} ({}) has no backup of {}: not taken then, or forgotten since",
            set.at().rfc3339(),
            set.run,
            missing.join(", ")
        );
        let failure = Failure::new(FailureKind::Conflict, &what, why);
        let whole = sets.iter().find(|it| !it.is_safety() && it.missing(datastores).is_empty());
        return Err(match whole.and_then(|it| it.all.first()) {
            Some(it) => failure.hint(format!("the newest that is whole: --backup {}", it.short())),
            None => failure.hint("none is whole: each datastore by its own restore"),
        });
    }
    let member = |(id, _): &(DatastoreId, Vec<Backup>)| {
        let of = set.all.iter().filter(|it| it.datastore == *id).max_by_key(|it| it.at);
        of.map(|it| (id.clone(), (*it).clone()))
    };
    Ok(Chosen {
        run: set.run.to_owned(),
        at: set.at(),
        release: set.release(app),
        members: datastores.iter().filter_map(member).collect(),
        files: set.files,
    })
}

/// The sets that are of the app, newest first: by the release that they name, or the release's files in them.
fn sets<'a>(app: &AppId, datastores: &'a [(DatastoreId, Vec<Backup>)], files: &'a [Backup]) -> Vec<Set<'a>> {
    let mut all: BTreeMap<&str, Set<'a>> = BTreeMap::new();
    for it in datastores.iter().flat_map(|(_, all)| all) {
        let Some(run) = it.set.as_deref() else { continue };
        all.entry(run).or_insert_with(|| Set { run, all: Vec::new(), files: false }).all.push(it);
    }
    for run in files.iter().filter_map(|it| it.set.as_deref()) {
        if let Some(set) = all.get_mut(run) {
            set.files = true;
        }
    }
    let mut own: Vec<Set<'a>> =
        all.into_values().filter(|it| it.files || it.release(app).is_some()).collect();
    own.sort_by_key(|it| std::cmp::Reverse(it.at()));
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(datastore: &str, id: &str, at: i64, set: Option<&str>, release: u32) -> Backup {
        Backup {
            id: id.to_owned(),
            datastore: datastore.into(),
            at: Timestamp::from_secs(at),
            set: set.map(str::to_owned),
            release: Some(format!("shop/{release}")),
            ..Backup::default()
        }
    }

    fn stock() -> Vec<(DatastoreId, Vec<Backup>)> {
        let a = vec![
            backup("a", "a1", 10, Some("one"), 7),
            backup("a", "a2", 20, Some("two"), 8),
            backup("a", "a3", 30, None, 8),
            backup("a", "a4", 40, Some("three"), 8),
        ];
        let b = vec![backup("b", "b1", 11, Some("one"), 7), backup("b", "b2", 21, Some("two"), 8)];
        vec![("a".into(), a), ("b".into(), b)]
    }

    fn asked(which: Which<'_>) -> Result<Chosen, Failure> {
        chosen(&"shop".into(), &stock(), &[], which)
    }

    #[test]
    fn a_set_is_named_by_any_of_its_backups_or_by_its_release() {
        let ids = |it: Chosen| it.members.into_values().map(|it| it.id).collect::<Vec<_>>().join(" ");
        assert_eq!(ids(asked(Which::Backup("b1")).unwrap()), "a1 b1");
        assert_eq!(ids(asked(Which::Release(ReleaseNumber(7))).unwrap()), "a1 b1");
        assert_eq!(asked(Which::Backup("a2")).unwrap().release, Some(ReleaseNumber(8)));
        assert!(asked(Which::Backup("a3")).unwrap_err().to_string().contains("of no set"));
        assert!(asked(Which::Backup("a")).unwrap_err().to_string().contains("several"));
        let none = asked(Which::Release(ReleaseNumber(5))).unwrap_err();
        assert_eq!(none.hint.as_deref(), Some("there are of 8, 7"));
    }

    #[test]
    fn one_that_lacks_a_member_is_refused_with_what_is_missing_and_which_is_whole() {
        let failure = asked(Which::Newest).unwrap_err();
        assert!(failure.to_string().contains("(three) has no backup of b: not taken then"), "{failure}");
        assert_eq!(failure.hint.as_deref(), Some("the newest that is whole: --backup a2"));
    }

    #[test]
    fn what_a_restore_replaced_and_the_sets_of_another_app_are_meant_by_nobody() {
        let mut all = stock();
        for (_, of) in &mut all {
            of.retain(|it| it.set.as_deref() != Some("three"));
            of.iter_mut().filter(|it| it.set.as_deref() == Some("two")).for_each(|it| it.safety = true);
        }
        let newest = |app: &str, files: &[Backup]| chosen(&app.into(), &all, files, Which::Newest);
        assert_eq!(newest("shop", &[]).unwrap().run, "one");
        assert!(newest("other", &[]).unwrap_err().to_string().contains("there is none"));
        // The files of its release say whose it is where it had none yet.
        let files = [backup("other.release", "c1", 12, Some("one"), 7)];
        assert!(newest("other", &files).unwrap().files);
    }
}
