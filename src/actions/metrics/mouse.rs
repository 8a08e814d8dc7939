//! The mouse on the charts: a press or drag puts the cursor there, the wheel goes through time.

use ratatui::layout::Position;

use super::travel;
use crate::keys::mouse::{Gesture, Mouse};
use crate::message::effect::Effect;
use crate::state::State;

/// Takes a gesture.
pub fn gesture(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    if state.metrics.picker.is_some() {
        return Vec::new();
    }
    match mouse.gesture {
        Gesture::ScrollDown(_) => travel::pan(state, true),
        Gesture::ScrollUp(_) => travel::pan(state, false),
        Gesture::Press | Gesture::Drag => {
            let layout = state.metrics_layout();
            let at = Position { x: mouse.at.column, y: mouse.at.row };
            if let Some((chart, _)) = layout.charts.iter().find(|(_, area)| area.contains(at)) {
                state.metrics.focused = *chart;
            }
            let within = at.y >= layout.head.bottom() && at.y < layout.readout.y;
            if let Some(column) = layout.column(at.x).filter(|_| within) {
                state.metrics.cursor = Some(state.metrics_window().middle(column));
            }
            Vec::new()
        }
        Gesture::Release => Vec::new(),
    }
}
