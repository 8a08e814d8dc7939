//! The datastores, and what their repositories told last of their backups.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::archive::Archived;
use crate::domain::backup::{Backup, verdict};
use crate::domain::cadence;
use crate::domain::drill::Drilled;
use crate::domain::failure::Failure;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{AppId, DatastoreId, RepositoryId, ServerId};
use crate::domain::reading::{Freshness, Reading};
use crate::domain::repository::Checked;
use crate::domain::schedule::Scheduled;
use crate::domain::setup::{ArchiveSetup, DatastoreSetup};
use crate::domain::time::{Age, Timestamp};

/// All that are configured, by name.
#[derive(Clone, Debug, Default)]
pub struct Datastores {
    setups: Vec<DatastoreSetup>,
    /// By repository, its backups by datastore, newest first.
    stocks: BTreeMap<RepositoryId, Reading<Stock>>,
    /// By server, the schedules that systemd has there.
    schedules: BTreeMap<ServerId, Vec<(DatastoreId, Scheduled)>>,
    /// The last drill of each that had one.
    drills: Reading<BTreeMap<DatastoreId, Drilled>>,
    /// The last check of each repository that had one; read with the drills.
    checks: BTreeMap<RepositoryId, Checked>,
    /// By datastore, the archive of its write-ahead log.
    archives: BTreeMap<DatastoreId, Reading<Archived>>,
}

type Stock = BTreeMap<DatastoreId, Vec<Backup>>;

impl Datastores {
    /// Takes the configuration; what was read of a repository that it still names is kept.
    pub(super) fn configure(&mut self, setups: &[DatastoreSetup]) {
        self.setups = setups.to_vec();
        self.stocks.retain(|id, _| setups.iter().any(|setup| setup.repository == *id));
        let archived = |id: &DatastoreId| setups.iter().any(|it| it.id == *id && it.archive.is_some());
        self.archives.retain(|id, _| archived(id));
    }

    /// A repository was read; `backups` in any order.
    pub(super) fn read(&mut self, repository: &RepositoryId, mut backups: Vec<Backup>, at: Timestamp) {
        // What is said of a repository that is no longer configured is passed over.
        if !self.setups.iter().any(|setup| setup.repository == *repository) {
            return;
        }
        backups.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let mut stock = Stock::new();
        for backup in backups {
            stock.entry(backup.datastore.clone()).or_default().push(backup);
        }
        self.stocks.entry(repository.clone()).or_default().succeed(stock, at);
    }

    /// A repository could not be read.
    pub(super) fn unread(&mut self, repository: &RepositoryId, failure: Failure, at: Timestamp) {
        if self.setups.iter().any(|setup| setup.repository == *repository) {
            self.stocks.entry(repository.clone()).or_default().fail(failure, at);
        }
    }

    /// An archive was asked about.
    pub(super) fn archived(&mut self, id: &DatastoreId, archived: Archived, at: Timestamp) {
        if self.get(id).is_some_and(|it| it.archive.is_some()) {
            self.archives.entry(id.clone()).or_default().succeed(archived, at);
        }
    }

    /// It could not be asked about.
    pub(super) fn unarchived(&mut self, id: &DatastoreId, failure: Failure, at: Timestamp) {
        if self.get(id).is_some_and(|it| it.archive.is_some()) {
            self.archives.entry(id.clone()).or_default().fail(failure, at);
        }
    }

    /// The connection to a server is gone: what was told there is not known any more.
    pub(super) fn lost(&mut self, server: &ServerId, failure: &Failure, at: Timestamp) {
        let there = |it: &&DatastoreSetup| it.archive.as_ref().is_some_and(|it| it.server == *server);
        for it in self.setups.iter().filter(there) {
            self.archives.entry(it.id.clone()).or_default().fail(failure.clone(), at);
        }
    }

    /// What was told last of an archive.
    pub fn archive(&self, of: &DatastoreSetup) -> Option<&Archived> {
        self.archives.get(&of.id).and_then(Reading::value)
    }

    /// Whether its archive was told of, or could not be asked; so it is where there is none.
    pub fn archive_looked_at(&self, of: &DatastoreSetup) -> bool {
        let told = |it: &Reading<Archived>| it.last.is_some() || it.failure.is_some();
        of.archive.is_none() || self.archives.get(&of.id).is_some_and(told)
    }

    /// How much would be lost now, and how much may be: of what is archived where that is set up, else of the
    /// last backup.
    pub fn rpo(&self, of: &DatastoreSetup, now: Timestamp) -> (Option<Duration>, Duration) {
        match &of.archive {
            Some(it) => (self.archive(of).and_then(Archived::measured_rpo), it.rpo),
            None => (self.backups(of).first().map(|last| last.at.age(now)), of.rpo),
        }
    }

    fn archiving(&self, it: &DatastoreSetup, now: Timestamp) -> Option<Verdict> {
        let ArchiveSetup { tool, rpo, .. } = it.archive.clone()?;
        let unknown = |why: String| Some(Verdict::new(Health::Unknown, format!("{}: {why}", tool.name())));
        let Some(reading) = self.archives.get(&it.id) else {
            return unknown("it was not asked yet".to_owned());
        };
        if let Some((failure, _)) = &reading.failure {
            return unknown(failure.reason());
        }
        match reading.freshness(now, tool.cadence()) {
            Freshness::Never => unknown("it was not asked yet".to_owned()),
            Freshness::Stale(age) => unknown(format!("it was last asked {} ago", Age(age))),
            Freshness::Fresh => reading.value().map(|archived| archived.verdict(tool, rpo)),
        }
    }

    /// systemd was looked at on a server.
    pub(super) fn scheduled(&mut self, server: &ServerId, found: Vec<(DatastoreId, Scheduled)>) {
        if found.is_empty() {
            self.schedules.remove(server);
        } else {
            self.schedules.insert(server.clone(), found);
        }
    }

    /// Servers are forgotten that are not in the configuration any more.
    pub(super) fn keep_servers(&mut self, keep: impl Fn(&ServerId) -> bool) {
        self.schedules.retain(|server, _| keep(server));
    }

    /// The schedules of one, as systemd told last.
    pub fn schedules<'a>(&'a self, of: &'a DatastoreSetup) -> impl Iterator<Item = &'a Scheduled> {
        let all = self.schedules.values().flatten();
        all.filter(|(id, _)| *id == of.id).map(|(_, scheduled)| scheduled)
    }

    /// Which drills there were was read.
    pub(super) fn drilled(&mut self, drills: Vec<(DatastoreId, Drilled)>, at: Timestamp) {
        self.drills.succeed(drills.into_iter().collect(), at);
    }

    /// Which drills there were could not be read.
    pub(super) fn undrilled(&mut self, failure: Failure, at: Timestamp) {
        self.drills.fail(failure, at);
    }

    /// Which repositories were looked through was read.
    pub(super) fn checked(&mut self, checked: Vec<(RepositoryId, Checked)>) {
        self.checks = checked.into_iter().collect();
    }

    /// The last check of its repository, where one is known.
    pub fn check(&self, of: &DatastoreSetup) -> Option<&Checked> {
        self.checks.get(&of.repository)
    }

    /// The last drill of one, where one is known.
    pub fn drill(&self, of: &DatastoreSetup) -> Option<&Drilled> {
        self.drills.value().and_then(|drills| drills.get(&of.id))
    }

    /// Whether it was looked which drills there were.
    pub fn drills_looked_at(&self) -> bool {
        self.drills.last.is_some() || self.drills.failure.is_some()
    }

    /// All of them.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &DatastoreSetup> {
        self.setups.iter()
    }

    /// One of them.
    pub fn get(&self, id: &DatastoreId) -> Option<&DatastoreSetup> {
        self.setups.iter().find(|setup| setup.id == *id)
    }

    /// The one whose runs go by a name.
    pub fn named(&self, name: &AppId) -> Option<&DatastoreSetup> {
        self.setups.iter().find(|setup| setup.id.as_str() == name.as_str())
    }

    /// Its backups as its repository told last, newest first; none where it was never read.
    pub fn backups(&self, of: &DatastoreSetup) -> &[Backup] {
        let stock = self.stocks.get(&of.repository).and_then(Reading::value);
        stock.and_then(|stock| stock.get(&of.id)).map_or(&[], Vec::as_slice)
    }

    /// Whether its repository was read, or could not be.
    pub fn was_looked_at(&self, it: &DatastoreSetup) -> bool {
        self.stocks.get(&it.repository).is_some_and(|stock| stock.last.is_some() || stock.failure.is_some())
    }

    /// When its repository was last read, and why it cannot be read now.
    pub fn read_at(&self, it: &DatastoreSetup) -> (Option<Timestamp>, Option<&Failure>) {
        let stock = self.stocks.get(&it.repository);
        let at = stock.and_then(|stock| stock.last.as_ref()).map(|(_, at)| *at);
        (at, stock.and_then(|stock| stock.failure.as_ref()).map(|(failure, _)| failure))
    }

    /// Whether what is known of its backups may be believed.
    pub fn freshness(&self, it: &DatastoreSetup, now: Timestamp) -> Freshness {
        self.stocks
            .get(&it.repository)
            .map_or(Freshness::Never, |stock| stock.freshness(now, cadence::BACKUPS))
    }

    /// What its backups, its last drill and its repository's last check say of it now.
    pub fn verdict(&self, it: &DatastoreSetup, now: Timestamp) -> Verdict {
        let unread = self.drills.failure.as_ref().map(|(failure, _)| {
            let why = failure.reason();
            Verdict::new(Health::Unknown, format!("which drills there were cannot be read: {why}"))
        });
        let drilled = self.drill(it).map(|drill| drill.verdict(it.rto));
        let scheduled = self.schedules(it).map(|scheduled| scheduled.verdict(now));
        let checked = self.check(it).map(Checked::verdict);
        let archived = self.archiving(it, now);
        let others = drilled.into_iter().chain(checked).chain(unread).chain(scheduled).chain(archived);
        Verdict::worst([self.backed_up(it, now)].into_iter().chain(others))
    }

    fn backed_up(&self, it: &DatastoreSetup, now: Timestamp) -> Verdict {
        let unknown = |reason: String| Verdict::new(Health::Unknown, reason);
        let repository = &it.repository;
        if let (_, Some(failure)) = self.read_at(it) {
            return unknown(format!("its backups cannot be read: {}", failure.reason()));
        }
        match self.freshness(it, now) {
            Freshness::Never => unknown(format!("the repository {repository} was not read yet")),
            Freshness::Stale(age) => {
                unknown(format!("the repository {repository} was last read {} ago", Age(age)))
            }
            Freshness::Fresh => verdict(self.backups(it), it.rpo, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::FailureKind;
    use crate::domain::quantity::Bytes;

    fn setup(id: &str) -> DatastoreSetup {
        DatastoreSetup {
            id: id.into(),
            kind: "postgres".to_owned(),
            what: format!("database {id}"),
            server: "db-1".into(),
            apps: Vec::new(),
            repository: "main".into(),
            rpo: Duration::from_secs(3600),
            rto: Duration::from_secs(3600),
            keeping: None,
            archive: None,
        }
    }

    fn backup(of: &str, at: i64) -> Backup {
        let at = Timestamp::from_secs(at);
        Backup { id: format!("{of}{at:?}"), datastore: of.into(), at, bytes: Bytes(5), ..Backup::default() }
    }

    fn told(datastores: &Datastores, now: i64) -> (Health, String) {
        let it = datastores.get(&"orders".into()).unwrap();
        let verdict = datastores.verdict(it, Timestamp::from_secs(now));
        (verdict.health, verdict.reason)
    }

    #[test]
    fn each_is_judged_by_its_own_backups_and_by_what_is_known_now() {
        let mut all = Datastores::default();
        all.configure(&[setup("orders"), setup("users")]);
        assert_eq!(told(&all, 10), (Health::Unknown, "the repository main was not read yet".to_owned()));
        all.read(
            &"main".into(),
            vec![backup("users", 9), backup("orders", 4), backup("orders", 8)],
            Timestamp::from_secs(10),
        );
        let orders = all.get(&"orders".into()).unwrap();
        let times: Vec<_> = all.backups(orders).iter().map(|it| it.at).collect();
        assert_eq!(times, [Timestamp::from_secs(8), Timestamp::from_secs(4)], "newest first, its own alone");
        assert_eq!(told(&all, 20).0, Health::Up);
        assert_eq!(told(&all, 400), (Health::Unknown, "the repository main was last read 6m ago".to_owned()));
        all.read(&"main".into(), vec![backup("orders", 8)], Timestamp::from_secs(4000));
        assert_eq!(told(&all, 4000).0, Health::Degraded);
    }

    #[test]
    fn a_repository_that_cannot_be_read_leaves_nothing_good() {
        let mut all = Datastores::default();
        all.configure(&[setup("orders")]);
        all.read(&"main".into(), vec![backup("orders", 8)], Timestamp::from_secs(10));
        let failure = Failure::new(FailureKind::NotFound, "read the repository main", "it is not mounted");
        all.unread(&"main".into(), failure, Timestamp::from_secs(11));
        assert_eq!(
            told(&all, 12),
            (Health::Unknown, "its backups cannot be read: it is not mounted".to_owned())
        );
    }

    #[test]
    fn a_drill_that_failed_turns_it_red_and_one_that_cannot_be_read_leaves_it_unknown() {
        let mut all = Datastores::default();
        all.configure(&[setup("orders")]);
        let now = Timestamp::from_secs(10);
        all.read(&"main".into(), vec![backup("orders", 8)], now);
        let drilled = Drilled { at: now, failed: Some("it is damaged".to_owned()), restored_in: None };
        all.drilled(vec![("orders".into(), drilled)], now);
        assert_eq!(told(&all, 12), (Health::Down, "its last drill failed: it is damaged".to_owned()));
        all.drilled(Vec::new(), now);
        assert_eq!(told(&all, 12).0, Health::Up);
        all.undrilled(Failure::new(FailureKind::Permission, "read the journal", "denied"), now);
        assert_eq!(told(&all, 12).0, Health::Unknown);
    }

    #[test]
    fn a_schedule_that_failed_degrades_what_is_backed_up_well() {
        let mut all = Datastores::default();
        all.configure(&[setup("orders")]);
        let now = Timestamp::from_secs(10);
        all.read(&"main".into(), vec![backup("orders", 8)], now);
        let scheduled = |result: &str| Scheduled {
            server: "db-1".into(),
            chore: crate::domain::schedule::Chore::Backup,
            last: Some(now),
            next: Some(Timestamp::from_secs(100)),
            result: result.to_owned(),
            running: false,
        };
        all.scheduled(&"db-1".into(), vec![("orders".into(), scheduled("success"))]);
        assert_eq!(told(&all, 12).0, Health::Up);
        all.scheduled(&"db-1".into(), vec![("orders".into(), scheduled("timeout"))]);
        let why = "its scheduled backup on db-1 failed (timeout)";
        assert_eq!(told(&all, 12), (Health::Degraded, why.to_owned()));
        all.scheduled(&"db-1".into(), Vec::new());
        assert_eq!(told(&all, 12).0, Health::Up, "it was taken away");
    }

    #[test]
    fn a_repository_that_is_damaged_turns_all_that_is_in_it_red() {
        let mut all = Datastores::default();
        all.configure(&[setup("orders")]);
        let now = Timestamp::from_secs(10);
        all.read(&"main".into(), vec![backup("orders", 8)], now);
        let checked =
            Checked { at: now, read_data: true, failed: Some("pack 3f2a: blob is not itself".to_owned()) };
        all.checked(vec![("main".into(), checked.clone())]);
        let damaged = "its repository is damaged: pack 3f2a: blob is not itself".to_owned();
        assert_eq!(told(&all, 12), (Health::Down, damaged));
        all.checked(vec![("other".into(), checked)]);
        assert_eq!(told(&all, 12).0, Health::Up);
    }

    #[test]
    fn what_is_not_configured_any_more_is_forgotten() {
        let mut all = Datastores::default();
        all.configure(&[setup("orders")]);
        all.read(&"main".into(), vec![backup("orders", 8)], Timestamp::from_secs(10));
        all.configure(&[]);
        all.read(&"main".into(), vec![backup("orders", 8)], Timestamp::from_secs(11));
        assert!(all.stocks.is_empty() && all.all().len() == 0);
    }
}
