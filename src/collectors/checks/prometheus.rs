//! `prometheus`: a PromQL expression, each of whose series must satisfy the condition.

use serde_json::Value;

use super::attempt::Attempt;
use super::look::Look;
use super::reach::Miss;
use super::seen::Seen;
use crate::collectors::promql::{self, Series};
use crate::config::checks::PrometheusCheck;
use crate::domain::condition::{GapKind, Truth};
use crate::domain::health::Health;

/// How many series that fail are told.
const TOLD: usize = 3;

/// Asks, and judges every series.
pub async fn attempt(check: &PrometheusCheck, look: &Look<'_>) -> Attempt {
    let Some(source) = look.means.prometheus.get(&check.source) else {
        return Attempt::unknown(format!("there is no [prometheus.{}]", check.source));
    };
    let token = match &source.token {
        None => None,
        Some(token) => match look.secret(token).await {
            Ok(token) => Some(token),
            Err(attempt) => return attempt,
        },
    };
    let deadline = look.deadline();
    let asked = promql::instant(
        look.reach,
        look.means.roots().await,
        &source.at,
        token.as_ref(),
        &check.expression,
        &deadline,
    );
    let series = match asked.await {
        Ok(series) => series,
        // A Prometheus that cannot be asked says nothing about what it would have said.
        Err(Miss::Target(reason)) => return Attempt::unknown(reason),
        Err(miss) => return miss.into(),
    };
    let latency = deadline.elapsed();
    let mut attempt = judge(check, &series, latency);
    attempt.latency = Some(latency);
    attempt
}

fn judge(check: &PrometheusCheck, series: &[Series], latency: std::time::Duration) -> Attempt {
    let mut attempt = Attempt::answered(latency);
    if series.is_empty() {
        attempt.find(Health::Unknown, "the expression gives no series");
    }
    let (mut failing, mut unread) = (Vec::new(), None);
    for one in series {
        attempt.fact(one.name(), one.value.to_string());
        let labels = one.labels.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect();
        let seen = Seen {
            latency: Some(latency),
            value: Some(one.value),
            figures: Some(Value::Object(labels)),
            ..Seen::default()
        };
        let name = || if series.len() > 1 { format!("{}: ", one.name()) } else { String::new() };
        match check.condition.judge(&seen) {
            Truth::True => {}
            Truth::False(reason) => failing.push(format!("{}{reason}", name())),
            Truth::Unknown(gap) if gap.kind == GapKind::Absent => {
                failing.push(format!("{}{}", name(), gap.reason));
            }
            Truth::Unknown(gap) => unread = unread.or(Some(gap.reason)),
        }
    }
    if let Some(reason) = unread {
        attempt.find(Health::Unknown, reason);
    }
    if !failing.is_empty() {
        let more = failing.len().saturating_sub(TOLD);
        let told = failing.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join("; ");
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        attempt.find(Health::Down, format!("{told}{more}"));
    }
    attempt
}

/// Where the source of a PromQL check answers: its server, or here.
pub fn vantage<'a>(
    check: &PrometheusCheck,
    sources: &'a std::collections::BTreeMap<String, crate::config::PrometheusConfig>,
) -> Option<&'a crate::domain::ids::ServerId> {
    match &sources.get(&check.source)?.at {
        crate::config::PrometheusAt::Server { server, .. } => Some(server),
        crate::config::PrometheusAt::Url(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn series(instance: &str, value: f64) -> Series {
        Series { labels: BTreeMap::from([("instance".to_owned(), instance.to_owned())]), value }
    }

    fn check() -> PrometheusCheck {
        PrometheusCheck {
            source: "p".into(),
            expression: "up".into(),
            condition: "value == 1".parse().unwrap(),
        }
    }

    #[test]
    fn every_series_must_satisfy_the_condition() {
        let judge = |series: &[Series]| judge(&check(), series, std::time::Duration::ZERO).verdict;
        assert_eq!(judge(&[series("a", 1.0), series("b", 1.0)]).health, Health::Up);
        let verdict = judge(&[series("a", 1.0), series("b", 0.0)]);
        assert_eq!(
            (verdict.health, verdict.reason.as_str()),
            (Health::Down, "{instance=b}: value is 0, not 1")
        );
        assert_eq!(judge(&[]).health, Health::Unknown);
    }
}
