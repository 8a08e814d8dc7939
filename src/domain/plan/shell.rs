//! A plan as a person would type it on its servers.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::act::Published;
use super::overlay::overlay;
use super::{Act, Plan};
use crate::domain::datastore::Source;
use crate::domain::deploy::Place;
use crate::domain::image::ImageRef;
use crate::domain::release::ReleaseNumber;
use crate::domain::shell::{line, quote};

/// Applies a file to services, with nothing fetched or built on the way.
const UP: [&str; 6] = ["up", "-d", "--no-build", "--no-deps", "--pull", "never"];

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
            Self::Render { release, pins, sent: true, .. } => {
                let folder = format!(".midwatch/releases/{}", release.folder());
                let pins = images(pins);
                let render = line(compose_sent(place).chain(["config".to_owned()]));
                let source = format!("{folder}/source/{}", place.file);
                let source = quote(&source);
                format!(
                    "(cd {directory} && umask 077 && {{ cat {source}; echo ---; cat; }} | {render} >{folder}/compose.yaml) <<'END'\n{pins}END"
                )
            }
            Self::Send { release, from, .. } => {
                let folder = format!("{}/releases/{}/source", place.own(), release.folder());
                let file = format!("{folder}/{}", place.file);
                format!(
                    "# from here: scp {} SERVER:{}\n(umask 077 && mkdir -p {})",
                    quote(from),
                    quote(&file),
                    quote(&folder)
                )
            }
            Self::Place { release, .. } => {
                let source = format!("{}/releases/{}/source/{}", place.own(), release.folder(), place.file);
                line(["cp", &source, &format!("{}/{}", place.directory, place.file)])
            }
            Self::Render { release, pins, .. } => {
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
                format!("cat >{}{then} <<'END'\n{text}END", quote(file))
            }
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
                let names = line(new.iter().chain(old));
                let ip = "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' $c";
                let url = quote(path);
                format!(
                    "for c in {names}; do curl -so /dev/null -w \"$c %{{http_code}} %{{time_total}} s\\n\" \
                     \"http://$({ip} | cut -d' ' -f1):{port}\"{url}; done"
                )
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
            Self::Migrate { release, service, command, .. } => {
                let run = ["run", "--rm", "--no-deps", "-T", service].map(str::to_owned);
                line(compose_release(place, *release).chain(run).chain(command.iter().cloned()))
            }
            Self::BackUp { datastore, source, .. } => backed_up(datastore.as_str(), source),
            Self::Forget { backups, .. } => {
                line(["restic", "forget"].into_iter().chain(backups.iter().map(String::as_str)))
            }
            Self::Compose { words } => line(compose_project(place).chain(words.iter().cloned())),
        }
    }
}

/// What is read on the server, into restic: it would run on the console's machine, with
/// `RESTIC_REPOSITORY` and `RESTIC_PASSWORD_FILE` set.
fn backed_up(datastore: &str, source: &Source) -> String {
    let tag = format!("datastore:{datastore}");
    let name = format!("/{datastore}/{}", source.file());
    let restic = line(["restic", "backup", "--tag", &tag, "--stdin", "--stdin-filename", &name]);
    format!("{} | {restic}", line(read_by(source)))
}

/// The command that reads a datastore on its server.
fn read_by(source: &Source) -> Vec<String> {
    let mut words: Vec<&str> = Vec::new();
    let port;
    let within = |container: &'_ Option<String>, run_as: &'_ Option<String>| -> Vec<String> {
        match (container, run_as) {
            (Some(container), Some(user)) => {
                ["docker", "exec", "-u", user, container].map(str::to_owned).to_vec()
            }
            (Some(container), None) => ["docker", "exec", container].map(str::to_owned).to_vec(),
            (None, Some(user)) => ["sudo", "-n", "-u", user].map(str::to_owned).to_vec(),
            (None, None) => Vec::new(),
        }
    };
    let start = match source {
        Source::Postgres { container, run_as, host, port: at, user, database } => {
            words.extend(["pg_dump", "-Fc", "-Z", "0", "-w"]);
            port = at.map(|port| port.to_string());
            option(&mut words, "-h", host.as_deref());
            option(&mut words, "-p", port.as_deref());
            option(&mut words, "-U", user.as_deref());
            words.push(database);
            within(container, run_as)
        }
        Source::Redis { container, run_as, host, port: at, user } => {
            words.push("redis-cli");
            port = at.map(|port| port.to_string());
            option(&mut words, "-h", host.as_deref());
            option(&mut words, "-p", port.as_deref());
            option(&mut words, "--user", user.as_deref());
            words.extend(["--rdb", "-"]);
            within(container, run_as)
        }
        Source::Volume { volume } => {
            words.extend(["docker", "run", "--rm", "-v"]);
            let mount = format!("{volume}:/volume:ro");
            let rest = ["IMAGE", "tar", "-C", "/volume", "-c", "."].map(str::to_owned);
            return words.into_iter().map(str::to_owned).chain([mount]).chain(rest).collect();
        }
        Source::Files { run_as, paths, exclude } => {
            words.extend(["tar", "--numeric-owner", "--sparse", "--acls", "--xattrs"]);
            let exclude = exclude.iter().map(|it| format!("--exclude={it}"));
            let rest = ["-C", "/", "-c", "--"].map(str::to_owned);
            let paths = paths.iter().map(|path| path.trim_start_matches('/').to_owned());
            let words = words.into_iter().map(str::to_owned).chain(exclude).chain(rest).chain(paths);
            return within(&None, run_as).into_iter().chain(words).collect();
        }
    };
    start.into_iter().chain(words.into_iter().map(str::to_owned)).collect()
}

fn option<'a>(words: &mut Vec<&'a str>, name: &'a str, value: Option<&'a str>) {
    if let Some(value) = value {
        words.extend([name, value]);
    }
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

fn compose_project(place: &Place) -> impl Iterator<Item = String> {
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
