//! What series were before they were first asked for here, and while nobody asked: which stretch of
//! each query is missing, and asking for it. Pure but for [`fetch`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::checks::reach::{Miss, Reach};
use super::promql_range::{self, Steps};
use crate::config::PrometheusAt;
use crate::domain::metric::Metric;
use crate::domain::past::Earlier;
use crate::domain::time::Timestamp;
use crate::http::limits::Deadline;
use crate::http::roots::Roots;

/// How far back is asked: charts reach no further.
const DAY: Duration = Duration::from_secs(86_400);
/// A shorter silence is no gap: past values come by the minute.
const GAP: Duration = Duration::from_secs(120);
/// How long after a question the next one of the same query is asked at the earliest.
const AGAIN: Duration = Duration::from_secs(300);
/// The most names that are remembered of a query.
const NAMES: usize = 1000;

/// The series of a query that are shown: the name of each by its labels, whole.
pub type Named = BTreeMap<BTreeMap<String, String>, Metric>;

/// What is known of one query's past.
#[derive(Debug, Default)]
pub struct Past {
    /// What has been filled, or is to be with the next question.
    known: BTreeSet<Metric>,
    /// The last time at which values came.
    last: Option<Timestamp>,
    /// From when on values are missing.
    missing: Option<Timestamp>,
    asked: Option<Timestamp>,
}

impl Past {
    /// Takes note of values that came now, being asked for at this interval, and says from when on
    /// the past has to be asked for, where that is due.
    pub fn due(&mut self, named: &Named, now: Timestamp, interval: Duration) -> Option<Timestamp> {
        if self.known.len() > NAMES {
            self.known.clear();
        }
        let mut new = false;
        for metric in named.values() {
            new |= self.known.insert(metric.clone());
        }
        let gap = self.last.replace(now).filter(|last| now.since(*last) > GAP.max(interval * 3));
        let from = if new { Some(now - DAY) } else { gap };
        if let Some(from) = from {
            self.missing = Some(self.missing.map_or(from, |missing| missing.min(from)));
        }
        let rests = self.asked.is_some_and(|asked| now >= asked && now.since(asked) < AGAIN);
        let from = self.missing.filter(|_| !rests && !named.is_empty())?;
        self.asked = Some(now);
        Some(from.max(now - DAY))
    }

    /// Nothing is missing any more.
    pub fn filled(&mut self) {
        self.missing = None;
    }
}

/// Asks what these series were from a time until now. Others that the expression had are left out.
pub async fn fetch(
    (reach, roots): (&Reach, &Roots),
    (at, token): (&PrometheusAt, Option<&secrecy::SecretString>),
    expression: &str,
    (named, all): (&Named, usize),
    (from, now): (Timestamp, Timestamp),
    deadline: &Deadline,
) -> Result<Vec<Earlier>, Miss> {
    let steps = Steps::of(from, now, all);
    let lines = promql_range::range(reach, roots, at, token, expression, steps, deadline).await?;
    let ours = lines.into_iter().filter(|line| !line.points.is_empty());
    Ok(ours
        .filter_map(|line| {
            let metric = named.get(&line.labels)?.clone();
            Some(Earlier { metric, every: steps.every, points: line.points })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIFTEEN: Duration = Duration::from_secs(15);

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_795_200_000) + Duration::from_secs(secs)
    }

    fn named(names: &[&str]) -> Named {
        let one = |name: &&str| {
            (BTreeMap::from([("it".to_owned(), (*name).to_owned())]), Metric::Prometheus((*name).into()))
        };
        names.iter().map(one).collect()
    }

    #[test]
    fn a_day_is_asked_once_and_again_only_for_a_gap() {
        let (mut past, one) = (Past::default(), named(&["a"]));
        assert_eq!(past.due(&one, at(0), FIFTEEN), Some(at(0) - DAY));
        past.filled();
        assert_eq!(past.due(&one, at(15), FIFTEEN), None);
        assert_eq!(past.due(&one, at(600), FIFTEEN), Some(at(15)));
        past.filled();
        assert_eq!(past.due(&one, at(700), FIFTEEN), None);
    }

    #[test]
    fn a_question_that_failed_is_asked_again_but_not_at_once() {
        let (mut past, one) = (Past::default(), named(&["a"]));
        assert!(past.due(&one, at(0), FIFTEEN).is_some());
        assert_eq!(past.due(&one, at(15), FIFTEEN), None);
        let again = (2..100).map(|n| at(n * 15)).find(|now| past.due(&one, *now, FIFTEEN).is_some());
        assert_eq!(again, Some(at(300)));
    }

    #[test]
    fn a_new_series_is_asked_for_and_many_new_ones_not_each_time() {
        let mut past = Past::default();
        let mut asked = 0;
        for n in 0..100 {
            if past.due(&named(&[&n.to_string()]), at(n * 15), FIFTEEN).is_some() {
                asked += 1;
                past.filled();
            }
        }
        assert_eq!(asked, 5);
        assert_eq!(past.due(&named(&[]), at(10_000), FIFTEEN), None);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_asking() {
        let (mut past, one) = (Past::default(), named(&["a"]));
        assert!(past.due(&one, at(9_000), FIFTEEN).is_some());
        assert!(past.due(&one, at(0), FIFTEEN).is_some());
    }
}
