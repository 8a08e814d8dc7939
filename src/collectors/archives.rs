//! The archives of PostgreSQL servers' write-ahead logs: asked again and again for how they stand.
//!
//! Lives here: the pace. What is asked and how it is read is `providers::archives`' matter.

use std::convert::Infallible;

use async_trait::async_trait;

use super::{Beat, Collector};
use crate::domain::failure::Failure;
use crate::message::batch::{Observation, Subject};
use crate::providers::archives::look;

pub use crate::providers::archives::ArchiveOf;

/// See the module.
pub struct ArchiveCollector {
    of: ArchiveOf,
}

impl ArchiveCollector {
    /// Asks about one archive.
    pub fn new(of: ArchiveOf) -> Self {
        Self { of }
    }

    async fn observe(&self, beat: Beat) -> Result<Infallible, Failure> {
        loop {
            let archived = look(&*beat.transport, &beat.server, &self.of).await?;
            beat.publish(Observation::Archived(self.of.datastore.clone(), Box::new(archived)));
            // At its own pace, whoever looks: how much would be lost now is a matter of minutes.
            tokio::time::sleep(self.of.spec.tool.cadence()).await;
        }
    }
}

#[async_trait]
impl Collector for ArchiveCollector {
    fn name(&self) -> &'static str {
        "archives"
    }

    fn subject(&self) -> Subject {
        Subject::Archive(self.of.datastore.clone())
    }

    async fn run(&self, beat: Beat) -> Failure {
        match self.observe(beat).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }
}
