//! `midwatch init`: a first configuration from what is there already.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args as ClapArgs;

use super::args::Args;
use super::context::Context;
use super::headless::Headless;
use super::{Exit, print};
use crate::config::discover::{Endpoint, PickedServer, docker_contexts, server_names, ssh_hosts, write};
use crate::config::locate::Location;
use crate::config::{self, Options, nearest};
use crate::domain::adoption::Entry;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::link::Link;
use crate::domain::text::clean;
use crate::engine::adopt::look;
use crate::operations::adopting::looked_at;
use crate::runtime::deploying;

/// What it does, for failures.
const WHAT: &str = "write a configuration";

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct InitArgs {
    /// Take this server; may be given several times. Nothing is asked then
    #[arg(long, value_name = "NAME")]
    pub server: Vec<String>,

    /// Take everything that is found; nothing is asked then
    #[arg(long, conflicts_with = "server")]
    pub yes: bool,

    /// How many seconds to wait for servers when they are asked for their Compose projects
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub deadline: u64,
}

/// Finds, asks, looks at what was picked, and writes. A file that is there is left alone.
pub fn run(args: &Args, init: &InitArgs) -> Result<Exit, Failure> {
    let path =
        Location::find(args.config.as_deref(), |name| std::env::var_os(name)).path.ok_or_else(|| {
            Failure::new(FailureKind::Unsupported, WHAT, "this system has no place for it")
                .hint("say where by --config FILE")
        })?;
    if path.exists() {
        let why = format!("{} is there already", path.display());
        return Err(Failure::new(FailureKind::Conflict, WHAT, why).hint("another place: --config FILE"));
    }
    let found = found();
    let ask = init.server.is_empty() && !init.yes;
    let servers = if ask { asked(&found)? } else { named(&found, &init.server)? };
    let config = parse(&write(&servers, &[]))?;
    let mut headless = Headless::start(&Context::of(config.clone()), true)?;
    let projects = projects(&mut headless, &server_names(&servers), Duration::from_secs(init.deadline));
    let projects = if ask && !projects.is_empty() { asked_projects(projects)? } else { projects };
    let text = write(&servers, &entries(&headless, &config, &projects));
    parse(&text)?;
    put(&path, &text)?;
    print(&format!(
        "{} is written; `midwatch` shows it, `midwatch doctor` tells what is missing",
        path.display()
    ));
    Ok(Exit::Well)
}

/// This machine, the hosts of the SSH configuration, and those of Docker contexts.
fn found() -> Vec<PickedServer> {
    let mut found = vec![PickedServer { name: "local".to_owned(), local: true, ..PickedServer::default() }];
    let home = config::locate::home();
    if let Some(home) = &home {
        // The SSH configuration knows their addresses by their names.
        found.extend(
            ssh_hosts(&home.join(".ssh/config"), Some(home))
                .into_iter()
                .map(|host| PickedServer { name: host.name, ..PickedServer::default() }),
        );
    }
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| home.map(|home| home.join(".docker"))).unwrap_or_default();
    let host = std::env::var("DOCKER_HOST").ok();
    for context in docker_contexts(&folder, host.as_deref()) {
        let known = |name: &str| found.iter().any(|it| it.name == name);
        match context.endpoint {
            Endpoint::Ssh { host, user, port } if !known(&host) && !known(&context.name) => {
                found.push(PickedServer {
                    name: context.name,
                    address: Some(host),
                    user,
                    port,
                    ..PickedServer::default()
                });
            }
            Endpoint::Unix(socket) if socket != "/var/run/docker.sock" => {
                if let Some(local) = found.first_mut() {
                    local.docker.get_or_insert(socket);
                }
            }
            _ => {}
        }
    }
    found
}

/// The found servers of these names, or all.
fn named(found: &[PickedServer], names: &[String]) -> Result<Vec<PickedServer>, Failure> {
    if names.is_empty() {
        return Ok(found.to_vec());
    }
    let one = |name: &String| {
        found.iter().find(|it| it.name == *name).cloned().ok_or_else(|| {
            let why = format!("neither the SSH configuration nor a Docker context names {name}");
            let failure = Failure::new(FailureKind::NotFound, WHAT, why);
            match nearest(name, found.iter().map(|it| it.name.as_str())) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure,
            }
        })
    };
    names.iter().map(one).collect()
}

fn asked(found: &[PickedServer]) -> Result<Vec<PickedServer>, Failure> {
    print("Servers that were found:");
    let names: Vec<String> = found
        .iter()
        .map(|it| if it.local { "local (this machine)".to_owned() } else { clean(&it.name).into_owned() })
        .collect();
    let picked =
        ask(&names, "Which? Numbers with blanks between, `all`, or nothing for this machine alone:", &[0])?;
    Ok(picked.into_iter().filter_map(|at| found.get(at).cloned()).collect())
}

fn asked_projects(projects: Projects) -> Result<Projects, Failure> {
    print("Compose projects that run there:");
    let names: Vec<String> = projects.iter().map(|(name, _)| clean(name).into_owned()).collect();
    let every: Vec<usize> = (0..projects.len()).collect();
    let picked = ask(&names, "Which? Numbers with blanks between, or nothing for all:", &every)?;
    Ok(projects.into_iter().enumerate().filter(|(at, _)| picked.contains(at)).map(|(_, it)| it).collect())
}

/// Lists, asks until the answer makes sense, and gives the places that were picked.
fn ask(names: &[String], question: &str, otherwise: &[usize]) -> Result<Vec<usize>, Failure> {
    if !io::stdin().is_terminal() {
        let why = "there is no terminal to ask on";
        return Err(Failure::new(FailureKind::Invalid, WHAT, why).hint("--yes, or --server NAME"));
    }
    for (n, name) in names.iter().enumerate() {
        print(&format!("  {:>3}  {name}", n + 1));
    }
    loop {
        print(question);
        let _ = io::stdout().flush();
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if read.is_err() || line.is_empty() {
            return Err(Failure::new(FailureKind::Invalid, WHAT, "the answer did not come"));
        }
        match answer(&line, names.len(), otherwise) {
            Some(picked) => return Ok(picked),
            None => print(&format!("Numbers from 1 to {}, please.", names.len())),
        }
    }
}

/// The places that an answer names, from zero; `None` where it makes no sense.
fn answer(line: &str, count: usize, otherwise: &[usize]) -> Option<Vec<usize>> {
    match line.trim() {
        "" => Some(otherwise.to_vec()),
        "all" => Some((0..count).collect()),
        words => {
            let picked = words.split([' ', ',']).filter(|word| !word.is_empty()).map(|word| {
                let n: usize = word.parse().ok()?;
                (1..=count).contains(&n).then(|| n - 1)
            });
            picked.collect::<Option<BTreeSet<usize>>>().map(|it| it.into_iter().collect())
        }
    }
}

/// Compose projects by name, and the servers that have containers of them.
type Projects = Vec<(String, Vec<ServerId>)>;

/// The Compose projects on the servers that were picked; servers that do not answer have none.
fn projects(headless: &mut Headless, names: &[ServerId], deadline: Duration) -> Projects {
    headless.observe(deadline, |state| {
        state.fleet.servers().all(|server| {
            matches!(server.link, Link::Down { .. })
                || server.containers.value().is_some()
                || server.containers.failure.is_some()
        })
    });
    let mut projects: BTreeMap<String, Vec<ServerId>> = BTreeMap::new();
    for name in names {
        let Some(server) = headless.state.fleet.server(name) else { continue };
        if let Link::Down { failure, .. } = &server.link {
            eprintln!("midwatch: {name} is written down, but was not reached: {failure}");
        }
        for project in server.known_containers().iter().filter_map(|it| it.project.as_ref()) {
            let on = projects.entry(project.clone()).or_default();
            if !on.contains(name) {
                on.push(name.clone());
            }
        }
    }
    projects.into_iter().collect()
}

/// What the configuration is to say of each of them; why one cannot be deployed is told.
fn entries(headless: &Headless, config: &config::Config, projects: &Projects) -> Vec<Entry> {
    let engines = deploying::engines(config, &headless.observers.links);
    let mut entries = Vec::new();
    for (project, servers) in projects {
        let adoption = headless.tasks.block_on(look(&engines, project, servers));
        for doubt in &adoption.doubts {
            eprintln!("midwatch: {project}: {doubt}");
        }
        for (_, failure) in &adoption.lost {
            eprintln!("midwatch: {failure}");
        }
        if adoption.entries.is_empty() {
            entries.push(looked_at(project, &adoption.lost));
        }
        entries.extend(adoption.entries);
    }
    entries
}

fn parse(text: &str) -> Result<config::Config, Failure> {
    match config::parse(text, "what was found", Options::default()) {
        Ok(loaded) => Ok(loaded.config),
        Err(error) => Err(Failure { kind: FailureKind::Bug, what: WHAT.to_owned(), ..error.into_failure() }),
    }
}

/// Writes a new file that only its owner may read.
fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written
        .map_err(|error| Failure::new(FailureKind::Permission, WHAT, format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_places_or_makes_no_sense() {
        assert_eq!(answer("\n", 3, &[0]), Some(vec![0]));
        assert_eq!(answer("all\n", 3, &[0]), Some(vec![0, 1, 2]));
        assert_eq!(answer("3, 1 3\n", 3, &[0]), Some(vec![0, 2]));
        assert_eq!(answer("4\n", 3, &[0]), None);
        assert_eq!(answer("web\n", 3, &[0]), None);
    }
}
