//! Drawings without state: given values, a theme and an area of a buffer, they fill cells.
//!
//! Lives here: one drawing a file. Not here: what is selected, where things stand on a page
//! (state), reading anything. A widget costs no more than the cells it shows.

pub mod chart;
pub mod footer;
pub mod frame;
pub mod gauge;
pub mod histogram;
pub mod level;
pub mod scrollbar;
pub mod section;
pub mod sheet;
pub mod spark;
pub mod table;
pub mod text;
pub mod wrap;
