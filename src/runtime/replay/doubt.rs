//! What a lost line of a recording leaves unknown: whatever it may have told of, until it is told again.
//! Without this the value before would stand where a worse one was lost.

use std::collections::{BTreeSet, HashMap};

use crate::domain::check::CheckResult;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{CheckId, ServerId};
use crate::domain::setup::Setup;
use crate::domain::time::Timestamp;
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::event::Event;
use crate::message::log_batch::LogBatch;
use crate::runtime::recording::{About, Unread};
use crate::store::logs::Chunk;

/// What was told until now, as far as a lost line can put it in doubt.
#[derive(Debug, Default)]
pub struct Told {
    servers: BTreeSet<ServerId>,
    checks: HashMap<CheckId, Batch>,
}

impl Told {
    /// The configuration, with which every recording begins.
    pub fn begin(setup: &Setup) -> Self {
        let mut told = Self::default();
        told.servers(setup);
        told
    }

    fn servers(&mut self, setup: &Setup) {
        self.servers = setup.servers.iter().map(|it| it.id.clone()).collect();
    }

    /// Takes down what an event tells of.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Setup(setup) => self.servers(setup),
            Event::Batch(batch) => {
                if let Observation::Check(result) = &batch.observation {
                    self.checks.insert(result.check.clone(), batch.clone());
                }
            }
            _ => {}
        }
    }

    /// What the core is to be told in place of a lost line, at a time.
    pub fn doubts(&self, unread: &Unread, at: Timestamp) -> Vec<Event> {
        let line = unread.line;
        match &unread.about {
            About::Nothing => Vec::new(),
            About::Check(id) => self.checks.get(id).map(|last| check(last, line, at)).into_iter().collect(),
            About::Logs(source) => {
                let gap = LogBatch::UNCOUNTED;
                vec![Event::Logs(LogBatch::new(source.clone(), Chunk::default(), gap))]
            }
            About::Server(server, subjects) => failed(server, subjects, line, at).collect(),
            About::Anything => {
                let subjects = [
                    Subject::Vitals,
                    Subject::Containers,
                    Subject::Usage,
                    Subject::Units,
                    Subject::Maintenance,
                ];
                let servers = self.servers.iter().flat_map(|server| failed(server, &subjects, line, at));
                servers.chain(self.checks.values().map(|last| check(last, line, at))).collect()
            }
        }
    }
}

fn failed(
    server: &ServerId,
    subjects: &[Subject],
    line: usize,
    at: Timestamp,
) -> impl Iterator<Item = Event> {
    subjects.iter().map(move |subject| {
        let failure = Failure::new(FailureKind::Invalid, format!("read {server}"), why(line));
        let observation = Observation::Failed(subject.clone(), failure);
        Event::Batch(Batch { server: server.clone(), at, observation })
    })
}

fn check(last: &Batch, line: usize, at: Timestamp) -> Event {
    let mut batch = Batch { at, ..last.clone() };
    if let Observation::Check(CheckResult { verdict, .. }) = &mut batch.observation {
        *verdict = Verdict { health: Health::Unknown, reason: why(line) };
    }
    Event::Batch(batch)
}

fn why(line: usize) -> String {
    format!("line {line} of the recording could not be read")
}
