//! A run as rows: how it goes, how it ended, and its stages with the servers side by side.

use std::time::Duration;

use super::cell::rows;
use super::{Run, Standing};
use crate::domain::plan::Stage;
use crate::domain::quantity::Percent;
use crate::domain::run::{Outcome, RunEnd};
use crate::domain::time::Timestamp;
use crate::domain::unfinished::Way;
use crate::state::plan::lines::failed;
use crate::theme::Role;
use crate::widgets::sheet::{Line, fitted, wrapped};

/// The least cells in which a server's column can be read.
const COLUMN: u16 = 36;
/// Cells between columns.
const BETWEEN: u16 = 2;
/// Where columns begin.
const INDENT: u16 = 3;

/// The cells in which so many servers stand side by side.
pub const fn columns_of(servers: usize) -> u16 {
    let servers = if servers == 0 {
        1
    } else if servers > 99 {
        99
    } else {
        servers as u16
    };
    INDENT + servers * (COLUMN + BETWEEN)
}

/// The page's rows, and the one at which something happens.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// The rows.
    pub all: Vec<Line>,
    /// Where something happens or failed.
    pub focus: usize,
}

/// A span of a run: tenths where it is short, minutes where it is long.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 if span.subsec_millis() < 50 && !span.is_zero() => "<0.1 s".to_owned(),
        0..10 if span.subsec_millis() > 0 => format!("{:.1} s", span.as_secs_f32()),
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02}", seconds / 60, seconds % 60),
        _ => format!("{} h {:02}", seconds / 3600, seconds / 60 % 60),
    }
}

/// The page in so many cells and rows. Where not all fits, the stages in which something happens or
/// failed show their steps, then as many others as there is room for.
pub fn lines(run: &Run, now: Timestamp, cells: u16, height: usize) -> Lines {
    // The last column is the scroll bar's.
    let cells = cells.saturating_sub(2);
    let mut all = head(run, now, cells);
    let plan = run.plan.plan();
    let undo = plan.undo.iter().filter(|_| run.undoing.is_some());
    let stages: Vec<_> = plan
        .stages
        .iter()
        .chain(undo)
        .filter(|stage| !stage.lanes.is_empty())
        .map(|stage| (stage, state(run, stage), lanes(run, stage, now, cells)))
        .collect();
    let happens = |state| matches!(state, State::Running | State::Failed);
    let shown = stages.iter().filter(|(_, state, _)| happens(*state)).map(|(.., rows)| rows.len());
    let mut left = height.saturating_sub(all.len() + stages.len() + shown.sum::<usize>());
    // Blank rows between stages only where everything has room.
    let hidden = stages.iter().filter(|(_, state, _)| !happens(*state)).map(|(.., rows)| rows.len());
    let airy = hidden.sum::<usize>() + stages.len() <= left;
    let mut focus = 0;
    for (stage, state, rows) in stages {
        if airy {
            all.push(Line::default());
        }
        let room = left >= rows.len();
        if happens(state) {
            focus = all.len();
        } else if room {
            left -= rows.len();
        }
        all.push(heading(run, stage, state));
        if happens(state) || room {
            all.extend(rows);
        }
    }
    Lines { all, focus }
}

/// What is done, how far it is, or how it ended.
fn head(run: &Run, now: Timestamp, cells: u16) -> Vec<Line> {
    let plan = run.plan.plan();
    let doing = match run.way {
        Some(way @ (Way::Finish | Way::Undo)) => format!("{}: {}", way.word(), plan.title),
        Some(Way::Leave) => format!("leave as it stands: {}", plan.title),
        None => plan.title.clone(),
    };
    let mut lines: Vec<Line> = crate::widgets::wrap::wrap(&doing, usize::from(cells.saturating_sub(2)))
        .into_iter()
        .map(|row| Line::at(2).strong(row.trim_end(), Role::Text))
        .collect();
    match &run.end {
        None => lines.extend(under_way(run, now, cells)),
        Some(end) => lines.extend(ended(run, end, cells)),
    }
    for said in &run.approvals {
        lines.extend(wrapped(said, 4, Role::Muted, cells));
    }
    for untold in &run.untold {
        lines.extend(wrapped(untold, 4, Role::Degraded, cells));
    }
    lines
}

fn under_way(run: &Run, now: Timestamp, cells: u16) -> Vec<Line> {
    let took = Duration::from_secs(run.took(now).as_secs());
    let mut line = Line::at(2)
        .glyph(|it| it.folded, Role::Accent)
        .text(format!(" {}, for {}", run.now(), span(took)), Role::Accent);
    if let Some(last) = run.last {
        line = line.text(format!("; the last one took {}  ", span(last)), Role::Muted);
        let share = took.as_secs_f32() * 100.0 / last.as_secs_f32().max(0.1);
        let room = cells.saturating_sub(line.cells()).min(12);
        if room >= 4 {
            line = line.gauge(Percent(share.min(100.0)), room);
        }
    }
    let mut lines = vec![line];
    if let (Some(until), Some(id)) = (run.waits, &run.id) {
        let left = span(Duration::from_secs(until.since(now).as_secs()));
        let says = "nothing is changed before another operator, with a key of their own, approves it: A on their console, or";
        lines.extend(wrapped(says, 4, Role::Text, cells));
        lines.push(
            Line::at(4)
                .strong(format!("midwatch approve {id}"), Role::Text)
                .text(format!("   {left} left"), Role::Muted),
        );
    }
    if run.cancelling && run.undoing.is_none() {
        lines.extend(wrapped("it is cancelled at the next safe point", 4, Role::Degraded, cells));
    }
    if let Some(why) = &run.undoing {
        // The whole is told at the end.
        let why = fitted(&format!("what was changed is put back: {why}"), cells.saturating_sub(4));
        lines.push(Line::at(4).text(why.trim_end(), Role::Degraded));
    }
    lines
}

/// How a run ended, in a sentence.
pub fn outcome(end: &RunEnd, way: Option<Way>) -> &'static str {
    match (end.outcome, way) {
        (Outcome::Done, _) => "done and verified",
        (Outcome::Failed, _) if end.stands.is_empty() => "failed before anything was changed",
        (Outcome::Failed, _) => "failed, and put back: everything stands as before, verified",
        (Outcome::Partial, _) if end.stands.is_empty() => "could not be taken up: nothing was done",
        (Outcome::Partial, Some(Way::Leave)) => "left as it stands; it is not known to be good",
        (Outcome::Partial, _) => "partial: something was changed, and is not known to be good",
        (Outcome::Cancelled, Some(Way::Undo)) => "undone: everything stands as before",
        (Outcome::Cancelled, _) => "cancelled: everything stands as before",
    }
}

fn ended(run: &Run, end: &RunEnd, cells: u16) -> Vec<Line> {
    let (glyph, role): (fn(&crate::theme::Glyphs) -> &'static str, _) = match end.outcome {
        Outcome::Done => (|it| it.up, Role::Up),
        Outcome::Failed => (|it| it.down, Role::Down),
        Outcome::Partial => (|it| it.degraded, Role::Degraded),
        Outcome::Cancelled => (|it| it.dot, Role::Text),
    };
    let said = Line::at(2).glyph(glyph, role).strong(format!(" {}", outcome(end, run.way)), role);
    let mut lines = vec![said.text(format!(", after {}", span(end.took)), Role::Muted)];
    if let Some(because) = &end.because {
        lines.extend(failed(None, because, cells));
    }
    let stands = |(server, how): &(crate::domain::ids::ServerId, String)| {
        wrapped(&format!("{server}: {how}"), 4, Role::Text, cells)
    };
    lines.extend(end.stands.iter().flat_map(stands));
    if let Some(id) = &run.id {
        lines.push(Line::at(4).text(format!("midwatch journal show {id}"), Role::Muted));
    }
    lines
}

/// How a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Done,
    Failed,
    Part,
}

fn state(run: &Run, stage: &Stage) -> State {
    let steps = || stage.lanes.iter().flat_map(|lane| &lane.steps).map(|step| run.step(step.id));
    if steps().any(|it| matches!(it, Standing::Failed(_))) {
        State::Failed
    } else if run.goes_on() && steps().any(|it| matches!(it, Standing::Running { .. })) {
        State::Running
    } else if steps().all(|it| *it == Standing::Waiting) {
        State::Waiting
    } else if steps().all(|it| matches!(it, Standing::Done(..))) {
        State::Done
    } else if run.goes_on() {
        State::Running
    } else {
        State::Part
    }
}

fn heading(run: &Run, stage: &Stage, how: State) -> Line {
    let word = match how {
        State::Waiting if run.awaits(stage) => "waits",
        State::Waiting => "not begun",
        State::Running => "goes on",
        State::Done => "done",
        State::Failed => "failed",
        State::Part => "not all of it",
    };
    Line::heading(&stage.title, word)
}

/// Lanes side by side, as many as there is room for, the others below.
fn lanes(run: &Run, stage: &Stage, now: Timestamp, cells: u16) -> Vec<Line> {
    let (lanes, awaits) = (&stage.lanes, run.awaits(stage));
    let room = cells.saturating_sub(INDENT);
    let most = usize::from(((room + BETWEEN) / (COLUMN + BETWEEN)).max(1));
    let beside = u16::try_from(lanes.len().clamp(1, most)).unwrap_or(1);
    let column = (room.saturating_sub((beside - 1) * BETWEEN) / beside).min(90);
    let mut all = Vec::new();
    for some in lanes.chunks(usize::from(beside)) {
        let columns: Vec<Vec<Line>> = some
            .iter()
            .map(|lane| {
                let name = Line::default().strong(fitted(lane.place(), column), Role::Muted);
                let steps = lane.steps.iter().flat_map(|step| rows(run, step, awaits, now, column));
                std::iter::once(name).chain(steps).collect()
            })
            .collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or(0);
        for row in 0..height {
            let mut line = Line::at(INDENT);
            for lane in &columns {
                let cell = lane.get(row).cloned().unwrap_or_default().pad(column + BETWEEN);
                line = line.then(cell);
            }
            all.push(line);
        }
    }
    all
}
