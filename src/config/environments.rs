//! `[environments.NAME]`: named groups of servers, each with its own guard and color.

use super::table::Table;
use super::thresholds::ThresholdsPatch;
use super::words::words;
use crate::theme::role::Role;

words! {
    /// How a change in an environment is confirmed.
    Guard {
        /// By a key.
        Confirm = "confirm",
        /// By typing the target's name.
        TypeName = "type-name",
        /// By a second person.
        TwoPerson = "two-person",
    }
}

words! {
    /// The role whose color frames an environment; the theme says which color that is.
    Frame {
        /// Take care.
        Production = "production",
        /// Somewhere to try things.
        Staging = "staging",
        /// The program's own color.
        Accent = "accent",
        /// Nothing special.
        Muted = "muted",
    }
}

impl From<Frame> for Role {
    fn from(frame: Frame) -> Self {
        match frame {
            Frame::Production => Self::Production,
            Frame::Staging => Self::Staging,
            Frame::Accent => Self::Accent,
            Frame::Muted => Self::Muted,
        }
    }
}

/// An environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentConfig {
    /// How changes in it are confirmed.
    pub guard: Guard,
    /// The role of its frame's color.
    pub color: Frame,
    /// Limits of its servers, in place of the global ones.
    pub thresholds: ThresholdsPatch,
}

impl EnvironmentConfig {
    pub(super) fn read(name: &str, t: &mut Table<'_>) -> Self {
        let color = if name == "production" { Frame::Production } else { Frame::Staging };
        Self {
            guard: t.or("guard", Guard::Confirm),
            color: t.or("color", color),
            thresholds: t.table("thresholds", ThresholdsPatch::read),
        }
    }
}
