//! A file system is full, nearly so, or will be soon.

use super::Seen;
use crate::domain::health::Health;
use crate::domain::time::Age;
use crate::domain::vitals::DiskUse;
use crate::store::fleet::finding::{Finding, Kind};

/// From this share on an ordinary program can no longer write.
const FULL: f32 = 99.5;

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    for disk in seen.vitals.iter().flat_map(|vitals| &vitals.disks) {
        space(seen, disk, out);
        inodes(seen, disk, out);
    }
}

fn space(seen: &Seen<'_>, disk: &DiskUse, out: &mut Vec<Finding>) {
    let Some(used) = disk.share() else { return };
    let limit = seen.limits().disk;
    let mount = &disk.mount;
    let full_in = seen.server.disk_full_at.get(mount).map(|at| at.since(seen.now));
    let soon = full_in.filter(|left| *left <= seen.limits().disk_full_within);
    let forecast = full_in.map_or_else(String::new, |left| format!(", full in {} at this rate", Age(left)));
    let (kind, severity, cause) = if used.0 >= FULL {
        (full(mount), Health::Down, format!("disk {mount} is full"))
    } else if used > limit {
        (Kind::Limit, Health::Degraded, format!("disk {mount} {used} used (limit {limit}){forecast}"))
    } else if soon.is_some() {
        (Kind::Limit, Health::Degraded, format!("disk {mount} {used} used{forecast}"))
    } else {
        return;
    };
    out.push(Finding::on_server(seen.server.id(), kind, &format!("disk:{mount}"), severity, cause));
}

fn inodes(seen: &Seen<'_>, disk: &DiskUse, out: &mut Vec<Finding>) {
    let Some(used) = disk.inodes_used else { return };
    let (mount, limit) = (&disk.mount, seen.limits().inodes);
    let (kind, severity, cause) = if used.0 >= FULL {
        (full(mount), Health::Down, format!("disk {mount} has no inodes left"))
    } else if used > limit {
        (Kind::Limit, Health::Degraded, format!("disk {mount} {used} of inodes used (limit {limit})"))
    } else {
        return;
    };
    out.push(Finding::on_server(seen.server.id(), kind, &format!("inodes:{mount}"), severity, cause));
}

/// What a full file system may be the cause of. Where containers, units and the engine keep what they write
/// nothing goes on; of any other it is not known who writes there, so nothing is laid to it.
fn full(mount: &str) -> Kind {
    const WRITTEN_BY_ALL: &[&str] = &["/var", "/tmp", "/run"];
    let within =
        |root: &&str| mount.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if mount == "/" || WRITTEN_BY_ALL.iter().any(within) { Kind::DiskFull } else { Kind::Limit }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::sample::{NOW, causes, found, server, vitals};
    use super::*;
    use crate::domain::quantity::{Bytes, Percent};
    use crate::domain::vitals::Vitals;
    use crate::store::fleet::server::ServerLive;

    fn with(used: u64, inodes: f32) -> ServerLive {
        let mut it = server("web-1");
        let disk = DiskUse {
            mount: "/".into(),
            used: Bytes(used),
            available: Bytes(1000 - used),
            inodes_used: Some(Percent(inodes)),
            ..DiskUse::default()
        };
        it.vitals.succeed(Vitals { disks: vec![disk], ..vitals() }, NOW);
        it
    }

    #[test]
    fn a_limit_is_degraded_and_nothing_left_is_down() {
        assert_eq!(causes(&with(800, 80.0)), Vec::<String>::new());
        assert_eq!(causes(&with(810, 0.0)), ["disk / 81% used (limit 80%)"]);
        assert_eq!(found(&with(999, 0.0))[0].kind, Kind::DiskFull);
        assert_eq!(causes(&with(0, 100.0)), ["disk / has no inodes left"]);
    }

    #[test]
    fn only_a_disk_that_all_write_to_explains_what_is_down() {
        for mount in ["/", "/var", "/var/lib/docker", "/tmp", "/run"] {
            assert_eq!(full(mount), Kind::DiskFull, "{mount}");
        }
        for mount in ["/srv/small", "/various", "/home", "/mnt/var"] {
            assert_eq!(full(mount), Kind::Limit, "{mount}");
        }
    }

    #[test]
    fn a_disk_that_will_be_full_within_the_day_is_a_problem_before_it_is() {
        let mut filling = with(500, 0.0);
        filling.disk_full_at.insert("/".into(), NOW + Duration::from_secs(25 * 3600));
        assert!(causes(&filling).is_empty());
        filling.disk_full_at.insert("/".into(), NOW + Duration::from_secs(3 * 3600));
        assert_eq!(causes(&filling), ["disk / 50% used, full in 3h at this rate"]);
    }
}
