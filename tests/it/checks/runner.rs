//! Checks again and again: thresholds, reloads, and a panic inside one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use midwatch::collectors::checks::{Means, Runner, Servers, run_once, tasks};
use midwatch::domain::check::CheckResult;
use midwatch::domain::failure::Failure;
use midwatch::domain::health::Health;
use midwatch::domain::ids::ServerId;
use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::message::publish::Publish;
use midwatch::transports::Transport;

use super::bench::{Machines, answer, clock, config, serve, verdict};

#[derive(Default)]
struct Book(Mutex<Vec<CheckResult>>);

#[async_trait]
impl Publish for Book {
    fn batch(&self, batch: Batch) {
        let Observation::Check(result) = batch.observation else { return };
        self.0.lock().unwrap().push(result);
    }
    async fn control(&self, _event: Event) {}
    async fn logs(&self, _batch: LogBatch) {}
}

impl Book {
    async fn until(&self, test: impl Fn(&[CheckResult]) -> bool) -> Vec<CheckResult> {
        for _ in 0..500 {
            let seen = self.0.lock().unwrap().clone();
            if test(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never: {:?}", self.0.lock().unwrap().iter().map(verdict).collect::<Vec<_>>());
    }
}

fn check(name: &str, port: u16, rest: &str) -> String {
    format!(
        "[checks.{name}]\nkind = \"http\"\nurl = \"http://127.0.0.1:{port}/\"\ninterval = \"250ms\"\ndeadline = \"200ms\"\n{rest}\n"
    )
}

#[tokio::test]
async fn it_fails_after_three_and_recovers_after_two() {
    let broken = Arc::new(Mutex::new(false));
    let state = Arc::clone(&broken);
    let (port, _) = serve(move |_| answer(if *state.lock().unwrap() { 500 } else { 200 }, "", "")).await;
    let book = Arc::new(Book::default());
    let runner = Runner::new(Arc::<Book>::clone(&book));
    let config = config(&check("shop", port, ""));
    runner.update(tasks(&config), Means::new(Arc::new(Machines), clock(), &config));
    book.until(|seen| !seen.is_empty()).await;
    *broken.lock().unwrap() = true;
    let seen = book.until(|seen| seen.last().unwrap().verdict.health == Health::Down).await;
    assert_eq!(seen.last().unwrap().failures, 3);
    let counted: Vec<_> = seen.iter().filter(|it| it.failures == 2).map(verdict).collect();
    assert_eq!(counted, ["up: failed 2 of 3 times: it answers 500, not 2xx"]);
    *broken.lock().unwrap() = false;
    let seen = book.until(|seen| seen.last().unwrap().verdict.health == Health::Up).await;
    let before = &seen[seen.len() - 2];
    assert_eq!(verdict(before), "down: well again 1 of 2 times, was: it answers 500, not 2xx");
}

#[tokio::test]
async fn a_reload_keeps_what_did_not_change() {
    let (port, _) = serve(|_| answer(200, "", "")).await;
    let book = Arc::new(Book::default());
    let runner = Runner::new(Arc::<Book>::clone(&book));
    let update = |text: &str| {
        let config = config(text);
        runner.update(tasks(&config), Means::new(Arc::new(Machines), clock(), &config));
        runner.ids().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(update(&format!("{}{}", check("a", port, ""), check("b", port, ""))), ["a", "b"]);
    assert_eq!(update(&format!("{}{}", check("b", port, ""), check("c", port, ""))), ["b", "c"]);
    book.until(|seen| seen.iter().any(|it| it.check.as_str() == "c")).await;
    assert_eq!(update(""), Vec::<String>::new());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = book.0.lock().unwrap().len();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(book.0.lock().unwrap().len(), before, "an ended check still publishes");
}

struct Panics;

#[async_trait]
impl Servers for Panics {
    async fn transport(&self, _server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn a_panic_is_a_finding_about_us() {
    let config = config("[checks.it]\nkind = \"tcp\"\naddress = \"127.0.0.1:1\"\nfrom = \"box\"\n");
    let means = Arc::new(Means::new(Arc::new(Panics), clock(), &config));
    let results = run_once(tasks(&config).into_values(), &means).await;
    assert_eq!(verdict(&results[0]), "unknown: midwatch failed inside this check: a bug, please report it");
}

#[tokio::test]
async fn a_hundred_dead_checks_end_together() {
    let (port, _) = serve(|_| super::bench::HOLD.to_vec()).await;
    let text: String = (0..96).map(|n| check(&format!("c{n}"), port, "")).collect();
    let config = config(&text);
    let means = Arc::new(Means::new(Arc::new(Machines), clock(), &config));
    let start = tokio::time::Instant::now();
    let results = run_once(tasks(&config).into_values(), &means).await;
    assert_eq!(results.iter().filter(|it| it.verdict.health == Health::Down).count(), 96);
    // 32 at a time, 200 ms each.
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
}
