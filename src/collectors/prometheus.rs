//! Series from elsewhere: PromQL expressions asked of a Prometheus, or a `node_exporter` read directly.
//! One task a source.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;

use super::checks::Means;
use super::checks::reach::Miss;
use super::node_exporter::{self, Counters};
use super::prometheus_past::{self, Named, Past};
use super::promql;
use crate::config::{Config, PrometheusAt, PrometheusConfig};
use crate::domain::check_schedule;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::ids::ServerId;
use crate::domain::metric::Metric;
use crate::domain::past::Earlier;
use crate::domain::quantity::Percent;
use crate::domain::time::Timestamp;
use crate::http::limits::Deadline;
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::publish::Publish;

/// How long one expression, or one scrape, may take.
const WITHIN: Duration = Duration::from_secs(10);
/// The most series of one expression that become series here.
const SERIES: usize = 50;

/// The sources of a configuration, each asked at its interval. Dropping it ends them.
pub struct Sources {
    out: Arc<dyn Publish>,
    running: Mutex<BTreeMap<String, (Source, AbortOnDropHandle<()>)>>,
}

#[derive(Clone, PartialEq)]
struct Source {
    name: String,
    config: PrometheusConfig,
    interval: Duration,
}

impl Sources {
    /// Asks nobody yet.
    pub fn new(out: Arc<dyn Publish>) -> Self {
        Self { out, running: Mutex::default() }
    }

    /// Takes the sources of a configuration, within a tokio runtime; those that are as before go on.
    pub fn update(&self, config: &Config, means: Means) {
        let means = Arc::new(means);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted: BTreeMap<String, Source> = config
            .prometheus
            .iter()
            .filter(|(_, it)| it.node_exporter || !it.queries.is_empty())
            .map(|(name, it)| {
                let interval = it.interval.unwrap_or(config.intervals.prometheus);
                (name.clone(), Source { name: name.clone(), config: it.clone(), interval })
            })
            .collect();
        running.retain(|name, (source, _)| wanted.get(name) == Some(source));
        for (name, source) in wanted {
            running.entry(name).or_insert_with(|| {
                let work = watch(source.clone(), Arc::clone(&means), Arc::clone(&self.out));
                (source, AbortOnDropHandle::new(tokio::spawn(work)))
            });
        }
    }
}

async fn watch(source: Source, means: Arc<Means>, out: Arc<dyn Publish>) {
    let mut counters = None;
    let mut pasts: BTreeMap<String, Past> = BTreeMap::new();
    let on = server(&source.config.at).cloned().unwrap_or_else(|| ServerId::from(ServerId::LOCAL));
    let tell = |observation| out.batch(Batch { server: on.clone(), at: means.clock.now(), observation });
    tokio::time::sleep(check_schedule::first(&source.name, source.interval)).await;
    for n in 1.. {
        let mut came = Vec::new();
        for (label, looked) in look(&source, &means, &mut counters).await {
            match looked {
                Ok(look) => {
                    tell(Observation::Samples(look.samples));
                    came.push((label, look.named, look.all));
                }
                Err(failure) => tell(Observation::Failed(Subject::Samples(label), failure)),
            }
        }
        // What is now comes first; all of the past that is due shares one deadline.
        let deadline = Deadline::new(WITHIN);
        for (label, named, all) in came {
            let now = means.clock.now();
            let past = pasts.entry(label.clone()).or_default();
            let Some(from) = past.due(&named, now, source.interval) else { continue };
            match earlier(&source, &means, &label, (&named, all), (from, now), &deadline).await {
                Ok(series) => {
                    past.filled();
                    for one in series {
                        tell(Observation::Earlier(one));
                    }
                }
                // What is now came, and so the source is not down: the charts begin later, no more.
                Err(miss) => tracing::info!(failure = %failure(&source, miss), label, "no past of a series"),
            }
        }
        tokio::time::sleep(check_schedule::pause(&source.name, n, source.interval, Percent(10.0))).await;
    }
}

/// Asks what the series of a query were.
async fn earlier(
    source: &Source,
    means: &Means,
    label: &str,
    named: (&Named, usize),
    range: (Timestamp, Timestamp),
    deadline: &Deadline,
) -> Result<Vec<Earlier>, Miss> {
    let Some(expression) = source.config.queries.get(label) else { return Ok(Vec::new()) };
    let token = token(source, means).await?;
    let at = &source.config.at;
    let reach = means.reach(server(at), deadline.left()).await?;
    let by = (&reach, means.roots().await);
    prometheus_past::fetch(by, (at, token.as_ref()), expression, named, range, deadline).await
}

const fn server(at: &PrometheusAt) -> Option<&ServerId> {
    match at {
        PrometheusAt::Server { server, .. } => Some(server),
        PrometheusAt::Url(_) => None,
    }
}

/// What a look gave.
#[derive(Default)]
struct Look {
    samples: Vec<(Metric, f64)>,
    /// The series that have a past to ask for.
    named: Named,
    /// How many series the expression has, taken or not.
    all: usize,
}

type Looked = (String, Result<Look, Failure>);

async fn look(source: &Source, means: &Means, counters: &mut Option<Counters>) -> Vec<Looked> {
    if source.config.node_exporter {
        let looked = scrape(source, means, counters).await;
        let looked = looked.map(|samples| Look { samples, ..Look::default() });
        return vec![(source.name.clone(), looked.map_err(|miss| failure(source, miss)))];
    }
    let mut all = Vec::with_capacity(source.config.queries.len());
    for (label, expression) in &source.config.queries {
        let looked = query(source, means, label, expression).await;
        all.push((label.clone(), looked.map_err(|miss| failure(source, miss))));
    }
    all
}

async fn token(source: &Source, means: &Means) -> Result<Option<secrecy::SecretString>, Miss> {
    match &source.config.token {
        None => Ok(None),
        Some(token) => means.secret(token).await.map(Some).map_err(Miss::Look),
    }
}

async fn query(source: &Source, means: &Means, label: &str, expression: &str) -> Result<Look, Miss> {
    let token = token(source, means).await?;
    let at = &source.config.at;
    let reach = means.reach(server(at), WITHIN).await?;
    let deadline = Deadline::new(WITHIN);
    let mut series =
        promql::instant(&reach, means.roots().await, at, token.as_ref(), expression, &deadline).await?;
    let whole: Vec<BTreeMap<String, String>> = series.iter().map(|one| one.labels.clone()).collect();
    promql::tell_apart(&mut series);
    let alone = series.len() == 1;
    let mut look = Look { all: series.len(), ..Look::default() };
    for (one, labels) in series.into_iter().zip(whole).take(SERIES).filter(|(one, _)| one.value.is_finite()) {
        let name = if alone { label.to_owned() } else { format!("{label} {}", one.name()) };
        let metric = Metric::Prometheus(name.into());
        look.named.insert(labels, metric.clone());
        look.samples.push((metric, one.value));
    }
    Ok(look)
}

async fn scrape(
    source: &Source,
    means: &Means,
    counters: &mut Option<Counters>,
) -> Result<Vec<(Metric, f64)>, Miss> {
    let token = token(source, means).await?;
    let at = &source.config.at;
    let reach = means.reach(server(at), WITHIN).await?;
    let url = promql::address(at, "metrics").ok_or_else(|| Miss::Look("its address is wrong".to_owned()))?;
    let deadline = Deadline::new(WITHIN);
    let answer =
        promql::ask(&reach, means.roots().await, url, token.as_ref(), &deadline, node_exporter::PAGE).await?;
    if answer.status != 200 {
        return Err(Miss::Look(format!("it answers {}", answer.status)));
    }
    let now = means.clock.now();
    let text = String::from_utf8_lossy(&answer.body);
    node_exporter::read(&source.name, &text, now, counters).map_err(Miss::Look)
}

fn failure(source: &Source, miss: Miss) -> Failure {
    let what = if source.config.node_exporter { "read the node exporter" } else { "ask Prometheus" };
    let (kind, why) = match miss {
        Miss::Target(why) => (FailureKind::Unreachable, why),
        Miss::Look(why) => (FailureKind::Invalid, why),
        Miss::Server(server, why) => (FailureKind::Unreachable, format!("not seen from {server}: {why}")),
    };
    Failure::new(kind, format!("{what} {}", source.name), why).retry(Retry::After(source.interval))
}
