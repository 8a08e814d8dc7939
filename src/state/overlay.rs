//! What lies above a page and takes the keys first.

use std::time::Duration;

use secrecy::SecretString;

use super::prompt::{self, Answered, Prompt};
use super::selection::Selected;
use super::text_input::TextInput;
use crate::domain::failure::Failure;
use crate::domain::ids::RequestId;
use crate::domain::question::{Answer, Question};
use crate::domain::time::Timestamp;
use crate::keys::chord::{Chord, Key};
use crate::message::effect::Effect;

/// How long a question is shown before keys count as its answer.
const READING_TIME: Duration = Duration::from_millis(400);

/// One overlay. They lie in a stack; the last one is on top.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// The keys that count here, from this row on.
    Help {
        /// The first row shown.
        first: usize,
    },
    /// Actions and places by fuzzy search.
    Palette {
        /// What is typed.
        input: TextInput,
        /// Which of the candidates, best first.
        selected: usize,
    },
    /// The themes; the shown one is tried on at once.
    Themes {
        /// Their names.
        names: Vec<String>,
        /// Which.
        selected: usize,
        /// The one to go back to.
        before: String,
    },
    /// A task asks a person.
    Question {
        /// Whose question it is.
        request: RequestId,
        /// What is asked.
        question: Question,
        /// What is typed (a passphrase is never drawn).
        input: TextInput,
        /// Since when it can be read; keys that were under way before are not an answer to it.
        since: Timestamp,
    },
    /// All that is known of something, from this row on.
    Inspect {
        /// Of what.
        what: Selected,
        /// The first row shown.
        first: usize,
    },
    /// A person is asked before something is changed.
    Prompt(Box<Prompt>),
    /// A command in a container is being opened; it takes the keys, which may be meant for it.
    Opening {
        /// Which.
        request: RequestId,
        /// What it is.
        says: String,
    },
    /// Something that was asked for failed; it stays until it is dismissed.
    Failure(Failure),
}

/// What a key on an overlay leads to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It stays as it is or changed by itself.
    Stay,
    /// It goes.
    Close,
    /// It goes, and this is to be done.
    Do(Vec<Effect>),
    /// The palette's choice is to be carried out.
    Choose(usize),
    /// This theme is to be shown.
    Theme(String),
    /// This theme is to be shown, and the overlay goes.
    ThemeTaken(String),
    /// It goes, and nobody waits for that command any more.
    LeaveExec(RequestId),
    /// It goes, and this was answered.
    Answered(Answered),
}

impl Overlay {
    /// Takes a key; every one is consumed.
    pub fn key(&mut self, chord: Chord, now: Timestamp) -> Outcome {
        match self {
            Self::Help { first } | Self::Inspect { first, .. } => match (chord.key, step(chord)) {
                (_, Some(by)) => {
                    *first = first.saturating_add_signed(by);
                    Outcome::Stay
                }
                (Key::Esc | Key::Enter | Key::Char('?' | 'q' | 'i'), None) => Outcome::Close,
                _ => Outcome::Stay,
            },
            Self::Palette { input, selected } => match chord.key {
                Key::Esc => Outcome::Close,
                Key::Enter => Outcome::Choose(*selected),
                Key::Up | Key::Down | Key::Tab => {
                    *selected = selected.saturating_add_signed(step(chord).unwrap_or(1));
                    Outcome::Stay
                }
                _ => {
                    if input.key(chord) == super::text_input::Edit::Changed {
                        *selected = 0;
                    }
                    Outcome::Stay
                }
            },
            Self::Themes { names, selected, before } => match (chord.key, step(chord)) {
                (_, Some(by)) => {
                    *selected = selected.saturating_add_signed(by).min(names.len().saturating_sub(1));
                    names.get(*selected).cloned().map_or(Outcome::Stay, Outcome::Theme)
                }
                (Key::Enter, None) => {
                    names.get(*selected).cloned().map_or(Outcome::Close, Outcome::ThemeTaken)
                }
                (Key::Esc | Key::Char('q'), None) => Outcome::ThemeTaken(before.clone()),
                _ => Outcome::Stay,
            },
            Self::Question { since, .. } if since.age(now) < READING_TIME => Outcome::Stay,
            Self::Question { request, question, input, .. } => answer(*request, question, input, chord),
            Self::Prompt(prompt) => match prompt.key(chord, now) {
                prompt::Outcome::Stay => Outcome::Stay,
                prompt::Outcome::Leave => Outcome::Close,
                prompt::Outcome::Answered(answered) => Outcome::Answered(answered),
            },
            Self::Opening { request, .. } => match chord.key {
                Key::Esc => Outcome::LeaveExec(*request),
                _ => Outcome::Stay,
            },
            Self::Failure(_) => match chord.key {
                Key::Esc | Key::Enter | Key::Char('q') => Outcome::Close,
                _ => Outcome::Stay,
            },
        }
    }

    /// Takes a paste, where it has a line to type in.
    pub fn paste(&mut self, text: &str) {
        match self {
            Self::Palette { input, .. } | Self::Question { input, .. } => input.insert(text),
            Self::Prompt(prompt) => prompt.input.insert(text),
            _ => {}
        }
    }
}

/// Rows that a key moves by, down where positive.
fn step(chord: Chord) -> Option<isize> {
    match chord.key {
        Key::Up | Key::Char('k') => Some(-1),
        Key::Down | Key::Char('j') => Some(1),
        Key::PageUp => Some(-10),
        Key::PageDown | Key::Char(' ') => Some(10),
        Key::Tab if chord.shift => Some(-1),
        _ => None,
    }
}

fn answer(request: RequestId, question: &Question, input: &mut TextInput, chord: Chord) -> Outcome {
    let say = |answer| Outcome::Do(vec![Effect::Answer(request, answer)]);
    match question {
        // Only a typed `y` says yes to a key: Enter, which a hand hits without reading, does not.
        Question::UnknownHostKey { .. } => match chord.key {
            Key::Char('y' | 'Y') => say(Answer::Yes),
            Key::Char('n' | 'N') | Key::Esc => say(Answer::No),
            _ => Outcome::Stay,
        },
        Question::Passphrase { .. } => match chord.key {
            Key::Esc => say(Answer::No),
            Key::Enter => say(Answer::Secret(SecretString::from(std::mem::take(input).text().to_owned()))),
            _ => {
                input.key(chord);
                Outcome::Stay
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_key() -> Overlay {
        Overlay::Question {
            request: RequestId(7),
            question: Question::UnknownHostKey {
                server: "web-1".into(),
                address: "[192.0.2.7]:22".into(),
                algorithm: "ssh-ed25519".into(),
                fingerprint: "SHA256:abc".into(),
                file: "known_hosts".into(),
            },
            input: TextInput::default(),
            since: Timestamp::from_secs(10),
        }
    }

    const LATER: Timestamp = Timestamp::from_secs(20);

    #[test]
    fn a_key_that_was_under_way_is_no_answer() {
        let at_once = Timestamp::from_millis(10_100);
        assert!(matches!(unknown_key().key(Chord::char('y'), at_once), Outcome::Stay));
    }

    #[test]
    fn enter_does_not_accept_a_host_key() {
        assert!(matches!(unknown_key().key(Chord::plain(Key::Enter), LATER), Outcome::Stay));
        let Outcome::Do(effects) = unknown_key().key(Chord::char('y'), LATER) else {
            panic!("y was not taken")
        };
        assert!(matches!(effects[..], [Effect::Answer(RequestId(7), Answer::Yes)]));
    }

    #[test]
    fn leaving_a_question_says_no() {
        let Outcome::Do(effects) = unknown_key().key(Chord::plain(Key::Esc), LATER) else {
            panic!("not taken")
        };
        assert!(matches!(effects[..], [Effect::Answer(_, Answer::No)]));
    }
}
