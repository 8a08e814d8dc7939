//! A command in a container, over the server's own connection: opening it, its terminal's size, its end.
//! That it was there is journaled; what goes through it is not looked at.

mod frames;

use std::sync::Arc;
use std::time::Duration;

use bollard::config::ExecConfig;
use bollard::exec::ResizeExecOptions;
use tokio::io::{AsyncReadExt, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, sleep, timeout};

use super::Engines;
use crate::domain::clock::Clock;
use crate::domain::exec::{ExecAsked, ExecEnd};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redact::Redactor;
use crate::domain::run::{Operator, RunId};
use crate::domain::shell;
use crate::history::journal::{Entry, Journal};
use crate::transports::attach::{Attached, attach};
use crate::transports::engine::{self, Docker};
use crate::transports::{Transport, TransportError};

pub use frames::Frames;

/// How long the engine may take for a short question.
const ANSWER: Duration = Duration::from_secs(10);
/// How often a question is asked again whose answer comes with the process, and after how long.
const AGAIN: (u32, Duration) = (40, Duration::from_millis(25));
/// The exit code of a command that was killed, as all in a container are when its first process ends.
const KILLED: i32 = 128 + 9;
/// Keys that end the connection and leave the command. There is no way to have none, and the usual ones
/// hold up a shell's ctrl-p: nobody types these.
const DETACH: &str = "ctrl-@,ctrl-@,ctrl-@,ctrl-@,ctrl-@,ctrl-@,ctrl-@,ctrl-@";

/// What commands are opened with.
pub struct Execs {
    /// How the engines are reached.
    pub engines: Engines,
    /// Where it is written down.
    pub journal: Journal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who.
    pub by: Operator,
}

/// A terminal's columns and rows, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Columns and rows.
    pub size: (u16, u16),
    /// `TERM`.
    pub kind: String,
}

/// A command that runs.
pub struct Session {
    /// What it writes: as it is where it has a terminal, else in frames ([`Frames`]).
    pub output: ReadHalf<Attached>,
    /// What it reads; shutting it down is the end of that.
    pub input: WriteHalf<Attached>,
    /// The rest of it.
    pub standing: Standing,
}

/// A command that runs, apart from its streams.
pub struct Standing {
    /// The program and its arguments.
    pub command: Vec<String>,
    asked: ExecAsked,
    id: String,
    docker: Docker,
    transport: Arc<dyn Transport>,
    journal: Journal,
    clock: Arc<dyn Clock>,
    run: RunId,
    since: Instant,
}

/// The engine of a server, and its socket.
struct Line {
    docker: Docker,
    socket: String,
    transport: Arc<dyn Transport>,
}

impl Execs {
    /// Runs the command, or a shell where none is named; with a terminal where one is given.
    pub async fn open(&self, asked: &ExecAsked, terminal: Option<&Terminal>) -> Result<Session, Failure> {
        let what = format!("run {}", asked.title());
        let transport = self.engines.links.get(asked.server()).await?;
        let socket = self.engines.sockets.get(asked.server()).map(String::as_str);
        let socket = engine::socket_of(&transport, socket, &what).await?;
        let docker = engine::connect_to(&transport, &socket, &what).await?;
        let line = Line { docker, socket, transport };
        let command = if asked.command.is_empty() {
            vec![line.shell(asked, &what).await?]
        } else {
            asked.command.clone()
        };
        let at = self.clock.now();
        let run = RunId::of_exec(at);
        let begun = Entry::ExecBegun {
            run: run.clone(),
            by: self.by.clone(),
            server: asked.server().clone(),
            container: asked.name.clone(),
            id: asked.container.id.clone(),
            command: Redactor::default().line(&shell::line(&command)).into_owned(),
        };
        write_down(&self.journal, &*self.clock, begun).await?;
        let since = Instant::now();
        let opened = line.start(asked, &command, terminal, true, &what).await;
        let (id, stream) = match opened {
            Ok(opened) => opened,
            Err(failure) => {
                let end = ExecEnd { exit: None, took: since.elapsed(), because: Some(failure.clone()) };
                write_down(&self.journal, &*self.clock, ended(&run, &end)).await?;
                return Err(failure);
            }
        };
        let Line { docker, transport, .. } = line;
        let (output, input) = split(stream);
        let (journal, clock, asked) = (self.journal.clone(), Arc::clone(&self.clock), asked.clone());
        let standing = Standing { command, asked, id, docker, transport, journal, clock, run, since };
        if let Some(terminal) = terminal {
            // Its process may not be there yet; without it there is no terminal to be of a size.
            for _ in 0..AGAIN.0 {
                if standing.resize(terminal.size).await {
                    break;
                }
                sleep(AGAIN.1).await;
            }
        }
        Ok(Session { output, input, standing })
    }
}

impl Line {
    /// Makes the command and starts it.
    async fn start(
        &self,
        asked: &ExecAsked,
        command: &[String],
        terminal: Option<&Terminal>,
        input: bool,
        what: &str,
    ) -> Result<(String, Attached), Failure> {
        let size = terminal.map(|it| vec![usize::from(it.size.1), usize::from(it.size.0)]);
        let config = ExecConfig {
            attach_stdin: Some(input),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(terminal.is_some()),
            console_size: size,
            detach_keys: terminal.map(|_| DETACH.to_owned()),
            env: terminal.map(|it| vec![format!("TERM={}", it.kind)]),
            cmd: Some(command.to_vec()),
            user: asked.user.clone(),
            ..ExecConfig::default()
        };
        let made = timeout(ANSWER, self.docker.create_exec(asked.container.id.as_str(), config)).await;
        let made = made.map_err(|_| late(what))?.map_err(|error| engine::failed(&error, what))?;
        let body = serde_json::json!({ "Detach": false, "Tty": terminal.is_some() }).to_string();
        let path = format!("/exec/{}/start", made.id);
        let stream = attach(&self.transport, &self.socket, &path, body, what).await?;
        Ok((made.id, stream))
    }

    /// The shell that a container has: bash, else sh.
    async fn shell(&self, asked: &ExecAsked, what: &str) -> Result<String, Failure> {
        let look = ["sh", "-c", "command -v bash || command -v sh"].map(str::to_owned);
        let found = async {
            let (id, stream) = self.start(asked, &look, None, false, what).await?;
            let (mut stream, mut said) = (stream.take(4096), Vec::new());
            let broken = |error| TransportError::Io(error).into_failure(what);
            timeout(ANSWER, stream.read_to_end(&mut said)).await.map_err(|_| late(what))?.map_err(broken)?;
            let exit = exit_of(&self.docker, &id).await.map_err(|error| engine::failed(&error, what))?;
            Ok::<_, Failure>((exit, frames::unframed(&said)))
        };
        let (exit, said) = match found.await {
            Ok(found) => found,
            // Engines differ in whether they tell that there is no such program at once.
            Err(failure) if no_program(&failure.reason()) => (Some(127), String::new()),
            Err(failure) => return Err(failure),
        };
        // Busybox calls what it has in itself by its bare name.
        let path = said.lines().map(str::trim).find(|it| !it.is_empty() && !it.contains(char::is_whitespace));
        match (exit, path) {
            (Some(0), Some(path)) => Ok(path.to_owned()),
            (Some(126 | 127), _) => {
                let why = format!("its image has no shell ({})", asked.image);
                let hint = format!(
                    "run a program that it has: midwatch exec {0} -- PROGRAM; or look from beside: docker run --rm -it --pid container:{0} --network container:{0} busybox sh",
                    asked.name
                );
                Err(Failure::new(FailureKind::Unsupported, what, why).hint(hint))
            }
            (exit, _) => {
                let exit = exit.map(|code| format!(", exit {code}")).unwrap_or_default();
                Err(Failure::new(FailureKind::Conflict, what, format!("no shell was found{exit}")))
            }
        }
    }
}

/// Whether an engine says that there is no such program in the image.
fn no_program(said: &str) -> bool {
    said.contains("executable file not found") || said.contains("no such file or directory")
}

impl Standing {
    /// What is run where, in a few words.
    pub fn title(&self) -> String {
        let program = self.command.first().map_or("", String::as_str);
        format!("{program} in {} on {}", self.asked.name, self.asked.server())
    }

    /// Tells it the terminal's size, columns and rows; `false` where it could not be told.
    pub async fn resize(&self, (columns, rows): (u16, u16)) -> bool {
        let size = ResizeExecOptions { height: rows, width: columns };
        matches!(timeout(ANSWER, self.docker.resize_exec(&self.id, size)).await, Ok(Ok(())))
    }

    /// Waits until the connection is gone, and says why.
    pub async fn cut(&self) -> Failure {
        self.transport.closed().await.into_failure(&format!("run {}", self.title()))
    }

    /// Its streams are over: how it ended is looked up, and written down. `because` where that is known.
    pub async fn over(self, because: Option<Failure>) -> ExecEnd {
        let what = format!("run {}", self.title());
        let (exit, because) = match because {
            Some(failure) => (None, Some(self.lost(failure))),
            None => match exit_of(&self.docker, &self.id).await {
                Ok(exit) => {
                    let stopped = self.stopped_with_it(&what, exit).await;
                    match (exit, stopped) {
                        (None, None) => {
                            let why = "its streams ended before it did";
                            (None, Some(self.lost(Failure::new(FailureKind::Unreachable, what, why))))
                        }
                        told => told,
                    }
                }
                Err(error) => {
                    let stopped = self.stopped(&what).await;
                    (None, stopped.or_else(|| Some(self.lost(engine::failed(&error, &what)))))
                }
            },
        };
        let mut end = ExecEnd { exit, took: self.since.elapsed(), because };
        if let Err(failure) = write_down(&self.journal, &*self.clock, ended(&self.run, &end)).await {
            end.because.get_or_insert(failure);
        }
        end
    }

    fn lost(&self, failure: Failure) -> Failure {
        if failure.hint.is_some() {
            return failure;
        }
        failure.hint(format!("what was begun there may go on: docker top {}", self.asked.name))
    }

    /// As `stopped`, for a command that ended with `exit`. One that was killed may have gone with its
    /// container, of which the engine says so a moment later than of the command.
    async fn stopped_with_it(&self, what: &str, exit: Option<i32>) -> Option<Failure> {
        let tries = if exit.is_none_or(|code| code == KILLED) { AGAIN.0 } else { 1 };
        for again in 0..tries {
            if again > 0 {
                sleep(AGAIN.1).await;
            }
            let found = self.stopped(what).await;
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Why it is over where its container does not run any more.
    async fn stopped(&self, what: &str) -> Option<Failure> {
        let id = self.asked.container.id.as_str();
        let look =
            self.docker.inspect_container(id, None::<bollard::query_parameters::InspectContainerOptions>);
        match timeout(ANSWER, look).await {
            Ok(Ok(it)) => {
                let state = it.state.filter(|state| state.running == Some(false))?;
                let exit = state.exit_code.map(|code| format!(" with {code}")).unwrap_or_default();
                let why = format!("its container ended{exit}");
                Some(Failure::new(FailureKind::Conflict, what, why))
            }
            Ok(Err(error)) if engine::is_gone(&error) => {
                Some(Failure::new(FailureKind::Conflict, what, "its container was removed"))
            }
            _ => None,
        }
    }
}

fn late(what: &str) -> Failure {
    let why = format!("the engine gave no answer within {} s", ANSWER.as_secs());
    Failure::new(FailureKind::Timeout, what, why)
}

/// The exit code of a command whose streams are over: the engine may know it a moment later. `None` where
/// it still runs.
async fn exit_of(docker: &Docker, id: &str) -> Result<Option<i32>, bollard::errors::Error> {
    for _ in 0..AGAIN.0 {
        let told = timeout(ANSWER, docker.inspect_exec(id)).await;
        let told = told.map_err(|_| bollard::errors::Error::RequestTimeoutError)??;
        if told.running != Some(true)
            && let Some(code) = told.exit_code
        {
            return Ok(Some(i32::try_from(code).unwrap_or(i32::MAX)));
        }
        sleep(AGAIN.1).await;
    }
    Ok(None)
}

fn ended(run: &RunId, end: &ExecEnd) -> Entry {
    Entry::ExecEnded { run: run.clone(), exit: end.exit, took: end.took, failure: end.because.clone() }
}

async fn write_down(journal: &Journal, clock: &dyn Clock, entry: Entry) -> Result<(), Failure> {
    let (journal, at) = (journal.clone(), clock.now());
    let what = "write the journal";
    let written = tokio::task::spawn_blocking(move || journal.append(at, &[entry])).await;
    match written {
        Ok(written) => written.map_err(|error| error.into_failure(what)),
        Err(error) => Err(Failure::new(FailureKind::Bug, what, error.to_string())),
    }
}
