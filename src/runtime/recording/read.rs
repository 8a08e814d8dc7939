//! Reading a recording, an entry at a time, with the number of the line in every mistake. A line that
//! cannot be read keeps no other from being read; one that ends with the file was being written when the
//! console was killed, and is no mistake.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use super::{Entry, Header, LONGEST, Losses, RecordingError, Unread, VERSION};
use crate::message::event::Event;

/// Reads entries in their order.
pub struct Reader {
    name: String,
    source: Box<dyn BufRead + Send>,
    line: usize,
    ended: bool,
    losses: Losses,
}

/// What is read of a line.
enum Line {
    Whole(Vec<u8>),
    /// It ends with the file.
    Cut(Vec<u8>),
    TooLong,
}

/// Opens a recording in a file.
pub fn from_file(path: &Path) -> Result<Reader, RecordingError> {
    let file = File::open(path).map_err(|source| RecordingError::File { path: path.to_owned(), source })?;
    Reader::new(path.display().to_string(), Box::new(BufReader::new(file)))
}

/// Opens a recording that is part of the program.
pub fn from_bytes(name: &str, bytes: &'static [u8]) -> Result<Reader, RecordingError> {
    Reader::new(name.to_owned(), Box::new(bytes))
}

impl Reader {
    fn new(name: String, source: Box<dyn BufRead + Send>) -> Result<Self, RecordingError> {
        let mut reader = Self { name, source, line: 0, ended: false, losses: Losses::default() };
        let header = match reader.text()? {
            Some(Line::Whole(text)) => serde_json::from_slice::<Header>(&text).ok(),
            _ => None,
        };
        match header {
            Some(Header { midwatch_recording: VERSION }) => Ok(reader),
            Some(Header { midwatch_recording: version }) => {
                Err(RecordingError::Version { name: reader.name, version })
            }
            None => Err(RecordingError::NotOne { name: reader.name }),
        }
    }

    /// Reads it to its end, so that what is wrong with it is known before anything is shown. It has to
    /// begin with the configuration; of the rest, what could not be read is counted.
    pub fn verify(mut self) -> Result<Losses, RecordingError> {
        let first = self.next().transpose()?;
        if !first.is_some_and(|entry| matches!(entry.event, Event::Setup(_))) {
            return Err(RecordingError::NoSetup { name: self.name });
        }
        for entry in &mut self {
            match entry {
                Ok(_) | Err(RecordingError::Line { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.losses)
    }

    /// What could not be read until now.
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// The next line without its end; `None` after the last one.
    fn text(&mut self) -> Result<Option<Line>, RecordingError> {
        self.line += 1;
        let mut text = Vec::new();
        self.read_some(&mut text)?;
        match text.last() {
            None => Ok(None),
            Some(b'\n') => {
                text.pop();
                Ok(Some(Line::Whole(text)))
            }
            Some(_) if (text.len() as u64) < LONGEST => Ok(Some(Line::Cut(text))),
            Some(_) => {
                while text.last().is_some_and(|last| *last != b'\n') {
                    text.clear();
                    self.read_some(&mut text)?;
                }
                Ok(Some(Line::TooLong))
            }
        }
    }

    /// Reads to the end of the line, or as much as one may have.
    fn read_some(&mut self, text: &mut Vec<u8>) -> Result<(), RecordingError> {
        let read = self.source.by_ref().take(LONGEST).read_until(b'\n', text);
        let failed = |source| RecordingError::File { path: self.name.clone().into(), source };
        read.map(|_| ()).map_err(failed)
    }

    fn unread(&mut self, text: &[u8], why: String) -> RecordingError {
        let unread = Unread::see(self.line, text, why);
        self.losses.count(&unread);
        RecordingError::Line { name: self.name.clone(), unread: Box::new(unread) }
    }

    fn entry(&mut self) -> Result<Option<Entry>, RecordingError> {
        let (text, whole) = match self.text()? {
            None => return Ok(None),
            Some(Line::TooLong) => return Err(self.unread(b"", format!("it is longer than {LONGEST} bytes"))),
            Some(Line::Whole(text)) => (text, true),
            Some(Line::Cut(text)) => (text, false),
        };
        match serde_json::from_slice(&text) {
            Ok(entry) => Ok(Some(entry)),
            Err(_) if !whole => {
                self.losses.cut = true;
                Ok(None)
            }
            Err(error) => {
                // The error counts lines of its own, of which there is one.
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                let why = format!("this is no event: {why}, column {}", error.column());
                Err(self.unread(&text, why))
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.entry().transpose();
        self.ended = !matches!(entry, Some(Ok(_) | Err(RecordingError::Line { .. })));
        entry
    }
}
