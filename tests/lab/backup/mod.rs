//! Backups of real datastores, read by the real restic.

mod faults;
mod kinds;
mod store;
