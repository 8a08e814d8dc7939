//! A step in its server's column: what it does, how it stands, how long it takes.

use std::time::Duration;

use super::lines::span;
use super::{Run, Standing};
use crate::domain::plan::Step;
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::run::Progress;
use crate::domain::time::Timestamp;
use crate::theme::Role;
use crate::widgets::sheet::{Line, fitted, wrapped};
use crate::widgets::text::width;

/// The most rows that a failure takes in a column; the whole is told at the end.
const FAILED: usize = 4;

/// The rows of a step in a column of so many cells, each of them exactly so wide; whether it will be
/// begun where it is not.
pub fn rows(run: &Run, step: &Step, awaits: bool, now: Timestamp, cells: u16) -> Vec<Line> {
    let row = |glyph: fn(&crate::theme::Glyphs) -> &'static str, role, text, word: &str| {
        let title = fitted(&step.title, cells.saturating_sub(width(word) + 4));
        Line::default().glyph(glyph, role).text(format!(" {title}  "), text).text(word, role)
    };
    match run.step(step.id) {
        Standing::Waiting => {
            let word = if awaits { "waits" } else { "not done" };
            vec![row(|it| it.dot, Role::Muted, Role::Muted, word)]
        }
        Standing::Running { since, progress, first, told } if run.goes_on() => {
            let time = format!("{} …", span(Duration::from_secs(since.age(now).as_secs())));
            let mut lines = vec![row(|it| it.folded, Role::Accent, Role::Text, &time)];
            lines.extend(progress.as_ref().map(|it| how_far(it, *first, *told, cells)));
            lines
        }
        Standing::Running { .. } => vec![row(|it| it.unknown, Role::Unknown, Role::Text, "no end")],
        Standing::Done(_, took) => vec![row(|it| it.up, Role::Up, Role::Text, &span(*took))],
        Standing::Failed(failure) => {
            let mut lines = vec![row(|it| it.down, Role::Down, Role::Text, "failed")];
            let why = failure.why.iter().flat_map(|why| wrapped(why, 2, Role::Down, cells));
            lines.extend(why.take(FAILED));
            lines
        }
    }
    .into_iter()
    .map(|line| line.pad(cells))
    .collect()
}

fn how_far(progress: &Progress, first: Option<(Timestamp, Bytes)>, told: Timestamp, cells: u16) -> Line {
    let room = cells.saturating_sub(2);
    match progress {
        Progress::Saying(said) => Line::at(2).text(fitted(said, room), Role::Muted),
        Progress::Pulled { done, total } => {
            let share = Percent(if total.0 == 0 { 0.0 } else { done.0 as f32 * 100.0 / total.0 as f32 });
            let bar = 10.min(room / 3);
            let rate = first.and_then(|(at, bytes)| rate(bytes, *done, told.since(at)));
            let rate = rate.map(|rate| format!("  {rate}/s")).unwrap_or_default();
            let text = fitted(&format!("{done} of {total}{rate}"), room.saturating_sub(bar + 1));
            Line::at(2).gauge(share, bar).text(format!(" {text}"), Role::Muted)
        }
    }
}

/// Bytes a second; `None` for less than a second, which tells nothing.
fn rate(first: Bytes, now: Bytes, span: Duration) -> Option<Bytes> {
    let seconds = span.as_secs_f64();
    (seconds >= 1.0).then(|| Bytes((now.0.saturating_sub(first.0) as f64 / seconds) as u64))
}
