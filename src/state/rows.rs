//! The rows of the lists that several pages or several orders share: which orders a list has, and
//! what its rows stand by in each. Pure.

use std::collections::BTreeSet;

use super::changes::{Change, ChangeId};
use super::order::{Key, Order, Sorting};
use crate::domain::access::AccessKey;
use crate::domain::app::App;
use crate::domain::backup::Backup;
use crate::domain::container::Container;
use crate::domain::health::Health;
use crate::domain::ids::{
    AppId, BackupId, CheckId, ContainerId, ContainerKey, DatastoreId, ProblemId, ServerId, UnitName,
};
use crate::domain::problem::Problem;
use crate::domain::quantity::Percent;
use crate::domain::setup::DatastoreSetup;
use crate::domain::time::Timestamp;
use crate::domain::unit::Unit;
use crate::domain::vitals::DiskUse;
use crate::state::overview::target_name;
use crate::store::fleet::datastores::Datastores;
use crate::store::fleet::{Fleet, ServerLive};

/// The orders of problems: worst first, …
pub const PROBLEMS: &[Order] = &[Order::Usual, Order::Newest, Order::Name];
/// The orders of servers: as they are configured, …
pub const SERVERS: &[Order] =
    &[Order::Usual, Order::Health, Order::Cpu, Order::Memory, Order::Disk, Order::Name];
/// The orders of apps: as they are configured and found, …
pub const APPS: &[Order] = &[Order::Usual, Order::Health, Order::Cpu, Order::Memory, Order::Restarts];
/// The orders of datastores: as they are configured, …
pub const DATASTORES: &[Order] = &[Order::Usual, Order::Health, Order::Oldest, Order::Size, Order::Name];
/// The orders of a datastore's backups: newest first, …
pub const BACKUPS: &[Order] = &[Order::Usual, Order::Oldest, Order::Size];
/// The orders of changes: newest first, …
pub const CHANGES: &[Order] = &[Order::Usual, Order::Server, Order::Often];
/// The orders of containers: those in trouble first, then by project and service, or by service and
/// server; …
pub const CONTAINERS: &[Order] =
    &[Order::Usual, Order::Cpu, Order::Memory, Order::Restarts, Order::Newest, Order::Name];
/// The orders of units: failed, flapping, timers, services; …
pub const UNITS: &[Order] = &[Order::Usual, Order::Newest, Order::Restarts, Order::Name];
/// The orders of disks: fullest first, …
pub const DISKS: &[Order] = &[Order::Usual, Order::Inodes, Order::Size, Order::Name];
/// The orders of checks: by name, or as the app has them; …
pub const CHECKS: &[Order] = &[Order::Usual, Order::Health, Order::Took];
/// The orders of all checks: worst first, …
pub const ALL_CHECKS: &[Order] = &[Order::Usual, Order::Took, Order::Name];
/// The orders of access logs: by server and label, …
pub const REQUESTS: &[Order] = &[Order::Usual, Order::Often, Order::Errors, Order::Took];

/// Sorts problems that stand worst first.
pub fn problems(sorting: &mut Sorting<ProblemId>, rows: &mut [&Problem]) {
    let key = |order, problem: &&Problem| match order {
        Order::Newest => Key::Greatest(Some(millis(problem.since))),
        Order::Name => Key::Text(target_name(&problem.target)),
        _ => Key::None,
    };
    sorting.sort(rows, |problem| problem.id.clone(), key);
}

/// Sorts servers that stand as they are configured.
pub fn servers(sorting: &mut Sorting<ServerId>, rows: &mut [&ServerLive]) {
    let share = |value: Option<Percent>| Key::Greatest(value.map(|it| it.0.into()));
    let key = |order, server: &&ServerLive| match order {
        Order::Health => rank(server.verdict().health),
        Order::Cpu => share(cpu(server)),
        Order::Memory => share(memory(server)),
        Order::Disk => share(disk(server)),
        Order::Name => Key::Text(server.id().to_string()),
        _ => Key::None,
    };
    sorting.sort(rows, |server| server.id().clone(), key);
}

/// Sorts apps.
pub fn apps(sorting: &mut Sorting<AppId>, rows: &mut [&App], fleet: &Fleet) {
    let key = |order, app: &&App| match order {
        Order::Health => rank(app.verdict.health),
        Order::Cpu => Key::Greatest(fleet.totals_of(app).cpu.map(|it| it.0.into())),
        Order::Memory => Key::Greatest(fleet.totals_of(app).memory.map(|it| it.0 as f64)),
        Order::Restarts => Key::Greatest(Some(fleet.totals_of(app).restarts.into())),
        _ => Key::None,
    };
    sorting.sort(rows, |app| app.id.clone(), key);
}

/// Sorts datastores that stand as they are configured. What was never backed up is the oldest.
pub fn datastores(
    sorting: &mut Sorting<DatastoreId>,
    rows: &mut [&DatastoreSetup],
    all: &Datastores,
    now: Timestamp,
) {
    let key = |order, it: &&DatastoreSetup| {
        let last = all.backups(it).first();
        match order {
            Order::Health => rank(all.verdict(it, now).health),
            Order::Oldest => Key::Greatest(Some(last.map_or(f64::INFINITY, |last| -millis(last.at)))),
            Order::Size => Key::Greatest(last.map(|last| last.bytes.0 as f64)),
            Order::Name => Key::Text(it.id.to_string()),
            _ => Key::None,
        }
    };
    sorting.sort(rows, |it| it.id.clone(), key);
}

/// Sorts backups that stand newest first.
pub fn backups(sorting: &mut Sorting<BackupId>, rows: &mut [&Backup]) {
    let key = |order, it: &&Backup| match order {
        Order::Oldest => Key::Greatest(Some(-millis(it.at))),
        Order::Size => Key::Greatest(Some(it.bytes.0 as f64)),
        _ => Key::None,
    };
    sorting.sort(rows, |it| it.key(), key);
}

/// Sorts changes that stand newest first.
pub fn changes(sorting: &mut Sorting<ChangeId>, rows: &mut [Change]) {
    let key = |order, change: &Change| match order {
        Order::Server => Key::Text(change.mark.server.to_string()),
        Order::Often => Key::Greatest(Some(change.times as f64)),
        _ => Key::None,
    };
    sorting.sort(rows, Change::id, key);
}

/// Sorts a server's containers.
pub fn containers(sorting: &mut Sorting<ContainerId>, rows: &mut [&Container], server: &ServerLive) {
    sorting.sort(rows, |it| it.id.clone(), |order, it| of_container(order, it, Some(server)));
}

/// Sorts containers of several servers.
pub fn containers_over(sorting: &mut Sorting<ContainerKey>, rows: &mut [ContainerKey], fleet: &Fleet) {
    let key = |order, key: &ContainerKey| {
        let server = fleet.server(&key.server);
        let container = server.and_then(|server| server.container(&key.id));
        container.map_or(Key::None, |it| of_container(order, it, server))
    };
    sorting.sort(rows, ContainerKey::clone, key);
}

fn of_container(order: Order, it: &Container, server: Option<&ServerLive>) -> Key {
    let usage = server.and_then(|server| server.container_usage(&it.id));
    match order {
        Order::Cpu => Key::Greatest(usage.map(|it| it.cpu.0.into())),
        Order::Memory => Key::Greatest(usage.map(|it| it.memory.0 as f64)),
        Order::Restarts => Key::Greatest(Some(it.restarts.into())),
        Order::Newest => Key::Greatest(it.started_at.map(millis)),
        Order::Name => Key::Text(it.name.clone()),
        _ => Key::None,
    }
}

/// The units of a server that pass, failed ones first, then flapping ones, timers, and services that
/// run; sorted.
pub fn units(
    sorting: &mut Sorting<UnitName>,
    server: &ServerLive,
    passes: impl Fn(&str) -> bool,
) -> Vec<UnitName> {
    let Some(units) = server.units.value() else { return Vec::new() };
    let of_unit = |unit: &Unit| (unit.name.clone(), unit.since, Some(unit.restarts));
    let timers = units.timers.iter().map(|timer| (timer.name.clone(), timer.last, None));
    let troubled = units.failed.iter().chain(&units.flapping).map(of_unit);
    let all = troubled.chain(timers).chain(units.services.iter().map(of_unit));
    let mut seen = BTreeSet::new();
    let mut rows: Vec<_> =
        all.filter(|(name, ..)| passes(name.as_str()) && seen.insert(name.clone())).collect();
    let key = |order, (name, since, restarts): &(UnitName, Option<Timestamp>, Option<u32>)| match order {
        Order::Newest => Key::Greatest(since.map(millis)),
        Order::Restarts => Key::Greatest(restarts.map(f64::from)),
        Order::Name => Key::Text(name.to_string()),
        _ => Key::None,
    };
    sorting.sort(&mut rows, |row| row.0.clone(), key);
    rows.into_iter().map(|row| row.0).collect()
}

/// The disks of a server that pass, by where they are mounted, sorted.
pub fn disks(
    sorting: &mut Sorting<String>,
    server: &ServerLive,
    passes: impl Fn(&DiskUse) -> bool,
) -> Vec<String> {
    let all = server.vitals.value().map(|vitals| vitals.disks.as_slice()).unwrap_or_default();
    let mut rows: Vec<&DiskUse> = all.iter().filter(|disk| passes(disk)).collect();
    let key = |order, disk: &&DiskUse| match order {
        Order::Inodes => Key::Greatest(disk.inodes_used.map(|it| it.0.into())),
        Order::Size => Key::Greatest(Some(disk.total.0 as f64)),
        Order::Name => Key::Text(disk.mount.clone()),
        _ => Key::Greatest(disk.share().map(|it| it.0.into())),
    };
    sorting.sort(&mut rows, |disk| disk.mount.clone(), key);
    rows.into_iter().map(|disk| disk.mount.clone()).collect()
}

/// Sorts checks.
pub fn checks(sorting: &mut Sorting<CheckId>, rows: &mut [CheckId], fleet: &Fleet, now: Timestamp) {
    let key = |order, id: &CheckId| match order {
        Order::Health => rank(fleet.check_verdict(id, now).health),
        Order::Took => Key::Greatest(took(fleet, id)),
        _ => Key::None,
    };
    sorting.sort(rows, CheckId::clone, key);
}

/// Sorts all checks, which stand by name: the worst first where no other order is chosen.
pub fn all_checks(sorting: &mut Sorting<CheckId>, rows: &mut [CheckId], fleet: &Fleet, now: Timestamp) {
    let key = |order, id: &CheckId| match order {
        Order::Took => Key::Greatest(took(fleet, id)),
        Order::Name => Key::Text(id.to_string()),
        _ => rank(fleet.check_verdict(id, now).health),
    };
    sorting.sort(rows, CheckId::clone, key);
}

fn took(fleet: &Fleet, id: &CheckId) -> Option<f64> {
    Some(fleet.check(id)?.value()?.latency?.as_secs_f64() * 1000.0)
}

/// Sorts access logs.
pub fn requests(sorting: &mut Sorting<AccessKey>, rows: &mut [AccessKey], fleet: &Fleet) {
    let key = |order, key: &AccessKey| {
        let told = fleet.server(&key.server).and_then(|server| server.access.get(&key.label)?.value());
        match order {
            Order::Often => Key::Greatest(told.map(|it| it.rate)),
            Order::Errors => Key::Greatest(told.and_then(|it| it.errors).map(|it| it.0.into())),
            Order::Took => Key::Greatest(told.and_then(|it| it.p95).map(|it| it.as_secs_f64() * 1000.0)),
            _ => Key::None,
        }
    };
    sorting.sort(rows, AccessKey::clone, key);
}

/// Worst first.
fn rank(health: Health) -> Key {
    Key::Greatest(Some(f64::from(health as u8)))
}

fn millis(at: Timestamp) -> f64 {
    at.as_millis() as f64
}

/// The busy share of a server's processors, as last read.
pub fn cpu(server: &ServerLive) -> Option<Percent> {
    server.vitals.value()?.cpu.map(|cpu| cpu.busy)
}

/// The used share of a server's memory, as last read.
pub fn memory(server: &ServerLive) -> Option<Percent> {
    server.vitals.value()?.memory.used()
}

/// The used share of a server's fullest disk, as last read.
pub fn disk(server: &ServerLive) -> Option<Percent> {
    let shares = server.vitals.value()?.disks.iter().filter_map(DiskUse::share);
    shares.max_by(|a, b| a.0.total_cmp(&b.0))
}
