//! How a Compose project was started, by the labels that Compose put on its containers.

use std::collections::{BTreeSet, HashMap};

use bollard::query_parameters::ListContainersOptions;
use tokio::time::timeout;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::text::{clean, is_hostile};
use crate::engine::gather::containers::ANSWER;
use crate::engine::ground::Ground;
use crate::transports::engine::failed;

/// Compose's labels.
const PROJECT: &str = "com.docker.compose.project";
const FILES: &str = "com.docker.compose.project.config_files";
const FOLDER: &str = "com.docker.compose.project.working_dir";
const ENVIRONMENT: &str = "com.docker.compose.project.environment_file";
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Started {
    /// The project's folder, absolute.
    pub(super) folder: String,
    /// The Compose file, absolute; empty where it is a release of ours.
    pub(super) file: String,
    /// The environment file that was named, absolute.
    pub(super) env_file: Option<String>,
    /// Whether a deploy of midwatch's started it: the file is then one that it rendered.
    pub(super) ours: bool,
}

/// Reads it from all containers of the project; they have to agree.
pub(super) async fn of(ground: &Ground, what: &str) -> Result<Started, Failure> {
    let docker = ground.docker().await?;
    let label = format!("{PROJECT}={}", ground.place.project);
    let filters = HashMap::from([("label".to_owned(), vec![label])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    let late = |_| Failure::new(FailureKind::Timeout, what, "no answer from the engine");
    let list = timeout(ANSWER, docker.list_containers(Some(options))).await.map_err(late)?;
    let list = list.map_err(|error| failed(&error, what))?;
    let (mut found, mut environments) = (BTreeSet::new(), BTreeSet::new());
    for labels in list.into_iter().filter_map(|it| it.labels) {
        if labels.get(ONE_OFF).is_none_or(|it| it != "True") {
            let mut started = read(&labels).map_err(|why| refused(why, what))?;
            // A container that an environment file makes no difference to is not made anew with it.
            environments.extend(started.env_file.take());
            found.insert(started);
        }
    }
    if environments.len() > 1 {
        return Err(refused(Bad::Environments(environments.into_iter().collect()), what));
    }
    let mut all = found.into_iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(Started { env_file: environments.pop_first(), ..one }),
        (None, _) => {
            Err(Failure::new(FailureKind::NotFound, what, "no container of the project is there any more"))
        }
        (Some(one), Some(other)) => {
            let name = |it: &Started| if it.ours { it.folder.clone() } else { it.file.clone() };
            let why = format!(
                "its containers were not all started from the same files: {}, {}",
                name(&one),
                name(&other)
            );
            Err(Failure::new(FailureKind::Conflict, what, why)
                .hint("start all of it from one file: docker compose up -d"))
        }
    }
}

/// Why the labels of a container make no place that a deploy can be told of.
#[derive(Debug, PartialEq, Eq)]
enum Bad {
    Missing,
    Several(Vec<String>),
    Environments(Vec<String>),
    Name,
}

fn refused(bad: Bad, what: &str) -> Failure {
    let invalid = |why: String| Failure::new(FailureKind::Unsupported, what, why);
    match bad {
        Bad::Missing => invalid("its containers do not tell which Compose file they were made of".to_owned())
            .hint("start it by `docker compose up -d` of Compose 2, or write the entry by hand"),
        Bad::Several(files) => {
            let hint = format!(
                "write one file that includes them: include: [{{path: [{}]}}], and start it from that",
                files.join(", ")
            );
            invalid(format!("it was started from several Compose files: {}", files.join(", "))).hint(hint)
        }
        Bad::Environments(files) => {
            invalid(format!("it was started with several environment files: {}", files.join(", ")))
                .hint("put them in one, and start it with that")
        }
        Bad::Name => invalid("the name of its folder or file has characters that are not text".to_owned()),
    }
}

fn read(labels: &HashMap<String, String>) -> Result<Started, Bad> {
    let get = |name: &str| labels.get(name).map(String::as_str).unwrap_or_default();
    let folder = get(FOLDER);
    if [folder, get(FILES), get(ENVIRONMENT)].iter().any(|text| text.contains(is_hostile)) {
        return Err(Bad::Name);
    }
    // Podman's Compose writes them as they were typed.
    let whole = |path: &str| {
        if path.starts_with('/') {
            return path.to_owned();
        }
        format!("{}/{}", folder.trim_end_matches('/'), path.trim_start_matches("./"))
    };
    let list = |name: &str| -> Vec<String> {
        get(name).split(',').map(str::trim).filter(|it| !it.is_empty()).map(whole).collect()
    };
    let (files, environments) = (list(FILES), list(ENVIRONMENT));
    if !folder.starts_with('/') || files.is_empty() {
        return Err(Bad::Missing);
    }
    let shown = |files: &[String]| files.iter().map(|it| clean(it).into_owned()).collect();
    let [file] = files.as_slice() else { return Err(Bad::Several(shown(&files))) };
    if environments.len() > 1 {
        return Err(Bad::Environments(shown(&environments)));
    }
    let ours = file.starts_with(&format!("{}/.midwatch/releases/", folder.trim_end_matches('/')));
    Ok(Started {
        folder: folder.to_owned(),
        file: if ours { String::new() } else { file.clone() },
        env_file: environments.into_iter().next().filter(|_| !ours),
        ours,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(folder: &str, files: &str) -> HashMap<String, String> {
        [(FOLDER, folder), (FILES, files)].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn releases_of_ours_are_the_same_place_whatever_their_numbers_are() {
        let of = |n: &str| {
            read(&labels("/srv/shop", &format!("/srv/shop/.midwatch/releases/{n}/compose.yaml"))).unwrap()
        };
        assert_eq!(of("0001"), of("0002"));
        assert!(of("0001").ours);
    }

    #[test]
    fn a_file_that_was_typed_is_in_the_folder() {
        assert_eq!(read(&labels("/srv/shop", "compose.yaml")).unwrap().file, "/srv/shop/compose.yaml");
    }

    #[test]
    fn several_files_are_no_place() {
        let bad = read(&labels("/srv", "/srv/a.yaml,/srv/b.yaml")).unwrap_err();
        assert_eq!(bad, Bad::Several(vec!["/srv/a.yaml".into(), "/srv/b.yaml".into()]));
        assert!(
            refused(bad, "adopt it").hint.unwrap().contains("include: [{path: [/srv/a.yaml, /srv/b.yaml]}]")
        );
        assert_eq!(read(&labels("", "")), Err(Bad::Missing));
        assert_eq!(read(&labels("/srv/\u{1b}[31m", "/srv/a.yaml")), Err(Bad::Name));
    }
}
