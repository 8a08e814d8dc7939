//! What rooms above this one judge in a configuration: languages and names that they own. The
//! caller hands them in, so that their mistakes are reported with all others, in their place.

use std::ops::Range;

use crate::domain::check::CheckKind;

/// A mistake inside one string of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMistake {
    /// The offending part, in bytes of the text that was handed over.
    pub span: Range<usize>,
    /// What is wrong; lower-case, no final dot.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The judges. Each takes everything unless it is overridden.
pub trait Hooks {
    /// A condition (`status == 200 && latency < 300ms`) of a check of this kind.
    fn condition(&self, _kind: CheckKind, _text: &str) -> Result<(), TextMistake> {
        Ok(())
    }

    /// An action's id on the left side of `[keys]`.
    fn action(&self, _id: &str) -> Result<(), TextMistake> {
        Ok(())
    }

    /// A chord on the right side of `[keys]`.
    fn chord(&self, _action: &str, _chord: &str) -> Result<(), TextMistake> {
        Ok(())
    }

    /// A theme's name.
    fn theme(&self, _name: &str) -> Result<(), TextMistake> {
        Ok(())
    }
}

/// Takes everything: for callers that only need the values.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}
