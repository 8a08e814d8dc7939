//! The mouse on the lines: the wheel scrolls, a click selects, a click on the histogram goes there.

use crate::keys::mouse::{Gesture, Mouse};
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::logs::layout::layout;
use crate::state::logs::motion;
use crate::state::logs::view::View;
use crate::widgets::histogram::bars_area;

/// Rows that a notch of the wheel scrolls.
const NOTCH: isize = 3;

/// Takes a gesture.
pub fn gesture(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    if state.logs_page.picker.is_some() {
        return Vec::new();
    }
    if let Some(detail) = &mut state.logs_page.detail {
        match mouse.gesture {
            Gesture::ScrollDown(n) => detail.first += usize::from(n) * NOTCH.unsigned_abs(),
            Gesture::ScrollUp(n) => {
                detail.first = detail.first.saturating_sub(usize::from(n) * NOTCH.unsigned_abs());
            }
            _ => {}
        }
        return Vec::new();
    }
    match mouse.gesture {
        Gesture::ScrollDown(n) => wheel(state, NOTCH * isize::try_from(n).unwrap_or(1)),
        Gesture::ScrollUp(n) => motion::scroll(state, -NOTCH * isize::try_from(n).unwrap_or(1)),
        Gesture::Press => press(state, mouse),
        Gesture::Drag | Gesture::Release => {}
    }
    Vec::new()
}

/// The wheel towards the newest lines has nothing to stop.
fn wheel(state: &mut State, rows: isize) {
    if state.logs_page.place != crate::state::logs::place::Place::Following {
        motion::scroll(state, rows);
    }
}

fn press(state: &mut State, mouse: Mouse) {
    let areas = layout(&state.logs_page, state.size);
    let at = ratatui::layout::Position { x: mouse.at.column, y: mouse.at.row };
    if areas.lines.contains(at) {
        let row = usize::from(at.y - areas.lines.y);
        let line = View::of(state).rows().get(row).map(|row| row.entry.cursor);
        if let Some(line) = line {
            motion::select(state, line);
        }
    } else if bars_area(areas.histogram).contains(at) {
        let bar = usize::from(at.x - bars_area(areas.histogram).x);
        let time = state.logs_page.bars.start_of(bar);
        motion::to_time(state, time);
    }
}
