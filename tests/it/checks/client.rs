//! The pooled HTTP client: retries within a budget, and pauses that a service asks for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use midwatch::http::roots::Roots;
use midwatch::http::{Client, HttpError, Limits, Request};

use super::bench::{HOLD, answer, clock, closed_port, serve};

fn client() -> Client {
    Client::new(&Roots::none(), clock()).unwrap()
}

fn limits() -> Limits {
    Limits { deadline: Duration::from_secs(3), body: 1000 }
}

fn get(port: u16) -> Request {
    Request::get(format!("http://127.0.0.1:{port}/?token=hunter2").parse().unwrap())
}

#[tokio::test]
async fn what_passes_is_tried_again_where_that_is_harmless() {
    let tries = AtomicU32::new(0);
    let (port, heard) = serve(move |_| {
        let status = if tries.fetch_add(1, Ordering::Relaxed) % 3 < 2 { 503 } else { 200 };
        answer(status, "Connection: close\r\n", "well")
    })
    .await;
    let answered = client().send(&get(port), limits()).await.unwrap();
    assert_eq!((answered.status, answered.body.as_slice()), (200, &b"well"[..]));
    assert_eq!(heard.lock().unwrap().len(), 3);
    let posted = client().send(&get(port).body("x"), limits()).await.unwrap_err();
    assert!(matches!(posted, HttpError::Status { status: 503, .. }), "{posted}");
    assert_eq!(heard.lock().unwrap().len(), 4, "a POST was sent twice");
}

#[tokio::test]
async fn a_service_that_asks_for_a_pause_gets_it() {
    let (port, heard) = serve(|_| answer(429, "Retry-After: 60\r\nConnection: close\r\n", "")).await;
    let client = client();
    for _ in 0..3 {
        let error = client.send(&get(port), limits()).await.unwrap_err();
        assert!(matches!(error, HttpError::RateLimited { after: Some(_) }), "{error}");
    }
    assert_eq!(heard.lock().unwrap().len(), 1, "it was asked again before its time");
}

#[tokio::test]
async fn the_budget_bounds_what_a_dead_service_costs() {
    let (port, heard) = serve(|_| answer(503, "Connection: close\r\n", "")).await;
    let client = client();
    for _ in 0..20 {
        let _ = client.send(&get(port), Limits { deadline: Duration::from_secs(10), ..limits() }).await;
    }
    assert_eq!(heard.lock().unwrap().len(), 30, "20 requests and 10 retries");
}

#[tokio::test]
async fn bodies_and_time_are_bounded_and_secrets_stay_out_of_errors() {
    let (port, _) = serve(|_| answer(200, "Connection: close\r\n", &"x".repeat(100_000))).await;
    let long = client().send(&get(port), limits()).await.unwrap();
    assert!(long.truncated && long.body.len() == 1000);
    let (port, _) = serve(|_| HOLD.to_vec()).await;
    let short = Limits { deadline: Duration::from_millis(200), ..limits() };
    let silent = client().send(&get(port), short).await.unwrap_err();
    assert!(matches!(silent, HttpError::Deadline { .. }), "{silent}");
    let refused = client().send(&get(closed_port().await), limits()).await.unwrap_err();
    let shown = format!("{refused} {refused:?}") + &refused.into_failure("ask").to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
}
