//! A second person: a run that waits for one, finding the runs that wait, and answering them.
//!
//! The run lies as files on each of its servers until it is answered. The answer is a signature over the
//! run and its plan, made with a key that lets its owner in there; whoever asked judges it, by what the
//! servers say of whose keys they take. Not here: what is signed and what it is for (`domain::approval`).

mod authorities;
mod files;
mod give;
mod look;
mod wait;

pub(super) use files::{keep, kept};
pub use give::{Approver, Taken};
pub(super) use look::{list, merged, pieces};
pub(super) use wait::{Answer, Asking};
