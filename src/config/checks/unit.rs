//! `kind = "unit"`: whether a systemd unit is active.

use crate::config::table::Table;
use crate::domain::ids::{ServerId, UnitName};

/// A systemd unit.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitCheck {
    /// The servers it must be active on, at least one; each is judged by itself.
    pub server: Vec<ServerId>,
    /// The unit; without a suffix, a service.
    pub unit: UnitName,
}

/// The unit types of systemd.unit(5).
const SUFFIXES: [&str; 11] = [
    ".service",
    ".socket",
    ".device",
    ".mount",
    ".automount",
    ".swap",
    ".target",
    ".path",
    ".timer",
    ".slice",
    ".scope",
];

impl UnitCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let server = t.need("server");
        let unit = t.need::<String>("unit");
        let mut unit = unit?;
        if !SUFFIXES.iter().any(|suffix| unit.ends_with(suffix)) {
            unit.push_str(".service");
        }
        Some(Self { server: server?, unit: UnitName::from(unit) })
    }
}
