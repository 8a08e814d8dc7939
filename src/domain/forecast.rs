//! When something that fills will be full: a straight line through what was read, and only where it
//! really is one.

use std::time::Duration;

use super::time::Timestamp;

/// Fewer points than this are no trend.
const MIN_POINTS: usize = 10;
/// Nor is a shorter span.
const MIN_SPAN: Duration = Duration::from_secs(10 * 60);
/// How much of the variation the line must explain (the coefficient of determination).
const MIN_FIT: f64 = 0.9;
/// A forecast further away than this says nothing.
const HORIZON: Duration = Duration::from_secs(30 * 86_400);

/// When a share in percent reaches 100, by least squares over the points, oldest first. `None`
/// where there are too few, it does not grow, grows by steps that are no line, did not grow any more
/// in the last half, or would be full only in a month.
pub fn full_at(points: &[(Timestamp, f32)], now: Timestamp) -> Option<Timestamp> {
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < MIN_POINTS || last.0.since(first.0) < MIN_SPAN {
        return None;
    }
    let line = fit(points, first.0)?;
    let recent = fit(&points[points.len() / 2..], first.0)?;
    // A line that is told by the past alone is no forecast: the last half must go on at half the rate.
    if line.slope <= 0.0 || line.fit < MIN_FIT || recent.slope < line.slope / 2.0 {
        return None;
    }
    let seconds = (100.0 - line.at_zero) / line.slope;
    let at = first.0 + Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
    let at = at.max(now);
    (at.since(now) <= HORIZON).then_some(at)
}

#[derive(Clone, Copy, Debug)]
struct Line {
    /// Percent a second.
    slope: f64,
    /// Percent at the origin.
    at_zero: f64,
    /// From 0, explains nothing, to 1.
    fit: f64,
}

/// Ordinary least squares, times in seconds from `origin`.
fn fit(points: &[(Timestamp, f32)], origin: Timestamp) -> Option<Line> {
    let n = points.len() as f64;
    let xy = || points.iter().map(|(at, y)| (at.since(origin).as_secs_f64(), f64::from(*y)));
    let (x_mean, y_mean) = xy().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x / n, sy + y / n));
    let (mut xx, mut cross, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in xy() {
        xx += (x - x_mean).powi(2);
        cross += (x - x_mean) * (y - y_mean);
        yy += (y - y_mean).powi(2);
    }
    if xx <= 0.0 {
        return None;
    }
    let slope = cross / xx;
    let fit = if yy > 0.0 { cross * cross / (xx * yy) } else { 0.0 };
    Some(Line { slope, at_zero: y_mean - slope * x_mean, fit })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minutes(share: impl Fn(i64) -> f32, count: i64) -> Vec<(Timestamp, f32)> {
        (0..count).map(|minute| (Timestamp::from_secs(minute * 60), share(minute))).collect()
    }

    fn hours(points: &[(Timestamp, f32)]) -> Option<i64> {
        let now = points.last()?.0;
        full_at(points, now).map(|at| (at.as_millis() - now.as_millis()) / 3_600_000)
    }

    #[test]
    fn steady_growth_has_an_end() {
        assert_eq!(hours(&minutes(|m| 70.0 + m as f32 / 60.0, 60)), Some(29));
    }

    #[test]
    fn what_does_not_grow_steadily_has_none() {
        assert_eq!(hours(&minutes(|_| 70.0, 60)), None);
        assert_eq!(hours(&minutes(|m| 70.0 - m as f32 / 60.0, 60)), None);
        assert_eq!(hours(&minutes(|m| if m == 30 { 90.0 } else { 70.0 }, 60)), None);
        assert_eq!(hours(&minutes(|m| (50 + m.min(30)) as f32, 60)), None);
        assert_eq!(hours(&minutes(|m| 70.0 + m as f32, 5)), None);
        assert_eq!(hours(&minutes(|m| 70.0 + m as f32 / 1e6, 60)), None);
    }

    proptest! {
        #[test]
        fn a_forecast_never_lies_in_the_past(points in prop::collection::vec((0i64..10_000, 0f32..200.0), 0..40)) {
            let mut points: Vec<_> = points.into_iter().map(|(at, y)| (Timestamp::from_secs(at), y)).collect();
            points.sort_by_key(|(at, _)| *at);
            let now = Timestamp::from_secs(10_000);
            prop_assert!(full_at(&points, now).is_none_or(|at| at >= now));
        }
    }
}
