//! Transports against real servers: getting in, what is refused and how it is said, what is left
//! behind, and what happens when the way breaks.

mod auth;
mod channels;
mod docker;
mod faults;
mod host_keys;
mod measure;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use midwatch::domain::ids::ServerId;
use midwatch::domain::link::Link;
use midwatch::domain::question::{Answer, Asker, NobodyThere, Question};
use midwatch::runtime::clock::SystemClock;
use midwatch::transports::ssh::Operator;
use midwatch::transports::{
    LinkObserver, LinkOptions, Links, Output, RemoteCommand, ServerTarget, SshTarget, Transport,
};

use crate::lab::Lab;

/// Notes every change of every link.
#[derive(Default)]
struct Seen(Mutex<Vec<(ServerId, Link)>>);

impl Seen {
    fn of(&self, server: &str) -> Vec<Link> {
        let seen = self.0.lock().unwrap();
        seen.iter().filter(|(id, _)| id.as_str() == server).map(|(_, link)| link.clone()).collect()
    }
}

impl LinkObserver for Seen {
    fn link(&self, server: &ServerId, link: Link) {
        self.0.lock().unwrap().push((server.clone(), link));
    }
}

/// Answers every question alike and counts them.
struct Says(Answer, AtomicUsize);

impl Says {
    fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self(answer, AtomicUsize::new(0)))
    }

    fn asked(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl Asker for Says {
    async fn ask(&self, _question: Question) -> Answer {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.clone()
    }
}

fn target(lab: &Lab, server: &str) -> SshTarget {
    SshTarget { ssh_config: Some(lab.path("/ssh_config")), ..SshTarget::new(server) }
}

struct World {
    links: Links,
    seen: Arc<Seen>,
    /// The operator's home, empty: nothing of this machine's own SSH set-up takes part.
    _home: tempfile::TempDir,
}

fn world(targets: Vec<SshTarget>, asker: Arc<dyn Asker>) -> World {
    let home = tempfile::tempdir().unwrap();
    let seen = Arc::new(Seen::default());
    let options = LinkOptions { operator: Operator::new(home.path(), "nobody"), ..LinkOptions::default() };
    let targets =
        targets.into_iter().map(|target| (target.server.clone(), ServerTarget::Ssh(Box::new(target))));
    let links = Links::new(targets, Arc::new(SystemClock), asker, Arc::clone(&seen) as _, options);
    World { links, seen, _home: home }
}

/// The lab's servers as its own SSH configuration has them.
fn plain(lab: &Lab, servers: &[&str]) -> World {
    world(servers.iter().map(|server| target(lab, server)).collect(), Arc::new(NobodyThere))
}

async fn up(world: &World, server: &str) -> Arc<dyn Transport> {
    world.links.get(&server.into()).await.unwrap_or_else(|failure| panic!("{failure}"))
}

async fn sh(transport: &dyn Transport, script: &'static str) -> Output {
    transport.run(RemoteCommand::script(script), Duration::from_secs(20), 4 << 20).await.unwrap()
}

/// An SSH configuration of a test's own, with the lab's behind it.
fn config(world: &tempfile::TempDir, lab: &Lab, text: &str) -> PathBuf {
    let file = world.path().join("ssh_config");
    std::fs::write(&file, format!("{text}\nHost *\nInclude {}\n", lab.path("/ssh_config").display()))
        .unwrap();
    file
}
