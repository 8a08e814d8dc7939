//! All that is known of one thing, label and value, nothing of it cut.

mod access;
pub(super) mod datastore;
mod server;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use super::containers_table::word;
use super::problems_table::place;
use crate::domain::container::{Container, ContainerState, ContainerUsage};
use crate::domain::failure::Failure;
use crate::domain::ids::{CheckId, ServerId};
use crate::domain::problem::Target;
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::reading::{Freshness, Reading};
use crate::domain::time::{Age, Timestamp};
use crate::state::State;
use crate::state::selection::Selected;
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put, width};
use crate::widgets::wrap::wrap;
use crate::widgets::{frame, scrollbar};

/// Label and value, in order.
type Facts = Vec<(String, String)>;

/// Draws it, from the row `first` on.
pub fn draw(state: &State, what: &Selected, first: usize, theme: &Theme, buf: &mut Buffer) {
    let (title, facts) = told(state, what);
    show(state, &title, &facts, first, theme, buf);
}

/// Whether it is longer than the screen.
pub fn scrolls(state: &State, what: &Selected) -> bool {
    let (_, facts) = told(state, what);
    let laid = laid(state, &facts);
    laid.rows.len() + 2 > usize::from(laid.area.height)
}

/// What it is, and all that is known of it.
fn told(state: &State, what: &Selected) -> (String, Facts) {
    let (title, facts) = match what {
        Selected::Unit(server, unit) => {
            (format!("{server}/{unit}"), unit_facts(state, server, unit.as_str()))
        }
        Selected::Disk(server, mount) => (format!("{server} {mount}"), disk_facts(state, server, mount)),
        Selected::Access(key) => (format!("{} {}", key.server, key.label), access::facts(state, key)),
        Selected::File(path) => (path.clone(), datastore::file(state, path)),
        Selected::Backup(datastore, id) => {
            (format!("backup {} of {datastore}", id.short()), datastore::backup(state, datastore, id))
        }
        Selected::Target(target) => {
            let facts = match target {
                Target::Server(server) => server::facts(state, server),
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
                Target::Datastore(datastore) => datastore::facts(state, datastore),
            };
            (place(state, target), with_problems(state, target, facts))
        }
    };
    (title, if facts.is_empty() { vec![fact("", "it is gone")] } else { facts })
}

/// A label takes at most this part of the row.
const LABELS: u16 = 3;

/// Facts in rows of this size, each value over as many as it needs.
struct Laid<'a> {
    area: Rect,
    rows: Vec<(&'a str, String)>,
    labels: u16,
    cells: u16,
}

fn laid<'a>(state: &State, facts: &'a Facts) -> Laid<'a> {
    let body = state.size.body();
    let wide = body.width.saturating_sub(6).min(110);
    let labels = facts.iter().map(|(label, _)| width(label)).max().unwrap_or(0).min(wide / LABELS);
    // The frame, its margins, the gap behind the labels and the scroll bar.
    let cells = wide.saturating_sub(labels + 7);
    let rows: Vec<(&str, String)> = facts
        .iter()
        .flat_map(|(label, value)| {
            let parts = value.lines().flat_map(|line| wrap(line, usize::from(cells)));
            let mut parts: Vec<String> = parts.map(|part| part.trim_end().to_owned()).collect();
            parts.resize(parts.len().max(1), String::new());
            let labels = std::iter::once(label.as_str()).chain(std::iter::repeat(""));
            labels.zip(parts).collect::<Vec<_>>()
        })
        .collect();
    let area = frame::centered(body, wide, u16::try_from(rows.len() + 2).unwrap_or(u16::MAX));
    Laid { area, rows, labels, cells }
}

/// Draws facts, each value whole.
fn show(state: &State, title: &str, facts: &Facts, first: usize, theme: &Theme, buf: &mut Buffer) {
    let Laid { area, rows, labels, cells } = laid(state, facts);
    let inside = frame::draw(buf, area, title, Role::Accent, theme);
    let first = first.min(rows.len().saturating_sub(usize::from(inside.height)));
    for (row, (label, value)) in inside.rows().zip(&rows[first..]) {
        let place = Place { x: row.x, y: row.y, width: labels };
        put(buf, place, label, theme.style(Role::Muted), theme);
        let place = Place { x: row.x + labels + 2, y: row.y, width: cells };
        put(buf, place, value, theme.style(Role::Text), theme);
    }
    scrollbar::draw(buf, inside, first, usize::from(inside.height), rows.len(), theme);
}

/// The same with the problems that there are with it behind its reason: since when, and what each takes
/// with it.
fn with_problems(state: &State, target: &Target, mut facts: Facts) -> Facts {
    let at = facts.iter().position(|(label, _)| label == "reason").map_or(facts.len().min(1), |at| at + 1);
    let reason = facts.iter().find(|(label, _)| label == "reason").map(|(_, reason)| reason.clone());
    let of = state.fleet.problems().iter().filter(|problem| problem.target == *target);
    let told = of.flat_map(|problem| {
        let cause = (reason.as_ref() != Some(&problem.cause)).then(|| fact("problem", &problem.cause));
        let affects: Vec<String> = problem.affects.iter().map(|target| place(state, target)).collect();
        let affects = (!affects.is_empty()).then(|| fact("takes with it", affects.join(", ")));
        let since = fact("problem since", when(Some(problem.since), state.now));
        cause.into_iter().chain([since]).chain(affects)
    });
    let told: Facts = told.collect();
    facts.splice(at..at, told);
    facts
}

/// Why something failed, whole, and what can be done about it.
fn failed(label: &str, failure: &Failure) -> Facts {
    let hint = failure.hint.as_ref().map(|hint| fact("what to do", hint));
    std::iter::once(fact(label, format!("cannot {}: {}", failure.what, failure.reason())))
        .chain(hint)
        .collect()
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
    facts.extend(usage_facts(server, it, state.now));
    if !judged.reason.is_empty() {
        facts.insert(2, fact("reason", judged.reason));
    }
    facts.extend(read);
    if let Some((failure, _)) = server.and_then(|server| server.containers.failure.as_ref()) {
        facts.extend(failed("not read", failure));
    }
    facts
}

/// What it uses, and how long ago that was where it is not of now.
fn usage_facts(server: Option<&ServerLive>, it: &Container, now: Timestamp) -> Facts {
    let usage = server.and_then(|server| server.container_usage(&it.id));
    let usage = usage.filter(|_| it.state == ContainerState::Running);
    let age = match server.map(|server| server.usage_freshness(now)) {
        Some(Freshness::Stale(age)) => format!(" ({} ago)", Age(age)),
        _ => String::new(),
    };
    let told = |text: &dyn Fn(&ContainerUsage) -> String| {
        usage.map_or_else(|| "-".to_owned(), |usage| text(usage) + &age)
    };
    let both = |[one, other]: [Option<Bytes>; 2], names: [&str; 2]| {
        let rate = |bytes: Option<Bytes>| bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{bytes}/s"));
        match (one, other) {
            (None, None) => "the engine does not count it".to_owned(),
            _ => format!("{} {}, {} {}", names[0], rate(one), names[1], rate(other)),
        }
    };
    vec![
        fact("cpu", told(&|usage| usage.cpu.to_string())),
        fact(
            "memory",
            told(&|usage| match usage.memory_limit {
                Some(limit) => format!("{} of {limit}", usage.memory),
                None => format!("{}, no limit", usage.memory),
            }),
        ),
        fact("network", told(&|usage| both([usage.received, usage.sent], ["in", "out"]))),
        fact("block I/O", told(&|usage| both([usage.read, usage.written], ["read", "write"]))),
    ]
}

fn disk_facts(state: &State, server: &ServerId, mount: &str) -> Facts {
    let Some(server) = state.fleet.server(server) else { return Facts::new() };
    let disks = server.vitals.value().map(|vitals| vitals.disks.as_slice()).unwrap_or_default();
    let Some(disk) = disks.iter().find(|disk| disk.mount == mount) else { return Facts::new() };
    let share = |share: Option<Percent>| share.map_or_else(|| "-".to_owned(), |it| it.to_string());
    let limits = &server.setup.thresholds;
    let full = server.disk_full_at.get(mount).map_or_else(
        || "not foreseen".to_owned(),
        |at| format!("in {} if it goes on like this", cells::spoken(at.since(state.now))),
    );
    vec![
        fact("mounted at", mount),
        fact("device", &disk.device),
        fact("size", disk.total.to_string()),
        fact("used", format!("{}, {}", share(disk.share()), disk.used)),
        fact("free to a user", disk.available.to_string()),
        fact("inodes used", share(disk.inodes_used)),
        fact("full", full),
        fact("problem from", format!("{} used, inodes {}", limits.disk, limits.inodes)),
        read(&server.vitals, server.vitals_freshness(state.now), state.now),
    ]
}

fn check_facts(state: &State, id: &CheckId) -> Facts {
    let verdict = state.fleet.check_verdict(id, state.now);
    let mut facts = vec![fact("health", verdict.health.word()), fact("reason", verdict.reason)];
    if let Some((failure, _)) = state.fleet.check(id).and_then(|reading| reading.failure.as_ref()) {
        facts.extend(failed("not made", failure));
    }
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
            fact("last result", if timer.result.is_empty() { "not known" } else { &timer.result }),
            fact("last", when(timer.last, state.now)),
            fact("next", timer.next.map_or_else(|| "-".to_owned(), Timestamp::rfc3339)),
            read,
        ]
    })
}
