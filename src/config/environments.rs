//! `[environments.NAME]`: named groups of servers, each with its own guard and color.

use super::table::Table;
use super::thresholds::ThresholdsPatch;
use super::value::words;

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
    /// The role of the color that frames an environment; the theme says which color that is.
    EnvironmentColor {
        /// Calm.
        Neutral = "neutral",
        /// Somewhere to try things.
        Info = "info",
        /// Fine to change.
        Good = "good",
        /// Take care.
        Warning = "warning",
        /// Take the greatest care.
        Danger = "danger",
    }
}

/// An environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentConfig {
    /// How changes in it are confirmed.
    pub guard: Guard,
    /// The role of its frame's color.
    pub color: EnvironmentColor,
    /// Limits of its servers, in place of the global ones.
    pub thresholds: ThresholdsPatch,
}

impl EnvironmentConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Self {
        Self {
            guard: t.or("guard", Guard::Confirm),
            color: t.or("color", EnvironmentColor::Neutral),
            thresholds: t.table("thresholds", ThresholdsPatch::read),
        }
    }
}
