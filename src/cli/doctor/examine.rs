//! The examination of one server, step by step over its one connection.

use std::sync::Arc;
use std::time::Duration;

use super::log_file;
use super::{Outcome, Step};
use crate::config::{Become, ServerConfig};
use crate::domain::failure::FailureKind;
use crate::domain::ids::ServerId;
use crate::domain::shell::quote;
use crate::domain::text::{clean, shorten};
use crate::transports::docker::{docker, failure};
use crate::transports::docker_socket::docker_socket;
use crate::transports::{Links, Output, RemoteCommand, Transport, TransportError};

/// The steps without which nothing else can be tried.
pub(super) const REACH: [&str; 3] = ["connection", "host key", "login"];
/// How long one command may take.
const COMMAND: Duration = Duration::from_secs(8);
/// How many bytes of an answer are kept.
const LIMIT: usize = 4096;

/// What the sampling loop needs: a shell that reads `/proc`.
const LOOP: &str = r#"read up rest < /proc/uptime && IFS= read -r mem < /proc/meminfo && echo "$up""#;

/// Says `none` where there is no systemd, else its state.
const SYSTEMD: &str = r"command -v systemctl >/dev/null 2>&1 || { echo none; exit 0; }
[ -d /run/systemd/system ] || { echo none; exit 0; }
systemctl is-system-running; systemctl list-units --failed --no-legend --plain >/dev/null";

/// Says `none` where there is no journal, `denied` where others' lines are kept from us.
const JOURNAL: &str = r#"command -v journalctl >/dev/null 2>&1 || { echo none; exit 0; }
for d in /var/log/journal/* /run/log/journal/*; do
  [ -d "$d" ] || continue
  seen=1
  for f in "$d"/system.journal; do if [ -r "$f" ]; then journalctl -q -n 1 -o cat >/dev/null && echo read; exit; fi; done
done
if [ -z "$seen" ] && [ ! -d /run/log/journal ] && [ ! -d /var/log/journal ]; then echo none; else echo denied; id -un; fi"#;

pub(super) async fn examine(
    links: &Links,
    id: &ServerId,
    config: &ServerConfig,
    deadline: Duration,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if tokio::time::timeout(deadline, all(links, id, config, &mut steps)).await.is_err() {
        no_end(&mut steps, deadline);
    }
    steps
}

async fn all(links: &Links, id: &ServerId, config: &ServerConfig, steps: &mut Vec<Step>) {
    let how = if config.local { "this machine" } else { "" };
    let Some(transport) = reach(links, id, how, steps).await else { return };
    let mut sudo = config.becoming == Become::Sudo;
    steps.push(shell(&transport).await);
    if sudo {
        let step = become_root(&transport).await;
        // What could be had without it is told all the same.
        sudo = step.outcome == Outcome::Good;
        steps.push(step);
    }
    if config.collect.containers {
        steps.push(engine(&transport, config.docker.as_deref()).await);
    }
    if config.collect.units {
        steps.push(systemd(&transport).await);
    }
    if config.collect.journal {
        steps.push(journal(&transport, sudo).await);
    }
    for file in &config.logs {
        steps.push(log_file(&transport, &file.path, sudo).await);
    }
}

/// The connection, or the step at which it failed.
pub(super) async fn reach(
    links: &Links,
    id: &ServerId,
    how: &str,
    steps: &mut Vec<Step>,
) -> Option<Arc<dyn Transport>> {
    match links.get(id).await {
        Ok(transport) => {
            steps.extend(REACH.map(|step| Step::new(step, Outcome::Good, how)));
            Some(transport)
        }
        Err(failure) => {
            let at = match failure.kind {
                FailureKind::HostKey => 1,
                FailureKind::Auth => 2,
                _ => 0,
            };
            steps.extend(REACH[..at].iter().map(|step| Step::new(*step, Outcome::Good, "")));
            steps.push(Step::of(REACH[at], Outcome::Failed, &failure));
            None
        }
    }
}

/// What stands where no end came within the time that all of it has.
pub(super) fn no_end(steps: &mut Vec<Step>, deadline: Duration) {
    let reached = !steps.is_empty();
    let step = if reached { "deadline" } else { "connection" };
    let said = format!("no end within {} s", deadline.as_secs());
    steps.push(Step::new(step, Outcome::Failed, said));
}

async fn run(
    transport: &Arc<dyn Transport>,
    command: RemoteCommand,
    sudo: bool,
) -> Result<Output, TransportError> {
    let command = if sudo { command.sudo() } else { command };
    transport.run(command, COMMAND, LIMIT).await
}

/// An answer's first line, harmless.
fn said(output: &Output) -> String {
    let text = output.text();
    shorten(&clean(text.lines().next().unwrap_or_default().trim()), 200).into_owned()
}

fn failed(step: &str, error: &TransportError) -> Step {
    Step::of(step, Outcome::Failed, &error.failure(step))
}

async fn shell(transport: &Arc<dyn Transport>) -> Step {
    match run(transport, RemoteCommand::script(LOOP), false).await {
        Ok(output) if output.success() => Step::new("shell", Outcome::Good, ""),
        Ok(output) => {
            Step::new("shell", Outcome::Failed, format!("/bin/sh cannot read /proc: {}", output.complaint()))
        }
        Err(error) => failed("shell", &error),
    }
}

async fn become_root(transport: &Arc<dyn Transport>) -> Step {
    match run(transport, RemoteCommand::new("true"), true).await {
        Ok(output) if output.success() => Step::new("sudo", Outcome::Good, ""),
        Ok(output) => {
            let step = Step::new("sudo", Outcome::Missing, output.complaint());
            match run(transport, RemoteCommand::new("id").arg("-un"), false).await {
                Ok(output) if output.success() => {
                    let rule = format!("{} ALL=(ALL) NOPASSWD: ALL", said(&output));
                    step.mend(format!("`echo {} | sudo tee /etc/sudoers.d/midwatch`", quote(&rule)))
                }
                _ => step,
            }
        }
        Err(error) => failed("sudo", &error),
    }
}

async fn engine(transport: &Arc<dyn Transport>, configured: Option<&str>) -> Step {
    let step = "containers";
    let socket = match configured {
        Some(socket) => socket.to_owned(),
        None => match docker_socket(transport.as_ref()).await {
            Ok(socket) => socket,
            Err(TransportError::NoSocket { path }) => {
                return Step::new(step, Outcome::Absent, format!("no engine listens: {path} is not there"));
            }
            Err(error) => return failed(step, &error),
        },
    };
    let answered = match docker(Arc::clone(transport), &socket) {
        Ok(engine) => tokio::time::timeout(COMMAND, async { engine.version().await }).await,
        Err(error) => Ok(Err(error)),
    };
    match answered {
        Ok(Ok(version)) => {
            let version = version.version.unwrap_or_default();
            Step::new(step, Outcome::Good, format!("{} at {socket}", shorten(&clean(&version), 60)))
        }
        Ok(Err(error)) => {
            let failure = failure(&error, "ask the engine");
            let denied = failure.kind == FailureKind::Permission;
            Step::of(step, if denied { Outcome::Missing } else { Outcome::Failed }, &failure)
        }
        Err(_) => Step::new(
            step,
            Outcome::Failed,
            format!("{socket} gave no answer within {} s", COMMAND.as_secs()),
        ),
    }
}

async fn systemd(transport: &Arc<dyn Transport>) -> Step {
    match run(transport, RemoteCommand::script(SYSTEMD), false).await {
        Ok(output) if said(&output) == "none" => {
            Step::new("systemd", Outcome::Absent, "it does not run here")
        }
        Ok(output) if output.success() => Step::new("systemd", Outcome::Good, said(&output)),
        Ok(output) => Step::new("systemd", Outcome::Failed, output.complaint()),
        Err(error) => failed("systemd", &error),
    }
}

async fn journal(transport: &Arc<dyn Transport>, sudo: bool) -> Step {
    match run(transport, RemoteCommand::script(JOURNAL), sudo).await {
        Ok(output) => match said(&output).as_str() {
            "read" => Step::new("journal", Outcome::Good, ""),
            "none" => Step::new("journal", Outcome::Absent, "there is none"),
            "denied" => {
                let text = output.text();
                let user = shorten(&clean(text.lines().nth(1).unwrap_or("$USER")), 64).into_owned();
                Step::new("journal", Outcome::Missing, "only your own lines may be read")
                    .mend(format!("`sudo usermod -aG systemd-journal {}`, then connect anew", quote(&user)))
            }
            _ => Step::new("journal", Outcome::Failed, output.complaint()),
        },
        Err(error) => failed("journal", &error),
    }
}

async fn log_file(transport: &Arc<dyn Transport>, path: &str, sudo: bool) -> Step {
    match run(transport, RemoteCommand::script(log_file::SCRIPT).arg(path), sudo).await {
        Ok(output) if output.success() => log_file::step(path, &output.text()),
        Ok(output) => Step::new(format!("log {path}"), Outcome::Failed, output.complaint()),
        Err(error) => Step::of(format!("log {path}"), Outcome::Failed, &error.failure("read a log file")),
    }
}
