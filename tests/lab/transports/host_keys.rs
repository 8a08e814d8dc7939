//! Host keys: known, unknown, changed.

use std::sync::Arc;

use midwatch::domain::failure::{FailureKind, Retry};
use midwatch::domain::question::{Answer, NobodyThere};
use midwatch::transports::SshTarget;

use super::{Says, sh, target, up, world};
use crate::lab::Lab;

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_changed_key_stops_everything_and_names_the_line() {
    let lab = Lab::get();
    let known = lab.path("/known_hosts_changed");
    let changed = SshTarget { known_hosts: vec![known.clone()], ..target(&lab, "web-1") };
    let asker = Says::new(Answer::Yes);
    let world = world(vec![changed], Arc::clone(&asker) as _);
    let failure = world.links.get(&"web-1".into()).await.err().unwrap();
    assert_eq!((failure.kind, failure.retry), (FailureKind::HostKey, Retry::Never));
    assert_eq!(asker.asked(), 0, "there is nothing to answer");
    let line = std::fs::read_to_string(&known)
        .unwrap()
        .lines()
        .position(|line| line.starts_with("[127.0.0.1]:2201 "))
        .unwrap();
    assert!(failure.reason().contains(&format!("{}:{}", known.display(), line + 1)), "{failure}");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn an_unknown_key_is_refused_where_nobody_answers() {
    let lab = Lab::get();
    let dir = tempfile::tempdir().unwrap();
    let known = dir.path().join("known_hosts");
    let unknown = SshTarget { known_hosts: vec![known.clone()], ..target(&lab, "web-1") };
    let world = world(vec![unknown], Arc::new(NobodyThere));
    let failure = world.links.get(&"web-1".into()).await.err().unwrap();
    assert_eq!((failure.kind, failure.retry), (FailureKind::HostKey, Retry::Never));
    assert!(failure.reason().contains(&lab.server("web-1", "host_key_fingerprint")), "{failure}");
    assert!(failure.hint.unwrap().contains("midwatch doctor --accept-host-key web-1"));
    assert!(!known.exists());
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_key_that_a_person_accepts_is_kept() {
    let lab = Lab::get();
    let dir = tempfile::tempdir().unwrap();
    let known = dir.path().join("known_hosts");
    let unknown = || vec![SshTarget { known_hosts: vec![known.clone()], ..target(&lab, "web-1") }];
    let asker = Says::new(Answer::Yes);
    let first = world(unknown(), Arc::clone(&asker) as _);
    assert!(sh(&*up(&first, "web-1").await, "true").await.success());
    assert_eq!(asker.asked(), 1);
    let second = world(unknown(), Arc::new(NobodyThere));
    up(&second, "web-1").await;
    let text = std::fs::read_to_string(&known).unwrap();
    assert!(text.starts_with("[127.0.0.1]:2201 ") && text.lines().count() == 1, "{text}");
}
