//! Whether containers that were stopped for a while are good again: they run, and where they have a health
//! check, that says so.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::Task;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::run::Progress;
use crate::transports::RemoteCommand;

/// How often it is looked.
const PACE: Duration = Duration::from_millis(500);
/// How long a container without a health check has to stay up.
const STEADY: Duration = Duration::from_secs(2);
/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(120);

const FORMAT: &str = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.StartedAt}} {{.Name}}";

/// Waits for it; says so, or nothing where there are none.
pub(super) async fn wait(task: &Task<'_>, containers: &[String]) -> Result<Option<String>, Failure> {
    if containers.is_empty() {
        return Ok(None);
    }
    let what = format!("see whether {} is good again on {}", containers.join(", "), task.ground.server);
    let command = RemoteCommand::new("docker")
        .args(["inspect", "-f", FORMAT])
        .args(containers.iter().map(String::as_str));
    let begun = Instant::now();
    let mut steady: Option<(String, Instant)> = None;
    loop {
        let text = task.ground.done(command.clone(), &what, PATIENCE).await?;
        match judge(&text) {
            Judged::Good => return Ok(Some("its containers run and are healthy".to_owned())),
            Judged::Bad(why) => {
                return Err(Failure::new(FailureKind::Invalid, what, why));
            }
            // Those without a check stay up for a while with the same start.
            Judged::Up => match &steady {
                Some((before, since)) if *before == text => {
                    if since.elapsed() >= STEADY {
                        return Ok(Some("its containers run".to_owned()));
                    }
                }
                _ => steady = Some((text, Instant::now())),
            },
            Judged::Waiting(why) => {
                if begun.elapsed() > PATIENCE {
                    let why = format!("{why} after {} s", PATIENCE.as_secs());
                    return Err(Failure::new(FailureKind::Timeout, what, why));
                }
                steady = None;
                task.listen.progress(Progress::Saying(why)).await;
            }
        }
        sleep(PACE).await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Judged {
    /// All are healthy.
    Good,
    /// All run, and some say nothing of their health.
    Up,
    Waiting(String),
    Bad(String),
}

fn judge(text: &str) -> Judged {
    let mut all = Judged::Good;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(status), Some(health), Some(_), Some(name)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let name = crate::domain::text::clean(name.trim_start_matches('/')).into_owned();
        match (status, health) {
            ("running", "healthy") => {}
            ("running", "none") => {
                if all == Judged::Good {
                    all = Judged::Up;
                }
            }
            ("running", "unhealthy") => return Judged::Bad(format!("{name} is unhealthy")),
            ("running" | "created", other) => all = Judged::Waiting(format!("{name} is {other}")),
            (other, _) => return Judged::Bad(format!("{name} is {}", crate::domain::text::clean(other))),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_not_good_is_told_of() {
        assert_eq!(judge("running healthy t /a\n"), Judged::Good);
        assert_eq!(judge("running none t /a\nrunning healthy t /b\n"), Judged::Up);
        assert_eq!(
            judge("running starting t /a\nrunning none t /b\n"),
            Judged::Waiting("a is starting".to_owned())
        );
        assert_eq!(
            judge("running healthy t /a\nrestarting none t /b\n"),
            Judged::Bad("b is restarting".to_owned())
        );
        assert_eq!(judge("running unhealthy t /a\n"), Judged::Bad("a is unhealthy".to_owned()));
    }
}
