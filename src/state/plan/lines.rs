//! A plan as rows to be read: what stands in its way first, then what changes, what is interrupted,
//! the steps, and how it is undone.

use std::time::Duration;

use super::{PlanPage, Stand};
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::image::ImageRef;
use crate::domain::plan::{Change, Finding, FrozenPlan, Judgement, Operation, Plan, Stage};
use crate::domain::release::lock::Holder;
use crate::domain::setup::Guard;
use crate::domain::time::{Age, Timestamp};
use crate::message::change::{Asked, Looked, Planned};
use crate::state::run::lines::span;
use crate::theme::Role;
use crate::widgets::sheet::{Line, fitted, wrapped};

/// Where what belongs to a heading begins.
const INDENT: u16 = 3;

/// The page as rows of so many cells.
/// `wait` is the key that waits for a lock.
pub fn lines(page: &PlanPage, now: Timestamp, cells: u16, wait: &str) -> Vec<Line> {
    // The last column is the scroll bar's.
    let cells = cells.saturating_sub(2);
    match &page.stand {
        Stand::Nothing => vec![Line::at(2).text("nothing is planned", Role::Muted)],
        Stand::Looking { since, servers } => {
            let mut lines = vec![head(page.asked.as_ref()), Line::default()];
            lines.extend(servers.iter().flat_map(|(server, how)| looked(server, how.as_ref(), cells)));
            lines.push(Line::default());
            let age = Age(since.age(now));
            lines.push(
                Line::at(2).text(format!("nothing is changed; looking for {age}. Esc leaves"), Role::Muted),
            );
            lines
        }
        Stand::Failed(failures) => {
            let mut lines = vec![head(page.asked.as_ref()), Line::default()];
            lines.push(Line::at(2).strong("there is no plan; nothing was changed", Role::Down));
            for (server, failure) in failures {
                lines.push(Line::default());
                lines.extend(failed(server.as_ref(), failure, cells));
            }
            lines.push(Line::default());
            lines.push(Line::at(2).text("Enter plans again, Esc leaves", Role::Muted));
            lines
        }
        Stand::Waiting { since, holder } => waiting(page, *since, holder.as_ref(), now, cells),
        Stand::Shown { planned, .. } => shown(planned, now, cells, wait),
    }
}

/// Who holds the lock that is waited for, since when and why.
fn waiting(
    page: &PlanPage,
    since: Timestamp,
    holder: Option<&Holder>,
    now: Timestamp,
    cells: u16,
) -> Vec<Line> {
    let mut lines = vec![head(page.asked.as_ref()), Line::default()];
    let app = page.asked.as_ref().map(|asked| asked.app.to_string()).unwrap_or_default();
    let says = match holder {
        Some(it) => format!(" another run holds the lock of {app}, for {}", Age(it.since.age(now))),
        None => format!(" another run holds the lock of {app}"),
    };
    lines.push(Line::at(2).glyph(|it| it.folded, Role::Accent).text(says, Role::Text));
    lines.extend(holder.iter().flat_map(|it| wrapped(&it.says(), INDENT + 1, Role::Muted, cells)));
    lines.push(Line::default());
    let waits = format!("nothing is changed; waiting for {}", Age(since.age(now)));
    lines.push(Line::at(2).strong(waits, Role::Text));
    let then = "once it is given back the servers are looked at and it is planned anew, to be confirmed; Esc gives up";
    lines.extend(wrapped(then, 2, Role::Muted, cells));
    lines
}

/// What was asked for, in a line.
pub fn title(asked: &Asked) -> String {
    asked.what.title(&asked.app)
}

fn head(asked: Option<&Asked>) -> Line {
    Line::at(2).strong(asked.map(title).unwrap_or_default(), Role::Text)
}

fn looked(server: &ServerId, how: Option<&Looked>, cells: u16) -> Vec<Line> {
    let line = |glyph: fn(&crate::theme::Glyphs) -> &'static str, role, text: &str| {
        vec![
            Line::at(2)
                .glyph(glyph, role)
                .text(format!(" {}  ", fitted(server.as_str(), 12)), Role::Text)
                .text(text, role),
        ]
    };
    match how {
        None => line(|it| it.dot, Role::Muted, "is asked how the app stands"),
        Some(Looked::Stands) => {
            line(|it| it.folded, Role::Accent, "was read; images and Compose file are looked at")
        }
        Some(Looked::Whole) => line(|it| it.up, Role::Up, "was read"),
        Some(Looked::Failed(failure)) => failed(Some(server), failure, cells),
    }
}

/// What, why, what to do.
pub fn failed(server: Option<&ServerId>, failure: &Failure, cells: u16) -> Vec<Line> {
    let place = server.map(|server| format!("{server}: ")).unwrap_or_default();
    let head = Line::at(2).glyph(|it| it.down, Role::Down);
    let mut lines = vec![head.text(format!(" {place}cannot {}", failure.what), Role::Text)];
    lines.extend(failure.why.iter().flat_map(|why| wrapped(why, INDENT + 1, Role::Muted, cells)));
    lines.extend(failure.hint.iter().flat_map(|hint| wrapped(hint, INDENT + 1, Role::Accent, cells)));
    lines
}

fn shown(planned: &Planned, now: Timestamp, cells: u16, wait: &str) -> Vec<Line> {
    of_plan(&planned.plan, planned.last, ahead(planned.plan.plan(), wait), now, cells)
}

/// A plan as rows, with how long the last such took and what lies ahead of it.
pub fn of_plan(
    frozen: &FrozenPlan,
    last: Option<Duration>,
    ahead: Line,
    now: Timestamp,
    cells: u16,
) -> Vec<Line> {
    let plan = frozen.plan();
    let mut lines: Vec<Line> = crate::widgets::wrap::wrap(&plan.title, usize::from(cells.saturating_sub(2)))
        .into_iter()
        .map(|row| Line::at(2).strong(row.trim_end(), Role::Text))
        .collect();
    let mut about = vec![format!("plan {}", frozen.digest().short())];
    about.push(format!("as of {} ago", Age(plan.as_of.age(now))));
    about.extend(last.map(|last| format!("the last one took {}", span(last))));
    lines.push(Line::at(2).text(about.join("  "), Role::Muted));
    if let Some(reason) = &plan.reason {
        lines.extend(wrapped(&format!("because: {reason}"), 2, Role::Degraded, cells));
    }
    lines.push(ahead);
    let refused: Vec<&Finding> = plan.refusals().collect();
    section(&mut lines, "IN THE WAY", refused.iter().flat_map(|it| finding(it, cells)).collect());
    section(&mut lines, "CHANGES", changes(plan, cells));
    let interrupts = plan.interrupts.iter().flat_map(|it| wrapped(it, INDENT, Role::Degraded, cells));
    section(&mut lines, "INTERRUPTS", interrupts.collect());
    section(&mut lines, "STEPS", steps(&plan.stages, cells));
    section(&mut lines, "UNDONE", wrapped(&plan.undone_by, INDENT, Role::Text, cells));
    section(&mut lines, "IF IT FAILS", steps(&plan.undo, cells));
    section(&mut lines, "LOOKED AT", looked_at(plan, cells));
    lines
}

/// What a key does with it.
fn ahead(plan: &Plan, wait: &str) -> Line {
    let refused: Vec<&Finding> = plan.refusals().collect();
    let line = Line::at(2);
    if plan.awaits_lock() {
        return line
            .strong("another run is at it", Role::Down)
            .text(format!("; {wait} waits for its lock, then plans anew"), Role::Muted);
    }
    if refused.iter().any(|it| !it.may_override) {
        return line.strong("it cannot be carried out as things stand", Role::Down);
    }
    if !refused.is_empty() {
        return line
            .strong("it is refused", Role::Down)
            .text("; Enter asks for a reason that overrides that", Role::Muted);
    }
    let does = match plan.guard {
        Guard::Confirm => "Enter carries it out",
        // In 80 columns there is no room for "the datastore's".
        Guard::TypeName if plan.is_of_a_datastore() => "Enter asks for its name, then carries it out",
        Guard::TypeName => "Enter asks for the app's name, then carries it out",
        Guard::TwoPerson => "Enter asks for a second person, and carries it out once they approve",
    };
    line.text(format!("nothing is changed yet; {does}"), Role::Muted)
}

fn section(lines: &mut Vec<Line>, title: &str, rows: Vec<Line>) {
    if !rows.is_empty() {
        lines.push(Line::default());
        lines.push(Line::heading(title, ""));
        lines.extend(rows);
    }
}

/// As wide as the widest word for what is looked at.
const CHECK: u16 = 11;

fn finding(it: &Finding, cells: u16) -> Vec<Line> {
    let (glyph, role, word): (fn(&crate::theme::Glyphs) -> &'static str, _, _) = match it.judgement {
        Judgement::Good => (|it| it.up, Role::Up, "good"),
        Judgement::Noted => (|it| it.dot, Role::Text, "note"),
        Judgement::Overridden => (|it| it.degraded, Role::Degraded, "overridden"),
        Judgement::Refused => (|it| it.down, Role::Down, "refused"),
    };
    let place = it.server.as_ref().map(|server| format!("{server}: ")).unwrap_or_default();
    let label = format!("{word} {} ", fitted(&it.check, CHECK));
    let begin = INDENT + 2 + u16::try_from(label.len()).unwrap_or(0);
    let mut rows = wrapped(&format!("{place}{}", it.found), 0, Role::Text, cells.saturating_sub(begin));
    let rest = rows.split_off(rows.len().min(1));
    let head = Line::at(INDENT).glyph(glyph, role).text(" ", Role::Text).text(label, role);
    let mut lines = vec![rows.into_iter().fold(head, Line::then)];
    lines.extend(rest.into_iter().map(|row| Line::at(begin).then(row)));
    let remedy = it.remedy.iter().filter(|_| it.judgement == Judgement::Refused);
    lines.extend(remedy.flat_map(|remedy| wrapped(remedy, begin, Role::Accent, cells)));
    lines
}

/// One row where it fits, else what was over what will be.
fn changes(plan: &Plan, cells: u16) -> Vec<Line> {
    if plan.changes.is_empty() && matches!(plan.operation, Operation::Deploy | Operation::Rollback) {
        return vec![
            Line::at(INDENT).text("nothing: images, Compose file and environment are the same", Role::Muted),
        ];
    }
    plan.changes.iter().flat_map(|it| change(it, cells)).collect()
}

fn change(it: &Change, cells: u16) -> Vec<Line> {
    let head = Line::at(INDENT).text(it.what.clone(), Role::Accent);
    let head = match &it.server {
        Some(server) => head.text(format!(" on {server}"), Role::Muted),
        None => head,
    };
    if it.from == it.to {
        let changed = it.from.iter().map(|from| format!("  changed {from}"));
        return vec![changed.fold(head, |line, text| line.text(text, Role::Text))];
    }
    let (from, to) = (&it.from.as_deref().map(short), &it.to.as_deref().map(short));
    let one = |line: Line, sign: &str, text: &str, role| line.text(sign, role).text(text, role);
    let whole = match (from, to) {
        (Some(from), Some(to)) => {
            let line = one(head.clone().text("  ", Role::Text), "", from, Role::Down);
            one(line, " → ", to, Role::Up)
        }
        (None, Some(to)) => one(head.clone(), "  new: ", to, Role::Up),
        (from, _) => one(head.clone(), "  goes: ", from.as_deref().unwrap_or_default(), Role::Down),
    };
    if whole.cells() <= cells {
        return vec![whole];
    }
    let mut lines = vec![head];
    for (sign, value, role) in [("- ", from, Role::Down), ("+ ", to, Role::Up)] {
        let rows = value.iter().flat_map(|value| wrapped(&format!("{sign}{value}"), INDENT + 2, role, cells));
        lines.extend(rows);
    }
    lines
}

/// An image's digest in twelve digits, as the trade writes it.
fn short(text: &str) -> String {
    match text.parse::<ImageRef>() {
        Ok(image) => match (&image.tag, &image.digest) {
            (Some(_), Some(digest)) => format!("{} ({})", image.name(), digest.short()),
            _ => text.to_owned(),
        },
        Err(_) => text.to_owned(),
    }
}

/// Each stage with its steps; what several servers do alike stands there once.
fn steps(stages: &[Stage], cells: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    for stage in stages.iter().filter(|stage| !stage.lanes.is_empty()) {
        lines.push(Line::at(INDENT).strong(stage.title.clone(), Role::Text));
        let mut groups: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
        for lane in &stage.lanes {
            let titles: Vec<&str> = lane.steps.iter().map(|step| step.title.as_str()).collect();
            match groups.iter_mut().find(|(_, known)| *known == titles) {
                Some((servers, _)) => servers.push(lane.place()),
                None => groups.push((vec![lane.place()], titles)),
            }
        }
        for (servers, titles) in groups {
            let servers = servers.join(" ");
            let indent = INDENT + 2;
            for title in titles {
                let place = format!("{servers}: ");
                let rows = wrapped(&format!("{place}{title}"), indent, Role::Text, cells);
                lines.extend(rows);
            }
        }
    }
    lines
}

/// What was looked at, worst first; what is the same on several servers once.
fn looked_at(plan: &Plan, cells: u16) -> Vec<Line> {
    let mut all: Vec<(Finding, Vec<&ServerId>)> = Vec::new();
    for it in &plan.findings {
        let same = |(held, _): &&mut (Finding, _)| {
            (&held.check, &held.found, held.judgement) == (&it.check, &it.found, it.judgement)
        };
        match all.iter_mut().find(same) {
            Some((_, servers)) => servers.extend(&it.server),
            None => all.push((it.clone(), it.server.iter().collect())),
        }
    }
    let mut all: Vec<Finding> = all
        .into_iter()
        .map(|(finding, servers)| {
            let names: Vec<&str> = servers.into_iter().map(ServerId::as_str).collect();
            let server = (!names.is_empty()).then(|| ServerId::from(names.join(" ")));
            Finding { server, ..finding }
        })
        .filter(|it| it.judgement != Judgement::Refused)
        .collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.judgement));
    all.iter().flat_map(|it| finding(it, cells)).collect()
}
