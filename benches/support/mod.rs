//! What the benches share: a program in a terminal, what a process costs, the lab, figures in rows.

#![allow(dead_code, reason = "each bench needs a part of it")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

pub mod lab;
pub mod process;
pub mod sink;
pub mod terminal;
pub mod there;

use std::time::Duration;

/// How a bench ends.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A figure, and what it is to be judged by.
pub fn row(what: &str, figure: &str, beside: &str) {
    println!("{what:<58}{figure:>18}  {beside}");
}

/// Milliseconds with one digit behind the point.
pub fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// The value below which this share of them lies; zero where there are none.
pub fn quantile(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// Median, 99th percentile and worst, with how many there were.
pub fn spread(times: &[Duration]) -> String {
    let at = |share| quantile(times, share).as_secs_f64() * 1000.0;
    format!("{:.2} / {:.2} / {:.2} ms of {}", at(0.5), at(0.99), at(1.0), times.len())
}
