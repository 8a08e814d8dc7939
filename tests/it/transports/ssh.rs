//! Channels and their ends, counted on the server.

use std::sync::atomic::Ordering;
use std::time::Duration;

use midwatch::domain::failure::FailureKind;
use midwatch::transports::{ExitStatus, RemoteCommand, TransportError};
use russh::keys::{Algorithm, PrivateKey};
use tokio::io::AsyncReadExt as _;
use tokio::time::{sleep, timeout};

use super::server::Server;
use super::{links, ssh};

fn end(code: &str) -> RemoteCommand {
    RemoteCommand::new("end").arg(code)
}

#[tokio::test]
async fn a_command_ends_with_its_output_and_code() {
    let server = Server::start().await;
    let (links, _) = links(vec![ssh(server.target())]);
    let transport = links.get(&"it".into()).await.unwrap();
    let output = transport.run(end("7"), Duration::from_secs(5), 100).await.unwrap();
    assert_eq!((output.text().as_str(), output.status), ("end 7\n", ExitStatus::Code(7)));
    assert_eq!(server.counts.open(), 0);
}

#[tokio::test]
async fn dropped_commands_close_their_channels() {
    let server = Server::start().await;
    let (links, _) = links(vec![ssh(server.target())]);
    let transport = links.get(&"it".into()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(transport.exec(RemoteCommand::new("hang")).await.unwrap());
    }
    assert_eq!(server.counts.open(), 8);
    let gone = tokio::spawn(async move { transport.exec(RemoteCommand::new("hang")).await.map(drop) });
    sleep(Duration::from_millis(100)).await;
    assert!(!gone.is_finished(), "the ninth waits for the budget");
    drop(held);
    timeout(Duration::from_secs(5), gone).await.unwrap().unwrap().unwrap();
    let none = async {
        while server.counts.open() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), none).await.expect("no channel is left");
    assert_eq!(server.counts.most.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn a_part_of_a_command_keeps_it_alive() {
    let server = Server::start().await;
    let (links, _) = links(vec![ssh(server.target())]);
    let transport = links.get(&"it".into()).await.unwrap();
    let stdout = transport.exec(RemoteCommand::new("hang")).await.unwrap().stdout;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(server.counts.open(), 1);
    drop(stdout);
}

#[tokio::test]
async fn a_server_with_fewer_sessions_is_asked_again() {
    let server = Server::start().await;
    server.counts.allowed.store(2, Ordering::SeqCst);
    let (links, _) = links(vec![ssh(server.target())]);
    let transport = links.get(&"it".into()).await.unwrap();
    let runs = (0..6).map(|_| transport.run(end("0"), Duration::from_secs(10), 100));
    for output in futures_util::future::join_all(runs).await {
        assert!(output.unwrap().success());
    }
    assert!(server.counts.refused.load(Ordering::SeqCst) > 0, "it did refuse some");
    assert_eq!(server.counts.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_silent_server_breaks_streams_and_frees_waiters() {
    let server = Server::start().await;
    let (links, seen) = links(vec![ssh(server.target())]);
    let transport = links.get(&"it".into()).await.unwrap();
    let mut exec = transport.exec(RemoteCommand::new("hang")).await.unwrap();
    let mut line = [0; 5];
    exec.stdout.read_exact(&mut line).await.unwrap();
    server.counts.silent.store(true, Ordering::SeqCst);
    let broken = timeout(Duration::from_secs(3), exec.stdout.read(&mut line)).await.expect("noticed in time");
    assert_eq!(broken.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(matches!(exec.status.await.unwrap(), Err(TransportError::Lost(_))));
    let after = timeout(Duration::from_secs(1), transport.exec(end("0"))).await.unwrap();
    assert!(after.is_err() && transport.is_closed());
    sleep(Duration::from_millis(50)).await;
    assert_eq!(seen.words(), ["connecting", "up", "down"]);
    server.counts.silent.store(false, Ordering::SeqCst);
    timeout(Duration::from_secs(5), links.wait_up(&"it".into())).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_changed_host_key_names_its_line() {
    let server = Server::start().await;
    let other = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
    let text = format!("# kept\n{}", server.known_hosts_line(other.public_key()));
    std::fs::write(server.known_hosts(), text).unwrap();
    let (links, _) = links(vec![ssh(server.target())]);
    let failure = links.get(&"it".into()).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::HostKey);
    assert!(failure.reason().contains("known_hosts:2"), "{failure}");
    let fingerprint = server.host_key.fingerprint(russh::keys::HashAlg::Sha256).to_string();
    assert!(failure.reason().contains(&fingerprint), "{failure}");
}
