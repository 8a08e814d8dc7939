//! systemd units and timers.

use serde::{Deserialize, Serialize};

use super::ids::UnitName;
use super::time::Timestamp;

/// One unit that someone should look at, or that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its full name.
    pub name: UnitName,
    /// systemd's high-level state (`active`, `failed`, `activating`, …).
    pub active: String,
    /// systemd's low-level state (`running`, `exited`, `auto-restart`, …).
    pub sub: String,
    /// How it last ended (`success`, `exit-code`, `oom-kill`, …).
    pub result: String,
    /// Restarts by systemd since it was last started by hand (`NRestarts`).
    pub restarts: u32,
    /// When it entered its state (the server's clock).
    pub since: Option<Timestamp>,
    /// Its description, cleaned.
    pub description: String,
}

/// One timer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its full name.
    pub name: UnitName,
    /// The unit it starts.
    pub activates: UnitName,
    /// When it last fired (the server's clock).
    pub last: Option<Timestamp>,
    /// When it fires next (the server's clock).
    pub next: Option<Timestamp>,
    /// How the unit it starts last ended; empty where that is not known.
    pub result: String,
}

/// One look at systemd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    /// The manager's own word (`running`, `degraded`, `starting`, …).
    pub system: String,
    /// Units that failed.
    pub failed: Vec<Unit>,
    /// Units that systemd restarted again and again within the last minutes.
    pub flapping: Vec<Unit>,
    /// Timers.
    pub timers: Vec<Timer>,
    /// Services that run or ran, for the list.
    pub services: Vec<Unit>,
}

/// A time as systemd writes it, with `LC_ALL=C` and `TZ=UTC`: `Sat 2026-11-21 00:20:45 UTC`; empty or `n/a`
/// where there is none.
pub fn instant(text: &str) -> Option<Timestamp> {
    let mut words = text.split(' ').skip(1);
    let (date, time) = (words.next()?, words.next()?);
    Timestamp::parse_rfc3339(&format!("{date}T{time}Z"))
}
