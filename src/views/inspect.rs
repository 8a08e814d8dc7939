//! All that is known of one thing, label and value.

use std::time::Duration;

use ratatui::buffer::Buffer;

use super::containers_table::word;
use super::problems_table::place;
use crate::domain::container::Container;
use crate::domain::ids::{CheckId, ServerId};
use crate::domain::problem::Target;
use crate::domain::reading::{Freshness, Reading};
use crate::domain::thresholds::Thresholds;
use crate::domain::time::{Age, Timestamp};
use crate::domain::vitals::Vitals;
use crate::state::State;
use crate::state::selection::Selected;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put, width};
use crate::widgets::{frame, scrollbar};

/// Label and value, in order.
type Facts = Vec<(String, String)>;

/// Draws it, from the row `first` on.
pub fn draw(state: &State, what: &Selected, first: usize, theme: &Theme, buf: &mut Buffer) {
    let (title, facts) = match what {
        Selected::Unit(server, unit) => {
            (format!("{server}/{unit}"), unit_facts(state, server, unit.as_str()))
        }
        Selected::Target(target) => {
            let facts = match target {
                Target::Server(server) => server_facts(state, server),
                Target::App(app) => state.fleet.app(app).map_or_else(Facts::new, |app| {
                    let servers: Vec<&str> = app.servers.iter().map(ServerId::as_str).collect();
                    vec![
                        fact("health", app.verdict.health.word()),
                        fact("reason", &app.verdict.reason),
                        fact("project", &app.project),
                        fact("servers", servers.join(" ")),
                        fact("containers", app.containers.len().to_string()),
                    ]
                }),
                Target::Container(key) => {
                    state.container(key).map_or_else(Facts::new, |it| container_facts(state, &key.server, it))
                }
                Target::Check(check) => check_facts(state, check),
            };
            (place(state, target), facts)
        }
    };
    let facts = if facts.is_empty() { vec![fact("", "it is gone")] } else { facts };
    show(state, &title, &facts, first, theme, buf);
}

fn show(state: &State, title: &str, facts: &Facts, first: usize, theme: &Theme, buf: &mut Buffer) {
    let body = state.size.body();
    let labels = facts.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
    let rows = u16::try_from(facts.len() + 2).unwrap_or(u16::MAX);
    let area = frame::centered(body, body.width.saturating_sub(6).min(110), rows);
    let inside = frame::draw(buf, area, title, Role::Accent, theme);
    let first = first.min(facts.len().saturating_sub(usize::from(inside.height)));
    for (row, (label, value)) in inside.rows().zip(&facts[first..]) {
        let place = Place { x: row.x, y: row.y, width: labels };
        put(buf, place, label, theme.style(Role::Muted), theme);
        let x = row.x + labels + 2;
        let place = Place { x, y: row.y, width: row.right().saturating_sub(x) };
        put(buf, place, value, theme.style(Role::Text), theme);
    }
    scrollbar::draw(buf, inside, first, usize::from(inside.height), facts.len(), theme);
}

fn fact(label: &str, value: impl Into<String>) -> (String, String) {
    (label.to_owned(), value.into())
}

fn when(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(|| "-".to_owned(), |at| format!("{} ({} ago)", at.rfc3339(), Age(at.age(now))))
}

/// How old what is shown is.
fn read<T>(reading: &Reading<T>, freshness: Freshness, now: Timestamp) -> (String, String) {
    let known = when(reading.last.as_ref().map(|(_, at)| *at), now);
    let said =
        if freshness == Freshness::Fresh { known } else { format!("{known}; what is now is not known") };
    fact("read", said)
}

fn container_facts(state: &State, server: &ServerId, it: &Container) -> Facts {
    let server = state.fleet.server(server);
    let read = server.map(|it| read(&it.containers, it.containers_freshness(state.now), state.now));
    let judged = server.map_or_else(|| it.verdict(), |server| server.judged(it, state.now));
    let ports = it.ports.iter().map(|port| match &port.host {
        Some((address, host)) => format!("{address}:{host} to {}/{}", port.container, port.protocol),
        None => format!("{}/{} not published", port.container, port.protocol),
    });
    let mut facts = vec![
        fact("name", &it.name),
        fact("state", word(it)),
        fact("image", &it.image),
        fact("digest", it.digest.as_deref().unwrap_or("none known: it did not come from a registry")),
        fact("id", it.id.as_str()),
        fact("project", it.project.as_deref().unwrap_or("-")),
        fact("service", it.service.as_deref().unwrap_or("-")),
        fact("restarts", it.restarts.to_string()),
        fact("exit code", it.exit_code.map_or_else(|| "-".to_owned(), |code| code.to_string())),
        fact("out of memory", if it.oom_killed { "killed by the kernel" } else { "no" }),
        fact("started", when(it.started_at, state.now)),
        fact("ended", when(it.finished_at, state.now)),
        fact("ports", ports.collect::<Vec<_>>().join(", ")),
    ];
    if !judged.reason.is_empty() {
        facts.insert(2, fact("reason", judged.reason));
    }
    facts.extend(read);
    facts
}

fn server_facts(state: &State, id: &ServerId) -> Facts {
    let Some(server) = state.fleet.server(id) else { return Facts::new() };
    let mut facts = vec![
        fact("health", server.verdict().health.word()),
        fact("reason", &server.verdict().reason),
        fact("reached by", &server.setup.address),
        fact("environment", server.setup.environment.as_ref().map_or("-", |name| name.as_str())),
    ];
    facts.extend(server.setup.labels.iter().map(|(key, value)| fact(&format!("label {key}"), value)));
    if let Some(it) = server.facts.value() {
        facts.push(fact("hostname", &it.hostname));
        facts.push(fact("system", format!("{} {} {}", it.os, it.kernel, it.arch)));
        facts.push(fact("user there", &it.user));
    }
    if let Some((failure, since)) = &server.link_lost {
        facts.push(fact("not reached", failure.to_string()));
        facts.push(fact("since", when(Some(*since), state.now)));
    }
    let failures = [
        ("vitals", server.vitals.failure.as_ref()),
        ("containers", server.containers.failure.as_ref()),
        ("usage", server.usage.failure.as_ref()),
        ("units", server.units.failure.as_ref()),
    ];
    for (label, failure) in failures {
        facts.extend(failure.map(|(failure, _)| fact(label, failure.to_string())));
    }
    if let Some((vitals, at)) = &server.vitals.last {
        facts.extend(vitals_facts(vitals));
        facts.push(fact("read", when(Some(*at), state.now)));
    }
    facts.extend(limits(&server.setup.thresholds));
    facts
}

fn vitals_facts(it: &Vitals) -> Facts {
    let mut facts = Facts::new();
    if let Some((open, most)) = it.files {
        facts.push(fact("open files", format!("{open} of {most}")));
    }
    facts.extend(it.clock_offset_ms.map(|offset| fact("clock", format!("{offset:+} ms"))));
    facts.extend(it.oom_kills.map(|kills| fact("oom kills", format!("{kills} since boot"))));
    facts.extend(
        it.reboot_required.map(|wanted| fact("reboot", if wanted { "required" } else { "not required" })),
    );
    facts.extend(it.disks.iter().map(|disk| {
        let used = disk.share().map_or_else(|| "-".to_owned(), |share| share.to_string());
        let inodes = disk.inodes_used.map_or_else(|| "-".to_owned(), |share| share.to_string());
        let free = disk.available;
        fact(
            &format!("disk {}", disk.mount),
            format!("{used} used, {free} free, inodes {inodes}, {}", disk.device),
        )
    }));
    facts
}

/// From where on something is a problem.
fn limits(it: &Thresholds) -> Facts {
    let days = |time: Duration| format!("{} days", time.as_secs() / 86_400);
    vec![
        fact(
            "problem from",
            format!(
                "cpu {}, memory {}, swap {}, disk {}, inodes {}",
                it.cpu, it.memory, it.swap, it.disk, it.inodes
            ),
        ),
        fact(
            "",
            format!(
                "errors {}, p95 {} ms, clock {} ms off",
                it.error_rate,
                it.p95.as_millis(),
                it.clock_offset.as_millis()
            ),
        ),
        fact(
            "",
            format!("disk full within {}, certificate {}", days(it.disk_full_within), days(it.certificate)),
        ),
        fact("", "changed by [thresholds] in the configuration"),
    ]
}

fn check_facts(state: &State, id: &CheckId) -> Facts {
    let verdict = state.fleet.check_verdict(id, state.now);
    let mut facts = vec![fact("health", verdict.health.word()), fact("reason", verdict.reason)];
    let Some((result, at)) = state.fleet.check(id).and_then(|reading| reading.last.as_ref()) else {
        return facts;
    };
    let from = result.from.as_ref().map_or_else(|| "here".to_owned(), ToString::to_string);
    facts.extend([
        fact("kind", result.kind.word()),
        fact("target", &result.target),
        fact("seen from", from),
        fact("last made", when(Some(*at), state.now)),
        fact(
            "took",
            result.latency.map_or_else(|| "-".to_owned(), |took| format!("{} ms", took.as_millis())),
        ),
        fact("every", format!("{} s", result.interval.as_secs())),
        fact("failures in a row", result.failures.to_string()),
    ]);
    facts.extend(result.facts.iter().cloned());
    facts
}

fn unit_facts(state: &State, server: &ServerId, name: &str) -> Facts {
    let Some(server) = state.fleet.server(server) else { return Facts::new() };
    let Some(units) = server.units.value() else { return Facts::new() };
    let read = read(&server.units, server.units_freshness(state.now), state.now);
    let mut all = units.failed.iter().chain(&units.flapping).chain(&units.services);
    if let Some(unit) = all.find(|unit| unit.name.as_str() == name) {
        return vec![
            fact("unit", name),
            fact("description", &unit.description),
            fact("state", format!("{} ({})", unit.active, unit.sub)),
            fact("result", &unit.result),
            fact("restarts", unit.restarts.to_string()),
            fact("since", when(unit.since, state.now)),
            read,
        ];
    }
    units.timers.iter().find(|timer| timer.name.as_str() == name).map_or_else(Facts::new, |timer| {
        vec![
            fact("timer", name),
            fact("starts", timer.activates.as_str()),
            fact("last result", &timer.result),
            fact("last", when(timer.last, state.now)),
            fact("next", timer.next.map_or_else(|| "-".to_owned(), Timestamp::rfc3339)),
            read,
        ]
    })
}
