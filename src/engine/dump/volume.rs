//! A volume, packed by the engine itself through a container that has it: no image of a helper is needed,
//! and the container may be stopped.

use bollard::query_parameters::{DownloadFromContainerOptions, ListContainersOptions};
use futures_util::TryStreamExt;
use tokio_util::io::StreamReader;

use super::files::Tar;
use super::{Ending, Flow};
use crate::domain::failure::{Failure, FailureKind};
use crate::engine::ground::Ground;
use crate::operations::datastore_facts::Seen;
use crate::transports::engine::failed;

/// A container that has the volume: its id, its name, where.
async fn holder(ground: &Ground, volume: &str) -> Result<(String, String, String), Failure> {
    let what = format!("find the volume {volume} on {}", ground.server);
    let docker = ground.docker().await?;
    docker.inspect_volume(volume).await.map_err(|error| failed(&error, &what))?;
    let options = ListContainersOptions { all: true, ..ListContainersOptions::default() };
    let all = docker.list_containers(Some(options)).await.map_err(|error| failed(&error, &what))?;
    for container in all {
        let name = container.names.iter().flatten().next().map(|it| it.trim_start_matches('/').to_owned());
        for mount in container.mounts.into_iter().flatten() {
            let is = mount.typ.as_deref() == Some("volume") && mount.name.as_deref() == Some(volume);
            if let (true, Some(id), Some(at)) = (is, &container.id, mount.destination) {
                return Ok((id.clone(), name.unwrap_or_default(), at));
            }
        }
    }
    Err(Failure::new(
        FailureKind::Unsupported,
        what,
        "no container has it, by which the engine could read it",
    )
    .hint(format!("docker create -v {volume}:/volume IMAGE: it need not run")))
}

/// Whether it is there, and which container has it.
pub(super) async fn look(ground: &Ground, volume: &str) -> Result<Seen, Failure> {
    let (_, name, at) = holder(ground, volume).await?;
    let version = format!("by container {name}, at {at}");
    Ok(Seen { version, about: None, role_passwords: false, notes: Vec::new() })
}

/// The archive.
pub(super) async fn open(ground: &Ground, volume: &str) -> Result<Flow, Failure> {
    let (id, _, at) = holder(ground, volume).await?;
    let docker = ground.docker().await?;
    // With the dot it is what is in the folder, not the folder.
    let path = format!("{}/.", at.trim_end_matches('/'));
    let options = DownloadFromContainerOptions { path };
    let stream = docker.download_from_container(&id, Some(options)).map_err(std::io::Error::other);
    let stdout = Box::new(StreamReader::new(Box::pin(stream)));
    Ok(Flow { stdout, ending: Ending::Stream, judge: Box::new(Tar::default()) })
}
