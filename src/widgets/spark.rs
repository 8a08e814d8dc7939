//! A line of small bars: the recent course of one value. A gap stays empty.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::text::Place;
use crate::theme::Theme;

/// Draws the newest values at the right; `top` is drawn as the highest bar. `None` is a gap.
pub fn draw(buf: &mut Buffer, place: Place, values: &[Option<f32>], top: f32, style: Style, theme: &Theme) {
    let shown = values.len().min(usize::from(place.width));
    let first = place.x + place.width - shown as u16;
    for (x, value) in (first..).zip(&values[values.len() - shown..]) {
        if let Some(value) = value {
            let share = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
            // The highest stays below the row above, so that rows do not run into each other.
            let step = (share * 6.0).round() as usize;
            buf.set_string(x, place.y, theme.glyphs.heights[step.min(6)], style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::text::tests::{rows, theme};
    use ratatui::layout::Rect;

    #[test]
    fn the_newest_stands_at_the_right_and_gaps_stay_empty() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 5, 1));
        let place = Place { x: 0, y: 0, width: 5 };
        draw(&mut buf, place, &[Some(0.0), None, Some(100.0)], 100.0, Style::new(), &theme());
        assert_eq!(rows(&buf), ["  ▁ ▇"]);
    }
}
