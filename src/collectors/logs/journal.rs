//! The journal by `journalctl`. The place in it is its own cursor.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use memchr::memchr;
use tokio::io::AsyncReadExt;

use super::journal_entry::{Entry, FIELDS};
use super::{Log, LogRange, Sink};
use crate::collectors::failing::{LATER, command_failed, transport_failed};
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::line::level::level_of;
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::store::logs::Flags;
use crate::transports::exec::{Exec, ExitStatus, Output};
use crate::transports::{RemoteCommand, Transport, TransportError};

/// The longest entry that is read, its other fields included; a longer one becomes a gap.
const LONGEST_ENTRY: usize = 1 << 20;
/// A journal that gave nothing for so long had nothing to give.
const QUIET: Duration = Duration::from_secs(2);
/// How long to wait for the status of a command whose output ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The longest cursor that is believed.
const LONGEST_CURSOR: usize = 1024;
/// How much of the complaints is kept.
const COMPLAINTS: usize = 4096;
/// The first call shows nothing, and says on standard error what it may not show; with JSON for its
/// output `journalctl` keeps that to itself.
const SCRIPT: &str = r#"export LC_ALL=C
journalctl --no-pager --lines=0 >/dev/null
exec journalctl "$@""#;
/// `journalctl` says this where it may show only what this very user wrote.
const HINT: &str = "not seeing messages from other users";

pub(super) struct JournalLog {
    what: String,
    unit: Option<String>,
    sudo: bool,
    range: LogRange,
    cursor: Option<String>,
    /// Whether the journal was followed for a while. Without a cursor there was nothing in it then,
    /// and whatever came later is to be read.
    empty: bool,
    last: Timestamp,
}

impl JournalLog {
    pub(super) fn new(what: String, unit: Option<String>, sudo: bool, range: LogRange) -> Self {
        Self { what, unit, sudo, range, cursor: None, empty: false, last: Timestamp::default() }
    }

    fn command(&self) -> RemoteCommand {
        let mut command = RemoteCommand::script(SCRIPT).args(["--output=json", "--no-pager", "--utc"]);
        command = command.arg(&format!("--output-fields={FIELDS}"));
        if let Some(unit) = &self.unit {
            command = command.arg(&format!("--unit={unit}"));
        }
        match (&self.cursor, self.range.tail) {
            (Some(cursor), _) => {
                command = command.arg(&format!("--after-cursor={cursor}")).arg("--lines=all");
            }
            (None, Some(lines)) if !self.empty => command = command.arg(&format!("--lines={}", lines.max(1))),
            (None, _) => command = command.arg("--lines=all"),
        }
        let seconds = |at: Timestamp| {
            format!("@{}.{:03}", at.as_millis().div_euclid(1000), at.as_millis().rem_euclid(1000))
        };
        if let Some(since) = self.range.since.filter(|_| self.cursor.is_none()) {
            command = command.arg(&format!("--since={}", seconds(since)));
        }
        if self.range.follow {
            command = command.arg("--follow");
        } else if let Some(until) = self.range.until {
            command = command.arg(&format!("--until={}", seconds(until)));
        }
        if self.sudo { command.sudo() } else { command }
    }

    /// Takes an entry; a message of several lines is one record.
    fn entry(&mut self, line: &[u8], sink: &mut Sink) {
        let Some(entry) = Entry::parse(line) else { return };
        self.last = entry.at().unwrap_or(self.last);
        self.cursor = entry
            .cursor
            .as_ref()
            .filter(|cursor| cursor.len() <= LONGEST_CURSOR)
            .cloned()
            .or(self.cursor.take());
        if !self.range.has(self.last) {
            return;
        }
        let level = entry.level(level_of(&entry.message));
        let mut lines = entry.message.trim_end_matches('\n').split('\n');
        let head = lines.next().unwrap_or_default();
        if self.unit.is_some() {
            sink.line(head, self.last, level, Flags::NONE);
        } else {
            sink.line(&format!("{}: {head}", entry.who()), self.last, level, Flags::NONE);
        }
        for line in lines {
            sink.line(line, self.last, level, Flags::CONTINUATION);
        }
    }

    async fn take(&mut self, exec: &mut Exec, sink: &mut Sink) -> Result<(), Failure> {
        let mut quiet = pin!(tokio::time::sleep(QUIET));
        let mut held: Vec<u8> = Vec::with_capacity(64 * 1024);
        let mut complaints: Vec<u8> = Vec::new();
        let mut complaining = true;
        loop {
            tokio::select! {
                read = exec.stdout.read_buf(&mut held) => match read {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {
                        let mut start = 0;
                        while let Some(end) = memchr(b'\n', &held[start..]) {
                            self.entry(&held[start..start + end], sink);
                            start += end + 1;
                            if sink.is_full() {
                                sink.flush().await;
                            }
                        }
                        held.drain(..start);
                        if held.len() > LONGEST_ENTRY {
                            held.clear();
                            sink.gap(1).await;
                        }
                    }
                },
                read = exec.stderr.read_buf(&mut complaints), if complaining => {
                    complaining = matches!(read, Ok(1..)) && complaints.len() < COMPLAINTS;
                    if String::from_utf8_lossy(&complaints).contains(HINT) {
                        return Err(self.not_permitted());
                    }
                }
                () = sink.due() => sink.flush().await,
                () = &mut quiet, if !self.empty => self.empty = true,
            }
        }
        sink.flush().await;
        self.ended(exec, &complaints).await
    }

    /// Why the output ended; for a range that is not followed, zero is as it should be.
    async fn ended(&self, exec: &mut Exec, complaints: &[u8]) -> Result<(), Failure> {
        // A stream that broke has no status, and where the server does not tell it, none comes.
        let status = tokio::time::timeout(LAST_WORDS, &mut exec.status).await;
        let Ok(Ok(Ok(status))) = status else {
            return Err(transport_failed(TransportError::Closed, &self.what));
        };
        if status == ExitStatus::Code(0) && !self.range.follow {
            return Ok(());
        }
        let output = Output { status, stdout: Vec::new(), stderr: complaints.to_vec(), truncated: false };
        let complaint = output.complaint();
        if complaint.contains("insufficient permissions")
            || complaint.contains("No journal files were opened")
        {
            return Err(self.not_permitted());
        }
        if output.status == ExitStatus::Code(127) {
            return Err(
                Failure::new(FailureKind::Unsupported, &self.what, "there is no journalctl").retry(LATER)
            );
        }
        Err(command_failed(&output, self.what.clone()).retry(Retry::Now))
    }

    fn not_permitted(&self) -> Failure {
        Failure::new(FailureKind::Permission, &self.what, "this user may not read the system's journal")
            .hint("`sudo usermod -aG systemd-journal \"$USER\"` there, then connect anew; or `become = \"sudo\"`")
            .retry(LATER)
    }
}

#[async_trait]
impl Log for JournalLog {
    async fn read(&mut self, transport: &Arc<dyn Transport>, sink: &mut Sink) -> Result<(), Failure> {
        let command = self.command();
        tracing::debug!(command = %shorten(&clean(command.line()), 200), "journal");
        let mut exec = transport.exec(command).await.map_err(|error| transport_failed(error, &self.what))?;
        sink.begin().await;
        self.take(&mut exec, sink).await
    }
}
