//! Which apps of a server are in maintenance, by the files that tell their proxies where requests go: what
//! another console or a person did is seen as well.

use std::convert::Infallible;
use std::time::Duration;

use async_trait::async_trait;

use super::failing::{command_failed, transport_failed};
use super::{Beat, Collector};
use crate::domain::cadence;
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, ServerId};
use crate::domain::maintenance::{HEAD, Mark, Told};
use crate::domain::text::{clean, shorten};
use crate::message::batch::{Observation, Subject};
use crate::transports::{RemoteCommand, Transport};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// The longest answer that is read.
const LONGEST: usize = 1 << 20;

/// Prints a line for each of the files in `$@`: its first line, where that says that its app is in
/// maintenance.
const SCRIPT: &str = r#"for f; do d=${f%/*}; d=${d:-/}
  if [ -d "$d" ] && [ ! -x "$d" ]; then echo "unread $(id -un) may not look into $d"
  elif [ ! -e "$f" ]; then echo open
  elif [ ! -r "$f" ]; then echo "unread $(id -un) may not read $f"
  else l=$(head -c 16384 "$f" | head -n 1)
    case $l in '#! midwatch maintenance '*) printf 'shut %s\n' "$l";; *) echo open;; esac
  fi
done; exit 0"#;

/// See the module.
pub struct MaintenanceCollector {
    files: Vec<(AppId, String)>,
}

impl MaintenanceCollector {
    /// Looks at the files of these apps.
    pub fn new(files: Vec<(AppId, String)>) -> Self {
        Self { files }
    }

    async fn observe(&self, mut beat: Beat) -> Result<Infallible, Failure> {
        loop {
            let told = look(&*beat.transport, &beat.server, &self.files).await?;
            beat.publish(Observation::Maintenance(told));
            beat.rest(cadence::MAINTENANCE).await;
        }
    }
}

/// Looks at the files of these apps once.
pub async fn look(
    transport: &dyn Transport,
    server: &ServerId,
    files: &[(AppId, String)],
) -> Result<Told, Failure> {
    let what = format!("see which apps of {server} are in maintenance");
    let command = RemoteCommand::script(SCRIPT).args(files.iter().map(|(_, file)| file.as_str()));
    let output =
        transport.run(command, DEADLINE, LONGEST).await.map_err(|error| transport_failed(error, &what))?;
    if !output.success() {
        return Err(command_failed(&output, what));
    }
    let text = output.text();
    let mut lines = text.lines();
    Ok(files.iter().map(|(app, _)| (app.clone(), read(lines.next().unwrap_or_default()))).collect())
}

/// What a file's line says.
fn read(line: &str) -> Result<Option<Mark>, String> {
    match line.split_once(' ').unwrap_or((line, "")) {
        ("open", _) => Ok(None),
        ("shut", head) => Mark::read(head)
            .map(Some)
            .ok_or_else(|| format!("its file begins with `{}` and cannot be read", HEAD.trim_end())),
        ("unread", why) => Err(shorten(&clean(why), 200).into_owned()),
        _ => Err("its file was not told of".to_owned()),
    }
}

#[async_trait]
impl Collector for MaintenanceCollector {
    fn name(&self) -> &'static str {
        "maintenance"
    }

    fn subject(&self) -> Subject {
        Subject::Maintenance
    }

    async fn run(&self, beat: Beat) -> Failure {
        match self.observe(beat).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_not_known() {
        assert_eq!(read("open"), Ok(None));
        assert!(read("").is_err() && read("shut nonsense").is_err());
        assert_eq!(read("unread ops may \u{1b}not"), Err("ops may ␛not".to_owned()));
        let line = r#"shut #! midwatch maintenance {"since":"2026-11-21T19:30:00Z","by":"ada","run":"r","retry_after":1}"#;
        assert_eq!(read(line).unwrap().unwrap().by, "ada");
    }
}
