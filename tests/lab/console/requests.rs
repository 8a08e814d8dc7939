//! What an access log and the engine tell, on the pages and as charts.

use std::time::Duration;

use super::{open_server, over_the_lab};
use crate::lab::Lab;
use crate::pty::Console;

/// How long figures may take to come: an access log's come every ten seconds.
const SOON: Duration = Duration::from_secs(25);

/// Chooses one metric more in the charts.
fn pick(console: &Console, metric: &str) {
    console.press("o").wait_for("METRICS").press(metric);
    console.wait_until("the metric, found", |screen| {
        screen.lines().any(|row| row.contains('▌') && row.contains(metric))
    });
    console.press("\t").press("\r").wait_gone("(at most");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn requests_and_traffic_are_shown_and_charted() {
    let lab = Lab::get();
    let asked = "for n in $(seq 120); do curl -so /dev/null http://127.0.0.1/; sleep 0.1; done; \
                 curl -so /dev/null http://127.0.0.1/slow";
    let asking = std::thread::spawn(move || Lab::get().ssh("web-1", asked));
    let mut console = over_the_lab(&lab);
    open_server(&console, "web-1");
    console.wait_at_most(SOON, "the requests of Caddy's log", |screen| {
        let requests = screen.split("REQUESTS 1").nth(1).and_then(|rest| rest.split("CONTAINERS").next());
        let row = requests.and_then(|rows| rows.lines().find(|row| row.contains("caddy")));
        let rate = row.and_then(|row| row.split_whitespace().nth(1)?.parse::<f32>().ok());
        rate.is_some_and(|rate| rate > 1.0) && row.is_some_and(|row| row.matches("ms").count() >= 2)
    });
    console.wait_at_most(SOON, "what a container receives and sends", |screen| {
        let row = screen.lines().find(|row| row.contains("shop-web-1"));
        row.is_some_and(|row| row.split_whitespace().any(|word| word.ends_with('K') || word.ends_with('B')))
    });
    console.press("m").wait_for("cpu");
    for metric in ["requests caddy", "net in of shop-web-1", "inodes /"] {
        pick(&console, metric);
        console.wait_at_most(SOON, &format!("the chart of {metric}, with values"), |screen| {
            screen.lines().any(|row| row.contains(metric) && row.contains("max"))
        });
    }
    assert!(asking.join().unwrap().status.success());
    console.quit();
}
