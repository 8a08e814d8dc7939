//! What runs on a connection, and what is left of it on the server.

use std::sync::Arc;
use std::time::Duration;

use midwatch::domain::question::NobodyThere;
use midwatch::transports::{ExitStatus, RemoteCommand, SshTarget, Transport, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};

use super::{plain, sh, target, up, world};
use crate::lab::Lab;

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn output_input_and_the_end_of_a_command() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1", "busy-1"]);
    for server in ["web-1", "busy-1"] {
        let transport = up(&world, server).await;
        let ended = sh(&*transport, "echo out; echo err >&2; exit 3").await;
        assert_eq!((ended.text().as_str(), ended.complaint().as_str()), ("out\n", "err"));
        assert_eq!(ended.status, ExitStatus::Code(3));
        let killed = sh(&*transport, "kill -TERM $$").await;
        assert_eq!(killed.status, ExitStatus::Signal("TERM".to_owned()), "{server}");
        let sent: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
        let command = RemoteCommand::new("cat").stdin(sent.clone());
        let back = transport.run(command, Duration::from_secs(30), sent.len()).await.unwrap();
        assert!(back.stdout == sent && !back.truncated);
    }
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_pipe_is_written_to_while_it_is_read() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1"]);
    let transport = up(&world, "web-1").await;
    let mut cat = transport.pipe(RemoteCommand::new("cat")).await.unwrap();
    let mut line = [0; 5];
    for _ in 0..3 {
        cat.stdin.write_all(b"watch").await.unwrap();
        cat.exec.stdout.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"watch");
    }
    drop(cat.stdin);
    let output = timeout(Duration::from_secs(5), cat.exec.collect(10)).await.unwrap().unwrap();
    assert!(output.success());
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn forty_commands_at_once_share_eight_sessions() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1"]);
    let transport = up(&world, "web-1").await;
    let runs = (0..40).map(|_| sh(&*transport, "sleep 0.1; echo done"));
    let outputs = futures_util::future::join_all(runs).await;
    assert!(outputs.iter().all(|output| output.text() == "done\n"));
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn what_is_dropped_is_gone_on_the_server() {
    let lab = Lab::get();
    // sshd passes no signals on for root, so that is a way of its own.
    for user in ["ops", "root"] {
        let target = SshTarget { user: Some(user.to_owned()), ..target(&lab, "web-1") };
        let world = world(vec![target], Arc::new(NobodyThere));
        nothing_is_left(&*up(&world, "web-1").await).await;
    }
}

async fn nothing_is_left(transport: &dyn Transport) {
    let count = "pgrep -cxf 'sleep 4711' || true";
    for _ in 0..5 {
        let mut held = Vec::new();
        for _ in 0..7 {
            held.push(transport.exec(RemoteCommand::new("sleep").arg("4711")).await.unwrap());
        }
        let running = async {
            while sh(transport, count).await.text().trim() != "7" {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(5), running).await.expect("seven sleeps");
        drop(held);
        let ended = async {
            while sh(transport, count).await.text().trim() != "0" {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(5), ended).await.expect("no sleep is left");
    }
    // Streams too: sshd holds one descriptor for each.
    let sockets = "p=$PPID; ls -l /proc/$p/fd 2>/dev/null | grep -c socket: || sudo ls -l /proc/$p/fd | grep -c socket:";
    let before = sh(transport, sockets).await.text();
    let mut streams = Vec::new();
    for _ in 0..30 {
        streams.push(transport.tcp("127.0.0.1", 22).await.unwrap());
    }
    assert_ne!(sh(transport, sockets).await.text(), before);
    drop(streams);
    let closed = async {
        while sh(transport, sockets).await.text() != before {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(5), closed).await.expect("no socket is left");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn giving_up_on_opening_leaves_nothing_open() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1"]);
    let transport = up(&world, "web-1").await;
    for n in 0..60u64 {
        let micros = Duration::from_micros(n * 40);
        let _ = timeout(micros, transport.exec(RemoteCommand::new("sleep").arg("4712"))).await;
    }
    // More than the server's ten sessions would be in use if they leaked.
    let runs = (0..8).map(|_| sh(&*transport, "sleep 0.2; pgrep -cxf 'sleep 4712' || true"));
    let outputs = timeout(Duration::from_secs(10), futures_util::future::join_all(runs)).await.unwrap();
    assert!(outputs.iter().any(|output| output.text().trim() == "0"), "{outputs:?}");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_stream_that_nobody_reads_does_not_hold_up_the_others_for_long() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1"]);
    let transport = up(&world, "web-1").await;
    let mut flood = transport.exec(RemoteCommand::new("yes")).await.unwrap();
    sleep(Duration::from_millis(500)).await;
    let begun = Instant::now();
    assert!(sh(&*transport, "true").await.success());
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    let mut buf = vec![0; 1 << 20];
    let broken = loop {
        match flood.stdout.read(&mut buf).await {
            Ok(0) => panic!("a stream that was ended for not being read looks complete"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(broken.kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(sh(&*transport, "pgrep -cx yes || true").await.text().trim(), "0");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn ports_as_the_server_sees_them() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1"]);
    let transport = up(&world, "web-1").await;
    let mut greeting = [0; 8];
    transport.tcp("127.0.0.1", 22).await.unwrap().read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"SSH-2.0-");
    let refused = transport.tcp("127.0.0.1", 1).await.err().unwrap();
    assert!(matches!(refused, TransportError::Refused { .. }), "{refused:?}");
}
