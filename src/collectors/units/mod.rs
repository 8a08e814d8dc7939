//! systemd units and timers, by `systemctl` as the user that we are.
//!
//! Lives here: the asking. Reading the answers is `parse`, what they add up to is `picture`. Not
//! here: starting or stopping a unit.

mod parse;
mod picture;

use std::convert::Infallible;
use std::time::Duration;

use async_trait::async_trait;

use self::picture::Picture;
use super::failing::{LATER, command_failed, transport_failed};
use super::{Beat, Collector};
use crate::domain::failure::{Failure, FailureKind};
use crate::message::batch::{Observation, Subject};
use crate::transports::RemoteCommand;
use crate::transports::exec::ExitStatus;

/// How often every unit is shown in full. That costs the server some 70 ms of processor time, the
/// list alone 10; what changed in the list is shown at once.
const WHOLE: Duration = Duration::from_secs(60);
/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// The longest answer that is read.
const LONGEST: usize = 4 << 20;

/// Its arguments are the units to show, by name or pattern; the list comes always. Our schedules may be of the
/// user's own manager: what that one says of them comes last, since the machine's knows nothing of them.
const SCRIPT: &str = "export LC_ALL=C TZ=UTC SYSTEMD_COLORS=0 SYSTEMD_PAGER= XDG_RUNTIME_DIR=\"${XDG_RUNTIME_DIR:-/run/user/$(id -u)}\"
command -v systemctl >/dev/null || exit 127
echo \"@system $(systemctl is-system-running 2>/dev/null)\"
echo \"@now $(date +%s) $(cat /proc/uptime)\"
u=; [ -S \"$XDG_RUNTIME_DIR/systemd/private\" ] && ls \"${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user\"/midwatch-*.timer >/dev/null 2>&1 && u=1
systemctl list-units --type=service,timer --all --plain --no-legend --full || exit
[ \"$u\" ] && systemctl --user list-units --type=service,timer --all --plain --no-legend --full 'midwatch-*' 2>/dev/null
[ $# -gt 0 ] || exit 0
echo @show
p='-p Id -p ActiveState -p SubState -p Result -p NRestarts -p StateChangeTimestamp -p Description -p ExecMainExitTimestamp -p Unit -p LastTriggerUSec -p NextElapseUSecRealtime -p NextElapseUSecMonotonic'
systemctl show $p -- \"$@\" || exit
[ \"$u\" ] && { echo; systemctl --user show $p -- 'midwatch-*' 2>/dev/null; }
exit 0";

/// See the module.
pub struct UnitsCollector {
    interval: Duration,
}

impl UnitsCollector {
    /// Looks every `interval` while someone watches.
    pub fn new(interval: Duration) -> Self {
        Self { interval }
    }

    async fn observe(&self, mut beat: Beat) -> Result<Infallible, Failure> {
        let what = format!("read the systemd units of {}", beat.server);
        let mut picture = Picture::default();
        let mut whole = WHOLE;
        loop {
            let all = whole >= WHOLE;
            let names = if all { vec!["*.service".to_owned(), "*.timer".to_owned()] } else { Vec::new() };
            let mut more = picture.take(&look(&beat, &what, &names).await?, beat.clock.now());
            // A timer that changed is shown, and then what it starts.
            for _ in 0..2 {
                if more.is_empty() {
                    break;
                }
                more = picture.take(&look(&beat, &what, &more).await?, beat.clock.now());
            }
            beat.publish(Observation::Units(picture.units()));
            whole = if all { Duration::ZERO } else { whole };
            let pace = *beat.pace.borrow();
            beat.rest(self.interval).await;
            whole += pace.stretch(self.interval);
        }
    }
}

#[async_trait]
impl Collector for UnitsCollector {
    fn name(&self) -> &'static str {
        "units"
    }

    fn subject(&self) -> Subject {
        Subject::Units
    }

    async fn run(&self, beat: Beat) -> Failure {
        match self.observe(beat).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }
}

async fn look(beat: &Beat, what: &str, names: &[String]) -> Result<parse::Answer, Failure> {
    let command = RemoteCommand::script(SCRIPT).args(names.iter().map(String::as_str));
    let output = beat
        .transport
        .run(command, DEADLINE, LONGEST)
        .await
        .map_err(|error| transport_failed(error, what))?;
    if output.status == ExitStatus::Code(127) {
        return Err(Failure::new(FailureKind::Unsupported, what, "no systemd here").retry(LATER));
    }
    let answer = parse::answer(&output.text());
    if output.success() && !answer.system.is_empty() {
        return Ok(answer);
    }
    // systemctl is installed in many containers in which nothing was booted by systemd.
    if matches!(answer.system.as_str(), "offline" | "unknown")
        || output.complaint().contains("not been booted")
    {
        return Err(
            Failure::new(FailureKind::Unsupported, what, "this machine does not run systemd").retry(LATER)
        );
    }
    Err(command_failed(&output, what.to_owned()))
}
