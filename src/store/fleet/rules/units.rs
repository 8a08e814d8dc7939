//! A systemd unit or timer failed, or flaps.

use super::Seen;
use crate::domain::health::Health;
use crate::domain::reading::Freshness;
use crate::domain::time::Timestamp;
use crate::domain::unit::Timer;
use crate::store::fleet::finding::{Finding, Kind};

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let server = seen.server;
    if server.units_freshness(seen.now) != Freshness::Fresh {
        return;
    }
    let Some(units) = server.units.value() else { return };
    let mut push = |name: &str, cause, begun: Option<Timestamp>| {
        let detail = format!("unit:{name}");
        let finding = Finding::on_server(server.id(), Kind::Unit, &detail, Health::Degraded, cause);
        out.push(Finding { begun: begun.map(|at| server.here(at)), ..finding });
    };
    for unit in &units.failed {
        push(unit.name.as_str(), format!("{} failed ({})", unit.name, unit.result), unit.since);
    }
    for unit in units.flapping.iter().filter(|unit| units.failed.iter().all(|f| f.name != unit.name)) {
        push(unit.name.as_str(), format!("{} keeps restarting ({} times)", unit.name, unit.restarts), None);
    }
    let failed = |timer: &&Timer| !matches!(timer.result.as_str(), "" | "success");
    let unsaid = |timer: &&Timer| units.failed.iter().all(|unit| unit.name != timer.activates);
    for timer in units.timers.iter().filter(failed).filter(unsaid) {
        push(timer.name.as_str(), format!("{} last failed ({})", timer.activates, timer.result), timer.last);
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, server};
    use super::*;
    use crate::domain::unit::{Unit, Units};

    fn unit(name: &str) -> Unit {
        Unit {
            name: name.into(),
            active: "failed".into(),
            sub: "failed".into(),
            result: "exit-code".into(),
            restarts: 7,
            since: None,
            description: String::new(),
        }
    }

    fn timer(name: &str, result: &str) -> Timer {
        let activates = name.replace(".timer", ".service").as_str().into();
        Timer { name: name.into(), activates, last: None, next: None, result: result.into() }
    }

    #[test]
    fn a_failure_is_said_once() {
        let mut it = server("web-1");
        let units = Units {
            failed: vec![unit("backup.service")],
            flapping: vec![unit("backup.service"), unit("app.service")],
            timers: vec![
                timer("backup.timer", "exit-code"),
                timer("clean.timer", "oom-kill"),
                timer("ok.timer", "success"),
            ],
            ..Units::default()
        };
        it.units.succeed(units, NOW);
        assert_eq!(
            causes(&it),
            [
                "backup.service failed (exit-code)",
                "app.service keeps restarting (7 times)",
                "clean.service last failed (oom-kill)"
            ]
        );
    }
}
