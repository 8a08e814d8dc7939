//! One line that is typed on the logs page, in the row of the chips, and what it is for.

use super::filters::Manner;
use super::place::Place;
use crate::state::text_input::TextInput;
use crate::store::logs::Cursor;

/// What is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To look for it, as it is typed.
    Find,
    /// A term of the filter.
    Term(Manner),
    /// To go to a time.
    Jump,
    /// No lines before a time.
    Since,
    /// No lines from a time on.
    Until,
    /// The name of the file to save to.
    Save,
}

impl Purpose {
    /// The word before the line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Term(Manner::Include) => "only with",
            Self::Term(Manner::Exclude) => "without",
            Self::Term(Manner::Highlight) => "highlight",
            Self::Jump => "go to",
            Self::Since => "since",
            Self::Until => "until",
            Self::Save => "save to",
        }
    }

    /// What can be typed, while nothing is.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Find | Self::Term(_) => "words   /pattern/   status>=500",
            Self::Jump => "03:12   -15m   2026-11-20 03:12:45",
            Self::Since | Self::Until => "03:12   -15m   2026-11-20 03:12   empty for none",
            Self::Save => "a new file's name",
        }
    }
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// What is typed.
    pub input: TextInput,
    /// Where the screen stood, to go back to when it is given up.
    pub before: (Place, Option<Cursor>),
    /// What was looked for before.
    pub find_before: String,
    /// What is wrong with what was typed.
    pub mistake: Option<String>,
}
