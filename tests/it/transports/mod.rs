//! Transports without a lab: this machine, and an SSH server inside the test.

mod certificates;
mod links;
mod local;
mod server;
mod sftp;
mod ssh;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use midwatch::domain::ids::ServerId;
use midwatch::domain::link::Link;
use midwatch::domain::question::NobodyThere;
use midwatch::runtime::clock::SystemClock;
use midwatch::transports::ssh::{Limits, Operator};
use midwatch::transports::{LinkObserver, LinkOptions, Links, ServerTarget, SshTarget};

#[derive(Default)]
struct Seen(Mutex<Vec<(ServerId, Link)>>);

impl Seen {
    fn words(&self) -> Vec<&'static str> {
        let word = |link: &Link| match link {
            Link::Idle => "idle",
            Link::Connecting => "connecting",
            Link::Asking => "asking",
            Link::Up => "up",
            Link::Down { .. } => "down",
        };
        self.0.lock().unwrap().iter().map(|(_, link)| word(link)).collect()
    }
}

impl LinkObserver for Seen {
    fn link(&self, server: &ServerId, link: Link) {
        self.0.lock().unwrap().push((server.clone(), link));
    }
}

fn ssh(target: SshTarget) -> (ServerId, ServerTarget) {
    (target.server.clone(), ServerTarget::Ssh(Box::new(target)))
}

fn links(servers: Vec<(ServerId, ServerTarget)>) -> (Links, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let limits = Limits {
        connect: Duration::from_secs(2),
        keepalive: Duration::from_millis(200),
        ..Limits::default()
    };
    let operator = Operator::new(std::path::Path::new("/nonexistent"), "nobody");
    let options = LinkOptions { limits, operator, ..LinkOptions::default() };
    let observer = Arc::clone(&seen) as Arc<dyn LinkObserver>;
    (Links::new(servers, Arc::new(SystemClock), Arc::new(NobodyThere), observer, options), seen)
}
