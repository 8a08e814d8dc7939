//! A command of the operator's on the machine of the console: begun once, followed, ended at its deadline or
//! where the run is cancelled.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redact::Redactor;
use crate::domain::run::Progress;
use crate::domain::text::{clean, shorten};
use crate::engine::guarded::Left;
use crate::engine::noted::{self, Noted};
use crate::transports::ExitStatus;
use crate::transports::here::{Here, start};

/// How much of the end of what it says is kept.
const KEPT: usize = 64 << 10;
/// The longest line that is held before it ends.
const LINE: usize = 8 << 10;
/// How often it is told what it says.
const TOLD: Duration = Duration::from_millis(200);
/// How long what it said last is waited for, where something that it started holds its output.
const REST: Duration = Duration::from_millis(500);

/// How it came to its end.
enum Ended {
    With(i32),
    Cancelled,
    Late,
}

pub(super) async fn here(
    task: &Task<'_>,
    command: &[String],
    folder: &str,
    env: &BTreeMap<String, String>,
) -> Result<Done, Failure> {
    let what = task.what();
    let late = Instant::now() + task.step.deadline;
    let going_on = match noted::begin(task).await? {
        Noted::Begun(going_on) => going_on,
        Noted::Before(left) => return judged(task, &left),
    };
    let mut env = env.clone();
    env.insert("MIDWATCH_RUN".to_owned(), task.run.to_string());
    let mut saying = Saying::default();
    let how = match start(command, Path::new(folder), &env) {
        Err(error) => {
            let failure = error.into_failure(&what);
            // As a shell has it for what cannot be run.
            noted::end(task, 127, failure.reason().into_bytes()).await?;
            return Err(failure.hint(format!("what was run: {}", task.step.act.shell(&task.ground.place))));
        }
        Ok(it) => followed(task, it, late, &mut saying).await?,
    };
    // Ended by us, as a shell tells of what was ended by SIGTERM.
    let exit = if let Ended::With(exit) = how { exit } else { 143 };
    let left = Left { exit, said: saying.text() };
    noted::end(task, exit, left.said.clone().into_bytes()).await?;
    drop(going_on);
    match how {
        Ended::With(_) => judged(task, &left),
        Ended::Cancelled => {
            Err(Failure::new(FailureKind::Conflict, what, "it was cancelled, and ended with all it started"))
        }
        Ended::Late => {
            let why = format!(
                "it was not done after {} s, and ended with all it started",
                task.step.deadline.as_secs()
            );
            Err(Failure::new(FailureKind::Timeout, what, why))
        }
    }
}

fn judged(task: &Task<'_>, left: &Left) -> Result<Done, Failure> {
    if left.exit == 0 {
        return Ok(Done { said: left.last_words(), exit: Some(0) });
    }
    let why = format!("{} (exit {})", left.last_words(), left.exit);
    Err(Failure::new(FailureKind::Invalid, task.what(), why)
        .hint(format!("what was run: {}", task.step.act.shell(&task.ground.place))))
}

/// Reads what it says until it is over, or ends it.
async fn followed(
    task: &Task<'_>,
    mut it: Here,
    late: Instant,
    saying: &mut Saying,
) -> Result<Ended, Failure> {
    let how = {
        let over = async {
            let mut speaks = true;
            let mut bytes = vec![0; 4 << 10];
            let (output, status) = it.parts();
            let mut status = std::pin::pin!(status);
            let how = loop {
                tokio::select! {
                    how = &mut status => break how,
                    read = output.read(&mut bytes), if speaks => match read {
                        Ok(n) if n > 0 => saying.heard(&bytes[..n], task).await,
                        _ => speaks = false,
                    },
                }
            };
            // What is still on its way; something that it started may hold the other end for long.
            let rest = async {
                while let Ok(n @ 1..) = output.read(&mut bytes).await {
                    saying.heard(&bytes[..n], task).await;
                }
            };
            if speaks {
                let _ = timeout(REST, rest).await;
            }
            how
        };
        tokio::select! {
            how = over => Some(how.map_err(|error| error.into_failure(&task.what()))?),
            () = task.cancel.cancelled() => None,
            () = sleep_until(late) => None,
        }
    };
    Ok(match how {
        Some(ExitStatus::Code(code)) => Ended::With(i32::try_from(code).unwrap_or(i32::MAX)),
        // As a shell counts them; which it was is said too.
        Some(ExitStatus::Signal(name)) => {
            saying.line(&format!("ended by SIG{name}"));
            Ended::With(128)
        }
        None => {
            it.end().await;
            if task.cancel.is_cancelled() { Ended::Cancelled } else { Ended::Late }
        }
    })
}

/// What it says: clean, without what looks like a secret, the end of it.
#[derive(Default)]
struct Saying {
    redactor: Redactor,
    /// The line under way.
    begun: Vec<u8>,
    lines: std::collections::VecDeque<String>,
    bytes: usize,
    told: Option<Instant>,
}

impl Saying {
    async fn heard(&mut self, bytes: &[u8], task: &Task<'_>) {
        let mut newest = None;
        for &byte in bytes {
            if byte == b'\n' || self.begun.len() >= LINE {
                newest = self.end_line().or(newest);
            }
            if byte != b'\n' {
                self.begun.push(byte);
            }
        }
        if let Some(line) = newest
            && self.told.is_none_or(|told| told.elapsed() >= TOLD)
        {
            self.told = Some(Instant::now());
            task.listen.progress(Progress::Saying(shorten(&line, 300).into_owned())).await;
        }
    }

    /// Takes the line under way; one that says nothing is not told.
    fn end_line(&mut self) -> Option<String> {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.begun)).into_owned();
        self.line(&text)
    }

    fn line(&mut self, text: &str) -> Option<String> {
        let line = self.redactor.line(&clean(plain(text).trim_end())).into_owned();
        self.bytes += line.len() + 1;
        self.lines.push_back(line.clone());
        while self.bytes > KEPT {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len() + 1;
        }
        (!line.trim().is_empty()).then_some(line)
    }

    fn text(&mut self) -> String {
        if !self.begun.is_empty() {
            self.end_line();
        }
        self.lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}

/// Without what colors it and moves the cursor (ECMA-48, 5.4), which could hide the name of a secret.
fn plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(
            part.trim_start_matches(|c| ('\u{20}'..='\u{3f}').contains(&c)).get(1..).unwrap_or_default(),
        );
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_clean_without_secrets_and_bounded() {
        let begun = b"\x1b[31mtoken=hunter2-and-more sent".to_vec();
        let mut saying = Saying { begun, ..Saying::default() };
        assert_eq!(saying.end_line().as_deref(), Some("token=*** sent"));
        saying.begun = b"no \x07end".to_vec();
        let text = saying.text();
        assert!(!text.contains("hunter2") && text.contains("token=***"), "{text}");
        assert!(text.ends_with("no ␇end\n"), "{text}");
        for n in 0..20_000 {
            saying.line(&format!("line {n}"));
        }
        let text = saying.text();
        assert!(text.len() <= KEPT && text.ends_with("line 19999\n") && !text.contains("line 5\n"));
    }
}
