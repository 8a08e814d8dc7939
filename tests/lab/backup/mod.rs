//! Backups of real datastores, read by the real restic.

mod deploys;
mod faults;
mod kinds;
mod store;
