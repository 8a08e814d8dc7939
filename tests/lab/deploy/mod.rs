//! Deploying to real servers: an app of its own for each test, gone when the test is over.

mod adopt;
pub mod approvals;
mod beside;
mod changes;
mod checks;
pub mod console;
mod daily;
mod data;
mod failures;
mod faults;
mod guards;
mod hooks;
mod kills;
mod maintenance;
mod notify;
pub mod project;
mod promises;
mod send;
mod site;
mod table;
mod tags;
mod waiting;
mod watching;
