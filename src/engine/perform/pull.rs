//! Brings an image onto the server by the engine's API, which tells how many bytes came.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::{CreateImageOptions, TagImageOptions};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

use super::{Done, Task, credentials};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::image::ImageRef;
use crate::domain::plan::shell::pull_name;
use crate::domain::quantity::Bytes;
use crate::domain::run::Progress;
use crate::domain::text::{clean, shorten};
use crate::engine::gather::images::{present, refused};
use crate::transports::engine::failed;

/// How often progress is told.
const PACE: Duration = Duration::from_millis(200);
/// How long the engine may be silent.
const SILENCE: Duration = Duration::from_secs(120);

pub(super) async fn pull(task: &Task<'_>, image: &ImageRef) -> Result<Done, Failure> {
    let what = task.what();
    let docker = task.ground.docker().await?;
    let credentials = credentials::of(task.ground, image).await?;
    let options = CreateImageOptions { from_image: Some(pull_name(image)), ..CreateImageOptions::default() };
    let mut stream = pin!(docker.create_image(Some(options), None, credentials));
    let mut layers = Layers::default();
    let mut told = Instant::now();
    loop {
        let next = timeout(SILENCE, stream.next()).await.map_err(|_| {
            let why = format!("the engine said nothing for {} s", SILENCE.as_secs());
            Failure::new(FailureKind::Timeout, &what, why)
        })?;
        match next {
            None => break,
            Some(Err(error)) => return Err(explained(failed(&error, &what), image)),
            Some(Ok(info)) => {
                if let Some(error) = info.error_detail.as_ref().and_then(|it| it.message.clone()) {
                    let why = shorten(&clean(&error), 400).into_owned();
                    return Err(explained(Failure::new(FailureKind::Invalid, what, why), image));
                }
                layers.take(info);
                if told.elapsed() >= PACE {
                    told = Instant::now();
                    task.listen.progress(layers.progress()).await;
                }
            }
        }
    }
    // The stream ends in silence where the connection was cut: the image itself is what is believed.
    if !present(task.ground, image).await? {
        return Err(Failure::new(FailureKind::Invalid, what, "the pull ended, but the image is not there"));
    }
    name(task, image).await?;
    task.listen.progress(layers.progress()).await;
    let said = match layers.known.len() {
        0 => "nothing had to come".to_owned(),
        n => format!("{} in {n} layers", Bytes(layers.total())),
    };
    Ok(Done { said, exit: None })
}

/// Gives the image its tag: one without any is what `docker image prune` takes.
async fn name(task: &Task<'_>, image: &ImageRef) -> Result<(), Failure> {
    let Some(tag) = &image.tag else { return Ok(()) };
    let options = TagImageOptions { repo: Some(image.repository.clone()), tag: Some(tag.clone()) };
    let docker = task.ground.docker().await?;
    docker.tag_image(&pull_name(image), Some(options)).await.map_err(|error| failed(&error, &task.what()))
}

fn explained(failure: Failure, image: &ImageRef) -> Failure {
    if failure.reason().to_lowercase().contains("no space left") {
        return failure.hint("make room: docker system df; docker image prune");
    }
    refused(failure, image)
}

/// How far each layer is.
#[derive(Default)]
struct Layers {
    known: BTreeMap<String, (u64, u64)>,
}

impl Layers {
    fn take(&mut self, info: CreateImageInfo) {
        let Some(id) = info.id else { return };
        let detail = info.progress_detail.unwrap_or_default();
        let number = |it: Option<i64>| it.and_then(|it| u64::try_from(it).ok()).filter(|it| *it > 0);
        match info.status.as_deref() {
            Some("Downloading") => {
                if let (Some(now), Some(total)) = (number(detail.current), number(detail.total)) {
                    self.known.insert(id, (now, total));
                }
            }
            Some("Download complete" | "Pull complete") => {
                if let Some((now, total)) = self.known.get_mut(&id) {
                    *now = *total;
                }
            }
            _ => {}
        }
    }

    fn total(&self) -> u64 {
        self.known.values().map(|(_, total)| total).sum()
    }

    fn progress(&self) -> Progress {
        let done = self.known.values().map(|(now, _)| now).sum();
        Progress::Pulled { done: Bytes(done), total: Bytes(self.total()) }
    }
}
