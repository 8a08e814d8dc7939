//! A plan as a person would type it on its servers.

use std::fmt::Write;

use super::{Act, Plan};
use crate::domain::deploy::Place;
use crate::domain::release::ReleaseNumber;
use crate::domain::shell::{line, quote};

impl Plan {
    /// The steps as shell, a comment with the server before each.
    pub fn as_shell(&self) -> String {
        let mut text = format!("# {}\n", self.title);
        for stage in &self.stages {
            for lane in &stage.lanes {
                let Some(place) = self.places.get(&lane.server) else { continue };
                for step in &lane.steps {
                    let shell = step.act.shell(place);
                    // Writing to a string cannot fail.
                    let _ = writeln!(text, "\n# {}: {}\n{shell}", lane.server, step.title);
                }
            }
        }
        text
    }
}

impl Act {
    /// What a person would type on the server to do the same.
    pub fn shell(&self, place: &Place) -> String {
        let directory = quote(&place.directory);
        match self {
            Self::Render { release, pins, .. } => {
                let folder = format!(".midwatch/releases/{}", release.folder());
                let pins = pins.iter().fold("services:\n".to_owned(), |text, (service, image)| {
                    text + &format!("  {service}:\n    image: {image}\n")
                });
                let render = line(compose_source(place).chain(["-f", "-", "config"].map(str::to_owned)));
                format!(
                    "(cd {directory} && umask 077 && mkdir -p {folder} && {render} >{folder}/compose.yaml) <<'END'\n{pins}END"
                )
            }
            Self::Pull { image } => line(["docker", "pull", &pull_name(image)]),
            Self::Up { release, services, .. } => {
                let up = ["up", "-d", "--no-build", "--no-deps", "--pull", "never"].map(str::to_owned);
                line(compose_release(place, *release).chain(up).chain(services.iter().cloned()))
            }
            Self::Gate { services, .. } | Self::Watch { services, .. } => {
                let names = services.iter().map(|expected| expected.service.clone());
                line(compose_project(place).chain(["ps".to_owned()]).chain(names))
            }
            Self::Point { release } => format!(
                "(cd {directory}/.midwatch/releases && ln -s {folder} .current && mv -T .current current)",
                folder = release.folder()
            ),
            Self::Hook { command } => format!("(cd {directory} && {})", line(command)),
            Self::Migrate { release, service, command } => {
                let run = ["run", "--rm", "--no-deps", "-T", service].map(str::to_owned);
                line(compose_release(place, *release).chain(run).chain(command.iter().cloned()))
            }
            Self::Compose { words } => line(compose_project(place).chain(words.iter().cloned())),
        }
    }
}

/// An image by its digest alone: the engine takes no tag beside one when it pulls.
pub fn pull_name(image: &crate::domain::image::ImageRef) -> String {
    match &image.digest {
        Some(digest) => format!("{}@{digest}", image.repository),
        None => image.to_string(),
    }
}

fn compose_project(place: &Place) -> impl Iterator<Item = String> {
    ["docker", "compose", "-p", &place.project].map(str::to_owned).into_iter()
}

/// The words of `docker compose` on the app's own file.
pub fn compose_source(place: &Place) -> impl Iterator<Item = String> {
    let env_file = place.env_file.iter().flat_map(|file| ["--env-file".to_owned(), file.clone()]);
    let file = ["-f".to_owned(), place.file.clone()];
    compose_project(place).chain(env_file).chain(file)
}

/// The words of `docker compose` on a release's file.
pub fn compose_release(place: &Place, release: ReleaseNumber) -> impl Iterator<Item = String> {
    let file = format!("{}/releases/{}/compose.yaml", place.own(), release.folder());
    let rest = ["--project-directory".to_owned(), place.directory.clone(), "-f".to_owned(), file];
    compose_project(place).chain(rest)
}
