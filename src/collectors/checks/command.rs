//! `command`: how a command on a server ends, and what it says.

use super::attempt::Attempt;
use super::look::Look;
use super::reach::{Miss, Reach, reason};
use super::seen::{Seen, Text};
use crate::config::checks::CommandCheck;
use crate::domain::health::Health;
use crate::transports::exec::ExitStatus;
use crate::transports::{Output, RemoteCommand, TransportError};

/// The most of its output that is kept, in bytes.
const OUTPUT: usize = 64 * 1024;

/// Runs it, and judges how it ended.
pub async fn attempt(check: &CommandCheck, look: &Look<'_>) -> Attempt {
    let deadline = look.deadline();
    let output = match run(&check.command, look).await {
        Ok(output) => output,
        Err(attempt) => return attempt,
    };
    let latency = deadline.elapsed();
    let mut attempt = Attempt::answered(latency);
    let exit = match &output.status {
        ExitStatus::Code(code) => Some(*code),
        ExitStatus::Signal(_) => None,
    };
    let complaint = output.complaint();
    if !complaint.is_empty() {
        attempt.fact("says", &complaint);
    }
    if exit != Some(u32::from(check.expect_exit)) {
        let ended = match &output.status {
            ExitStatus::Code(code) => format!("it exits with {code}, not {}", check.expect_exit),
            ExitStatus::Signal(signal) => format!("it was ended by SIG{signal}"),
        };
        let because = if complaint.is_empty() { String::new() } else { format!(": {complaint}") };
        attempt.find(Health::Down, format!("{ended}{because}"));
    }
    let text = Text::new(&output.stdout, output.truncated);
    attempt.fact("output", text.text.lines().next().unwrap_or_default());
    if let Some(expected) = &check.expect_output
        && !text.text.contains(expected.as_str())
    {
        let health = if output.truncated { Health::Unknown } else { Health::Down };
        attempt.find(health, format!("its output does not contain \"{expected}\""));
    }
    let seen = Seen { latency: Some(latency), exit, text: Some(text), is_output: true, ..Seen::default() };
    attempt.judge(check.condition.as_ref(), &seen);
    attempt
}

/// Runs a command on the server that a check looks from. A command that does not end in time is the
/// target's trouble, unless the server does not answer either.
pub async fn run(words: &[String], look: &Look<'_>) -> Result<Output, Attempt> {
    let Reach::Server(server, transport) = look.reach else {
        return Err(Attempt::unknown("a command runs on a server, and none is named"));
    };
    let (program, args) = words.split_first().ok_or_else(|| Attempt::unknown("there is no command"))?;
    let command = RemoteCommand::new(program).args(args.iter().map(String::as_str));
    match transport.run(command, look.within, OUTPUT).await {
        Ok(output) => Ok(output),
        Err(TransportError::Deadline { .. }) => match look.reach.still_there().await {
            Ok(()) => Err(Attempt::down(format!("it did not end within {} ms", look.within.as_millis()))),
            Err(miss) => Err(miss.into()),
        },
        Err(error) => Err(Miss::Server(server.clone(), reason(error)).into()),
    }
}
