//! What is done with restored volumes, files and Redis, as a person would type it.

use super::Act;
use super::shell_data::within;
use crate::domain::beside::{called, transform};
use crate::domain::datastore::Source;
use crate::domain::deploy::Place;
use crate::domain::shell::line;

/// The same by restic and the server's own programs.
pub(super) fn shell(act: &Act) -> String {
    match act {
        Act::Load { datastore, source, backup, into, from, only, .. } => {
            let of = from.as_ref().map_or(datastore, |from| &from.datastore);
            let packed = from.as_ref().map(|from| from.paths.as_slice()).unwrap_or_default();
            let file = format!("/{of}/{}", source.file());
            format!(
                "{} | {}",
                line(["restic", "dump", backup, &file]),
                taken_by(source, packed, into, only.members())
            )
        }
        Act::CompareData { source, with, .. } => match source {
            Source::Volume { volume } => {
                let mounts = [format!("{volume}:/live:ro"), format!("{with}:/restored:ro")];
                line([
                    "docker",
                    "run",
                    "--rm",
                    "-v",
                    &mounts[0],
                    "-v",
                    &mounts[1],
                    "IMAGE",
                    "diff",
                    "-rq",
                    "/live",
                    "/restored",
                ])
            }
            Source::Files { run_as, paths, .. } => each(paths, |path| {
                let new = format!("{path}.{with}");
                user(run_as.as_ref(), &["diff", "-rq", "--no-dereference", path, &new])
            }),
            _ => String::new(),
        },
        Act::Assert { assertions, .. } => {
            assertions.iter().map(|it| format!("# {}", it.query)).collect::<Vec<_>>().join("\n")
        }
        Act::Swap { source, from, aside, stops, .. } => {
            around(stops, &exchanged(source, from, aside.as_deref()))
        }
        Act::Unswap { source, from, aside: Some(aside), stops, .. } => {
            around(stops, &exchanged(source, aside, Some(from)))
        }
        Act::DropDatabases { source, databases, .. } => {
            databases.iter().map(|name| dropped(source, name)).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn each(paths: &[String], one: impl Fn(&str) -> String) -> String {
    paths.iter().map(|path| one(path)).collect::<Vec<_>>().join("\n")
}

fn user(run_as: Option<&String>, words: &[&str]) -> String {
    line(within(None, run_as).into_iter().chain(words.iter().map(|&word| word.to_owned())))
}

/// `packed` are the paths in the archive, where they are others than those that stand.
/// `only` are the members that are taken of it, all where there are none.
fn taken_by(source: &Source, packed: &[String], into: &str, only: &[String]) -> String {
    match source {
        Source::Volume { .. } => {
            let mount = format!("{into}:/volume");
            let words = ["docker", "run", "-i", "--rm", "-v", &mount, "IMAGE", "tar", "-C", "/volume", "-xp"];
            line(words.into_iter().chain(only.iter().map(String::as_str)))
        }
        Source::Files { run_as, paths, .. } => {
            let packed = if packed.is_empty() { paths } else { packed };
            let names = if only.is_empty() { packed } else { only };
            let names: Vec<&str> = names.iter().map(|path| path.trim_start_matches('/')).collect();
            let renamed: Vec<String> =
                packed.iter().zip(paths).map(|(from, to)| transform(from, to, into)).collect();
            let mut words = vec!["tar", "--numeric-owner", "--acls", "--xattrs", "-C", "/"];
            words.extend(renamed.iter().map(String::as_str).chain(["-xp", "--"]).chain(names));
            user(run_as.as_ref(), &words)
        }
        Source::Redis { .. } | Source::Postgres { .. } => line(["tee", &called(source, into)]),
    }
}

/// What masks it, where that is done to a second instance of Redis on what was brought.
pub(super) fn masked(source: &Source, of: &str, masks: String) -> String {
    let Source::Redis { container, .. } = source else { return masks };
    let (starts, asks, at) = match container {
        Some(_) => (
            "docker run -d --rm --name masking --network none --user \"$(id -u):$(id -g)\" -v \"$PWD:/data\" -v \"$s:$s\" IMAGE redis-server",
            "docker exec masking redis-cli",
            "/data",
        ),
        None => ("redis-server --daemonize yes", "redis-cli", "\"$PWD\""),
    };
    let named = container.as_ref().map_or("", |_| " MIDWATCH_CONTAINER=masking");
    let file = line([called(source, of)]);
    format!(
        "s=$(mktemp -d) && {starts} --port 0 --unixsocket \"$s/s\" --dir {at} --dbfilename {file} --save ''\n\
         until [ \"$({asks} -s \"$s/s\" ping)\" = PONG ]; do sleep 1; done\n\
         MIDWATCH_REDIS_SOCKET=\"$s/s\"{named} {masks} &&\n\
         {asks} -s \"$s/s\" save && {asks} -s \"$s/s\" shutdown nosave"
    )
}

fn exchanged(source: &Source, from: &str, aside: Option<&str>) -> String {
    match source {
        Source::Volume { volume } => {
            let moved = |from: &str, to: &str| {
                let (from, to) = (
                    format!("/var/lib/docker/volumes/{from}/_data"),
                    format!("/var/lib/docker/volumes/{to}/_data"),
                );
                line(["mv", "-T", &from, &to])
            };
            let first = aside.map(|aside| moved(volume, aside) + " && ").unwrap_or_default();
            format!("{first}{}", moved(from, volume))
        }
        Source::Files { run_as, paths, .. } => each(paths, |path| {
            let new = format!("{path}.{from}");
            let first = aside.map(|aside| {
                user(run_as.as_ref(), &["mv", "-T", "--", path, &format!("{path}.{aside}")]) + " && "
            });
            first.unwrap_or_default() + &user(run_as.as_ref(), &["mv", "-T", "--", &new, path])
        }),
        Source::Redis { .. } | Source::Postgres { .. } => String::new(),
    }
}

fn around(stops: &[String], what: &str) -> String {
    if stops.is_empty() {
        return what.to_owned();
    }
    let all = |word: &str| line(["docker", word].into_iter().chain(stops.iter().map(String::as_str)));
    format!("{}\n{what}\n{}", all("stop"), all("start"))
}

/// What stops the containers of services, those of them that run.
pub(super) fn halted(place: &Place, services: &[String]) -> String {
    let one = |service: &String| {
        let project = format!("label=com.docker.compose.project={}", place.project);
        let service = format!("label=com.docker.compose.service={service}");
        let found = line(["docker", "ps", "-q", "--filter", &project, "--filter", &service]);
        format!("{found} | xargs -r docker stop")
    };
    services.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn dropped(source: &Source, name: &str) -> String {
    match source {
        Source::Volume { .. } => line(["docker", "volume", "rm", name]),
        Source::Files { run_as, paths, .. } => {
            each(paths, |path| user(run_as.as_ref(), &["rm", "-rf", "--", &format!("{path}.{name}")]))
        }
        Source::Redis { .. } | Source::Postgres { .. } => line(["rm", "-f", &called(source, name)]),
    }
}
