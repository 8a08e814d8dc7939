//! `midwatch exec`: a command in a container, over the server's connection; a shell where none is named.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use tokio::sync::mpsc;

use super::args::Args;
use super::headless::Headless;
use super::{Exit, context};
use crate::config::nearest;
use crate::domain::container::ContainerState;
use crate::domain::exec::{ExecAsked, ExecEnd};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{ContainerKey, ServerId};
use crate::domain::link::Link;
use crate::domain::setup::Guard;
use crate::engine::exec::{Execs, Session};
use crate::runtime::clock::SystemClock;
use crate::runtime::shell::{Piece, carry, terminal};
use crate::runtime::{deploying, tap, terminal as screen};
use crate::state::State;

/// How many pieces of output may wait for whoever reads them.
const ROOM: usize = 32;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct ExecArgs {
    /// The container: its name, SERVER/NAME where several servers have one, or an app with one container
    pub target: String,

    /// The command and its arguments; a shell without them, bash where there is one, else sh
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,

    /// As whom, instead of the image's user: USER, UID, USER:GROUP
    #[arg(long, short, value_name = "USER")]
    pub user: Option<String>,

    /// Give it no terminal, though there is one here
    #[arg(long, short = 'T')]
    pub no_tty: bool,

    /// The container's name once more, where its environment asks for that
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,

    /// How many seconds to wait for servers that do not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub deadline: u64,
}

/// Finds the container, and runs the command in it; ends as that does.
pub fn run(args: &Args, exec: &ExecArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let what = format!("run a command in {}", exec.target);
    if args.read_only {
        return Err(Failure::new(FailureKind::Permission, what, "this is --read-only"));
    }
    let mut headless = Headless::start(&context, args.read_only)?;
    let named = exec.target.split_once('/').map(|(server, _)| ServerId::from(server));
    let listed = |state: &State| {
        let mut servers = state.fleet.servers();
        servers.all(|it| {
            let told = it.containers.value().is_some() || it.containers.failure.is_some();
            named.as_ref().is_some_and(|name| name != it.id()) || told || matches!(it.link, Link::Down { .. })
        })
    };
    headless.observe(Duration::from_secs(exec.deadline), listed);
    let (container, name, image) = found(&headless.state, &exec.target)?;
    let guard = headless.state.guard_of(&container).0;
    let user = exec.user.clone();
    let asked = ExecAsked { container, name, image, command: exec.command.clone(), user };
    confirmed(guard, &asked, exec.confirm.as_deref())?;
    let there = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let tty = (there && !exec.no_tty).then(terminal).flatten();
    let execs = Execs {
        engines: deploying::engines(&context.config, &headless.observers.links),
        journal: deploying::journal(&context.config)?,
        clock: Arc::new(SystemClock),
        by: deploying::operator(),
    };
    let end = headless.tasks.block_on(async {
        let session = execs.open(&asked, tty.as_ref()).await?;
        joined(session, tty.is_some()).await
    })?;
    match (end.because, end.exit) {
        (Some(failure), _) => Err(failure),
        (None, exit) => Ok(Exit::Command(exit.map_or(1, |code| u8::try_from(code).unwrap_or(u8::MAX)))),
    }
}

/// Joins it to standard input and output until it is over.
async fn joined(session: Session, tty: bool) -> Result<ExecEnd, Failure> {
    let what = "reach the terminal";
    let failed = |error: std::io::Error| Failure::new(FailureKind::Unsupported, what, error.to_string());
    let (out, mut pieces) = mpsc::channel::<Piece>(ROOM);
    let writing = tokio::task::spawn_blocking(move || {
        while let Some(piece) = pieces.blocking_recv() {
            let taken = if piece.error {
                std::io::stderr().write_all(&piece.bytes)
            } else {
                let mut out = std::io::stdout().lock();
                out.write_all(&piece.bytes).and_then(|()| out.flush())
            };
            if taken.is_err() {
                return;
            }
        }
    });
    let raw = if tty { Some(Raw::begin().map_err(failed)?) } else { None };
    let keys = tap::standard_input().map_err(failed)?;
    let end = carry(session, keys, out, !tty).await;
    // What it wrote last is taken, or nobody is there to take it.
    let _ = writing.await;
    drop(raw);
    Ok(end)
}

/// The terminal without its own ways with keys, which it gets back whatever was left on.
struct Raw;

impl Raw {
    fn begin() -> std::io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let mut out = std::io::stdout().lock();
        // Where the terminal is gone there is nothing to give back.
        let _ = out.write_all(&screen::left_on()).and_then(|()| out.flush());
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// The container that is meant, its name and its image.
fn found(state: &State, target: &str) -> Result<(ContainerKey, String, String), Failure> {
    let what = format!("find the container {target}");
    let (server, name) = match target.split_once('/') {
        Some((server, name)) => (Some(server), name),
        None => (None, target),
    };
    let app = state.fleet.apps().iter().find(|app| app.id.as_str() == name);
    let mut all = Vec::new();
    for it in state.fleet.servers().filter(|it| server.is_none_or(|name| it.id().as_str() == name)) {
        for container in it.known_containers() {
            let key = ContainerKey { server: it.id().clone(), id: container.id.clone() };
            let runs = container.state == ContainerState::Running;
            let named = container.name == name;
            let in_app = app.is_some_and(|app| runs && app.containers.contains(&key));
            all.push((key, container, named, in_app));
        }
    }
    let by_name = all.iter().any(|it| it.2);
    let meant: Vec<_> = all.iter().filter(|it| if by_name { it.2 } else { it.3 }).collect();
    match meant[..] {
        [(key, container, ..)] if container.state != ContainerState::Running => {
            let why = format!("it does not run: it is {} on {}", container.state.word(), key.server);
            Err(Failure::new(FailureKind::Conflict, what, why))
        }
        [(key, container, ..)] => Ok((key.clone(), container.name.clone(), container.image.clone())),
        [] => {
            let down = state.fleet.servers().find_map(|it| match &it.link {
                Link::Down { failure, .. } if server == Some(it.id().as_str()) => Some(failure),
                _ => None,
            });
            if let Some(failure) = down {
                return Err(Failure { what, ..failure.clone() });
            }
            let known: Vec<String> = all.iter().map(|it| format!("{}/{}", it.0.server, it.1.name)).collect();
            let bare = all.iter().map(|it| it.1.name.as_str());
            let near = nearest(target, known.iter().map(String::as_str).chain(bare));
            let failure = Failure::new(FailureKind::NotFound, what, "no container is called so");
            Err(match near {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint("midwatch status --json names them"),
            })
        }
        [..] => {
            let all: Vec<String> = meant.iter().map(|it| format!("{}/{}", it.0.server, it.1.name)).collect();
            let why = format!("there are {}: {}", all.len(), all.join(", "));
            Err(Failure::new(FailureKind::Invalid, what, why).hint("name one of them"))
        }
    }
}

/// Asks as strictly as the container's environment wants.
fn confirmed(guard: Guard, asked: &ExecAsked, name: Option<&str>) -> Result<(), Failure> {
    let what = format!("run {}", asked.title());
    let invalid = |why: &str| Failure::new(FailureKind::Invalid, what.clone(), why);
    match (guard, name) {
        (Guard::TwoPerson, _) => {
            let why = "its environment wants a second person for changes, and none can approve what is typed into a shell";
            let failure = Failure::new(FailureKind::Permission, what, why);
            Err(failure.hint(format!("log in to {} itself", asked.server())))
        }
        (_, Some(name)) if name == asked.name => Ok(()),
        (_, Some(name)) => {
            Err(invalid(&format!("--confirm names `{name}`, and the container is `{}`", asked.name)))
        }
        (Guard::Confirm, None) => Ok(()),
        (Guard::TypeName, None) if std::io::stdin().is_terminal() => {
            let mut out = std::io::stderr();
            let asks = write!(out, "Type {} to go on: ", asked.name).and_then(|()| out.flush());
            let mut line = String::new();
            let read = asks.and_then(|()| std::io::stdin().lock().read_line(&mut line));
            read.map_err(|error| invalid(&error.to_string()))?;
            if line.trim() == asked.name { Ok(()) } else { Err(invalid("that is another name")) }
        }
        (Guard::TypeName, None) => {
            let failure =
                invalid("its environment asks for the container's name, and nobody is here to type it");
            Err(failure.hint(format!("name it: --confirm {}", asked.name)))
        }
    }
}
