//! One connection a server, for all who ask, until it changes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use midwatch::domain::failure::{FailureKind, Retry};
use midwatch::transports::{ServerTarget, SshTarget};
use tokio::time::timeout;

use super::server::Server;
use super::{links, ssh};

#[tokio::test]
async fn all_who_ask_share_one_connection() {
    let server = Server::start().await;
    let (links, seen) = links(vec![ssh(server.target())]);
    let id = "it".into();
    let asks = (0..20).map(|_| links.get(&id));
    for got in futures_util::future::join_all(asks).await {
        assert!(got.is_ok());
    }
    assert_eq!(server.counts.connections.load(Ordering::SeqCst), 1);
    assert_eq!(seen.words(), ["connecting", "up"]);
}

#[tokio::test]
async fn a_reload_keeps_what_did_not_change() {
    let server = Server::start().await;
    let other = SshTarget { server: "other".into(), ..server.target() };
    let (links, _) = links(vec![ssh(server.target()), ssh(other.clone())]);
    let kept = links.get(&"it".into()).await.unwrap();
    let changed = links.get(&"other".into()).await.unwrap();
    let other = SshTarget { user: Some("someone".to_owned()), ..other };
    links.update(vec![ssh(server.target()), ssh(other), ("local".into(), ServerTarget::Local)]).await;
    timeout(Duration::from_secs(2), changed.closed()).await.expect("a changed target loses its connection");
    assert!(!kept.is_closed());
    assert!(std::sync::Arc::ptr_eq(&kept, &links.get(&"it".into()).await.unwrap()));
    links.get(&"local".into()).await.unwrap();
    links.update(vec![]).await;
    let gone = links.get(&"it".into()).await.err().unwrap();
    assert_eq!(gone.kind, FailureKind::NotFound);
    timeout(Duration::from_secs(2), kept.closed()).await.expect("a removed server too");
}

#[tokio::test]
async fn who_waits_is_told_when_everything_closes() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let dead =
        SshTarget { address: Some("127.0.0.1".to_owned()), port: Some(port), ..SshTarget::new("dead") };
    let (links, _) = links(vec![ssh(dead)]);
    let links = std::sync::Arc::new(links);
    let failure = links.get(&"dead".into()).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(matches!(failure.retry, Retry::After(pause) if pause <= Duration::from_secs(1)), "{failure:?}");
    let waiting = {
        let links = std::sync::Arc::clone(&links);
        tokio::spawn(async move { links.wait_up(&"dead".into()).await.map(drop) })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    links.close_all().await;
    assert!(timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap().is_err());
}

#[tokio::test]
async fn a_refusal_waits_for_a_person_and_reconnect_is_one() {
    let server = Server::start().await;
    let known = std::fs::read_to_string(server.known_hosts()).unwrap();
    std::fs::remove_file(server.known_hosts()).unwrap();
    let (links, _) = links(vec![ssh(server.target())]);
    let failure = links.get(&"it".into()).await.err().unwrap();
    assert_eq!((failure.kind, failure.retry), (FailureKind::HostKey, Retry::Never));
    std::fs::write(server.known_hosts(), known).unwrap();
    assert!(links.get(&"it".into()).await.is_err(), "not by itself");
    links.reconnect(&"it".into()).await.unwrap();
    assert!(links.wait_up(&"it".into()).await.is_ok());
}

#[tokio::test]
async fn who_wakes_tries_at_once_what_waits_for_its_next_try_and_nothing_that_waits_for_a_person() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let dead =
        SshTarget { address: Some("127.0.0.1".to_owned()), port: Some(port), ..SshTarget::new("dead") };
    let (waiting, seen) = links(vec![ssh(dead)]);
    assert!(waiting.get(&"dead".into()).await.is_err());
    assert_eq!(seen.words(), ["connecting", "down"]);
    waiting.woke(Duration::from_secs(2)).await;
    let tried = async {
        while seen.words() != ["connecting", "down", "connecting", "down"] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // By itself it would not have been tried at all: nobody waits for it.
    timeout(Duration::from_secs(2), tried).await.unwrap_or_else(|_| panic!("{:?}", seen.words()));

    let server = Server::start().await;
    std::fs::remove_file(server.known_hosts()).unwrap();
    let (refused, seen) = links(vec![ssh(server.target())]);
    assert!(refused.get(&"it".into()).await.is_err());
    let before = seen.words();
    refused.woke(Duration::from_secs(3600)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(seen.words(), before);
}

#[tokio::test]
async fn a_connection_that_slept_longer_than_it_may_be_silent_is_made_anew() {
    let server = Server::start().await;
    let (links, _) = links(vec![ssh(server.target()), ("local".into(), ServerTarget::Local)]);
    let (first, local) = (links.get(&"it".into()).await.unwrap(), links.get(&"local".into()).await.unwrap());
    links.woke(Duration::from_millis(100)).await;
    assert!(!first.is_closed(), "a nap ends nothing");
    links.woke(Duration::from_secs(3600)).await;
    timeout(Duration::from_secs(2), first.closed()).await.expect("it was kept");
    let second = timeout(Duration::from_secs(2), links.wait_up(&"it".into())).await.unwrap().unwrap();
    assert!(!std::sync::Arc::ptr_eq(&first, &second));
    assert!(!local.is_closed());
    assert_eq!(server.counts.connections.load(Ordering::SeqCst), 2);
}

/// Says no, and counts how often it was asked.
#[derive(Default)]
struct Declines(std::sync::atomic::AtomicUsize);

#[async_trait::async_trait]
impl midwatch::domain::question::Asker for Declines {
    async fn ask(&self, _: midwatch::domain::question::Question) -> midwatch::domain::question::Answer {
        self.0.fetch_add(1, Ordering::SeqCst);
        midwatch::domain::question::Answer::No
    }
}

#[tokio::test]
async fn a_repositorys_host_is_asked_about_once_and_shown_as_no_server() {
    let server = Server::start().await;
    std::fs::remove_file(server.known_hosts()).unwrap();
    let id = midwatch::domain::ids::ServerId::of_repository(&"box".into());
    let target = SshTarget { server: id.clone(), ..server.target() };
    let (asker, seen) =
        (std::sync::Arc::new(Declines::default()), std::sync::Arc::new(super::Seen::default()));
    let operator = midwatch::transports::ssh::Operator::new(std::path::Path::new("/nonexistent"), "nobody");
    let links = midwatch::transports::Links::new(
        vec![ssh(target), ssh(server.target())],
        std::sync::Arc::new(midwatch::runtime::clock::SystemClock),
        std::sync::Arc::clone(&asker) as _,
        std::sync::Arc::clone(&seen) as _,
        midwatch::transports::LinkOptions { operator, ..Default::default() },
    );
    for asked in [1, 1] {
        let failure = links.get(&id).await.err().unwrap();
        assert_eq!(failure.kind, FailureKind::HostKey);
        assert!(
            failure.hint.as_ref().is_some_and(|it| it.ends_with("--accept-host-key repository/box`")),
            "{failure:?}"
        );
        // It is tried again by itself, since it has no row to do that on.
        assert!(
            matches!(failure.retry, Retry::After(pause) if pause <= Duration::from_secs(60)),
            "{failure:?}"
        );
        assert_eq!(asker.0.load(Ordering::SeqCst), asked);
    }
    assert!(seen.words().is_empty(), "{:?}", seen.words());

    // Whoever reconnects is asked again; a key that was accepted elsewhere is one.
    links.reconnect(&"it".into()).await.unwrap();
    assert_eq!(links.get(&id).await.err().unwrap().kind, FailureKind::HostKey);
    let known = server.known_hosts_line(&server.host_key);
    std::fs::write(server.known_hosts(), known).unwrap();
    links.reconnect(&"it".into()).await.unwrap();
    assert!(links.get(&id).await.is_ok());
}
