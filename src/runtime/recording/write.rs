//! Writing a recording while the console runs.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{EntryRef, Header, RecordingError, VERSION, belongs};
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;
use crate::message::event::Event;
use crate::message::log_batch::{LogBatch, Part};
use crate::store::logs::ChunkBuilder;

impl Seam {
    /// What of a batch of before what is recorded is new.
    fn earlier(&mut self, batch: &LogBatch) -> Option<LogBatch> {
        if matches!(batch.part, Part::EarlierEnd(_)) {
            self.first = self.earlier.take().or(self.first);
            return None;
        }
        let mut builder = ChunkBuilder::default();
        for (text, at, level, flags) in batch.chunk.lines() {
            if self.first.is_none_or(|first| at < first) {
                builder.push(text, at, level, flags);
                self.earlier = Some(self.earlier.map_or(at, |earlier| earlier.min(at)));
            }
        }
        let chunk = builder.take();
        (!chunk.is_empty()).then(|| LogBatch { chunk, ..batch.clone() })
    }
}

/// Writes events to a file that only its owner may read. The first mistake ends the recording, and
/// is told when it is finished: the console goes on without.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    out: BufWriter<File>,
    failed: Option<std::io::Error>,
    sources: HashMap<LogSource, Seam>,
}

/// How far a source is recorded. A log that is opened again begins with lines that were there
/// before; they are recorded once.
#[derive(Clone, Copy, Debug, Default)]
struct Seam {
    last: Option<Timestamp>,
    again: bool,
    /// The first time recorded, and that of what is read now of before it.
    first: Option<Timestamp>,
    earlier: Option<Timestamp>,
}

impl Recorder {
    /// Begins a recording in a new file.
    pub fn create(path: &Path) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::File { path: path.to_owned(), source };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        let mut recorder =
            Self { path: path.to_owned(), out: BufWriter::new(file), failed: None, sources: HashMap::new() };
        recorder
            .line(&Header { midwatch_recording: VERSION })
            .and_then(|()| recorder.out.flush())
            .map_err(failed)?;
        Ok(recorder)
    }

    /// Takes an event; a tick flushes what was written.
    pub fn take(&mut self, event: &Event, at: Timestamp) {
        if self.failed.is_some() {
            return;
        }
        let written = match event {
            Event::Tick => self.out.flush(),
            Event::Logs(batch) => match self.unseen(batch) {
                Some(batch) => self.line(&EntryRef { at, event: &Event::Logs(batch) }),
                None => Ok(()),
            },
            event if belongs(event) => self.line(&EntryRef { at, event }),
            _ => Ok(()),
        };
        self.failed = written.err();
    }

    /// Ends the recording, and says what went wrong with it.
    pub fn finish(mut self) -> Result<(), RecordingError> {
        let flushed = self.out.flush();
        match self.failed.or(flushed.err()) {
            Some(source) => Err(RecordingError::File { path: self.path, source }),
            None => Ok(()),
        }
    }

    /// What of a batch is new. Where a log was opened anew, lines up to the last one recorded are
    /// not; of several at that very millisecond some may be lost.
    fn unseen(&mut self, batch: &LogBatch) -> Option<LogBatch> {
        let seam = self.sources.entry(batch.source.clone()).or_default();
        if batch.part != Part::Followed {
            return seam.earlier(batch);
        }
        if batch.chunk.is_empty() && batch.gap == 0 {
            seam.again = true;
            return None;
        }
        let held = seam.last.filter(|_| seam.again);
        let mut builder = ChunkBuilder::default();
        for (text, at, level, flags) in batch.chunk.lines() {
            if held.is_none_or(|held| at > held) {
                builder.push(text, at, level, flags);
            }
            seam.last = seam.last.max(Some(at));
            seam.first = Some(seam.first.map_or(at, |first| first.min(at)));
        }
        let chunk = builder.take();
        seam.again = held.is_some() && chunk.is_empty();
        let gap = if held.is_some() { 0 } else { batch.gap };
        (!chunk.is_empty() || gap > 0).then(|| LogBatch::new(batch.source.clone(), chunk, gap))
    }

    fn line(&mut self, value: &impl serde::Serialize) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }
}
