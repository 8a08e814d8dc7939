//! How an app's release stands on its servers, and its datastores, before all of it is backed up as one set.

use std::time::Duration;

use futures_util::future::join_all;

use super::datastore::datastore;
use super::survey::held;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::{AppSpec, Place};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;
use crate::engine::ground::{Engines, Ground};
use crate::operations::set::{Release, SetFacts, part};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the app's folder, then the files that may be there.
const SCRIPT: &str = r#"cd "$1" || exit 1; shift
[ -e .midwatch/lock ] && sed 's/^/lock /' .midwatch/lock
c=$(readlink .midwatch/releases/current) && echo "current $c"
for f; do [ -e "$f" ] && echo "path $f"; done
exit 0"#;

/// Reads it all, side by side.
pub async fn set(
    engines: &Engines,
    app: &AppSpec,
    datastores: &[DatastoreSpec],
    now: Timestamp,
) -> Result<SetFacts, Vec<(ServerId, Failure)>> {
    let looked = app.servers.iter().filter_map(|server| Some((server, app.places.get(server)?)));
    let looked = looked.map(async |(server, place)| {
        release(engines, server, place).await.map_err(|failure| (server.clone(), failure))
    });
    let (releases, lost): (Vec<_>, Vec<_>) = join_all(looked).await.into_iter().partition(Result::is_ok);
    let lost: Vec<_> = lost.into_iter().filter_map(Result::err).collect();
    if !lost.is_empty() {
        return Err(lost);
    }
    let releases: Vec<Release> = releases.into_iter().filter_map(Result::ok).collect();
    let files: Vec<DatastoreSpec> =
        releases.iter().filter_map(|release| Some(part(app, release, datastores.first()?))).collect();
    let parts = datastores.iter().cloned().chain(files);
    let parts = parts.map(async |spec| {
        let facts = datastore(engines, &spec, now).await;
        (spec, facts)
    });
    Ok(SetFacts { as_of: now, releases, parts: join_all(parts).await })
}

async fn release(engines: &Engines, server: &ServerId, place: &Place) -> Result<Release, Failure> {
    let what = format!("look at the release of {} on {server}", place.project);
    let ground = Ground::reach(engines, server, place).await?;
    let env_file = place.env_file.as_deref().unwrap_or(".env");
    let mut likely = vec![place.file.as_str(), ".env"];
    likely.extend(Some(env_file).filter(|it| *it != ".env"));
    likely.push(".midwatch/releases");
    let command = RemoteCommand::script(SCRIPT).arg(&place.directory).args(likely);
    let text = ground.done(command, &what, DEADLINE).await?;
    let with = |word: &'static str| text.lines().filter_map(move |line| line.strip_prefix(word));
    let paths: Vec<String> = with("path ")
        .map(
            |path| {
                if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", place.directory) }
            },
        )
        .collect();
    if paths.is_empty() {
        let why = format!("{} holds no {}", place.directory, place.file);
        return Err(Failure::new(FailureKind::NotFound, what, why));
    }
    let current = with("current ").next().and_then(|folder| folder.trim().parse().ok());
    Ok(Release { server: server.clone(), paths, current, lock: held(&with("lock ").collect::<Vec<_>>()) })
}
