//! A backup as its repository tells of it, and what it says of its datastore's health.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::health::{Health, Verdict};
use super::ids::{AppId, BackupId, DatastoreId, ServerId};
use super::quantity::Bytes;
use super::release::ReleaseNumber;
use super::time::{Age, Timestamp};

/// How many of the newest backups of a datastore the live picture holds.
pub const TOLD: usize = 1000;

/// One backup: a snapshot that was written by us, whole and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The snapshot's id in the repository, 64 hex digits.
    pub id: String,
    /// Of what.
    pub datastore: DatastoreId,
    /// The server that it was taken from.
    pub server: ServerId,
    /// When it began.
    pub at: Timestamp,
    /// How long it took until it was written.
    pub took: Duration,
    /// How much was read.
    pub bytes: Bytes,
    /// By how much the repository grew.
    pub stored: Bytes,
    /// Who.
    pub by: String,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// The release that the app it belongs to was at, where there is one: `shop/12`.
    pub release: Option<String>,
    /// The run that took it.
    pub run: Option<String>,
    /// The set that it is of, where it was taken with all that its app has.
    #[serde(default)]
    pub set: Option<String>,
    /// Whether it is what a restore replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub safety: bool,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            id: String::new(),
            datastore: DatastoreId::from(""),
            server: ServerId::from(""),
            at: Timestamp::default(),
            took: Duration::ZERO,
            bytes: Bytes(0),
            stored: Bytes(0),
            by: String::new(),
            reason: None,
            release: None,
            run: None,
            set: None,
            safety: false,
        }
    }
}

impl Backup {
    /// Why it is kept although its retention does not: it is what a restore replaced, and that is kept for
    /// as long as its undo may be wanted.
    pub fn replaced(&self, keep: Duration, now: Timestamp) -> Option<String> {
        let kept = self.safety && self.at.age(now) < keep;
        kept.then(|| format!("a restore replaced it, kept for {}", Age(keep)))
    }

    /// The first eight digits of its id, as restic shows it.
    pub fn short(&self) -> &str {
        self.id.get(..8).unwrap_or(&self.id)
    }

    /// Its id.
    pub fn key(&self) -> BackupId {
        BackupId::from(self.id.as_str())
    }
}

/// The release of an app that a backup says it belongs to.
pub fn number_of(it: &Backup, app: &AppId) -> Option<ReleaseNumber> {
    let number = it.release.as_deref()?.strip_prefix(app.as_str())?.strip_prefix('/')?;
    number.parse().ok().map(ReleaseNumber)
}

/// The sets of an app among backups of its datastores, a backup for each that stands for the set: newest
/// first, as large as all of it, and with its release for a reason.
pub fn sets_of<'a>(app: &AppId, backups: impl IntoIterator<Item = &'a Backup>) -> Vec<Backup> {
    let mut all: BTreeMap<&str, Backup> = BTreeMap::new();
    for it in backups {
        let Some(run) = it.set.as_deref() else { continue };
        let release = match (number_of(it, app), &it.release) {
            (Some(number), _) => format!("release {number}"),
            // Taken before the app's first release.
            (None, None) => "no release".to_owned(),
            // Another app's, which has the datastore too.
            (None, Some(_)) => continue,
        };
        if let Some(set) = all.get_mut(run) {
            set.bytes = Bytes(set.bytes.0.saturating_add(it.bytes.0));
            set.at = set.at.min(it.at);
            continue;
        }
        let why = it.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        all.insert(run, Backup { reason: Some(format!("{release}{why}")), ..it.clone() });
    }
    let mut all: Vec<Backup> = all.into_values().collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.at));
    all
}

/// The one that is meant where none is named, with its place among them; they come newest first. It is the
/// newest, but not what a restore replaced while there is another: that stood when somebody wanted it gone.
pub fn meant<'a>(newest_first: impl Iterator<Item = &'a Backup> + Clone) -> Option<(usize, &'a Backup)> {
    let all = newest_first.enumerate();
    all.clone().find(|(_, it)| !it.safety).or_else(|| all.clone().next())
}

/// What the backups of a datastore say of it. `backups` in any order. Data that stands without a backup
/// serves all the same, so it is degraded and not down.
pub fn verdict(backups: &[Backup], rpo: Duration, now: Timestamp) -> Verdict {
    let mut newest: Vec<&Backup> = backups.iter().collect();
    newest.sort_by_key(|it| std::cmp::Reverse(it.at));
    let degraded = |reason: String| Verdict { health: Health::Degraded, reason };
    let Some(last) = newest.first() else {
        return degraded("it was never backed up".to_owned());
    };
    let age = last.at.age(now);
    if age > rpo {
        return degraded(format!("its last backup is {} old, of at most {}", Age(age), Age(rpo)));
    }
    match newest.get(1).filter(|before| last.bytes.0 < before.bytes.0 / 2) {
        Some(before) => {
            degraded(format!("its last backup has shrunk by half: {} after {}", last.bytes, before.bytes))
        }
        None => Verdict { health: Health::Up, reason: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_of_an_app_are_its_own_with_or_without_a_release() {
        let of = |set: &str, at, release: Option<&str>| Backup {
            set: Some(set.to_owned()),
            release: release.map(str::to_owned),
            ..backup(at, 3)
        };
        let all = [
            of("a", 9, None),
            of("a", 8, None),
            of("b", 20, Some("shop/7")),
            of("c", 30, Some("other/1")),
            backup(40, 1),
        ];
        let sets = sets_of(&"shop".into(), &all);
        let told: Vec<_> =
            sets.iter().map(|it| (it.set.as_deref(), it.at, it.bytes, it.reason.as_deref())).collect();
        let at = Timestamp::from_secs;
        assert_eq!(
            told,
            [
                (Some("b"), at(20), Bytes(3), Some("release 7")),
                (Some("a"), at(8), Bytes(6), Some("no release")),
            ]
        );
    }

    fn backup(at: i64, bytes: u64) -> Backup {
        Backup { at: Timestamp::from_secs(at), bytes: Bytes(bytes), ..Backup::default() }
    }

    #[test]
    fn a_backup_is_good_until_its_age_passes_the_rpo() {
        let judged =
            |now| verdict(&[backup(0, 10)], Duration::from_secs(60), Timestamp::from_secs(now)).health;
        assert_eq!(judged(60), Health::Up);
        assert_eq!(judged(61), Health::Degraded);
        assert_eq!(verdict(&[], Duration::MAX, Timestamp::default()).health, Health::Degraded);
    }

    #[test]
    fn a_backup_that_shrank_by_half_is_told_of() {
        let now = Timestamp::from_secs(20);
        let judged = |bytes| verdict(&[backup(10, bytes), backup(0, 100)], Duration::from_secs(60), now);
        assert_eq!(judged(50).health, Health::Up);
        assert_eq!(judged(49).reason, "its last backup has shrunk by half: 49B after 100B");
    }
}
