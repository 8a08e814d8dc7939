//! A container's log by the engine's API, followed over its restarts and remakes.
//!
//! The place in it is, for standard output and standard error each, the time stamp of the last
//! message and how many messages had it: within one of them time stamps never fall, between the two
//! they may.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bollard::container::LogOutput;
use bollard::query_parameters::{InspectContainerOptions, LogsOptions};
use futures_util::StreamExt;

use super::lines::Lines;
use super::{Log, LogRange, Sink};
use crate::collectors::failing::LATER;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::time::Timestamp;
use crate::store::logs::Flags;
use crate::transports::Transport;
use crate::transports::engine::{self, Docker};

/// A log that gave nothing for so long had nothing to give.
const QUIET: Duration = Duration::from_secs(2);
/// How often a container that does not run is looked at.
const WAIT: Duration = Duration::from_secs(1);
/// The least time between two requests for the log of one that does.
const AGAIN: Duration = Duration::from_millis(200);

/// How many messages are taken together at most.
const TOGETHER: usize = 512;

pub(super) struct ContainerLog {
    what: String,
    name: String,
    socket: Option<String>,
    range: LogRange,
    streams: [Stream; 2],
    /// The time of the very first message, in nanoseconds: a stream that was quiet until now has its
    /// older messages outside the range.
    first: Option<i64>,
    /// Whether the log was read up to its end once: from then on nothing in it may be skipped.
    begun: bool,
}

/// Standard output or standard error.
#[derive(Default)]
struct Stream {
    place: Place,
    lines: Lines,
    at: Timestamp,
}

/// Up to where a stream was read, in nanoseconds since the epoch, and how many messages had that
/// time; and, while it is read again from before there, how many of those came again.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    nanos: i64,
    messages: u64,
    again: u64,
}

impl Place {
    /// Takes the next message; whether it is new.
    fn pass(&mut self, nanos: i64) -> bool {
        if nanos > self.nanos {
            *self = Self { nanos, messages: 1, again: 1 };
            return true;
        }
        if nanos < self.nanos {
            return false;
        }
        self.again += 1;
        let new = self.again > self.messages;
        self.messages = self.messages.max(self.again);
        new
    }
}

impl ContainerLog {
    pub(super) fn new(what: String, name: String, socket: Option<String>, range: LogRange) -> Self {
        Self { what, name, socket, range, streams: <[Stream; 2]>::default(), first: None, begun: false }
    }

    /// What to ask for: from the place where there is one, else the range.
    fn options(&self) -> LogsOptions {
        let since =
            match self.streams.iter().map(|stream| stream.place.nanos).filter(|nanos| *nanos > 0).max() {
                // The quiet one of the two streams may have messages up to here that were not seen; it
                // can only lag by what the engine has not yet put in order.
                Some(last) => Some((last / 1_000_000_000 - 2, "all".to_owned())),
                None if self.begun => Some((0, "all".to_owned())),
                None => None,
            };
        let first = || {
            let since = self.range.since.map_or(0, |since| since.as_millis().div_euclid(1000));
            (since, self.range.tail.map_or_else(|| "all".to_owned(), |lines| lines.max(1).to_string()))
        };
        let (since, tail) = since.unwrap_or_else(first);
        let until = self.range.until.filter(|_| !self.range.follow);
        let seconds = |seconds: i64| i32::try_from(seconds.max(0)).unwrap_or(i32::MAX);
        LogsOptions {
            follow: self.range.follow,
            stdout: true,
            stderr: true,
            timestamps: true,
            since: seconds(since),
            // Whole seconds: the one that it lies in is asked for, and cut here.
            until: until.map_or(0, |until| seconds(until.as_millis().div_euclid(1000) + 1)),
            tail,
        }
    }

    /// Reads one answer of the engine to its end.
    async fn stream(&mut self, docker: &Docker, sink: &mut Sink) -> Result<(), Failure> {
        for stream in &mut self.streams {
            stream.place.again = 0;
        }
        // What is there already is taken together: a flood must not pay the timers for each line.
        let messages = docker.logs(&self.name, Some(self.options())).ready_chunks(TOGETHER);
        let mut messages = pin!(messages);
        let mut quiet = pin!(tokio::time::sleep(QUIET));
        loop {
            tokio::select! {
                several = messages.next() => {
                    let Some(several) = several else { break };
                    for message in several {
                        match message {
                            Ok(message) => {
                                self.begun = true;
                                self.message(&message, sink);
                                if sink.is_full() {
                                    sink.flush().await;
                                }
                            }
                            Err(error) => {
                                sink.flush().await;
                                return Err(self.failed(&error));
                            }
                        }
                    }
                }
                () = sink.due() => sink.flush().await,
                () = &mut quiet, if !self.begun => self.begun = true,
            }
        }
        sink.flush().await;
        Ok(())
    }

    /// A message is one line, or a part of a long one, with its time stamp before it; a terminal's
    /// comes without frames, and may hold several.
    fn message(&mut self, message: &LogOutput, sink: &mut Sink) {
        let (stream, flags) = match message {
            LogOutput::StdErr { .. } => (&mut self.streams[1], Flags::STDERR),
            LogOutput::StdOut { .. } | LogOutput::StdIn { .. } | LogOutput::Console { .. } => {
                (&mut self.streams[0], Flags::NONE)
            }
        };
        let range = self.range;
        for part in message.as_ref().split_inclusive(|byte| *byte == b'\n') {
            let (nanos, text) = match stamp(part) {
                Some((nanos, text)) => (nanos, text),
                // The rest of a message that was cut on the way.
                None => (stream.place.nanos, part),
            };
            let stamped = text.len() < part.len();
            if stamped
                && (nanos < *self.first.get_or_insert(nanos) && stream.place.nanos == 0
                    || !stream.place.pass(nanos))
            {
                continue;
            }
            if stream.lines.is_empty() {
                stream.at = Timestamp::from_millis(nanos.div_euclid(1_000_000));
            }
            let at = stream.at;
            stream.lines.feed(text, |line| {
                if range.has(at) {
                    sink.raw(line, at, flags);
                }
            });
        }
    }

    fn failed(&self, error: &bollard::errors::Error) -> Failure {
        if engine::is_gone(error) {
            let why = format!("there is no container {}", self.name);
            return Failure::new(FailureKind::NotFound, &self.what, why).retry(Retry::After(WAIT * 2));
        }
        let failure = engine::failed(error, &self.what);
        // Some log drivers keep nothing that could be read.
        if failure.reason().contains("does not support reading") {
            let hint = "use Docker's `local` or `json-file` log driver for this container";
            return Failure { kind: FailureKind::Unsupported, ..failure }.hint(hint).retry(LATER);
        }
        failure
    }

    /// Waits until the container runs, which it may not do for long.
    async fn wait_running(&self, docker: &Docker) -> Result<(), Failure> {
        tokio::time::sleep(AGAIN).await;
        loop {
            let inspected = docker.inspect_container(&self.name, None::<InspectContainerOptions>).await;
            match inspected {
                Ok(container) => {
                    if container.state.and_then(|state| state.running) == Some(true) {
                        return Ok(());
                    }
                    tokio::time::sleep(WAIT).await;
                }
                // Being made anew, most likely: its log goes on under the same name.
                Err(error) if engine::is_gone(&error) && self.begun => tokio::time::sleep(WAIT).await,
                Err(error) => return Err(self.failed(&error)),
            }
        }
    }
}

#[async_trait]
impl Log for ContainerLog {
    async fn read(&mut self, transport: &Arc<dyn Transport>, sink: &mut Sink) -> Result<(), Failure> {
        let docker = engine::connect(transport, self.socket.as_deref(), &self.what).await?;
        sink.begin().await;
        loop {
            match self.stream(&docker, sink).await {
                Ok(()) if !self.range.follow => {
                    for (stream, flags) in self.streams.iter_mut().zip([Flags::NONE, Flags::STDERR]) {
                        let at = stream.at;
                        stream.lines.finish(|line| sink.raw(line, at, flags));
                    }
                    sink.flush().await;
                    return Ok(());
                }
                Ok(()) => {}
                // Removed while it was followed: whoever takes its name goes on.
                Err(failure) if failure.kind == FailureKind::NotFound && self.begun && self.range.follow => {}
                Err(failure) => return Err(failure),
            }
            self.begun = true;
            self.wait_running(&docker).await?;
        }
    }
}

/// The time stamp before a message, `2026-11-20T03:00:00.123456789Z `, in nanoseconds, and the rest.
fn stamp(message: &[u8]) -> Option<(i64, &[u8])> {
    /// The shortest has no fraction, the longest nine digits and an offset.
    const LONGEST: usize = 36;
    let end = memchr::memchr(b' ', message.get(..LONGEST.min(message.len()))?)?;
    let nanos = fixed_nanos(&message[..end]).or_else(|| {
        let text = std::str::from_utf8(&message[..end]).ok()?;
        i64::try_from(text.parse::<jiff::Timestamp>().ok()?.as_nanosecond()).ok()
    })?;
    Some((nanos, &message[end + 1..]))
}

/// The form that engines write, nine digits and `Z`, read without a detour: this runs for each line.
fn fixed_nanos(text: &[u8]) -> Option<i64> {
    let [date @ .., b'.', n0, n1, n2, n3, n4, n5, n6, n7, n8, b'Z'] = text else { return None };
    let [y0, y1, y2, y3, b'-', mo0, mo1, b'-', d0, d1, b'T', h0, h1, b':', mi0, mi1, b':', s0, s1] = date
    else {
        return None;
    };
    let number = |digits: &[&u8]| {
        digits
            .iter()
            .try_fold(0_i64, |n, digit| digit.is_ascii_digit().then(|| n * 10 + i64::from(**digit - b'0')))
    };
    let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[mo0, mo1])?, number(&[d0, d1])?);
    let (hour, minute, second) = (number(&[h0, h1])?, number(&[mi0, mi1])?, number(&[s0, s1])?);
    let nanos = number(&[n0, n1, n2, n3, n4, n5, n6, n7, n8])?;
    if !(1970..2262).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = (super::calendar::days(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passed(place: &mut Place, stamps: &[i64]) -> Vec<bool> {
        stamps.iter().map(|nanos| place.pass(*nanos)).collect()
    }

    #[test]
    fn what_comes_again_is_passed_over_and_what_is_new_with_the_same_time_is_not() {
        let mut place = Place::default();
        assert_eq!(passed(&mut place, &[5, 7, 7]), [true, true, true]);
        place.again = 0;
        assert_eq!(passed(&mut place, &[5, 7, 7, 7, 8]), [false, false, false, true, true]);
        place.again = 0;
        assert_eq!(passed(&mut place, &[7, 7, 7, 8, 8]), [false, false, false, false, true]);
    }

    #[test]
    fn stamps_are_read_in_every_form() {
        let text = b"2026-11-20T03:00:00.123456789Z hello\n";
        assert_eq!(stamp(text), Some((1_795_143_600_123_456_789, &b"hello\n"[..])));
        assert_eq!(
            stamp(b"2026-11-20T05:00:00+02:00 x").map(|(nanos, _)| nanos),
            Some(1_795_143_600_000_000_000)
        );
        assert_eq!(stamp(b"no stamp here"), None);
        assert_eq!(stamp(b""), None);
    }

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(nanos in 0_i64..9_000_000_000_000_000_000) {
            let text = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            prop_assert_eq!(fixed_nanos(format!("{text:.9}").as_bytes()), Some(nanos));
        }

        #[test]
        fn no_message_is_too_strange(message in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = stamp(&message);
        }
    }
}
