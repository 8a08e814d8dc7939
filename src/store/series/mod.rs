//! Readings over time: the last quarter of an hour in detail and the last day by the minute, in
//! bounded memory, with gaps where nothing was read.
//!
//! Lives here: what is kept and how densely, and the values that follow from an observation. Not
//! here: what is kept on disk (`history/`), or how a chart is drawn.

pub mod derive;
mod series_one;
pub mod series_store;
mod track;

pub use series_one::Bucket;
pub use series_store::SeriesStore;
