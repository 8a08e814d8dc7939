//! Commands where a datastore's own programs run, and what they print.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::Flow;
use super::{Ending, Judge};
use crate::domain::failure::Failure;
use crate::engine::ground::{Ground, unsuccessful};
use crate::transports::RemoteCommand;
pub use crate::transports::Within;

/// A script of ours with its arguments, in its place. Its standard input begins with a line that holds the
/// password, empty where there is none: it is in no argument and no environment of ours.
pub fn words(
    within: Within<'_>,
    script: &'static str,
    args: &[&str],
    password: Option<&SecretString>,
) -> RemoteCommand {
    within.command(script, args).stdin(secret_line(password))
}

/// The same as words.
pub fn argv(within: Within<'_>, script: &'static str, args: &[&str]) -> Vec<String> {
    within.argv(script, args)
}

/// What such a script reads first.
pub fn secret_line(password: Option<&SecretString>) -> Vec<u8> {
    format!("{}\n", password.map_or("", |it| it.expose_secret())).into_bytes()
}

/// What a command that looks at a datastore prints; it has to succeed. Where it does not and complains of
/// nothing, what it printed last says why: so the engine's program tells of a container that it cannot enter.
pub async fn answer(
    ground: &Ground,
    command: RemoteCommand,
    what: &str,
    deadline: Duration,
) -> Result<String, Failure> {
    let mut output = ground.run(command, what, deadline).await?;
    if output.success() {
        return Ok(output.text());
    }
    if output.complaint().is_empty() {
        output.stderr = std::mem::take(&mut output.stdout);
    }
    Err(unsuccessful(&output, what))
}

/// Starts a command whose output is to be stored.
pub(super) async fn flow(
    ground: &Ground,
    command: RemoteCommand,
    what: &str,
    judge: Box<dyn Judge>,
) -> Result<Flow, Failure> {
    let transport = ground.transport().await?;
    let exec = transport.exec(command).await.map_err(|error| error.into_failure(what))?;
    Ok(Flow { stdout: exec.stdout, ending: Ending::Command(exec.stderr, exec.status), judge })
}
