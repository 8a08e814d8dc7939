//! What a person is asked before something is changed: a version and how it is deployed, a reason, the
//! app's name, or whether it is meant.

pub mod bringing;
mod keys;
mod maintenance;
pub mod options;
mod otherwise;
mod question;
pub mod versions;

use std::time::Duration;

pub use bringing::Bringing;
pub use options::Options;
pub use question::{Answered, Outcome, Question, Then};
pub use versions::{Choice, Offer, Versions};

use super::text_input::TextInput;
use crate::domain::exec::ExecAsked;
use crate::domain::failure::Failure;
use crate::domain::file_list::Wanted as Looked;
use crate::domain::ids::{AppId, RequestId};
use crate::domain::shell;
use crate::domain::tags::TagList;
use crate::domain::time::Timestamp;
use crate::keys::chord::{Chord, Key};
use crate::message::change::{Manner, Wanted};
use crate::operations::scale::read as numbers;

/// How long it is shown before a key answers it.
const READING_TIME: Duration = Duration::from_millis(400);

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What is asked.
    pub question: Question,
    /// What is typed.
    pub input: TextInput,
    /// Why what was typed does not do.
    pub mistake: Option<String>,
    /// Since when it can be read.
    pub since: Timestamp,
}

impl Prompt {
    /// A question that is shown now.
    pub fn new(question: Question, now: Timestamp) -> Self {
        Self { question, input: TextInput::default(), mistake: None, since: now }
    }

    /// The versions that hold what is typed.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        let versions = match &self.question {
            Question::Version { versions, .. } => Some(versions),
            _ => None,
        };
        versions.into_iter().flat_map(|it| it.holding(self.input.text()))
    }

    /// What else can be chosen, where something can.
    pub const fn options(&self) -> Option<&Options> {
        match &self.question {
            Question::Version { options, .. } | Question::Manner { options, .. } => Some(options),
            _ => None,
        }
    }

    /// Takes the versions that the registry has; `false` where another question asked for them. What is
    /// typed and picked stays.
    pub fn offered(&mut self, request: RequestId, told: &Result<TagList, Failure>) -> bool {
        match &mut self.question {
            Question::Version { versions, .. } => versions.offered(request, told, self.input.text()),
            _ => false,
        }
    }

    /// Takes what runs now, an image a row.
    pub fn present(&mut self, now: Vec<String>) {
        if let Question::Version { versions, .. } = &mut self.question {
            versions.present(now);
        }
    }

    /// Whether it has a line to type in.
    pub const fn has_line(&self) -> bool {
        !matches!(self.question, Question::Sure { .. } | Question::Manner { .. } | Question::Restore { .. })
    }

    /// Takes a key.
    pub fn key(&mut self, chord: Chord, now: Timestamp) -> Outcome {
        if chord.key == Key::Esc {
            return Outcome::Leave;
        }
        if let Question::Sure { then, .. } = &self.question {
            return match chord.key {
                Key::Char('n' | 'N' | 'q') => Outcome::Leave,
                // A key that was under way before is no answer, and Enter is hit without reading.
                Key::Char('y' | 'Y') if self.since.age(now) >= READING_TIME => {
                    Outcome::Answered(Answered::Yes(then.clone()))
                }
                _ => Outcome::Stay,
            };
        }
        if let Question::Restore { choice, .. } = &mut self.question
            && chord.key != Key::Enter
        {
            choice.key(chord);
            return Outcome::Stay;
        }
        let line = self.has_line();
        if let Question::Version { options, .. } | Question::Manner { options, .. } = &mut self.question {
            match chord.key {
                Key::Tab => {
                    options.turn(!chord.shift, line);
                    return Outcome::Stay;
                }
                Key::Enter => {}
                _ if options.at().is_some() || !line => {
                    options.key(chord);
                    return Outcome::Stay;
                }
                _ => {}
            }
        }
        match (&mut self.question, chord.key) {
            (_, Key::Enter) => return self.entered(now),
            (Question::Version { versions, .. }, Key::Up | Key::Down) => {
                versions.pick(chord.key == Key::Down, self.input.text());
            }
            (question, _) => {
                self.mistake = None;
                self.input.key(chord);
                if let Question::Version { versions, .. } = question {
                    versions.picked = None;
                }
            }
        }
        Outcome::Stay
    }

    fn entered(&mut self, now: Timestamp) -> Outcome {
        let typed = self.input.text().trim().to_owned();
        let answer = match &self.question {
            Question::Version { app, versions, options } => versions
                .wanted(self.input.text())
                .map(|wanted| Answered::Change(app.clone(), wanted, options.manner())),
            Question::Manner { app, what, options } => {
                Ok(Answered::Change(app.clone(), what.clone(), options.manner()))
            }
            Question::Scale { app, .. } => {
                numbers(&typed).map(|it| Answered::Change(app.clone(), Wanted::Scale(it), Manner::default()))
            }
            Question::Maintenance { app } => {
                let notice = maintenance::notice(&typed);
                Ok(Answered::Change(app.clone(), Wanted::Maintenance(Some(notice)), Manner::default()))
            }
            Question::Restore { datastore, choice } => {
                Ok(Answered::Change(AppId::from(datastore.as_str()), choice.wanted(), Manner::default()))
            }
            Question::Otherwise { datastore, backup } => otherwise::read(&typed, backup.as_ref(), now)
                .map(|what| Answered::Change(AppId::from(datastore.as_str()), what, Manner::default())),
            Question::FindFiles { datastore } => match Looked::read(&typed) {
                Some(_) => Ok(Answered::Find(datastore.clone(), typed)),
                None => Err("a part of the name at least".to_owned()),
            },
            Question::Exec { asked } => shell::words(&typed)
                .map(|command| Answered::Exec(ExecAsked { command, ..asked.clone() }))
                .ok_or_else(|| "a quote is not closed".to_owned()),
            Question::Reason { .. } if typed.is_empty() => Err("a reason is a word at least".to_owned()),
            Question::Reason { .. } => Ok(Answered::Reason(typed)),
            Question::Name { app, then, .. } if typed == app.as_str() => Ok(Answered::Yes(then.clone())),
            Question::Name { app, .. } => Err(format!("type {app}, or leave with Esc")),
            Question::Sure { .. } => return Outcome::Stay,
        };
        match answer {
            Ok(answer) => Outcome::Answered(answer),
            Err(mistake) => {
                self.mistake = Some(mistake);
                Outcome::Stay
            }
        }
    }
}

#[cfg(test)]
#[path = "prompt_tests.rs"]
mod tests;
