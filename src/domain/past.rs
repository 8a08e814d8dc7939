//! What the database keeps of series, and how it is asked for: values folded over a stretch of time.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event_mark::EventMark;
use super::failure::Failure;
use super::ids::ServerId;
use super::metric::{Metric, SeriesKey};
use super::time::Timestamp;

/// Readings of some series of one server, true at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Where.
    pub server: ServerId,
    /// When (the console's clock).
    pub at: Timestamp,
    /// What was read; values that are not finite are left out by whoever keeps them.
    pub values: Vec<(Metric, f32)>,
}

/// Readings of one series from before now, as another keeper of them told them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// Of what.
    pub metric: Metric,
    /// For how long each value stands, in whole minutes.
    pub every: Duration,
    /// When, a whole minute, and what it was; oldest first, finite.
    pub points: Vec<(Timestamp, f32)>,
}

/// One series folded over a stretch of time; `min <= mean <= max`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Folded {
    /// Where the stretch begins.
    pub at: Timestamp,
    /// How long it is.
    pub lasts: Duration,
    /// The least value.
    pub min: f32,
    /// The arithmetic mean.
    pub mean: f32,
    /// The greatest value.
    pub max: f32,
}

/// What a series was within one part of a time axis; `min <= mean <= max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The least value.
    pub min: f32,
    /// The arithmetic mean.
    pub mean: f32,
    /// The greatest value.
    pub max: f32,
}

/// A question to the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastQuery {
    /// Which series, at most 256; more are left unanswered.
    pub keys: Vec<SeriesKey>,
    /// From when.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
}

/// Its answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// Of each series that has any, the stretches in the order of time, never overlapping. A stretch
    /// in which nothing was read is missing.
    pub series: Vec<(SeriesKey, Vec<Folded>)>,
    /// What happened on the servers that were asked for, oldest first.
    pub marks: Vec<EventMark>,
}

/// Which metrics of which servers the database holds anything of.
pub type Kept = BTreeMap<ServerId, Vec<Metric>>;

/// How keeping fares, told when it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastNews {
    /// It is kept again, after it was not.
    Kept,
    /// The file was damaged; it was moved aside, the failure says where, and a new one was started.
    Replaced(Failure),
    /// Nothing is kept for now, and why.
    Stopped(Failure),
}
