//! This machine as a transport.

use std::time::Duration;

use midwatch::transports::{ExitStatus, Local, RemoteCommand, Transport as _, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

#[tokio::test]
async fn output_input_and_the_end() {
    let command = RemoteCommand::script("cat; echo err >&2; exit 3").stdin("in");
    let output = Local.run(command, Duration::from_secs(5), 100).await.unwrap();
    assert_eq!((output.text().as_str(), output.complaint().as_str()), ("in", "err"));
    assert_eq!(output.status, ExitStatus::Code(3));
    let killed = Local.run(RemoteCommand::script("kill -TERM $$"), Duration::from_secs(5), 0).await.unwrap();
    assert_eq!(killed.status, ExitStatus::Signal("TERM".to_owned()));
}

/// The runtime ends before anybody could say good-bye, as when the console is quit.
#[test]
fn the_end_of_the_runtime_ends_a_command_and_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let child = runtime.block_on(async {
        let script = "sleep 4714 & echo $! >\"$1\"; echo up; wait";
        let mut exec = Local.exec(RemoteCommand::script(script).arg(file.to_str().unwrap())).await.unwrap();
        exec.stdout.read_exact(&mut [0; 3]).await.unwrap();
        std::fs::read_to_string(&file).unwrap()
    });
    drop(runtime);
    let stat = std::path::Path::new("/proc").join(child.trim()).join("stat");
    let runs = |stat: &str| stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'));
    let end = std::time::Instant::now() + Duration::from_secs(3);
    while std::fs::read_to_string(&stat).is_ok_and(|stat| runs(&stat)) {
        assert!(std::time::Instant::now() < end, "the child goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn dropping_a_command_ends_it_and_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let script =
        RemoteCommand::script("sleep 4713 & echo $! >\"$1\"; echo up; wait").arg(file.to_str().unwrap());
    let mut exec = Local.exec(script).await.unwrap();
    exec.stdout.read_exact(&mut [0; 3]).await.unwrap();
    let child = std::fs::read_to_string(&file).unwrap();
    let stat = std::path::Path::new("/proc").join(child.trim()).join("stat");
    assert!(stat.exists());
    drop(exec);
    let gone = async {
        // `Z` is a zombie, after the name in parentheses (proc_pid_stat(5)).
        let runs = |stat: &str| stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'));
        while std::fs::read_to_string(&stat).is_ok_and(|stat| runs(&stat)) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(3), gone).await.expect("the child ended too");
}

#[tokio::test]
async fn a_deadline_ends_a_command() {
    let late = Local.run(RemoteCommand::new("sleep").arg("60"), Duration::from_millis(50), 0).await;
    assert!(matches!(late, Err(TransportError::Deadline { .. })));
}

#[tokio::test]
async fn sockets() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let text = path.to_str().unwrap();
    assert!(matches!(Local.unix(text).await.err().unwrap(), TransportError::NoSocket { .. }));
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let mut near = Local.unix(text).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    near.write_all(b"hi").await.unwrap();
    let mut got = [0; 2];
    far.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"hi");
    drop(listener);
    assert!(matches!(Local.unix(text).await.err().unwrap(), TransportError::SocketRefused { .. }));
}
