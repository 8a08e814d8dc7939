//! Figures, printed and never judged tightly: run with `--nocapture`.

use std::time::Duration;

use bollard::query_parameters::ListContainersOptionsBuilder;
use midwatch::transports::docker::{DOCKER_SOCKET, docker};
use tokio::time::Instant;

use super::{plain, sh, up};
use crate::lab::Lab;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: tests/run"]
async fn connecting_and_asking() {
    let lab = Lab::get();
    let mut connects = Vec::new();
    for _ in 0..15 {
        let begun = Instant::now();
        let world = plain(&lab, &["web-1"]);
        up(&world, "web-1").await;
        connects.push(begun.elapsed());
        world.links.close_all().await;
    }
    let world = plain(&lab, &["web-1"]);
    let transport = up(&world, "web-1").await;
    let mut commands = Vec::new();
    for _ in 0..30 {
        let begun = Instant::now();
        sh(&*transport, "true").await;
        commands.push(begun.elapsed());
    }
    let docker = docker(transport, DOCKER_SOCKET).unwrap();
    let mut lists = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        let options = ListContainersOptionsBuilder::default().all(true).build();
        docker.list_containers(Some(options)).await.unwrap();
        lists.push(begun.elapsed());
    }
    let peer = Instant::now();
    assert!(lab.ssh("web-1", "docker ps -aq").status.success());
    eprintln!(
        "connect and authenticate {:?}, command {:?}, container list {:?}; ssh with docker ps {:?}",
        median(connects),
        median(commands),
        median(lists),
        peer.elapsed()
    );
}
