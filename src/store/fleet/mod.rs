//! What is known of every server, container, app and check, and what is wrong among it.
//!
//! Lives here: the latest readings, the verdicts and problems that follow from them, and marks of
//! what happened. Rules are one a file in `rules/`, what swallows what in `causes/`. Not here:
//! series (`store/series`), log lines (`store/logs`).

mod apply;
pub mod apps;
pub mod causes;
pub mod datastores;
mod excused;
pub mod finding;
pub mod fleet_live;
mod judge;
pub mod marks;
pub mod problems;
pub mod rules;
pub mod server;
pub mod totals;

pub use fleet_live::Fleet;
pub use marks::Marks;
pub use server::ServerLive;
