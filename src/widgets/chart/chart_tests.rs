use super::*;
use crate::theme::{Depth, file::ThemeFile};
use crate::widgets::text::tests::{rows, theme};
use proptest::prelude::*;

fn ascii() -> Theme {
    Theme::new(&ThemeFile::shipped("dark").unwrap(), Depth::None, true)
}

fn bins(values: &[Option<f32>]) -> Vec<Option<Bin>> {
    values.iter().map(|value| value.map(|v| Bin { min: v, mean: v, max: v })).collect()
}

fn drawn(lines: &[Line<'_>], cells: u16, height: u16, theme: &Theme) -> Vec<String> {
    let area = Rect::new(0, 0, GUTTER + cells, height);
    let mut buf = Buffer::empty(area);
    let (unit, scale) = (MetricUnit::Percent, Scale::WHOLE);
    let chart =
        Chart { lines, unit, scale, limit: Some(80.0), events: &[(2, MarkKind::Deploy)], cursor: Some(7) };
    draw(&mut buf, area, &chart, theme);
    rows(&buf)
}

#[test]
fn a_ramp_with_a_gap_has_a_hole_and_its_limit() {
    let mut values: Vec<Option<f32>> = (0..24).map(|n| Some(n as f32 * 100.0 / 23.0)).collect();
    values[8..12].fill(None);
    let bins = bins(&values);
    let lines = [Line { slot: 0, bins: &bins, stale: false }];
    assert_eq!(
        drawn(&lines, 12, 4, &theme()),
        ["    100%│  ┊    │  ⣀⠤", "     80%│⠉ ⠉ ⠉ ⣀⠤⠒⠉⠉ ", "        │  ⣀⠤   │    ", "      0%│⠔⠉┊    │    "]
    );
}

#[test]
fn several_series_are_told_apart_without_colors() {
    let low = bins(&[Some(10.0); 40]);
    let high = bins(&[Some(90.0); 40]);
    let lines = [Line { slot: 0, bins: &low, stale: false }, Line { slot: 1, bins: &high, stale: false }];
    let with_marks = drawn(&lines, 20, 4, &theme()).concat();
    assert!(with_marks.contains('●') && with_marks.contains('▲'));
    let plain = drawn(&lines, 20, 4, &ascii()).concat();
    assert!(plain.contains("****") && plain.contains("++++"));
    assert!(plain.is_ascii());
}

#[test]
fn a_band_lies_around_a_folded_line() {
    let bin = Bin { min: 0.0, mean: 50.0, max: 100.0 };
    let all = vec![Some(bin); 8];
    let lines = [Line { slot: 0, bins: &all, stale: false }];
    let shown = drawn(&lines, 4, 5, &theme());
    assert!(shown[1].contains('⢕') || shown[1].contains('⡪'), "{shown:?}");
}

proptest! {
    #[test]
    fn a_gap_is_never_drawn_over(
        values in prop::collection::vec(prop::option::weighted(0.6, 0.0f32..100.0), 40),
        height in 1u16..12,
    ) {
        let bins = bins(&values);
        let area = Rect::new(0, 0, GUTTER + 20, height);
        let mut buf = Buffer::empty(area);
        let lines = [Line { slot: 0, bins: &bins, stale: false }];
        let chart = Chart {
            lines: &lines, unit: MetricUnit::Percent, scale: Scale::WHOLE, limit: None, events: &[], cursor: None,
        };
        draw(&mut buf, area, &chart, &theme());
        for x in 0..20 {
            let read = values[2 * x].is_some() || values[2 * x + 1].is_some();
            let inked = (0..height).any(|y| buf[(GUTTER + x as u16, y)].symbol() != " ");
            prop_assert_eq!(read, inked, "cell {}", x);
        }
    }
}
