//! The examination of a repository over SFTP: the way to its host, the session, the folder.

use std::time::Duration;

use super::examine::{no_end, reach};
use super::{Outcome, Step};
use crate::config::SftpPlace;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::quantity::Bytes;
use crate::transports::Links;
use crate::transports::sftp::{Sftp, SftpError};

pub(super) async fn examine(
    links: &Links,
    id: &ServerId,
    place: &SftpPlace,
    deadline: Duration,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if tokio::time::timeout(deadline, all(links, id, place, &mut steps)).await.is_err() {
        no_end(&mut steps, deadline);
    }
    steps
}

async fn all(links: &Links, id: &ServerId, place: &SftpPlace, steps: &mut Vec<Step>) {
    let how = place.to_string();
    let Some(transport) = reach(links, id, &how, steps).await else { return };
    match Sftp::begin(transport).await {
        Err(error) => steps.push(Step::of("sftp", Outcome::Failed, &error.failure("begin SFTP"))),
        Ok(session) => {
            steps.push(Step::new("sftp", Outcome::Good, ""));
            steps.push(folder(&session, &place.path).await);
        }
    }
}

/// Whether its folder is there; one that is not is made by the first backup.
async fn folder(session: &Sftp, path: &str) -> Step {
    let failed = |error: &SftpError| {
        let failure = Failure::new(FailureKind::Invalid, "look for the folder", error.to_string());
        Step::of("folder", Outcome::Failed, &failure)
    };
    match session.size(path).await {
        Err(error) => return failed(&error),
        Ok(None) => {
            let step = Step::new("folder", Outcome::Missing, format!("{path} is not there"));
            return step.mend("the first backup makes it: midwatch backup NAME --init");
        }
        Ok(Some(_)) => {}
    }
    match session.room(path).await {
        Ok(Some(room)) => Step::new("folder", Outcome::Good, format!("{} free", Bytes(room.bytes))),
        // There are servers that do not say.
        Ok(None) | Err(SftpError::Refused { .. }) => Step::new("folder", Outcome::Good, ""),
        Err(error) => failed(&error),
    }
}
