//! Reading a recording, an entry at a time, with the number of the line in every mistake.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use super::{Entry, Header, LONGEST, RecordingError, VERSION};
use crate::message::event::Event;

/// Reads entries in their order.
pub struct Reader {
    name: String,
    source: Box<dyn BufRead + Send>,
    line: usize,
    ended: bool,
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
        let mut reader = Self { name, source, line: 0, ended: false };
        let header = reader.text().ok().flatten();
        let header = header.and_then(|text| serde_json::from_slice::<Header>(&text).ok());
        match header {
            Some(Header { midwatch_recording: VERSION }) => Ok(reader),
            Some(Header { midwatch_recording: version }) => {
                Err(RecordingError::Version { name: reader.name, version })
            }
            None => Err(RecordingError::NotOne { name: reader.name }),
        }
    }

    /// Reads it to its end, so that every mistake is found before anything is shown. How many
    /// entries there are.
    pub fn verify(self) -> Result<usize, RecordingError> {
        let name = self.name.clone();
        let mut count = 0;
        for entry in self {
            let entry = entry?;
            if count == 0 && !matches!(entry.event, Event::Setup(_)) {
                return Err(RecordingError::NoSetup { name });
            }
            count += 1;
        }
        if count == 0 { Err(RecordingError::NoSetup { name }) } else { Ok(count) }
    }

    /// The next line without its end; `None` after the last one.
    fn text(&mut self) -> Result<Option<Vec<u8>>, RecordingError> {
        self.line += 1;
        let mut text = Vec::new();
        let read = self.source.by_ref().take(LONGEST).read_until(b'\n', &mut text);
        if let Err(error) = read {
            return Err(self.mistake(error.to_string()));
        }
        match text.pop() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(text)),
            Some(_) if text.len() as u64 + 1 >= LONGEST => {
                Err(self.mistake(format!("it is longer than {LONGEST} bytes")))
            }
            Some(_) => Err(RecordingError::Cut { name: self.name.clone(), line: self.line }),
        }
    }

    fn mistake(&self, why: String) -> RecordingError {
        RecordingError::Line { name: self.name.clone(), line: self.line, why }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = match self.text() {
            Ok(None) => None,
            Ok(Some(text)) => Some(serde_json::from_slice(&text).map_err(|error| {
                // The error counts lines of its own, of which there is one.
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                self.mistake(format!("this is no event: {why}, column {}", error.column()))
            })),
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}
