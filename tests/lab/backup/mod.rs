//! Backups of real datastores, read by the real restic.

mod approvals;
mod archive;
mod away;
mod boxed;
mod busy;
mod deploys;
mod disaster;
mod drill;
mod faults;
mod files;
mod keys;
mod kinds;
mod masked;
mod masked_redis;
mod picture;
mod prune;
mod redis;
mod restore;
mod rewind;
mod schedules;
mod sftp;
mod some;
mod store;
mod volume;
mod walg;
mod whole;
