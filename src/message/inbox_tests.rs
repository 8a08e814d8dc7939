//! What comes first, what overwrites what, and who waits.

use super::*;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::RequestId;
use crate::domain::link::Link;
use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::time::Timestamp;
use crate::domain::vitals::Vitals;
use crate::keys::chord::Chord;
use crate::store::logs::{ChunkBuilder, Flags};

fn vitals(server: &str, at: i64) -> Batch {
    Batch {
        server: server.into(),
        at: Timestamp::from_secs(at),
        observation: Observation::Vitals(Vitals::default()),
    }
}

#[test]
fn of_a_look_that_failed_and_one_that_did_not_the_later_wins() {
    let failed = |at| Batch {
        observation: Observation::Failed(
            Subject::Vitals,
            Failure::new(FailureKind::Timeout, "look", "no answer"),
        ),
        ..vitals("a", at)
    };
    let inbox = Inbox::default();
    for batches in [[vitals("a", 1), failed(2), vitals("a", 3)], [failed(1), vitals("a", 2), failed(3)]] {
        let last = batches[2].clone();
        for batch in batches {
            inbox.batch(batch);
        }
        let mut taken = None;
        while let Some(event) = inbox.take() {
            taken = Some(event);
        }
        assert_eq!(taken, Some(Event::Batch(last)));
    }
}

#[tokio::test]
async fn input_comes_before_control_and_control_before_gauges() {
    let inbox = Inbox::default();
    inbox.batch(vitals("a", 1));
    inbox.control(Event::Withdrawn(RequestId(1))).await;
    inbox.input(Event::Key(Chord::char('q')));
    assert_eq!(inbox.take(), Some(Event::Key(Chord::char('q'))));
    assert_eq!(inbox.take(), Some(Event::Withdrawn(RequestId(1))));
    assert_eq!(inbox.take(), Some(Event::Batch(vitals("a", 1))));
    assert_eq!(inbox.take(), None);
}

#[test]
fn the_newest_gauge_wins_in_the_place_of_the_first() {
    let inbox = Inbox::default();
    inbox.batch(vitals("a", 1));
    inbox.batch(vitals("b", 1));
    inbox.batch(vitals("a", 2));
    inbox.batch(Batch { observation: Observation::Link(Link::Up), ..vitals("a", 3) });
    let mut taken = std::iter::from_fn(|| inbox.take());
    assert_eq!(taken.next(), Some(Event::Batch(vitals("a", 2))));
    assert_eq!(taken.next(), Some(Event::Batch(vitals("b", 1))));
    assert!(matches!(taken.next(), Some(Event::Batch(Batch { observation: Observation::Link(_), .. }))));
    assert_eq!(taken.next(), None);
}

#[tokio::test]
async fn control_waits_for_room_and_is_not_lost() {
    let inbox = Inbox::default();
    for n in 0..CONTROL_ROOM {
        inbox.control(Event::Withdrawn(RequestId(n as u64))).await;
    }
    let late = inbox.control(Event::Tick);
    tokio::pin!(late);
    assert!(tokio::time::timeout(Duration::from_millis(20), &mut late).await.is_err());
    assert!(inbox.take().is_some());
    late.await;
    assert_eq!(std::iter::from_fn(|| inbox.take()).last(), Some(Event::Tick));
}

fn lines(source: &str, bytes: usize) -> LogBatch {
    let mut builder = ChunkBuilder::default();
    builder.push_raw(&"x".repeat(bytes), Timestamp::from_secs(1), Flags::NONE);
    let stream = LogStream::Container { name: source.to_owned() };
    LogBatch::new(LogSource { server: "a".into(), stream }, builder.take(), 0)
}

#[tokio::test]
async fn lines_come_before_gauges_but_a_gauge_waits_for_one_batch_only() {
    let inbox = Inbox::default();
    inbox.batch(vitals("a", 1));
    inbox.logs(lines("one", 10)).await;
    inbox.logs(lines("two", 10)).await;
    assert_eq!(inbox.take(), Some(Event::Logs(lines("one", 10))));
    assert_eq!(inbox.take(), Some(Event::Batch(vitals("a", 1))));
    assert_eq!(inbox.take(), Some(Event::Logs(lines("two", 10))));
    assert_eq!(inbox.take(), None);
}

#[tokio::test]
async fn lines_wait_for_room_and_none_is_lost() {
    let inbox = Inbox::default();
    let mut sent = 0;
    let late = loop {
        let next = inbox.logs(lines("one", 60_000));
        let mut next = Box::pin(next);
        match tokio::time::timeout(Duration::from_millis(20), &mut next).await {
            Ok(()) => sent += 1,
            Err(_) => break next,
        }
    };
    assert!((130..=140).contains(&sent), "{sent} batches of 60 kB went into 8 MiB");
    assert!(inbox.take().is_some());
    late.await;
    assert_eq!(std::iter::from_fn(|| inbox.take()).count(), sent);
}
