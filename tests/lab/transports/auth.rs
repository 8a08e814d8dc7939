//! Getting in: by agent, encrypted key, certificate, over another server; and being refused.

use std::process::{Command, Stdio};
use std::sync::Arc;

use midwatch::domain::failure::{FailureKind, Retry};
use midwatch::domain::link::Link;
use midwatch::domain::question::{Answer, NobodyThere};
use midwatch::transports::SshTarget;
use midwatch::transports::signature::verify;
use secrecy::SecretString;

use super::{Says, config, plain, sh, target, up, world};
use crate::lab::Lab;

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn the_ssh_configuration_is_enough() {
    let lab = Lab::get();
    let world = plain(&lab, &["web-1", "busy-1"]);
    for server in ["web-1", "busy-1"] {
        let transport = up(&world, server).await;
        assert_eq!(sh(&*transport, "hostname").await.text().trim(), server);
        assert_eq!(world.seen.of(server), [Link::Connecting, Link::Up]);
        signs_with(&*transport, &lab.path("/keys/accepted")).await;
    }
}

/// What is signed over a connection is signed with the key that it was let in with: this one.
async fn signs_with(transport: &dyn midwatch::transports::Transport, key: &std::path::Path) {
    let listed = Command::new("ssh-keygen").arg("-lf").arg(key).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let fingerprint = listed.split_whitespace().nth(1).unwrap();
    let identity = transport.identity().unwrap();
    assert_eq!(identity.key, fingerprint);
    assert!(identity.held.contains(fingerprint));
    let signature = transport.sign("test", b"this").await.unwrap();
    assert_eq!(verify("test", b"this", &signature).as_deref(), Ok(fingerprint));
    assert!(verify("test", b"that", &signature).is_err());
}

/// An agent of the test's own, gone with it.
struct Agent {
    process: std::process::Child,
    dir: tempfile::TempDir,
}

impl Agent {
    fn with(key: &std::path::Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("agent");
        let process =
            Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        let agent = Self { process, dir };
        for _ in 0..200 {
            let added = Command::new("ssh-add").arg(key).env("SSH_AUTH_SOCK", &socket).output().unwrap();
            if added.status.success() {
                return agent;
            }
        }
        panic!("the agent takes no key");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_key_that_only_the_agent_has() {
    let lab = Lab::get();
    let agent = Agent::with(&lab.path("/keys/accepted"));
    // The configured key is a public half alone, so IdentitiesOnly picks it from the agent.
    let public = agent.dir.path().join("only.pub");
    std::fs::copy(lab.path("/keys/accepted").with_extension("pub"), &public).unwrap();
    let text = format!(
        "Host *\nIdentityAgent {}/agent\nIdentityFile {}",
        agent.dir.path().display(),
        public.display()
    );
    let ssh_config = config(&agent.dir, &lab, &text);
    let by_agent =
        SshTarget { ssh_config: Some(ssh_config), identity: vec![public], ..SshTarget::new("web-1") };
    let world = world(vec![by_agent], Arc::new(NobodyThere));
    let transport = up(&world, "web-1").await;
    assert_eq!(sh(&*transport, "id -un").await.text().trim(), "ops");
    let forwarded = sh(&*transport, "echo \"[$SSH_AUTH_SOCK]\"").await;
    assert_eq!(forwarded.text().trim(), "[]", "the agent is never forwarded");
    signs_with(&*transport, &lab.path("/keys/accepted")).await;
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn an_encrypted_key_is_asked_for_once_for_all_servers() {
    let lab = Lab::get();
    let asker = Says::new(Answer::Secret(SecretString::from(lab.at("/keys/passphrase"))));
    let servers = ["web-1", "web-2", "db-1"];
    let targets = servers
        .iter()
        .map(|server| SshTarget { identity: vec![lab.path("/keys/encrypted")], ..target(&lab, server) });
    let world = world(targets.collect(), Arc::clone(&asker) as _);
    let (one, two, three) = tokio::join!(up(&world, "web-1"), up(&world, "web-2"), up(&world, "db-1"));
    assert_eq!(asker.asked(), 1);
    for transport in [one, two, three] {
        assert!(sh(&*transport, "true").await.success());
    }
    let asking = servers.iter().filter(|server| world.seen.of(server).contains(&Link::Asking)).count();
    assert_eq!(asking, 1, "one server shows that a person is waited for");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn an_encrypted_key_that_nobody_opens_is_a_refusal_until_a_person_acts() {
    let lab = Lab::get();
    let locked = SshTarget { identity: vec![lab.path("/keys/encrypted")], ..target(&lab, "web-1") };
    let world = world(vec![locked], Arc::new(NobodyThere));
    let failure = world.links.get(&"web-1".into()).await.err().unwrap();
    assert_eq!((failure.kind, failure.retry), (FailureKind::Auth, Retry::Never));
    assert!(failure.hint.unwrap().starts_with("`ssh-add "));
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_key_that_is_accepted_for_its_certificate_alone() {
    let lab = Lab::get();
    let certified = SshTarget { identity: vec![lab.path("/keys/certified")], ..target(&lab, "web-1") };
    let world = world(vec![certified], Arc::new(NobodyThere));
    let transport = up(&world, "web-1").await;
    assert!(sh(&*transport, "true").await.success());
    signs_with(&*transport, &lab.path("/keys/certified")).await;
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_refused_key_says_what_was_tried_and_what_is_wanted() {
    let lab = Lab::get();
    let wrong = SshTarget { identity: vec![lab.path("/keys/wrong")], ..target(&lab, "web-1") };
    let world = world(vec![wrong], Arc::new(NobodyThere));
    let failure = world.links.get(&"web-1".into()).await.err().unwrap();
    assert_eq!((failure.kind, failure.retry), (FailureKind::Auth, Retry::Never));
    assert!(failure.reason().contains("id_wrong") && failure.reason().contains("publickey"), "{failure}");
    let again = world.links.get(&"web-1".into()).await.err().unwrap();
    assert_eq!(again, failure, "it is not tried again by itself");
    assert_eq!(world.seen.of("web-1").len(), 2, "connecting, down");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn over_another_server() {
    let lab = Lab::get();
    let world = plain(&lab, &["db-1-via-web-1", "web-1"]);
    let transport = up(&world, "db-1-via-web-1").await;
    assert_eq!(sh(&*transport, "hostname").await.text().trim(), "db-1");
    // The configured server web-1 is the jump; its connection is the one that was made for it.
    assert_eq!(world.seen.of("web-1"), [Link::Connecting, Link::Up]);
    up(&world, "web-1").await;
    assert_eq!(world.seen.of("web-1").len(), 2);
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn jumps_in_a_chain_and_in_a_circle() {
    let lab = Lab::get();
    let chain = SshTarget {
        address: Some("db-1".to_owned()),
        jump: Some("web-1,ops@web-2:22".to_owned()),
        port: Some(22),
        ..target(&lab, "far")
    };
    let dir = tempfile::tempdir().unwrap();
    let ssh_config = config(
        &dir,
        &lab,
        "Host db-1\nHostName db-1\nHostKeyAlias [127.0.0.1]:2203\nHost web-2\nHostName web-2\nHostKeyAlias [127.0.0.1]:2202\n\
         Host a\nProxyJump b\nHost b\nProxyJump a\n",
    );
    let chain = SshTarget { ssh_config: Some(ssh_config.clone()), ..chain };
    let circle = SshTarget { ssh_config: Some(ssh_config), ..SshTarget::new("a") };
    let world = world(vec![chain, circle], Arc::new(NobodyThere));
    assert_eq!(sh(&*up(&world, "far").await, "hostname").await.text().trim(), "db-1");
    let failure = world.links.get(&"a".into()).await.err().unwrap();
    assert!(failure.reason().contains("circle"), "{failure}");
}
