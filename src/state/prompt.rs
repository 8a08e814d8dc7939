//! What a person is asked before something is changed: a version, a reason, the app's name, or
//! whether it is meant.

use std::time::Duration;

use super::text_input::TextInput;
use crate::domain::approval::Verdict;
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, RequestId};
use crate::domain::image::ImageRef;
use crate::domain::plan::PlanDigest;
use crate::domain::run::RunId;
use crate::domain::tags::{Tag, TagList};
use crate::domain::time::Timestamp;
use crate::domain::unfinished::Way;
use crate::keys::chord::{Chord, Key};
use crate::message::change::Wanted;

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

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which version of an app is to be deployed.
    Version {
        /// Of which.
        app: AppId,
        /// What runs now, an image a row.
        present: Vec<String>,
        /// Versions to pick from, newest first; none where none are known.
        choices: Vec<Choice>,
        /// The picked one among those that hold what is typed; `None` for what is typed itself.
        picked: Option<usize>,
        /// Where those versions come from.
        offer: Offer,
    },
    /// Why what is refused is to be done all the same.
    Reason {
        /// What is refused, a sentence a row.
        refused: Vec<String>,
    },
    /// The app's name, typed.
    Name {
        /// Which.
        app: AppId,
        /// What it means, in a line.
        says: String,
        /// What is done then.
        then: Then,
    },
    /// Whether it is meant.
    Sure {
        /// What it means, a sentence a row.
        says: Vec<String>,
        /// What is done then.
        then: Then,
    },
}

/// A version that can be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The tag.
    pub tag: String,
    /// When its image was made, where that is known.
    pub at: Option<Timestamp>,
    /// Whether it runs now.
    pub present: bool,
}

/// Where the versions come from that can be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The registry is asked; the answer has this name.
    Asked(RequestId),
    /// They are here, maybe with their dates to come: whose they are, and what is missing.
    Told(RequestId, String),
    /// There are none to pick from, and why; one can be typed all the same.
    Failed(String),
}

/// What is done when a question is answered with yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// The plan that is shown is carried out.
    CarryOut,
    /// An interrupted run is taken up.
    Resume(RunId, Way),
    /// A run that waits for a second person is answered, of this very plan.
    Answer(RunId, PlanDigest, Verdict),
    /// A run ends at its next safe point.
    Cancel(RequestId),
    /// The console ends.
    Quit,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// This version of this app.
    Version(AppId, Wanted),
    /// For this reason.
    Reason(String),
    /// Yes, it is to be done.
    Yes(Then),
}

/// What a key leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Stay,
    /// It is left.
    Leave,
    /// It is answered.
    Answered(Answered),
}

impl Prompt {
    /// A question that is shown now.
    pub fn new(question: Question, now: Timestamp) -> Self {
        Self { question, input: TextInput::default(), mistake: None, since: now }
    }

    /// The versions that hold what is typed.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        let all: &[Choice] = match &self.question {
            Question::Version { choices, .. } => choices,
            _ => &[],
        };
        let typed = self.input.text().trim();
        all.iter().filter(move |choice| choice.tag.contains(typed))
    }

    /// Takes the versions that the registry has; `false` where another question asked for them. What is
    /// typed and picked stays.
    pub fn offered(&mut self, request: RequestId, told: &Result<TagList, Failure>) -> bool {
        let picked_tag = self.picked().map(|choice| choice.tag.clone());
        let Question::Version { present, choices, offer, .. } = &mut self.question else { return false };
        if !matches!(offer, Offer::Asked(it) | Offer::Told(it, _) if *it == request) {
            return false;
        }
        match told {
            Ok(list) => {
                let choice = |tag: &Tag| Choice {
                    tag: tag.name.clone(),
                    at: tag.at,
                    present: tag.present || runs(present, &tag.name),
                };
                *choices = list.tags.iter().map(choice).collect();
                *offer = Offer::Told(request, sentence(list));
            }
            Err(failure) => *offer = Offer::Failed(failure.to_string()),
        }
        let at = picked_tag.and_then(|tag| self.choices().position(|choice| choice.tag == tag));
        if let Question::Version { picked, .. } = &mut self.question {
            *picked = at;
        }
        true
    }

    /// Takes what runs now, an image a row: it may not have been read yet when this was asked.
    pub fn present(&mut self, now: Vec<String>) {
        let Question::Version { present, choices, .. } = &mut self.question else { return };
        if *present == now {
            return;
        }
        for choice in choices {
            choice.present |= runs(&now, &choice.tag);
        }
        *present = now;
    }

    /// The picked version.
    fn picked(&self) -> Option<&Choice> {
        match &self.question {
            Question::Version { picked: Some(at), .. } => self.choices().nth(*at),
            _ => None,
        }
    }

    /// Whether it has a line to type in.
    pub const fn has_line(&self) -> bool {
        !matches!(self.question, Question::Sure { .. })
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
        match chord.key {
            Key::Enter => return self.entered(),
            Key::Up | Key::Down => self.pick(chord.key == Key::Down),
            _ => {
                self.mistake = None;
                self.input.key(chord);
                if let Question::Version { picked, .. } = &mut self.question {
                    *picked = None;
                }
            }
        }
        Outcome::Stay
    }

    fn pick(&mut self, down: bool) {
        let count = self.choices().count();
        if let Question::Version { picked, .. } = &mut self.question {
            *picked = match (*picked, down) {
                (None, true) if count > 0 => Some(0),
                (Some(at), true) => Some((at + 1).min(count.saturating_sub(1))),
                (Some(at), false) if at > 0 => Some(at - 1),
                _ => None,
            };
        }
    }

    fn entered(&mut self) -> Outcome {
        let typed = self.input.text().trim().to_owned();
        let answer = match &self.question {
            Question::Version { app, .. } => {
                let tag = self.picked().map(|choice| choice.tag.clone());
                version(&tag.unwrap_or(typed)).map(|wanted| Answered::Version(app.clone(), wanted))
            }
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

/// Whose tags those are, and what is not known of them.
fn sentence(list: &TagList) -> String {
    let count = list.tags.len();
    let mut said = format!("{count} tags of {}, asked from {}", list.repositories.join(", "), list.server);
    if !list.whole {
        said.push_str("; there are more");
    }
    if let Some(doubt) = &list.doubt {
        said = format!("{said}; dates are missing: {doubt}");
    }
    said
}

/// Whether one of the images has this tag.
fn runs(present: &[String], tag: &str) -> bool {
    present.iter().any(|row| row.strip_suffix(tag).is_some_and(|rest| rest.ends_with(':')))
}

/// What a typed version means: nothing for the Compose file as it is, a digest, else a tag.
fn version(typed: &str) -> Result<Wanted, String> {
    if typed.is_empty() {
        return Ok(Wanted::AsWritten);
    }
    if typed.starts_with("sha256:") {
        return typed.parse().map(Wanted::Digest).map_err(|error| error.to_string());
    }
    let any = ImageRef { repository: "it".to_owned(), tag: None, digest: None };
    let tagged = any.with_tag(typed).map_err(|error| error.to_string())?;
    Ok(tagged.tag.map_or(Wanted::AsWritten, Wanted::Tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(9);

    fn version_prompt(choices: &[&str]) -> Prompt {
        let mut prompt = empty();
        prompt.offered(RequestId(1), &Ok(list(choices)));
        prompt
    }

    fn empty() -> Prompt {
        let (app, present) = ("shop".into(), vec!["web  registry:5000/shop:1.1".to_owned()]);
        let offer = Offer::Asked(RequestId(1));
        Prompt::new(Question::Version { app, present, choices: Vec::new(), picked: None, offer }, NOW)
    }

    fn list(tags: &[&str]) -> TagList {
        TagList {
            repositories: vec!["registry:5000/shop".to_owned()],
            server: "web-1".into(),
            tags: tags.iter().map(|it| Tag::named(*it)).collect(),
            whole: true,
            doubt: None,
        }
    }

    fn press(prompt: &mut Prompt, keys: &str) -> Outcome {
        let mut last = Outcome::Stay;
        for key in keys.split(' ') {
            last = prompt.key(key.parse().unwrap(), NOW);
        }
        last
    }

    #[test]
    fn a_tag_is_typed_or_picked() {
        let typed = press(&mut version_prompt(&[]), "1 . 1 enter");
        assert_eq!(typed, Outcome::Answered(Answered::Version("shop".into(), Wanted::Tag("1.1".into()))));
        let picked = press(&mut version_prompt(&["2.0", "1.2", "1.1"]), "1 down down enter");
        assert_eq!(picked, Outcome::Answered(Answered::Version("shop".into(), Wanted::Tag("1.1".into()))));
        let nothing = press(&mut version_prompt(&["2.0"]), "enter");
        assert_eq!(nothing, Outcome::Answered(Answered::Version("shop".into(), Wanted::AsWritten)));
    }

    #[test]
    fn what_is_picked_stays_picked_when_the_dates_come() {
        let mut prompt = empty();
        assert!(prompt.offered(RequestId(1), &Ok(list(&["2.0", "1.2", "1.1"]))));
        press(&mut prompt, "1 down down");
        assert!(prompt.offered(RequestId(1), &Ok(list(&["1.1", "2.0", "1.2"]))));
        assert_eq!(prompt.picked().map(|it| (it.tag.as_str(), it.present)), Some(("1.1", true)));
        assert!(!prompt.offered(RequestId(2), &Ok(list(&["9"]))), "another prompt asked for that");
        let picked = press(&mut prompt, "enter");
        assert_eq!(picked, Outcome::Answered(Answered::Version("shop".into(), Wanted::Tag("1.1".into()))));
    }

    #[test]
    fn a_registry_that_cannot_be_asked_leaves_typing() {
        let mut prompt = empty();
        press(&mut prompt, "3");
        let failure =
            Failure::new(crate::domain::failure::FailureKind::Timeout, "list the tags", "no answer");
        assert!(prompt.offered(RequestId(1), &Err(failure)));
        let typed = press(&mut prompt, "enter");
        assert_eq!(typed, Outcome::Answered(Answered::Version("shop".into(), Wanted::Tag("3".into()))));
    }

    #[test]
    fn what_is_no_tag_is_told_and_can_be_mended() {
        let mut prompt = version_prompt(&[]);
        assert_eq!(press(&mut prompt, "1 / 2 enter"), Outcome::Stay);
        assert!(prompt.mistake.is_some());
        press(&mut prompt, "backspace backspace");
        assert!(prompt.mistake.is_none());
        assert!(matches!(press(&mut prompt, "enter"), Outcome::Answered(_)));
    }

    #[test]
    fn a_name_has_to_be_the_right_one() {
        let question = Question::Name { app: "ab".into(), says: String::new(), then: Then::CarryOut };
        let mut prompt = Prompt::new(question, NOW);
        assert_eq!(press(&mut prompt, "a enter"), Outcome::Stay);
        assert_eq!(press(&mut prompt, "b enter"), Outcome::Answered(Answered::Yes(Then::CarryOut)));
    }

    #[test]
    fn what_runs_is_told_when_it_is_known() {
        let mut prompt = version_prompt(&["1.2", "11.2", "3.0"]);
        prompt.present(vec!["web  shop:1.2".to_owned()]);
        let present: Vec<_> = prompt.choices().filter(|it| it.present).map(|it| it.tag.as_str()).collect();
        assert_eq!(present, ["1.2"]);
    }

    #[test]
    fn only_a_key_that_was_meant_says_yes() {
        let sure = || Prompt::new(Question::Sure { says: Vec::new(), then: Then::Quit }, NOW);
        let later = NOW + READING_TIME;
        assert_eq!(sure().key(Chord::char('y'), NOW), Outcome::Stay);
        assert_eq!(sure().key(Chord::plain(Key::Enter), later), Outcome::Stay);
        assert_eq!(sure().key(Chord::char('y'), later), Outcome::Answered(Answered::Yes(Then::Quit)));
        assert_eq!(sure().key(Chord::char('n'), later), Outcome::Leave);
    }
}
