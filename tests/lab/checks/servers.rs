//! Units, containers, commands, and series from Prometheus and the node exporters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use midwatch::collectors::checks::Means;
use midwatch::collectors::prometheus::Sources;
use midwatch::domain::clock::Clock as _;
use midwatch::domain::time::Timestamp;
use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::message::publish::Publish;
use midwatch::runtime::clock::SystemClock;
use midwatch::transports::Links;

use super::{Bench, config, links, verdict};
use crate::lab::Lab;

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn units_containers_and_commands_are_looked_at_on_their_servers() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["web-1", "web-2", "db-1", "busy-1"]).await;
    let results = bench
        .run(
            "[checks.ssh]\nkind = \"unit\"\nserver = \"db-1\"\nunit = \"ssh\"\n\
             [checks.broken]\nkind = \"unit\"\nserver = \"db-1\"\nunit = \"broken.service\"\n\
             [checks.nothing]\nkind = \"unit\"\nserver = \"db-1\"\nunit = \"nothing\"\n\
             [checks.busy]\nkind = \"unit\"\nserver = \"busy-1\"\nunit = \"ssh\"\n\
             [checks.web]\nkind = \"container\"\nserver = \"web-1\"\nservice = \"web\"\nmin_running = 2\n\
             [checks.many]\nkind = \"container\"\nserver = \"web-1\"\nservice = \"web\"\nmin_running = 9\n\
             [checks.queue]\nkind = \"container\"\nserver = \"web-2\"\nname = \"bad-queue-1\"\n\
             [checks.none]\nkind = \"container\"\nserver = \"busy-1\"\nname = \"x\"\n\
             [checks.uptime]\nkind = \"command\"\nserver = [\"web-1\", \"busy-1\"]\ncommand = [\"cat\", \"/proc/uptime\"]\n\
             [checks.missing]\nkind = \"command\"\nserver = \"busy-1\"\ncommand = [\"no-such-program\"]\n",
        )
        .await;
    let is = |name: &str, expected: &str| {
        let found = verdict(&results[name]);
        assert!(found.starts_with(expected), "{name} is {found}");
    };
    is("ssh", "up: ");
    is("broken", "down: it failed");
    is("nothing", "down: there is no such unit");
    is("busy", "unknown: ");
    is("web", "up: ");
    is("many", "down: 2 of at least 9 run");
    is("queue", "down: bad-queue-1 fails its health check");
    is("none", "unknown: ");
    is("uptime@web-1", "up: ");
    is("uptime@busy-1", "up: ");
    is("missing", "down: it exits with 127, not 0");
}

#[derive(Default)]
struct Book(Mutex<BTreeMap<String, f64>>, Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Publish for Book {
    fn batch(&self, batch: Batch) {
        match batch.observation {
            Observation::Samples(samples) => {
                let named =
                    samples.into_iter().map(|(metric, value)| (format!("{} {metric}", batch.server), value));
                self.0.lock().unwrap().extend(named);
            }
            Observation::Failed(subject, failure) => {
                self.1.lock().unwrap().push(format!("{subject:?} {failure}"));
            }
            _ => {}
        }
    }
    async fn control(&self, _event: Event) {}
    async fn logs(&self, _batch: LogBatch) {}
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn series_come_from_prometheus_and_from_exporters() {
    let lab = Lab::get();
    let exporter = lab.at("/node_exporter/web-1").trim_end_matches("/metrics").to_owned();
    let text = format!(
        "[prometheus.main]\nserver = \"db-1\"\ninterval = \"500ms\"\nqueries = {{ load = 'node_load1', bad = 'up{{' }}\n\
         [prometheus.web]\nurl = \"{exporter}\"\nnode_exporter = true\ninterval = \"500ms\"\n\
         [prometheus.db]\nserver = \"db-1\"\nnode_exporter = true\ninterval = \"500ms\"\n"
    );
    let config = config(&text);
    let links: Arc<Links> = links(&lab);
    let book = Arc::new(Book::default());
    let sources = Sources::new(Arc::<Book>::clone(&book));
    sources.update(&config, Means::new(Arc::<Links>::clone(&links), Arc::new(SystemClock), &config));
    let wanted = [
        "db-1 db memory %",
        "db-1 db cpu %",
        "db-1 db disk /srv/small %",
        "local web load1",
        "local web cpu %",
    ];
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let seen = book.0.lock().unwrap();
        if wanted.iter().all(|name| seen.contains_key(*name))
            && seen.keys().any(|name| name == "db-1 load {instance=web-1:9100}")
        {
            let failed = book.1.lock().unwrap();
            assert!(failed.iter().all(|it| it.contains("bad")) && !failed.is_empty(), "{failed:?}");
            return;
        }
    }
    panic!("only {:?}, failed {:?}", book.0.lock().unwrap().keys(), book.1.lock().unwrap());
}

/// What came of earlier values: when, by the names of the series.
#[derive(Default)]
struct Earlier(Mutex<BTreeMap<String, Vec<Timestamp>>>);

#[async_trait::async_trait]
impl Publish for Earlier {
    fn batch(&self, batch: Batch) {
        if let Observation::Earlier(earlier) = batch.observation {
            let times = earlier.points.iter().map(|(at, _)| *at).collect();
            self.0.lock().unwrap().insert(format!("{} {}", batch.server, earlier.metric), times);
        }
    }
    async fn control(&self, _event: Event) {}
    async fn logs(&self, _batch: LogBatch) {}
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn what_prometheus_knows_from_before_the_start_comes_with_it() {
    let lab = Lab::get();
    // `vector(time())` has a value at each instant of the day; what was scraped only since the lab began.
    let config = config(
        "[prometheus.main]\nserver = \"db-1\"\ninterval = \"1s\"\n\
         queries = { clock = 'vector(time())', load = 'node_load1' }\n",
    );
    let links: Arc<Links> = links(&lab);
    let book = Arc::new(Earlier::default());
    let sources = Sources::new(Arc::<Earlier>::clone(&book));
    sources.update(&config, Means::new(Arc::<Links>::clone(&links), Arc::new(SystemClock), &config));
    for _ in 0..150 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let seen = book.0.lock().unwrap();
        let loads = seen.keys().any(|name| name == "db-1 load {instance=web-1:9100}");
        let Some(times) = seen.get("db-1 clock").filter(|_| loads) else { continue };
        assert_eq!(times.len(), 1441);
        assert!(times.windows(2).all(|two| two[1].since(two[0]) == Duration::from_secs(60)));
        let all = || seen.values().flatten();
        assert!(all().all(|at| at.as_millis() % 60_000 == 0 && at >= &times[0] && *at <= SystemClock.now()));
        return;
    }
    panic!("only {:?}", book.0.lock().unwrap().keys());
}
