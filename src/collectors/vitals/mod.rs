//! A machine's own figures: one shell on one channel, asked for a report each interval.
//!
//! Lives here: the asking. What is asked is `script`, what comes back is read by `parse` and made
//! into rates by `rates`. Not here: judging a figure.

mod marks;
mod mounts;
pub mod parse;
pub mod rates;
pub mod raw;
mod script;

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::marks::Memory;
use self::raw::{Look, Report};
use super::failing::{channel_ended, transport_failed};
use super::{Beat, Collector};
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;
use crate::domain::vitals::{DiskUse, Vitals};
use crate::message::batch::{Observation, Subject};
use crate::transports::{Piped, RemoteCommand};

/// How long after the first look the second comes, which has the first rates, and after that the third,
/// which has the clock.
const SECOND_LOOK: Duration = Duration::from_millis(80);
/// How often disks, the clock and the mark for a reboot are read anew.
const SLOW: Duration = Duration::from_secs(30);
/// How often the package manager is asked whether a reboot is needed; it takes seconds to tell.
const SLOWEST: Duration = Duration::from_secs(6 * 3600);
/// How long a report may take.
const DEADLINE: Duration = Duration::from_secs(15);
/// The longest report that is read; a real one has some KiB.
const LONGEST_REPORT: usize = 1 << 20;

/// See the module.
pub struct VitalsCollector {
    interval: Duration,
    /// What is remembered over connections, so that a boot between two of them is seen.
    memory: Mutex<Memory>,
}

impl VitalsCollector {
    /// Looks every `interval` while someone watches.
    pub fn new(interval: Duration) -> Self {
        Self { interval, memory: Mutex::default() }
    }

    async fn observe(&self, mut beat: Beat) -> Result<Infallible, Failure> {
        let mut shell = Shell::start(&beat).await?;
        let mut state = State::default();
        let (mut slow, mut slowest, mut clock) = (Duration::ZERO, SLOWEST.saturating_sub(SLOW), false);
        let mut looks = 0_u32;
        loop {
            let mut want = String::new();
            // The first look is what costs least, so that there is something soon; the rest of what
            // the machine is comes with the second.
            if looks == 1 {
                want.push('i');
            }
            let disks = looks > 0 && slow.is_zero();
            if disks {
                want.push('d');
            }
            // A report with nothing slow in it takes the least time, which is what the clock's
            // offset is uncertain by.
            if clock {
                want.push('t');
            }
            if slowest >= SLOWEST {
                want.push('r');
                slowest = Duration::ZERO;
            }
            clock = disks;
            let asked = beat.clock.now();
            let report = shell.ask(&want).await?;
            let now = beat.clock.now();
            if report.look.uptime.is_none() && report.look.memory.is_none() {
                return Err(no_proc(&beat.server));
            }
            if let Some(facts) = &report.facts {
                beat.publish(Observation::Facts(facts.clone()));
            }
            let vitals = state.take(report, asked, now);
            for mark in
                self.memory.lock().unwrap_or_else(PoisonError::into_inner).marks(&beat.server, &vitals, now)
            {
                beat.publish(Observation::Mark(mark));
            }
            beat.publish(Observation::Vitals(vitals));
            looks = looks.saturating_add(1);
            let pace = *beat.pace.borrow();
            if looks <= 2 {
                tokio::time::sleep(SECOND_LOOK).await;
            } else {
                beat.rest(self.interval).await;
            }
            if looks > 1 {
                slow += pace.stretch(self.interval);
                slowest += pace.stretch(self.interval);
                if slow >= SLOW {
                    slow = Duration::ZERO;
                }
            }
        }
    }
}

#[async_trait]
impl Collector for VitalsCollector {
    fn name(&self) -> &'static str {
        "vitals"
    }

    fn subject(&self) -> Subject {
        Subject::Vitals
    }

    fn is_urgent(&self) -> bool {
        true
    }

    async fn run(&self, beat: Beat) -> Failure {
        match self.observe(beat).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }
}

/// What is carried from report to report.
#[derive(Default)]
struct State {
    before: Option<Look>,
    cores: u16,
    disks: Vec<DiskUse>,
    reboot_required: Option<bool>,
    clock_offset_ms: Option<i64>,
}

impl State {
    fn take(&mut self, report: Report, asked: Timestamp, answered: Timestamp) -> Vitals {
        self.cores = report.cores.unwrap_or(self.cores);
        self.reboot_required = report.reboot_required.or(self.reboot_required);
        if let Some(disks) = report.disks {
            self.disks = disks;
        }
        if let Some(clock) = report.clock {
            // Read somewhere between question and answer; the middle is wrong by half of it at most.
            let here = i64::midpoint(asked.as_millis(), answered.as_millis());
            self.clock_offset_ms = Some(clock.millis.saturating_sub(here));
        }
        let vitals = Vitals {
            cores: self.cores,
            disks: self.disks.clone(),
            clock_offset_ms: self.clock_offset_ms,
            reboot_required: self.reboot_required,
            ..rates::vitals(self.before.as_ref(), &report.look)
        };
        self.before = Some(report.look);
        vitals
    }
}

/// The shell on the server, and what it wrote that was not read yet.
struct Shell {
    server: ServerId,
    piped: Piped,
    held: Vec<u8>,
}

impl Shell {
    async fn start(beat: &Beat) -> Result<Self, Failure> {
        let piped =
            tokio::time::timeout(DEADLINE, beat.transport.pipe(RemoteCommand::script(script::SCRIPT)))
                .await
                .map_err(|_| too_late(&beat.server))?
                .map_err(|error| transport_failed(error, what(&beat.server)))?;
        Ok(Self { server: beat.server.clone(), piped, held: Vec::with_capacity(4096) })
    }

    /// Asks for one report and waits for it.
    async fn ask(&mut self, want: &str) -> Result<Report, Failure> {
        match tokio::time::timeout(DEADLINE, self.exchange(want)).await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(Ended::Long)) => Err(Failure::new(
                FailureKind::Invalid,
                what(&self.server),
                "its shell writes without end, and not what it was asked for",
            )
            .hint("look whether the login shell of this user prints something of its own (`~/.bashrc`)")
            .retry(Retry::After(Duration::from_secs(60)))),
            Ok(Err(Ended::Closed)) => Err(channel_ended(&mut self.piped.exec, what(&self.server)).await),
            Err(_) => Err(too_late(&self.server)),
        }
    }

    async fn exchange(&mut self, want: &str) -> Result<Report, Ended> {
        let line = format!("l{want}\n");
        self.piped.stdin.write_all(line.as_bytes()).await.map_err(|_| Ended::Closed)?;
        self.piped.stdin.flush().await.map_err(|_| Ended::Closed)?;
        loop {
            if let Some((text, end)) = split_report(&self.held) {
                let report = parse::report(&String::from_utf8_lossy(text));
                self.held.drain(..end);
                return Ok(report);
            }
            if self.held.len() > LONGEST_REPORT {
                return Err(Ended::Long);
            }
            let read = self.piped.exec.stdout.read_buf(&mut self.held).await;
            if matches!(read, Ok(0) | Err(_)) {
                return Err(Ended::Closed);
            }
        }
    }
}

enum Ended {
    Closed,
    Long,
}

/// The first report in the text, and where the next begins.
fn split_report(held: &[u8]) -> Option<(&[u8], usize)> {
    let alone = &script::END[1..];
    if held.starts_with(alone) {
        return Some((&[], alone.len()));
    }
    let at = memmem::find(held, script::END)?;
    Some((&held[..=at], at + script::END.len()))
}

fn what(server: &ServerId) -> String {
    format!("read the vitals of {server}")
}

fn too_late(server: &ServerId) -> Failure {
    let why = format!("no report within {} s", DEADLINE.as_secs());
    Failure::new(FailureKind::Timeout, what(server), why).retry(Retry::Now)
}

fn no_proc(server: &ServerId) -> Failure {
    Failure::new(FailureKind::Unsupported, what(server), "/proc cannot be read there, or there is no grep")
        .hint("vitals need a Linux with /proc and grep; `collect.vitals = false` turns them off for this server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_cut_at_their_end_mark() {
        assert_eq!(split_report(b"@end\nnext"), Some((&b""[..], 5)));
        assert_eq!(split_report(b"one\n@end\ntwo"), Some((&b"one\n"[..], 9)));
        assert_eq!(split_report(b"one\n@en"), None);
    }

    #[test]
    fn the_clock_is_compared_with_the_middle_of_question_and_answer() {
        let report = Report { clock: Some(raw::ServerClock { millis: 10_500 }), ..Report::default() };
        let vitals =
            State::default().take(report, Timestamp::from_millis(9_000), Timestamp::from_millis(10_000));
        assert_eq!(vitals.clock_offset_ms, Some(1_000));
    }

    #[test]
    fn what_was_not_asked_again_stays() {
        let mut state = State::default();
        let at = Timestamp::from_secs(1);
        let disks = vec![DiskUse { mount: "/".into(), ..DiskUse::default() }];
        state.take(Report { disks: Some(disks.clone()), cores: Some(4), ..Report::default() }, at, at);
        let vitals = state.take(Report::default(), at, at);
        assert_eq!((vitals.disks, vitals.cores), (disks, 4));
    }
}
