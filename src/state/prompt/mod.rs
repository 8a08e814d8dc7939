//! What a person is asked before something is changed: a version and how it is deployed, a reason, the
//! app's name, or whether it is meant.

pub mod bringing;
mod keys;
mod maintenance;
pub mod options;
pub mod versions;

use std::time::Duration;

pub use bringing::Bringing;
pub use options::Options;
pub use versions::{Choice, Offer, Versions};

use super::text_input::TextInput;
use crate::domain::approval::Verdict;
use crate::domain::exec::ExecAsked;
use crate::domain::failure::Failure;
use crate::domain::file_list::Wanted as Looked;
use crate::domain::ids::{AppId, DatastoreId, RequestId};
use crate::domain::plan::PlanDigest;
use crate::domain::run::RunId;
use crate::domain::shell;
use crate::domain::tags::TagList;
use crate::domain::time::Timestamp;
use crate::domain::unfinished::Way;
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

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which version of an app is to be deployed, and how.
    Version {
        /// Of which.
        app: AppId,
        /// What there is to pick from.
        versions: Versions,
        /// How.
        options: Options,
    },
    /// How a change is carried out of which it is known what it is.
    Manner {
        /// Of which app.
        app: AppId,
        /// What it is.
        what: Wanted,
        /// How.
        options: Options,
    },
    /// How many containers of which service.
    Scale {
        /// Of which app.
        app: AppId,
        /// How many there are now, a service a row.
        present: Vec<String>,
    },
    /// What visitors are told in maintenance.
    Maintenance {
        /// Of which app.
        app: AppId,
    },
    /// Which backup is to be brought back, and where.
    Restore {
        /// Of which datastore.
        datastore: DatastoreId,
        /// What there is to choose from, and what is chosen.
        choice: Bringing,
    },
    /// Which files are looked for in all backups of a datastore.
    FindFiles {
        /// Of which.
        datastore: DatastoreId,
    },
    /// Which command is to run in a container.
    Exec {
        /// In which; its command is what is typed.
        asked: ExecAsked,
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
    /// A command is run in a container.
    Exec(Box<ExecAsked>),
    /// The console ends.
    Quit,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// This change of this app, in this manner.
    Change(AppId, Wanted, Manner),
    /// This is to run in a container.
    Exec(ExecAsked),
    /// These files are looked for in all backups of this datastore.
    Find(DatastoreId, String),
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
            (_, Key::Enter) => return self.entered(),
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

    fn entered(&mut self) -> Outcome {
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
mod tests {
    use super::*;
    use crate::domain::deploy::Strategy;
    use crate::domain::release::ReleaseNumber;
    use crate::domain::tags::Tag;

    const NOW: Timestamp = Timestamp::from_secs(9);

    fn version_prompt(choices: &[&str]) -> Prompt {
        let mut prompt = empty();
        prompt.offered(RequestId(1), &Ok(list(choices)));
        prompt
    }

    fn empty() -> Prompt {
        let (app, present) = ("shop".into(), vec!["web  registry:5000/shop:1.1".to_owned()]);
        let offer = Offer::Asked(RequestId(1));
        let versions = Versions { present, choices: Vec::new(), picked: None, offer };
        let strategies = vec![Strategy::Recreate, Strategy::Rolling];
        let servers = vec!["web-1".into(), "web-2".into()];
        let services = vec!["web".to_owned(), "worker".to_owned()];
        let options = Options::new(Strategy::Recreate, strategies, servers, services);
        Prompt::new(Question::Version { app, versions, options }, NOW)
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
        assert_eq!(
            typed,
            Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("1.1".into()), Manner::default()))
        );
        let picked = press(&mut version_prompt(&["2.0", "1.2", "1.1"]), "1 down down enter");
        assert_eq!(
            picked,
            Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("1.1".into()), Manner::default()))
        );
        let nothing = press(&mut version_prompt(&["2.0"]), "enter");
        assert_eq!(
            nothing,
            Outcome::Answered(Answered::Change("shop".into(), Wanted::AsWritten, Manner::default()))
        );
    }

    #[test]
    fn what_is_picked_stays_picked_when_the_dates_come() {
        let mut prompt = empty();
        assert!(prompt.offered(RequestId(1), &Ok(list(&["2.0", "1.2", "1.1"]))));
        press(&mut prompt, "1 down down");
        assert!(prompt.offered(RequestId(1), &Ok(list(&["1.1", "2.0", "1.2"]))));
        let Question::Version { versions, .. } = &prompt.question else { panic!() };
        assert_eq!(versions.picked("1").map(|it| (it.tag.as_str(), it.present)), Some(("1.1", true)));
        assert!(!prompt.offered(RequestId(2), &Ok(list(&["9"]))), "another prompt asked for that");
        let picked = press(&mut prompt, "enter");
        assert_eq!(
            picked,
            Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("1.1".into()), Manner::default()))
        );
    }

    #[test]
    fn a_registry_that_cannot_be_asked_leaves_typing() {
        let mut prompt = empty();
        press(&mut prompt, "3");
        let failure =
            Failure::new(crate::domain::failure::FailureKind::Timeout, "list the tags", "no answer");
        assert!(prompt.offered(RequestId(1), &Err(failure)));
        let typed = press(&mut prompt, "enter");
        assert_eq!(
            typed,
            Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("3".into()), Manner::default()))
        );
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

    #[test]
    fn one_server_and_one_service_are_chosen_behind_the_version() {
        let mut prompt = version_prompt(&["1.2"]);
        let answer = press(&mut prompt, "1 . 2 tab down tab down space tab down space enter");
        let manner = Manner {
            strategy: Some(Strategy::Rolling),
            servers: vec!["web-2".into()],
            services: vec!["worker".to_owned()],
        };
        let wanted = Wanted::Tag("1.2".into());
        assert_eq!(answer, Outcome::Answered(Answered::Change("shop".into(), wanted, manner)));
    }

    #[test]
    fn a_rollback_is_chosen_from_without_a_line() {
        let options = Options::new(
            Strategy::Recreate,
            vec![Strategy::Recreate],
            vec!["web-1".into(), "web-2".into()],
            Vec::new(),
        );
        let mut prompt = Prompt::new(
            Question::Manner { app: "shop".into(), what: Wanted::Release(ReleaseNumber(3)), options },
            NOW,
        );
        assert!(!prompt.has_line());
        let answer = press(&mut prompt, "x tab down space enter");
        let manner = Manner { servers: vec!["web-2".into()], ..Manner::default() };
        let wanted = Wanted::Release(ReleaseNumber(3));
        assert_eq!(answer, Outcome::Answered(Answered::Change("shop".into(), wanted, manner)));
    }
}
