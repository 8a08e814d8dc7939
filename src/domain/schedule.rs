//! A schedule: a timer and a service of systemd's that back a datastore up, or rehearse restoring it. Their
//! names say which, so that whoever sees the units knows what they are for.

use serde::{Deserialize, Serialize};

use super::health::{Health, Verdict};
use super::ids::{DatastoreId, ServerId};
use super::time::Timestamp;
use super::unit::Units;

/// What is done on a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chore {
    /// The datastore is backed up.
    Backup,
    /// Restoring it is rehearsed.
    Drill,
}

impl Chore {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Drill => "drill",
        }
    }
}

/// Whose manager a unit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The machine's own.
    System,
    /// A user's, which is there while the user is logged in, or lingers.
    User,
}

impl Scope {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// A unit's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFile {
    /// Its name with its ending.
    pub name: String,
    /// All that is in it.
    pub text: String,
}

/// Which schedule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScheduleName {
    /// What is done.
    pub chore: Chore,
    /// With what.
    pub datastore: DatastoreId,
}

impl ScheduleName {
    /// The name of its units, without their ending: `midwatch-backup-shop-db`.
    pub fn unit(&self) -> String {
        format!("midwatch-{}-{}", self.chore.word(), escaped(self.datastore.as_str()))
    }

    /// That of a unit's name, without its ending.
    pub fn of(unit: &str) -> Option<Self> {
        let rest = unit.strip_prefix("midwatch-")?;
        let (word, name) = rest.split_once('-')?;
        let chore = [Chore::Backup, Chore::Drill].into_iter().find(|it| it.word() == word)?;
        Some(Self { chore, datastore: DatastoreId::from(unescaped(name)?) })
    }

    /// The timer.
    pub fn timer(&self) -> String {
        self.unit() + ".timer"
    }

    /// The service that it starts.
    pub fn service(&self) -> String {
        self.unit() + ".service"
    }
}

/// A name as a part of a unit's name: what may not stand there as `\xNN` (systemd.unit(5), "String escaping").
fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_.-".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!(r"\x{byte:02x}") };
    name.bytes().map(one).collect()
}

fn unescaped(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'\\' {
            let digits = after.strip_prefix(b"x")?.get(..2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after.get(3..)?;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|name| !name.is_empty())
}

/// A schedule as a look at systemd found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// Where.
    pub server: ServerId,
    /// What.
    pub chore: Chore,
    /// When its timer last fired (the server's clock).
    pub last: Option<Timestamp>,
    /// When it fires next (the server's clock).
    pub next: Option<Timestamp>,
    /// How it last ended, in systemd's word (`success`, `exit-code`, …); empty where it never ran.
    pub result: String,
    /// Whether it is at it now.
    pub running: bool,
}

/// How late a timer may be before its run counts as missed, in milliseconds: it may be put off by its own
/// accuracy, and the server's clock may be another.
const LATE: u64 = 10 * 60 * 1000;

impl Scheduled {
    /// The schedules among a server's timers.
    pub fn among(units: &Units, server: &ServerId) -> Vec<(DatastoreId, Self)> {
        let of = |timer: &super::unit::Timer| {
            let name = ScheduleName::of(timer.name.as_str().strip_suffix(".timer")?)?;
            let service = units.services.iter().find(|unit| unit.name == timer.activates);
            let scheduled = Self {
                server: server.clone(),
                chore: name.chore,
                last: timer.last,
                next: timer.next,
                result: timer.result.clone(),
                running: service.is_some_and(|unit| matches!(unit.active.as_str(), "activating" | "active")),
            };
            Some((name.datastore, scheduled))
        };
        units.timers.iter().filter_map(of).collect()
    }

    /// What it says of its datastore: one whose schedule failed or stands still is degraded.
    pub fn verdict(&self, now: Timestamp) -> Verdict {
        let (chore, server) = (self.chore.word(), &self.server);
        let degraded = |reason: String| Verdict::new(Health::Degraded, reason);
        if self.running {
            return Verdict::up();
        }
        if !matches!(self.result.as_str(), "" | "success") {
            return degraded(format!("its scheduled {chore} on {server} failed ({})", self.result));
        }
        match self.next {
            None => degraded(format!("its scheduled {chore} on {server} has no next run: its timer stands")),
            Some(next) if next.age(now).as_millis() > u128::from(LATE) => {
                degraded(format!("its scheduled {chore} on {server} did not run at {}", next.rfc3339()))
            }
            Some(_) => Verdict::up(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scheduled(result: &str, next: Option<i64>, running: bool) -> Scheduled {
        Scheduled {
            server: "db-1".into(),
            chore: Chore::Backup,
            last: None,
            next: next.map(Timestamp::from_secs),
            result: result.to_owned(),
            running,
        }
    }

    #[test]
    fn one_that_failed_or_stands_still_degrades() {
        let now = Timestamp::from_secs(10_000);
        let judged = |it: &Scheduled| it.verdict(now).health;
        assert_eq!(judged(&scheduled("", Some(20_000), false)), Health::Up, "it has yet to run");
        assert_eq!(judged(&scheduled("success", Some(20_000), false)), Health::Up);
        let failed = scheduled("exit-code", Some(20_000), false).verdict(now);
        assert_eq!(failed.reason, "its scheduled backup on db-1 failed (exit-code)");
        assert_eq!(judged(&scheduled("success", None, false)), Health::Degraded);
        assert_eq!(judged(&scheduled("success", None, true)), Health::Up, "a timer waits while it runs");
        assert_eq!(judged(&scheduled("success", Some(9_700), false)), Health::Up, "it may be put off");
        assert_eq!(judged(&scheduled("success", Some(9_000), false)), Health::Degraded);
    }

    #[test]
    fn other_units_are_no_schedules() {
        for other in ["midwatch-backup-", "midwatch-x-a", "nightly", "midwatch-drill", r"midwatch-drill-\xzz"]
        {
            assert_eq!(ScheduleName::of(other), None, "{other}");
        }
        let name = ScheduleName::of("midwatch-drill-shop-db").unwrap();
        assert_eq!((name.chore, name.datastore.as_str()), (Chore::Drill, "shop-db"));
    }

    proptest! {
        #[test]
        fn a_units_name_gives_the_datastore_back(name in "[^\\s/\\x00]{1,20}") {
            let it = ScheduleName { chore: Chore::Backup, datastore: DatastoreId::from(name.as_str()) };
            prop_assert!(it.unit().bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.\\".contains(&b)));
            prop_assert_eq!(ScheduleName::of(&it.unit()), Some(it));
        }
    }
}
