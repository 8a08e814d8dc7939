//! What fails while it is looked at: keys react, and what comes back is shown again.

use std::time::Duration;

use super::{assert_keys_react, open_server, over_one};
use crate::lab::Lab;

#[test]
#[ignore = "needs the lab: tests/run"]
fn containers_come_back_after_their_engine_was_restarted_fault() {
    let lab = Lab::get();
    let mut console = over_one(&lab, "web-2");
    open_server(&console, "web-2");
    console.wait_for("shop-web-1");
    let restart = std::thread::spawn(|| {
        let lab = Lab::get();
        lab.fault("restart-engine", "web-2", &[]).run("start-engine", &[]);
    });
    assert_keys_react(&console);
    // Started anew: its time up counts seconds.
    console.wait_at_most(Duration::from_secs(60), "shop-web-1, started anew", |screen| {
        let row = screen.lines().find(|row| row.contains("shop-web-1"));
        row.is_some_and(|row| {
            row.split_whitespace()
                .any(|word| word.strip_suffix('s').is_some_and(|digits| digits.parse::<u32>().is_ok()))
        })
    });
    restart.join().unwrap();
    assert_keys_react(&console);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_container_that_comes_and_dies_a_hundred_times_holds_up_no_key_fault() {
    let lab = Lab::get();
    let mut console = over_one(&lab, "web-2");
    open_server(&console, "web-2");
    console.wait_for("shop-web-1");
    let script = "for n in $(seq 100); do docker run --rm --name e2e-dying --net none registry:5000/shop:noisy true; done";
    let dying = std::thread::spawn(move || Lab::get().ssh("web-2", script));
    while !dying.is_finished() {
        assert_keys_react(&console);
        std::thread::sleep(Duration::from_millis(100));
    }
    let done = dying.join().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    console.wait_gone("e2e-dying").wait_for("shop-web-1");
    assert_keys_react(&console);
    console.quit();
}
