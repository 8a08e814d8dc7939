//! The words of the trade as plain values, and the pure rules on them.
//!
//! Lives here: identities, quantities, times, readings, what collectors observe, verdicts, and the
//! rules that fold and judge them. Not here: I/O, a clock, a vendor's type, a color.

pub mod access;
pub mod adoption;
pub mod app;
pub mod approval;
pub mod backup;
pub mod cadence;
pub mod check;
pub mod check_schedule;
pub mod check_state;
pub mod clock;
pub mod condition;
pub mod container;
pub mod datastore;
pub mod deploy;
pub mod event_mark;
pub mod failure;
pub mod forecast;
pub mod health;
pub mod ids;
pub mod image;
pub mod level;
pub mod line;
pub mod link;
pub mod log_source;
pub mod metric;
pub mod notice;
pub mod past;
pub mod plan;
pub mod problem;
pub mod proxy;
pub mod quantity;
pub mod question;
pub mod reading;
pub mod redact;
pub mod release;
pub mod run;
pub mod setup;
pub mod shell;
pub mod tags;
pub mod text;
pub mod thresholds;
pub mod time;
pub mod unfinished;
pub mod unit;
pub mod vitals;
pub mod when;
