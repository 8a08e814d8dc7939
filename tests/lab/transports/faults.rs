//! What breaks: links cut, servers frozen, refused, reset.

use std::time::Duration;

use midwatch::domain::failure::{FailureKind, Retry};
use midwatch::domain::link::Link;
use midwatch::transports::RemoteCommand;
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, sleep, timeout};

use super::{plain, sh, up};
use crate::lab::Lab;

/// A stream on a server that stops answering ends with an error in time, and so does the link;
/// then the server comes back and `wait_up` has it.
async fn dies_and_returns(server: &'static str, fault: &str, within: Duration) {
    let lab = Lab::get();
    let world = plain(&lab, &[server]);
    let transport = up(&world, server).await;
    let mut ticks =
        transport.exec(RemoteCommand::script("while :; do echo tick; sleep 0.2; done")).await.unwrap();
    let mut tick = [0; 5];
    ticks.stdout.read_exact(&mut tick).await.unwrap();
    let broken = lab.fault(fault, server, &[]);
    let begun = Instant::now();
    let mut rest = Vec::new();
    let ended = timeout(within, ticks.stdout.read_to_end(&mut rest)).await.expect("noticed in time");
    eprintln!("{fault} was noticed after {:?}", begun.elapsed());
    assert!(ended.is_err(), "a broken stream does not look complete");
    assert!(ticks.status.await.unwrap().is_err());
    sleep(Duration::from_millis(50)).await;
    assert!(matches!(world.seen.of(server).last(), Some(Link::Down { next_try: Some(_), .. })));
    drop(broken);
    let back = timeout(Duration::from_secs(30), world.links.wait_up(&server.into())).await.unwrap().unwrap();
    eprintln!("and mended after {:?}", begun.elapsed());
    assert!(sh(&*back, "true").await.success());
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_frozen_server_is_noticed_within_ten_seconds() {
    dies_and_returns("web-2", "freeze", Duration::from_millis(10_500)).await;
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_cut_link_is_noticed_within_ten_seconds() {
    dies_and_returns("web-2", "cut", Duration::from_millis(10_500)).await;
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_killed_connection_is_noticed_at_once() {
    dies_and_returns("web-2", "kill-connections", Duration::from_secs(1)).await;
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_refusing_server_is_not_hammered() {
    let lab = Lab::get();
    let _refused = lab.fault("refuse", "db-1", &[]);
    let world = plain(&lab, &["db-1"]);
    let first = world.links.get(&"db-1".into()).await.err().unwrap();
    assert_eq!(first.kind, FailureKind::Unreachable);
    let begun = Instant::now();
    for _ in 0..100 {
        let again = world.links.get(&"db-1".into()).await.err().unwrap();
        assert!(matches!(again.retry, Retry::After(_)));
    }
    assert!(begun.elapsed() < Duration::from_millis(200));
    assert_eq!(world.seen.of("db-1").len(), 2, "one try: connecting, down");
    let waiting = timeout(Duration::from_secs(4), world.links.wait_up(&"db-1".into())).await;
    assert!(waiting.is_err());
    let tries = world.seen.of("db-1").iter().filter(|link| **link == Link::Connecting).count();
    assert!((2..=5).contains(&tries), "{tries} tries in four seconds");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_black_hole_costs_one_deadline_and_nobody_else_waits() {
    let lab = Lab::get();
    let _cut = lab.fault("cut", "db-1", &[]);
    let world = plain(&lab, &["db-1", "web-1"]);
    let begun = Instant::now();
    let db = "db-1".into();
    let (dead, alive) =
        tokio::join!(async { (world.links.get(&db).await.err().unwrap(), begun.elapsed()) }, async {
            up(&world, "web-1").await;
            begun.elapsed()
        });
    assert_eq!(dead.0.kind, FailureKind::Timeout);
    assert!(dead.1 < Duration::from_millis(10_500) && alive < Duration::from_secs(2), "{dead:?} {alive:?}");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_jump_that_goes_takes_what_is_behind_it_along() {
    let lab = Lab::get();
    let world = plain(&lab, &["db-1-via-web-1", "web-1"]);
    let behind = up(&world, "db-1-via-web-1").await;
    let fault = lab.fault("kill-connections", "web-1", &[]);
    timeout(Duration::from_secs(2), behind.closed()).await.expect("noticed");
    drop(fault);
    let back = timeout(Duration::from_secs(20), world.links.wait_up(&"db-1-via-web-1".into())).await;
    assert!(sh(&*back.unwrap().unwrap(), "true").await.success());
}
