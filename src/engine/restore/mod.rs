//! How a backup is brought back on its server: what is run there, how its bytes come, how what came is
//! compared with what stands.
//!
//! Statements hold names only as `domain::sql` quotes them; passwords go over standard input.

pub mod amcheck;
mod archive;
pub mod files;
pub mod here;
pub mod load;
pub mod look;
pub mod psql;
pub mod redis;
pub mod tables;
mod toolbox;
pub mod trees;
pub mod volume;
