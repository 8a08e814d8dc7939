//! Looks at a Compose project to say how the configuration would have it, and adds it to the file.

use std::path::{Path, PathBuf};

use super::Means;
use crate::actions;
use crate::config::discover::add::shown;
use crate::config::discover::{add, addition};
use crate::config::{Options, locate};
use crate::domain::adoption::Offer;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, ServerId};
use crate::engine::adopt::look;
use crate::message::event::Reply;
use crate::runtime::deploying;

/// What a person is shown before anything is written to `file`.
pub(super) async fn offer(means: &Means, file: &Path, project: &str, servers: &[ServerId]) -> Reply {
    let config = means.observers.config();
    let engines = deploying::engines(&config, &means.observers.links);
    let adoption = look(&engines, project, servers).await;
    let (apps, text, there) = match addition(&config, &adoption.entries) {
        Ok((apps, text)) => (apps, text, None),
        Err(there) => (Vec::new(), shown(&adoption.entries), Some(there)),
    };
    let (doubts, lost) = (adoption.doubts, adoption.lost);
    Reply::Adoptable(Box::new(Offer { file: file.display().to_string(), apps, text, there, doubts, lost }))
}

/// Adds what was shown.
pub(super) async fn write(file: PathBuf, apps: Vec<AppId>, text: String) -> Reply {
    let what = format!("add [apps.{}] to {}", apps.first().map_or("?", AppId::as_str), file.display());
    let (names, told) = (apps.clone(), what.clone());
    let added = tokio::task::spawn_blocking(move || {
        let actions: Vec<&str> = actions::all().map(|action| action.id).collect();
        let home = locate::home();
        let options = Options { home: home.as_deref(), themes: None, actions: &actions };
        add(&file, &names, &text, options).map_err(|error| error.into_failure(&told))
    });
    match added.await {
        Ok(Ok(())) => Reply::Added(apps),
        Ok(Err(failure)) => Reply::Failed(failure),
        Err(error) => Reply::Failed(Failure::new(FailureKind::Bug, what, error.to_string())),
    }
}
