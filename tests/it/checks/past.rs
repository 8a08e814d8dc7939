//! What Prometheus series were before the start, asked of servers on the loopback, good and bad.

use std::sync::Arc;
use std::time::Duration;

use midwatch::collectors::checks::Means;
use midwatch::collectors::prometheus::Sources;
use midwatch::config::PrometheusAt;
use midwatch::domain::past::Earlier;
use midwatch::message::batch::{Batch, Observation};
use midwatch::runtime::clock::SystemClock;

use super::bench::{HOLD, Heard, Machines, answer, config, now, serve};
use crate::recorder::Recorder;

const NOW: &str = r#"{"status":"success","data":{"resultType":"vector","result":[
    {"metric":{"__name__":"up","instance":"a","job":"n"},"value":[1,"3"]},
    {"metric":{"__name__":"up","instance":"b","job":"n"},"value":[1,"4"]}]}}"#;

/// A source that answers with `range` to what is asked of the past, and what it was asked.
async fn source(
    range: impl Fn(i64, i64) -> Vec<u8> + Send + Sync + 'static,
) -> (Arc<Recorder>, Sources, Heard) {
    let (port, heard) = serve(move |said| {
        let number = |name: &str| -> f64 {
            let (_, rest) = said.split_once(name).unwrap();
            rest.split(['&', ' ']).next().unwrap().parse().unwrap()
        };
        if said.starts_with("GET /api/v1/query_range?") {
            range(number("start=") as i64, number("end=") as i64)
        } else {
            answer(200, "", NOW)
        }
    })
    .await;
    let text = format!(
        "[prometheus.it]\nurl = \"http://127.0.0.1:{port}\"\ninterval = \"1s\"\nqueries = {{ up = \"up\" }}\n"
    );
    let config = config(&text);
    assert!(matches!(config.prometheus["it"].at, PrometheusAt::Url(_)));
    let out = Arc::new(Recorder::default());
    let sources = Sources::new(Arc::<Recorder>::clone(&out));
    sources.update(&config, Means::new(Arc::new(Machines), Arc::new(SystemClock), &config));
    (out, sources, heard)
}

fn matrix(rows: &[(&str, String)]) -> Vec<u8> {
    let rows: Vec<String> = rows
        .iter()
        .map(|(labels, values)| format!("{{\"metric\":{labels},\"values\":[{values}]}}"))
        .collect();
    let rows = rows.join(",");
    answer(
        200,
        "",
        &format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{rows}]}}}}"),
    )
}

fn earlier(batch: &Batch) -> Option<Earlier> {
    match &batch.observation {
        Observation::Earlier(earlier) => Some(earlier.clone()),
        _ => None,
    }
}

fn asked(heard: &Heard) -> usize {
    heard.lock().unwrap().iter().filter(|said| said.starts_with("GET /api/v1/query_range")).count()
}

#[tokio::test]
async fn a_day_of_each_series_is_asked_once_and_comes_after_what_is_now() {
    let (out, _sources, heard) = source(|start, end| {
        let values: Vec<String> =
            (start..=end).step_by(60).map(|at| format!("[{at},\"{}\"]", at % 100)).collect();
        let values = values.join(",");
        matrix(&[
            (r#"{"__name__":"up","instance":"a","job":"n"}"#, values.clone()),
            (r#"{"__name__":"up","instance":"gone","job":"n"}"#, values),
        ])
    })
    .await;
    let past = out.until(10, earlier).await;
    assert_eq!(past.metric.to_string(), "up {instance=a}");
    assert_eq!((past.every, past.points.len()), (Duration::from_secs(60), 1441));
    let (first, value) = past.points[0];
    assert_eq!(first.as_millis() % 60_000, 0);
    assert!((value - (first.as_millis() / 1000 % 100) as f32).abs() < 1e-6);
    let hours = now().since(first).as_secs_f64() / 3600.0;
    assert!((23.9..24.1).contains(&hours), "{hours}");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let batches = out.take();
    assert!(matches!(batches[0].observation, Observation::Samples(_)), "{:?}", batches[0]);
    assert_eq!(batches.iter().filter_map(earlier).count(), 1, "a series that is gone was taken");
    let live = batches.iter().filter(|batch| matches!(batch.observation, Observation::Samples(_))).count();
    assert!(live >= 2, "{live}");
    assert_eq!(asked(&heard), 1);
}

#[tokio::test]
async fn a_source_without_a_usable_past_goes_on_with_what_is_now() {
    let huge = || {
        let row = "{\"metric\":{},\"values\":[]},".repeat(300_000);
        answer(
            200,
            "",
            &format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{row}"),
        )
    };
    let bad: [fn() -> Vec<u8>; 6] = [
        || answer(404, "", "<html>"),
        || answer(503, "", r#"{"status":"error","error":"query timed out"}"#),
        || answer(200, "", r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#),
        || answer(200, "", "garbage"),
        || {
            matrix(&[(
                r#"{"__name__":"up","instance":"a","job":"n"}"#,
                "[1,\"1\"],[9e99,\"NaN\"]".to_owned(),
            )])
        },
        huge,
    ];
    for (n, bad) in bad.into_iter().enumerate() {
        let (out, _sources, heard) = source(move |_, _| bad()).await;
        let mut live = 0;
        out.until(10, |batch| {
            live += usize::from(matches!(batch.observation, Observation::Samples(_)));
            (live >= 3).then_some(())
        })
        .await;
        assert_eq!(asked(&heard), 1, "bad answer {n}");
        let seen = out.take();
        assert!(seen.iter().all(|it| matches!(it.observation, Observation::Samples(_))), "{n}: {seen:?}");
    }
}

#[tokio::test]
async fn a_past_that_never_comes_holds_what_is_now_up_for_its_deadline_only() {
    let (out, _sources, heard) = source(|_, _| HOLD.to_vec()).await;
    let samples = |batch: &Batch| matches!(batch.observation, Observation::Samples(_)).then_some(());
    out.until(5, samples).await;
    out.take();
    out.until(14, samples).await;
    assert_eq!(asked(&heard), 1);
}
