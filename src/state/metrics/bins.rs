//! The parts of a chart's time axis, from what is live and what was kept.

use super::window::Window;
use crate::domain::metric::SeriesKey;
use crate::domain::past::{Bin, Folded};
use crate::state::State;
use crate::store::series::Bucket;

impl State {
    /// A series over a window: live where something was read live, else what was kept.
    pub fn bins(&self, key: &SeriesKey, window: Window) -> Vec<Option<Bin>> {
        let mut bins = kept(self.metrics.past.series(key), window);
        let live = self.series.points(key, window.from, window.to, window.bins());
        for (bin, live) in bins.iter_mut().zip(live) {
            if let Some(Bucket { min, avg, max }) = live {
                *bin = Some(Bin { min, mean: avg, max });
            }
        }
        bins
    }
}

/// What was kept, in parts: a stretch fills every part that it touches.
fn kept(points: &[Folded], window: Window) -> Vec<Option<Bin>> {
    let mut sums: Vec<Option<(Bin, f32)>> = vec![None; window.bins()];
    let first = points.partition_point(|point| point.at + point.lasts <= window.from);
    for point in points[first..].iter().take_while(|point| point.at < window.to) {
        let from = window.bin(point.at.max(window.from)).unwrap_or(0);
        // A stretch ends just before the next begins.
        let end = (point.at + point.lasts).min(window.to) - std::time::Duration::from_millis(1);
        let Some(to) = window.bin(end) else { continue };
        for sum in &mut sums[from..=to.max(from)] {
            let (bin, count) = sum.get_or_insert((Bin { min: point.min, mean: 0.0, max: point.max }, 0.0));
            bin.min = bin.min.min(point.min);
            bin.max = bin.max.max(point.max);
            bin.mean += point.mean;
            *count += 1.0;
        }
    }
    let mean = |(bin, count): (Bin, f32)| Bin { mean: (bin.mean / count).clamp(bin.min, bin.max), ..bin };
    sums.into_iter().map(|sum| sum.map(mean)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::state::metrics::MetricsPage;
    use crate::state::metrics::span::Span;
    use std::time::Duration;

    fn minute(n: u64, value: f32) -> Folded {
        let at = Timestamp::from_secs(1_795_200_000) + Duration::from_secs(n * 60);
        Folded { at, lasts: Duration::from_secs(60), min: value - 1.0, mean: value, max: value + 1.0 }
    }

    #[test]
    fn a_kept_minute_fills_its_parts_and_a_missing_one_none() {
        let page = MetricsPage {
            span: Span::Minutes5,
            end: Some(minute(5, 0.0).at - Duration::from_millis(1)),
            ..MetricsPage::default()
        };
        let window = Window::of(&page, Timestamp::default(), 5);
        let means = |points: &[Folded]| -> Vec<Option<f32>> {
            kept(points, window).into_iter().map(|bin| bin.map(|bin| bin.mean)).collect()
        };
        let points = [minute(0, 1.0), minute(1, 2.0), minute(4, 5.0)];
        let (a, b, c) = (Some(1.0), Some(2.0), Some(5.0));
        assert_eq!(means(&points), [a, a, b, b, None, None, None, None, c, c]);
    }

    #[test]
    fn folding_keeps_the_peaks() {
        let page = MetricsPage {
            span: Span::Hours24,
            end: Some(minute(1440, 0.0).at - Duration::from_millis(1)),
            ..MetricsPage::default()
        };
        let window = Window::of(&page, Timestamp::default(), 60);
        let mut points: Vec<Folded> = (0..1440).map(|n| minute(n, 10.0)).collect();
        points[700].max = 99.0;
        let bins = kept(&points, window);
        assert!(bins.iter().all(Option::is_some));
        let peaks: Vec<f32> = bins.iter().flatten().map(|bin| bin.max).filter(|max| *max > 50.0).collect();
        assert_eq!(peaks, [99.0]);
    }
}
