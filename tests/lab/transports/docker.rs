//! The engine behind a socket: there, missing, not ours, silent, and where forwarding is forbidden.

use std::sync::Arc;

use bollard::query_parameters::ListContainersOptionsBuilder;
use midwatch::domain::failure::FailureKind;
use midwatch::domain::question::NobodyThere;
use midwatch::transports::docker::{DOCKER_SOCKET, docker, failure};
use midwatch::transports::docker_socket::docker_socket;
use midwatch::transports::{SshTarget, Transport, TransportError};

use super::{plain, sh, target, up, world};
use crate::lab::Lab;

async fn containers(transport: Arc<dyn Transport>) -> Result<usize, bollard::errors::Error> {
    let options = ListContainersOptionsBuilder::default().all(true).build();
    Ok(docker(transport, DOCKER_SOCKET)?.list_containers(Some(options)).await?.len())
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn the_containers_of_a_server() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1"]);
    let transport = up(&world, "web-1").await;
    let there = sh(&*transport, "docker ps -aq | wc -l").await.text().trim().to_owned();
    assert_eq!(docker_socket(&*transport).await.unwrap(), DOCKER_SOCKET);
    assert_eq!(containers(transport).await.unwrap().to_string(), there);
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn no_engine_and_no_permission_are_told_apart() {
    let lab = Lab::get();
    let plain_user = SshTarget { user: Some("plain".to_owned()), ..target(&lab, "web-1") };
    let world = world(vec![plain_user, target(&lab, "busy-1")], Arc::new(NobodyThere));
    let error = containers(up(&world, "web-1").await).await.unwrap_err();
    let denied = failure(&error, "list the containers of web-1");
    assert_eq!(denied.kind, FailureKind::Permission);
    assert!(
        denied.reason().contains("plain may not use") && denied.reason().contains("group docker"),
        "{denied}"
    );
    assert!(denied.hint.unwrap().contains("usermod -aG docker plain"));
    let busy = up(&world, "busy-1").await;
    assert!(matches!(docker_socket(&*busy).await, Err(TransportError::NoSocket { .. })));
    let error = containers(busy).await.unwrap_err();
    assert_eq!(failure(&error, "list").kind, FailureKind::Unsupported, "{error:?}");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_server_that_forbids_forwarding_is_asked_by_a_command() {
    let lab = Lab::get();
    let admin = plain(&lab, &["web-1"]);
    let admin = up(&admin, "web-1").await;
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("restricted");
    let made =
        std::process::Command::new("ssh-keygen").args(["-qt", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let line = format!("no-port-forwarding {}", public.trim());
    let add = midwatch::transports::RemoteCommand::script(
        r#"f=$(mktemp ~/.ssh/XXXXXX); cat ~/.ssh/authorized_keys >"$f"; echo "$1" >>"$f"; chmod 600 "$f"; mv "$f" ~/.ssh/authorized_keys"#,
    );
    let done = admin.run(add.arg(&line), std::time::Duration::from_secs(5), 1000).await.unwrap();
    assert!(done.success(), "{}", done.complaint());

    let restricted = SshTarget { identity: vec![key], ..target(&lab, "web-1") };
    let world = world(vec![restricted], Arc::new(NobodyThere));
    let transport = up(&world, "web-1").await;
    let forbidden = transport.unix(DOCKER_SOCKET).await.err().unwrap();
    let listed = containers(Arc::clone(&transport)).await;
    let there = sh(&*admin, "docker ps -aq | wc -l").await.text().trim().to_owned();

    let clean = midwatch::transports::RemoteCommand::script(
        r#"f=$(mktemp ~/.ssh/XXXXXX); grep -v no-port-forwarding ~/.ssh/authorized_keys >"$f"; chmod 600 "$f"; mv "$f" ~/.ssh/authorized_keys"#,
    );
    assert!(admin.run(clean, std::time::Duration::from_secs(5), 1000).await.unwrap().success());
    assert!(matches!(forbidden, TransportError::Forwarding { .. }), "{forbidden:?}");
    assert_eq!(listed.unwrap().to_string(), there);
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_stopped_engine_refuses_and_comes_back() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-2"]);
    let transport = up(&world, "web-2").await;
    let fault = lab.fault("stop-engine", "web-2", &[]);
    let error = containers(Arc::clone(&transport)).await.unwrap_err();
    let failure = failure(&error, "list the containers of web-2");
    assert!(
        matches!(failure.kind, FailureKind::Unreachable | FailureKind::Unsupported),
        "{failure} is not the engine's absence"
    );
    fault.run("start-engine", &[]);
    assert!(containers(transport).await.unwrap() > 0);
}
