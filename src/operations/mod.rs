//! Planning: facts in, a plan or what stands in its way out. One file an operation.
//!
//! Pure: no I/O, no clock; what a plan is made of was gathered before, and is all it depends on.

pub mod adopting;
pub mod asking;
mod backed;
pub mod backup;
mod beside;
mod checking;
#[cfg(test)]
mod checking_tests;
pub mod compare;
mod crossing;
pub mod daily;
pub mod datastore_facts;
pub mod deploy;
pub mod differences;
pub mod drill;
pub mod facts;
mod findings;
pub mod gate;
mod here;
mod keeping;
pub mod maintenance;
mod numbering;
#[cfg(test)]
mod plans_tests;
pub mod preflight;
#[cfg(test)]
mod preflight_tests;
pub mod prune;
pub mod pull;
pub mod repository;
pub mod restore;
pub mod restore_facts;
mod restore_findings;
pub mod restore_only;
#[cfg(test)]
mod restore_only_tests;
pub mod restore_origin;
#[cfg(test)]
mod restore_origin_tests;
mod restore_part;
#[cfg(test)]
mod restore_tests;
pub mod rewind;
pub mod rewind_facts;
mod rewind_findings;
pub mod rewind_return;
mod rewind_swap;
pub mod rewind_undo;
pub mod rollback;
#[cfg(test)]
mod sample;
pub mod scale;
pub mod schedule;
pub mod schedule_facts;
mod schedule_findings;
mod schedule_units;
mod selection;
pub mod set;
pub mod set_choice;
pub mod set_restore;
pub mod set_swap;
#[cfg(test)]
mod set_tests;
pub mod set_undo;
pub mod standing;
mod steps;
mod telling;
pub mod undo;
mod work;

pub use work::running_image;

pub use facts::{
    AppFacts, Need, Replaced, ReplacedEnv, Resolved, Running, SentFile, ServerFacts, ServiceFacts,
};

use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;

/// Why no plan can be made at all, whatever reason is typed.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Servers that could not be asked.
    Unreachable(Vec<(ServerId, Failure)>),
    /// What was asked for makes no sense.
    Senseless(Failure),
}
