//! A plan as a person would type it on its servers.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::act::Published;
use super::overlay::overlay;
use super::{Act, Plan, shell_data, shell_gate};
use crate::domain::deploy::Place;
use crate::domain::image::ImageRef;
use crate::domain::release::ReleaseNumber;
use crate::domain::shell::{line, quote};

/// Applies a file to services, with nothing fetched or built on the way.
const UP: [&str; 6] = ["up", "-d", "--no-build", "--no-deps", "--pull", "never"];

impl Plan {
    /// The steps as shell, a comment with the server before each. `files` are the texts of what is sent from
    /// here, by path; one that is not there is to be pasted.
    pub fn as_shell(&self, files: &BTreeMap<String, String>) -> String {
        let mut text = format!("# {}\n", self.title);
        for stage in &self.stages {
            for lane in &stage.lanes {
                let Some(place) = self.places.get(&lane.server) else { continue };
                for step in &lane.steps {
                    let mut shell = step.act.shell(place);
                    if let Act::Send { from, .. } = &step.act {
                        shell = match files.get(from) {
                            Some(file) => fed(&shell, file),
                            None => format!("# its input: paste {from}, then ctrl-d\n{shell}"),
                        };
                    }
                    let place = match step.place(&lane.server) {
                        "here" => "here, on the machine of the console, once",
                        server => server,
                    };
                    // Writing to a string cannot fail.
                    let _ = writeln!(text, "\n# {place}: {}\n{shell}", step.title);
                }
            }
        }
        text
    }
}

/// A command with a text as its input, to the byte.
fn fed(command: &str, text: &str) -> String {
    let mut end = "END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    // A here-document always ends with a line's end.
    if text.ends_with('\n') || text.is_empty() {
        format!("{command} <<'{end}'\n{text}{end}")
    } else {
        format!("head -c {} <<'{end}' | {command}\n{text}\n{end}", text.len())
    }
}

impl Act {
    /// What a person would type on the server to do the same.
    pub fn shell(&self, place: &Place) -> String {
        let directory = quote(&place.directory);
        match self {
            Self::Render { release, pins, sent: true, env, .. } => {
                let place = &rendered_at(place, *release, *env);
                let folder = format!(".midwatch/releases/{}", release.folder());
                let pins = images(pins);
                let render = line(compose_sent(place).chain(["config".to_owned()]));
                let source = format!("{folder}/source/{}", place.file);
                let source = quote(&source);
                format!(
                    "(cd {directory} && umask 077 && {{ cat {source}; echo ---; cat; }} | {render} >{folder}/compose.yaml) <<'END'\n{pins}END"
                )
            }
            Self::Send { release, env, .. } => {
                let folder = format!("{}/releases/{}/source", place.own(), release.folder());
                let file = format!("{folder}/{}", if *env { place.env_name() } else { &place.file });
                format!("(umask 077 && mkdir -p {} && cat >{})", quote(&folder), quote(&file))
            }
            Self::Place { release, env, .. } => placed(place, *release, *env),
            Self::Render { release, pins, env, .. } => {
                let place = &rendered_at(place, *release, *env);
                let folder = format!(".midwatch/releases/{}", release.folder());
                let pins = images(pins);
                let render = line(compose_source(place).chain(["-f", "-", "config"].map(str::to_owned)));
                format!(
                    "(cd {directory} && umask 077 && mkdir -p {folder} && {render} >{folder}/compose.yaml) <<'END'\n{pins}END"
                )
            }
            Self::Pull { image } => line(["docker", "pull", &pull_name(image)]),
            Self::Up { release, services, ports, scale, .. } => {
                up(place, *release, ports, services, &kept(scale))
            }
            Self::Scale { release, service, containers, keep, .. } => {
                let note = line(["sh", "-c", NOTE, "sh", service, &noted(*containers, *keep)]);
                let scale = line(compose_scale(place, *release, service, *containers));
                format!("(cd {directory} && {note} && {scale})")
            }
            Self::Beside { release, service, names, beside, port } => {
                let ports = port.map(|port| (service.clone(), port)).into_iter().collect();
                let more = scaled(service, names.len() + beside.len());
                up(place, *release, &ports, std::slice::from_ref(service), &more)
            }
            Self::Route { file, text, test, reload, .. } => {
                let commands = [test, reload].into_iter().filter(|it| !it.is_empty()).map(line);
                let then = commands.fold(String::new(), |all, command| all + " && " + &command);
                // The text is the first command's: behind the last it would be that one's input.
                format!("cat >{} <<'END'{then}\n{text}END", quote(file))
            }
            Self::Maintain(it) => it.shell(),
            Self::Keep { keep, drop } => {
                let tags = keep.iter().map(|(name, image)| line(["docker", "tag", &pull_name(image), name]));
                let gone = drop.iter().map(|name| line(["docker", "rmi", name]));
                tags.chain(gone).collect::<Vec<_>>().join("\n")
            }
            Self::Retire { containers, drain } => {
                let names = line(containers);
                let wait = match drain.as_secs() {
                    0 => String::new(),
                    secs => format!("sleep {secs}; "),
                };
                format!("{wait}docker stop {names} && docker rm {names}")
            }
            Self::Compare { new, old, port, path, .. } => {
                shell_gate::compared(&line(new.iter().chain(old)), *port, path)
            }
            Self::Gate { services, probe, .. } | Self::Watch { services, probe, .. } => {
                shell_gate::good(place, services, probe.as_ref())
            }
            Self::Checks { checks, .. } => shell_gate::checks(checks),
            Self::Point { release, .. } => format!(
                "(cd {directory}/.midwatch/releases && ln -s {folder} .current && mv -T .current current)",
                folder = release.folder()
            ),
            Self::Hook { command } => format!("(cd {directory} && {})", line(command)),
            Self::Here { command, folder, env } => here(command, folder, env),
            Self::Migrate { release, service, command, .. } => {
                let run = ["run", "--rm", "--no-deps", "-T", service].map(str::to_owned);
                line(compose_release(place, *release).chain(run).chain(command.iter().cloned()))
            }
            Self::Compose { words } => line(compose_project(place).chain(words.iter().cloned())),
            Self::Halt { services } => super::shell_beside::halted(place, services),
            Self::Units { act } => act.shell(),
            Self::Rewind(it) => it.shell(),
            Self::BackUp { .. }
            | Self::Forget { .. }
            | Self::Prune { .. }
            | Self::CheckRepository { .. }
            | Self::Unlock { .. }
            | Self::AddKey { .. }
            | Self::Load { .. }
            | Self::Mask { .. }
            | Self::CompareData { .. }
            | Self::Assert { .. }
            | Self::Swap { .. }
            | Self::Unswap { .. }
            | Self::DropDatabases { .. } => shell_data::shell(self),
        }
    }
}

/// A command of the operator's, in its folder and environment.
fn here(command: &[String], folder: &str, env: &BTreeMap<String, String>) -> String {
    let env = env.iter().map(|(name, value)| format!("{name}={value}"));
    let words = ["env".to_owned()].into_iter().chain(env).chain(command.iter().cloned());
    format!("(cd {} && {})", quote(folder), line(words))
}

/// A release's own file in the place of the app's.
fn placed(place: &Place, release: ReleaseNumber, env: bool) -> String {
    let source = format!("{}/releases/{}/source", place.own(), release.folder());
    if env {
        let copy = line(["cp", &format!("{source}/{}", place.env_name()), place.env()]);
        return format!("(cd {} && umask 077 && {copy})", quote(&place.directory));
    }
    line(["cp", &format!("{source}/{}", place.file), &format!("{}/{}", place.directory, place.file)])
}

/// Where a release is rendered: over the environment that was sent, where one is.
pub fn rendered_at(place: &Place, release: ReleaseNumber, env: bool) -> Place {
    let sent = || format!(".midwatch/releases/{}/source/{}", release.folder(), place.env_name());
    Place { env_file: if env { Some(sent()) } else { place.env_file.clone() }, ..place.clone() }
}

/// A Compose file that holds the images alone.
fn images(pins: &BTreeMap<String, ImageRef>) -> String {
    pins.iter().fold("services:\n".to_owned(), |text, (service, image)| {
        text + &format!("  {service}:\n    image: {image}\n")
    })
}

/// An image by its digest alone: the engine takes no tag beside one when it pulls.
pub fn pull_name(image: &crate::domain::image::ImageRef) -> String {
    match &image.digest {
        Some(digest) => format!("{}@{digest}", image.repository),
        None => image.to_string(),
    }
}

/// `docker compose up` of a release, its ports changed by a file on standard input where they are.
fn up(
    place: &Place,
    release: ReleaseNumber,
    ports: &BTreeMap<String, Published>,
    services: &[String],
    more: &[String],
) -> String {
    let line = line(compose_up(place, release, !ports.is_empty(), services, more));
    if ports.is_empty() {
        return line;
    }
    format!("{line} <<'END'\n{}\nEND", overlay(&BTreeMap::new(), ports))
}

/// The words of `docker compose up` for services of a release; `over` where a file that changes it is on
/// standard input.
pub fn compose_up(
    place: &Place,
    release: ReleaseNumber,
    over: bool,
    services: &[String],
    more: &[String],
) -> impl Iterator<Item = String> {
    const OVER: [&str; 2] = ["-f", "-"];
    let over: &[&str] = if over { &OVER } else { &[] };
    let words = over.iter().chain(&UP).map(|&word| word.to_owned());
    compose_release(place, release).chain(words).chain(more.iter().cloned()).chain(services.iter().cloned())
}

/// Writes down how many containers a service `$1` has: `$2`, or nothing for what its file says. A line a
/// service in `.midwatch/scale`.
pub const NOTE: &str = r#"f=.midwatch/scale; mkdir -p .midwatch && { [ ! -f $f ] || awk -v s="$1" '$1!=s' $f; [ -z "$2" ] || echo "$1 $2"; } >$f.new && if [ -s $f.new ]; then mv $f.new $f; else rm -f $f.new $f; fi"#;

/// What is written down of a number.
pub fn noted(containers: u16, keep: bool) -> String {
    if keep { containers.to_string() } else { String::new() }
}

/// The words of `docker compose up` that give a service so many containers.
pub fn compose_scale(
    place: &Place,
    release: Option<ReleaseNumber>,
    service: &str,
    containers: u16,
) -> Vec<String> {
    let files: Vec<String> = match release {
        Some(release) => compose_release(place, release).collect(),
        None => compose_source(place).collect(),
    };
    let words = UP.map(str::to_owned).into_iter().chain(scaled(service, usize::from(containers)));
    files.into_iter().chain(words).chain([service.to_owned()]).collect()
}

/// The words that keep services at numbers of their own.
pub fn kept(scale: &BTreeMap<String, u16>) -> Vec<String> {
    let words =
        |(service, containers): (&String, &u16)| ["--scale".to_owned(), format!("{service}={containers}")];
    scale.iter().flat_map(words).collect()
}

/// What makes Compose add containers up to a number and leave those that are there alone.
pub fn scaled(service: &str, containers: usize) -> [String; 3] {
    ["--no-recreate".to_owned(), "--scale".to_owned(), format!("{service}={containers}")]
}

/// The words of `docker compose` on what runs of a project.
pub(super) fn compose_project(place: &Place) -> impl Iterator<Item = String> {
    ["docker", "compose", "-p", &place.project].map(str::to_owned).into_iter()
}

/// The words of `docker compose` on the app's own file.
pub fn compose_source(place: &Place) -> impl Iterator<Item = String> {
    let env_file = place.env_file.iter().flat_map(|file| ["--env-file".to_owned(), file.clone()]);
    let file = ["-f".to_owned(), place.file.clone()];
    compose_project(place).chain(env_file).chain(file)
}

/// The words of `docker compose` on a file that is sent: on standard input, in the app's folder, which may
/// not be there yet.
pub fn compose_sent(place: &Place) -> impl Iterator<Item = String> {
    let env_file = place.env_file.iter().flat_map(|file| ["--env-file".to_owned(), file.clone()]);
    let rest = ["--project-directory".to_owned(), place.directory.clone()];
    compose_project(place).chain(rest).chain(env_file).chain(["-f", "-"].map(str::to_owned))
}

/// The words of `docker compose` on a release's file.
pub fn compose_release(place: &Place, release: ReleaseNumber) -> impl Iterator<Item = String> {
    let file = format!("{}/releases/{}/compose.yaml", place.own(), release.folder());
    let rest = ["--project-directory".to_owned(), place.directory.clone(), "-f".to_owned(), file];
    compose_project(place).chain(rest)
}

/// The words of `docker compose` on the file that a release was made of, as it is kept beside it.
pub fn compose_kept(place: &Place, release: ReleaseNumber) -> impl Iterator<Item = String> {
    let folder = format!("{}/releases/{}/source", place.own(), release.folder());
    let file = ["-f".to_owned(), format!("{folder}/{}", place.file)];
    let env_file = place.env_file.iter().flat_map(move |file| {
        let name = file.rsplit('/').next().unwrap_or_default();
        ["--env-file".to_owned(), format!("{folder}/{name}")]
    });
    let directory = ["--project-directory".to_owned(), place.directory.clone()];
    compose_project(place).chain(directory).chain(env_file).chain(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::release::ReleaseNumber;

    #[test]
    fn a_file_that_is_sent_arrives_to_the_byte_when_it_is_typed() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("it's here");
        let place = Place {
            project: "shop".to_owned(),
            directory: directory.display().to_string(),
            file: "compose.yaml".to_owned(),
            env_file: None,
        };
        let send = Act::Send {
            release: ReleaseNumber(3),
            from: "./c.yaml".into(),
            digest: String::new(),
            env: false,
        };
        for text in ["services: {}\n", "a: $HOME `b` 'c'\nEND\nEND_\n", "no end\nEND", ""] {
            let done =
                std::process::Command::new("sh").args(["-ec", &fed(&send.shell(&place), text)]).status();
            assert!(done.unwrap().success(), "{text:?}");
            let file = directory.join(".midwatch/releases/0003/source/compose.yaml");
            assert_eq!(std::fs::read_to_string(file).unwrap(), text);
        }
    }
}
