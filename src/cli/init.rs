//! `midwatch init`: a first configuration from what is there already.

use std::collections::BTreeSet;
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
use crate::config::discover::{Endpoint, PickedApp, PickedServer, Picks, docker_contexts, ssh_hosts, write};
use crate::config::locate::Location;
use crate::config::{self, Options, nearest};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::link::Link;

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
    let picks = Picks { servers, apps: Vec::new() };
    let apps = projects(&picks, Duration::from_secs(init.deadline))?;
    let apps = if ask && !apps.is_empty() { asked_apps(&apps)? } else { apps };
    let text = write(&Picks { apps, ..picks });
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
        .map(|it| {
            if it.local {
                "local (this machine)".to_owned()
            } else {
                crate::domain::text::clean(&it.name).into_owned()
            }
        })
        .collect();
    let picked =
        ask(&names, "Which? Numbers with blanks between, `all`, or nothing for this machine alone:", &[0])?;
    Ok(picked.into_iter().filter_map(|at| found.get(at).cloned()).collect())
}

fn asked_apps(apps: &[PickedApp]) -> Result<Vec<PickedApp>, Failure> {
    print("Compose projects that run there:");
    let names: Vec<String> = apps.iter().map(|it| it.project.clone()).collect();
    let every: Vec<usize> = (0..apps.len()).collect();
    let picked = ask(&names, "Which? Numbers with blanks between, or nothing for all:", &every)?;
    Ok(picked.into_iter().filter_map(|at| apps.get(at).cloned()).collect())
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

/// The Compose projects on the servers that were picked; servers that do not answer have none.
fn projects(picks: &Picks, deadline: Duration) -> Result<Vec<PickedApp>, Failure> {
    let config = parse(&write(picks))?;
    let names: Vec<_> = config.servers.keys().cloned().collect();
    let mut headless = Headless::start(&Context::of(config), true)?;
    headless.observe(deadline, |state| {
        state.fleet.servers().all(|server| {
            matches!(server.link, Link::Down { .. })
                || server.containers.value().is_some()
                || server.containers.failure.is_some()
        })
    });
    let mut apps: Vec<PickedApp> = Vec::new();
    for name in names {
        let Some(server) = headless.state.fleet.server(&name) else { continue };
        if let Link::Down { failure, .. } = &server.link {
            eprintln!("midwatch: {name} is written down, but was not reached: {failure}");
        }
        let Some(at) = picks.servers.iter().position(|it| it.name == name.as_str()) else { continue };
        for project in server.known_containers().iter().filter_map(|it| it.project.as_ref()) {
            match apps.iter_mut().find(|app| app.project == *project) {
                Some(app) if !app.servers.contains(&at) => app.servers.push(at),
                Some(_) => {}
                None => {
                    apps.push(PickedApp { project: project.clone(), servers: vec![at], compose: None });
                }
            }
        }
    }
    apps.sort_by(|a, b| a.project.cmp(&b.project));
    Ok(apps)
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
