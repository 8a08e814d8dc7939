//! A line of a recording that could not be read: which one, why, and as far as it can be seen, of what it
//! told. Who plays the recording has to take what it told for unknown.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::ids::{CheckId, ServerId};
use crate::domain::log_source::LogSource;
use crate::message::batch::Subject;

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Unread {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
    /// What it told of.
    pub about: About,
}

/// What a line that could not be read told of.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    /// That cannot be seen: of anything.
    Anything,
    /// These looks at a server.
    Server(ServerId, Vec<Subject>),
    /// A check.
    Check(CheckId),
    /// A log.
    Logs(LogSource),
    /// Of nothing that is judged, or of what only later versions know.
    Nothing,
}

impl Unread {
    /// What can be seen of a line that is no event.
    pub(super) fn see(line: usize, text: &[u8], why: String) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(text) else {
            return Self { line, why, about: About::Anything };
        };
        let about = value.get("event").and_then(event).unwrap_or(About::Anything);
        Self { line, why, about }
    }
}

fn event(event: &Value) -> Option<About> {
    let (kind, value) = only(event)?;
    match kind.as_str() {
        "batch" => batch(value),
        "logs" => read(value.get("source")?).map(About::Logs),
        _ => Some(About::Nothing),
    }
}

fn batch(batch: &Value) -> Option<About> {
    let server: ServerId = read(batch.get("server")?)?;
    let (kind, value) = only(batch.get("observation")?)?;
    let machine = || vec![Subject::Vitals, Subject::Containers, Subject::Usage, Subject::Units];
    let subjects = match kind.as_str() {
        "check" => return read(value.get("check")?).map(About::Check),
        "vitals" => vec![Subject::Vitals],
        "containers" => vec![Subject::Containers],
        "usage" => vec![Subject::Usage],
        "units" => vec![Subject::Units],
        "access" => match value.get("label").and_then(read) {
            Some(label) => vec![Subject::Access(label)],
            None => machine(),
        },
        "failed" => match value.get(0).and_then(read) {
            Some(subject) => vec![subject],
            None => machine(),
        },
        // With the connection goes all that is read over it.
        "link" => machine(),
        _ => return Some(About::Nothing),
    };
    Some(About::Server(server, subjects))
}

/// The name and value of an enum's variant, as serde writes it.
fn only(value: &Value) -> Option<(&String, &Value)> {
    value.as_object().filter(|object| object.len() == 1)?.iter().next()
}

fn read<T: for<'a> Deserialize<'a>>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// How much of a recording could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// How many lines.
    pub lines: usize,
    /// The first of them, and what is wrong with it.
    pub first: Option<(usize, String)>,
    /// Whether the last line ends before its end, as it does where the console that wrote it was killed.
    /// It is not one of `lines`.
    pub cut: bool,
}

impl Losses {
    pub(super) fn count(&mut self, unread: &Unread) {
        self.lines += 1;
        self.first.get_or_insert_with(|| (unread.line, unread.why.clone()));
    }

    /// `3 lines`, where any could not be read.
    pub fn lines(&self) -> Option<String> {
        match self.lines {
            0 => None,
            1 => Some("1 line".to_owned()),
            lines => Some(format!("{lines} lines")),
        }
    }

    /// In one sentence, where any could not be read.
    pub fn sentence(&self) -> Option<String> {
        let lines = self.lines()?;
        let first = self.first.as_ref().map(|(line, _)| *line).unwrap_or_default();
        Some(match self.lines {
            1 => format!("{lines} could not be read: line {first}"),
            _ => format!("{lines} could not be read, the first at line {first}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(event: &str) -> About {
        let text = format!("{{\"at\":7,\"event\":{event}}}");
        Unread::see(3, text.as_bytes(), String::new()).about
    }

    fn of(observation: &str) -> About {
        about(&format!("{{\"batch\":{{\"server\":\"web-1\",\"observation\":{observation}}}}}"))
    }

    fn web(subjects: impl Into<Vec<Subject>>) -> About {
        About::Server("web-1".into(), subjects.into())
    }

    #[test]
    fn what_a_line_told_of_is_seen_where_it_can_be() {
        let machine = [Subject::Vitals, Subject::Containers, Subject::Usage, Subject::Units];
        assert_eq!(of("{\"vitals\":7}"), web([Subject::Vitals]));
        assert_eq!(of("{\"link\":\"sideways\"}"), web(machine.clone()));
        assert_eq!(of("{\"access\":{\"label\":\"shop\"}}"), web([Subject::Access("shop".to_owned())]));
        assert_eq!(of("{\"failed\":[\"units\",7]}"), web([Subject::Units]));
        assert_eq!(of("{\"failed\":[\"moods\",7]}"), web(machine));
        assert_eq!(of("{\"check\":{\"check\":\"home\"}}"), About::Check("home".into()));
        assert_eq!(of("{\"moods\":[]}"), About::Nothing);
        assert_eq!(about("{\"unheard_of\":[]}"), About::Nothing);
        assert_eq!(about("{\"batch\":{}}"), About::Anything);
        assert!(matches!(
            about("{\"logs\":{\"source\":{\"server\":\"a\",\"stream\":{\"file\":{\"path\":\"/x\"}}}}}"),
            About::Logs(_)
        ));
        assert_eq!(Unread::see(3, b"{\"at\":7", String::new()).about, About::Anything);
    }

    #[test]
    fn losses_are_counted_and_the_first_is_named() {
        let mut losses = Losses::default();
        assert_eq!(losses.sentence(), None);
        for line in [1204, 1300, 1301] {
            losses.count(&Unread::see(line, b"", String::new()));
            if line == 1204 {
                assert_eq!(losses.sentence().unwrap(), "1 line could not be read: line 1204");
            }
        }
        assert_eq!(losses.sentence().unwrap(), "3 lines could not be read, the first at line 1204");
    }
}
