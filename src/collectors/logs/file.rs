//! A file's log, over its rotations. The place in it is the inode and the offset behind the last
//! byte that was taken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use memchr::memchr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::file_script::{END, Header, SCRIPT, Word};
use super::lines::Lines;
use super::time_of_line::{Zone, time_of_line};
use super::{Log, LogRange, Sink};
use crate::collectors::failing::{LATER, channel_ended, transport_failed};
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::time::Timestamp;
use crate::message::log_batch::LogBatch;
use crate::store::logs::Flags;
use crate::transports::{Piped, RemoteCommand, Transport};

/// How soon a file that grew is looked at again.
const LIVELY: Duration = Duration::from_millis(250);
/// How soon one that did not.
const QUIET: Duration = Duration::from_millis(500);
/// How soon one that is not there.
const MISSING: Duration = Duration::from_secs(2);
/// How many questions without news make a file quiet.
const TURNS_TO_QUIET: u32 = 20;
/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// The longest header.
const HEADER: usize = 256;
/// How many last lines are looked through for those of a range that says no number.
const RANGE_LINES: u32 = 200_000;

pub(super) struct FileLog {
    what: String,
    path: String,
    sudo: bool,
    range: LogRange,
    /// Inode and offset; `None` before anything was read.
    place: Option<(u64, u64)>,
    lines: Lines,
    zone: Zone,
    last: Option<Timestamp>,
}

/// The script on the server, and what it wrote that was not taken yet.
struct Shell {
    piped: Piped,
    held: Vec<u8>,
}

enum Ended {
    Closed,
    Nonsense,
    Late,
}

impl FileLog {
    pub(super) fn new(what: String, path: String, sudo: bool, range: LogRange) -> Self {
        Self {
            what,
            path,
            sudo,
            range,
            place: None,
            lines: Lines::default(),
            zone: Zone::default(),
            last: None,
        }
    }

    fn command(&self) -> RemoteCommand {
        let command = RemoteCommand::script(SCRIPT).arg(&self.path);
        let command = match (self.place, self.range) {
            (Some((inode, offset)), _) => command.arg(&inode.to_string()).arg(&offset.to_string()),
            (None, LogRange { tail: Some(lines), since: None, .. }) => {
                command.arg("-").arg(&lines.to_string())
            }
            (None, _) => command.arg("-").arg(&RANGE_LINES.to_string()),
        };
        if self.sudo { command.sudo() } else { command }
    }

    /// One question and its answer; what came of the file goes to the sink.
    async fn piece(&mut self, shell: &mut Shell, sink: &mut Sink) -> Result<Header, Ended> {
        shell.piped.stdin.write_all(b"\n").await.map_err(|_| Ended::Closed)?;
        shell.piped.stdin.flush().await.map_err(|_| Ended::Closed)?;
        let header = loop {
            let line = shell.line().await?;
            match line.strip_prefix("@zone ") {
                Some(zone) => self.zone = Zone::parse(zone),
                None => break Header::parse(&line).ok_or(Ended::Nonsense)?,
            }
        };
        if matches!(header.word, Word::New | Word::Lost | Word::Cut) && self.place.is_some() {
            // Another file: what was not whole of the one before will never be.
            let mut rest = None;
            self.lines.finish(|line| rest = Some(line.to_owned()));
            if let Some(line) = rest {
                self.line(&line, sink);
            }
            if header.word == Word::Lost {
                sink.gap(LogBatch::UNCOUNTED).await;
            }
        }
        let mut left = header.length;
        while left > 0 {
            shell.fill().await?;
            let n = left.min(shell.held.len());
            let mut lines = std::mem::take(&mut self.lines);
            lines.feed(&shell.held[..n], |line| self.line(line, sink));
            self.lines = lines;
            shell.held.drain(..n);
            left -= n;
            // The place moves with each byte that is taken, so that a connection that is lost in
            // the middle of a piece goes on in the middle of it.
            self.place = Some((header.inode, header.offset + (header.length - left) as u64));
            if sink.is_full() {
                sink.flush().await;
            }
        }
        shell.end().await?;
        if !matches!(header.word, Word::None | Word::Denied) {
            self.place = Some((header.inode, header.offset + header.length as u64));
        }
        Ok(header)
    }

    fn line(&mut self, line: &str, sink: &mut Sink) {
        let own = time_of_line(line, self.zone);
        // A line without a time has that of the line before it.
        let at = own.or(self.last).unwrap_or_else(|| sink.now());
        self.last = own.or(self.last);
        if self.range.has(at) {
            sink.raw(line, at, Flags::NONE);
        }
    }

    fn refused(&self, word: Word) -> Option<Failure> {
        let path = &self.path;
        match word {
            Word::Denied => Some(
                Failure::new(FailureKind::Permission, &self.what, format!("this user may not read {path}"))
                    .hint("often `sudo usermod -aG adm \"$USER\"` there, then connect anew; or `become = \"sudo\"`")
                    .retry(LATER),
            ),
            Word::None => Some(
                Failure::new(FailureKind::NotFound, &self.what, format!("there is no {path}"))
                    .retry(Retry::After(MISSING)),
            ),
            _ => None,
        }
    }

    async fn follow(&mut self, shell: &mut Shell, sink: &mut Sink) -> Result<(), Failure> {
        let mut idle = 0_u32;
        loop {
            let header = match self.piece(shell, sink).await {
                Ok(header) => header,
                Err(Ended::Closed) => {
                    sink.flush().await;
                    return Err(channel_ended(&mut shell.piped.exec, self.what.clone()).await);
                }
                Err(Ended::Nonsense) => {
                    sink.flush().await;
                    let why = "its shell answers with something else than it was asked for";
                    return Err(Failure::new(FailureKind::Invalid, &self.what, why).retry(Retry::Now));
                }
                Err(Ended::Late) => {
                    sink.flush().await;
                    let why = format!("no answer within {} s", DEADLINE.as_secs());
                    return Err(Failure::new(FailureKind::Timeout, &self.what, why).retry(Retry::Now));
                }
            };
            if let Some(failure) =
                self.refused(header.word).filter(|_| self.place.is_none() || header.word == Word::Denied)
            {
                return Err(failure);
            }
            if header.length > 0 {
                idle = 0;
                // There may be more at once.
                if header.length >= 4 << 20 {
                    continue;
                }
            } else {
                idle = idle.saturating_add(1);
                if !self.range.follow {
                    let mut rest = None;
                    self.lines.finish(|line| rest = Some(line.to_owned()));
                    if let Some(line) = rest {
                        self.line(&line, sink);
                    }
                    sink.flush().await;
                    return Ok(());
                }
            }
            let pause = match header.word {
                Word::None => MISSING,
                _ if idle < TURNS_TO_QUIET => LIVELY,
                _ => QUIET,
            };
            let next = tokio::time::sleep(pause);
            tokio::pin!(next);
            loop {
                tokio::select! {
                    () = &mut next => break,
                    () = sink.due() => sink.flush().await,
                }
            }
        }
    }
}

impl Shell {
    /// Waits until something is held.
    async fn fill(&mut self) -> Result<(), Ended> {
        if self.held.is_empty() { self.more().await } else { Ok(()) }
    }

    async fn more(&mut self) -> Result<(), Ended> {
        match tokio::time::timeout(DEADLINE, self.piped.exec.stdout.read_buf(&mut self.held)).await {
            Ok(Ok(1..)) => Ok(()),
            Ok(Ok(0) | Err(_)) => Err(Ended::Closed),
            Err(_) => Err(Ended::Late),
        }
    }

    async fn line(&mut self) -> Result<String, Ended> {
        loop {
            if let Some(end) = memchr(b'\n', &self.held) {
                let line = String::from_utf8_lossy(&self.held[..end]).into_owned();
                self.held.drain(..=end);
                return Ok(line);
            }
            if self.held.len() > HEADER {
                return Err(Ended::Nonsense);
            }
            self.more().await?;
        }
    }

    /// Takes the end mark. Where the file shrank while it was read, something else stands there.
    async fn end(&mut self) -> Result<(), Ended> {
        while self.held.len() < END.len() {
            self.more().await?;
        }
        if !self.held.starts_with(END) {
            return Err(Ended::Nonsense);
        }
        self.held.drain(..END.len());
        Ok(())
    }
}

#[async_trait]
impl Log for FileLog {
    async fn read(&mut self, transport: &Arc<dyn Transport>, sink: &mut Sink) -> Result<(), Failure> {
        let piped =
            transport.pipe(self.command()).await.map_err(|error| transport_failed(error, &self.what))?;
        let mut shell = Shell { piped, held: Vec::with_capacity(64 * 1024) };
        sink.begin().await;
        self.follow(&mut shell, sink).await
    }
}
