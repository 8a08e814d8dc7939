//! Asking a Prometheus for the values that an expression had: its HTTP API, "Range queries".
//!
//! What it answers is bounded in bytes, series and points, and only what lies in the range is taken.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;

use super::checks::reach::{Miss, Reach};
use super::promql::{address, ask};
use super::promql_answer::{self, Data, Row, refusal};
use crate::config::PrometheusAt;
use crate::domain::time::Timestamp;
use crate::http::limits::Deadline;
use crate::http::roots::Roots;

/// The longest answer that is read, in bytes.
const ANSWER: usize = 4 << 20;
/// The most series that are read of an answer.
const SERIES: usize = 1000;
/// The most points that are asked for over all series: about 3 MB of answer.
const POINTS: u64 = 80_000;
/// The finest step: past values are held by the minute.
const MINUTE: Duration = Duration::from_secs(60);

/// A stretch of time in equal steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The first instant, a whole minute.
    pub from: Timestamp,
    /// Past the last instant.
    pub to: Timestamp,
    /// From one instant to the next, in whole minutes.
    pub every: Duration,
}

impl Steps {
    /// The stretch up to `to` in steps so long that this many series have no more points than may be
    /// asked for.
    pub fn of(from: Timestamp, to: Timestamp, series: usize) -> Self {
        let minutes = to.since(from).as_secs() / 60 + 1;
        let each = (POINTS / u64::try_from(series.max(1)).unwrap_or(u64::MAX)).max(1);
        let every = MINUTE * u32::try_from(minutes.div_ceil(each)).unwrap_or(u32::MAX);
        let from = Timestamp::from_millis(from.as_millis().div_euclid(60_000) * 60_000);
        Self { from, to, every }
    }

    /// How many instants there are.
    fn count(&self) -> usize {
        let steps = self.to.since(self.from).as_secs() / self.every.as_secs().max(1);
        usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1)
    }
}

/// One series over a stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its values that are finite, oldest first, each instant once.
    pub points: Vec<(Timestamp, f32)>,
}

/// The values of an expression over a stretch.
pub async fn range(
    reach: &Reach,
    roots: &Roots,
    at: &PrometheusAt,
    token: Option<&SecretString>,
    expression: &str,
    steps: Steps,
    deadline: &Deadline,
) -> Result<Vec<Line>, Miss> {
    let wrong = || Miss::Look("its address is wrong".to_owned());
    let mut url = address(at, "api/v1/query_range").ok_or_else(wrong)?;
    let seconds = |at: Timestamp| format!("{}", at.as_millis() as f64 / 1000.0);
    url.query_pairs_mut()
        .append_pair("query", expression)
        .append_pair("start", &seconds(steps.from))
        .append_pair("end", &seconds(steps.to))
        .append_pair("step", &steps.every.as_secs().to_string())
        .append_pair("timeout", &format!("{}ms", deadline.left().as_millis()));
    let answer = ask(reach, roots, url, token, deadline, ANSWER).await?;
    parse(&answer.body, steps).map_err(|why| refusal(answer.status, why))
}

/// Reads an answer about a stretch; the error is for a reader.
pub fn parse(body: &[u8], steps: Steps) -> Result<Vec<Line>, String> {
    match promql_answer::parse(body)? {
        Data::Matrix(rows) => Ok(rows.into_iter().take(SERIES).map(|row| line(row, steps)).collect()),
        _ => Err("the expression gives no values over time".to_owned()),
    }
}

/// What of a series can be used: its own word about order, number and range is not trusted.
fn line(row: Row, steps: Steps) -> Line {
    let mut points: Vec<(Timestamp, f32)> = row
        .values
        .into_iter()
        .filter_map(|(at, value)| {
            let at = Timestamp::from_millis((at * 1000.0).round() as i64);
            let value = value.parse::<f64>().ok()? as f32;
            (value.is_finite() && at >= steps.from && at <= steps.to).then_some((at, value))
        })
        .collect();
    points.sort_by_key(|(at, _)| *at);
    points.dedup_by_key(|(at, _)| *at);
    points.truncate(steps.count());
    Line { labels: row.metric, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn day(series: usize) -> Steps {
        Steps::of(at(1_000_020), at(1_000_020) + DAY, series)
    }

    #[test]
    fn a_day_is_asked_by_the_minute_and_more_coarsely_for_many_series() {
        let steps = day(1);
        assert_eq!((steps.from, steps.every, steps.count()), (at(1_000_020), MINUTE, 1441));
        assert_eq!(day(50).every, MINUTE);
        for series in [100, 1000, 100_000, usize::MAX] {
            let steps = day(series);
            let points = u64::try_from(steps.count() - 1).unwrap();
            assert!(points <= 1 || points * series as u64 <= POINTS, "{series} series: {steps:?}");
        }
        assert_eq!(Steps::of(at(61), at(190), 1).from, at(60));
    }

    #[test]
    fn a_matrix_is_read_and_what_cannot_be_used_of_it_is_left_out() {
        let steps = Steps::of(at(60), at(300), 1);
        let body = br#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"job":"a"},"values":[[180,"3"],[60,"1"],[120.0,"NaN"],[120,"2"],[120,"9"],[240,"+Inf"],
             [300,"1e300"],[300,"x"],[0,"7"],[360,"7"],[1e300,"7"],[-1e300,"7"]]},
            {"metric":{"job":"b"},"histograms":[[60,{"count":"1"}]]}]}}"#;
        let lines = parse(body, steps).unwrap();
        assert_eq!(lines[0].points, [(at(60), 1.0), (at(120), 2.0), (at(180), 3.0)]);
        assert_eq!((lines[1].labels["job"].as_str(), lines[1].points.len()), ("b", 0));
    }

    #[test]
    fn more_points_and_series_than_were_asked_for_are_left_out() {
        let steps = Steps::of(at(60), at(300), 1);
        let values: Vec<String> =
            (0..2000).map(|n| format!("[{},\"1\"]", 60.0 + f64::from(n) / 10.0)).collect();
        let one = format!("{{\"metric\":{{}},\"values\":[{}]}}", values.join(","));
        let small = "{\"metric\":{},\"values\":[]}";
        let rows = format!("{one},{}", vec![small; 1500].join(","));
        let body =
            format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{rows}]}}}}");
        let lines = parse(body.as_bytes(), steps).unwrap();
        assert_eq!((lines.len(), lines[0].points.len()), (SERIES, 5));
    }

    #[test]
    fn other_types_errors_and_nonsense_are_told() {
        let steps = day(1);
        let told = |body: &[u8]| parse(body, steps).unwrap_err();
        let vector = br#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(told(vector), "the expression gives no values over time");
        let error = br#"{"status":"error","error":"exceeded maximum resolution\u001b"}"#;
        assert_eq!(told(error), "exceeded maximum resolution␛");
        let cut: &[u8] = br#"{"status":"success","data":{"resultType":"matrix","result":[{"#;
        for body in [b"<html>".as_slice(), b"", b"{\"status\":\"success\"}", cut] {
            assert_eq!(told(body), "what answers is not a Prometheus");
        }
    }
}
