//! What the server itself says of its archiving, by its own `psql`.

use std::time::Duration;

use secrecy::ExposeSecret;

use crate::config::Secret;
use crate::domain::archive::Archiver;
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;
use crate::domain::wal::{Segment, USUAL};
use crate::transports::failed::command_failed;
use crate::transports::{Transport, Within};

const DEADLINE: Duration = Duration::from_secs(20);
const LONGEST: usize = 64 << 10;

/// What it said.
pub(super) struct Asked {
    /// Of its archiver.
    pub(super) archiver: Archiver,
    /// How many bytes a segment has.
    pub(super) segment: u64,
    /// Whether it archives nothing at all.
    pub(super) off: bool,
}

/// Connects to the host `$1`, the port `$2`, as the role `$3`, to the database `$4`; the first line of what it
/// reads is the password.
const SCRIPT: &str = r#"cd / 2>/dev/null; IFS= read -r PGPASSWORD; [ -n "$PGPASSWORD" ] && export PGPASSWORD || unset PGPASSWORD
h=$1 p=$2 u=$3; export PGDATABASE="$4" PGCONNECT_TIMEOUT=15 PGAPPNAME=midwatch LC_ALL=C
set --
[ -n "$h" ] && set -- "$@" -h "$h"
[ -n "$p" ] && set -- "$@" -p "$p"
[ -n "$u" ] && set -- "$@" -U "$u"
exec psql -XAtqw -v ON_ERROR_STOP=1 -F '|' "$@" -c "select coalesce(last_archived_wal, ''), floor(extract(epoch from last_archived_time)), floor(extract(epoch from last_failed_time)), failed_count, case when pg_is_in_recovery() then '' else pg_walfile_name(pg_current_wal_lsn()) end, (select setting from pg_settings where name = 'archive_timeout'), (select setting from pg_settings where name = 'wal_segment_size'), floor(extract(epoch from clock_timestamp())), current_setting('archive_mode') from pg_stat_archiver""#;

/// Asks.
pub(super) async fn ask(
    transport: &dyn Transport,
    server: &ServerId,
    source: &Source,
    password: Option<&Secret>,
) -> Result<Asked, Failure> {
    let what = format!("ask PostgreSQL on {server} about its archiving");
    let Source::Postgres { container, run_as, host, port, user, database } = source else {
        return Err(Failure::new(FailureKind::Bug, what, "it is no PostgreSQL"));
    };
    let secret = match password {
        Some(secret) => Some(secret.resolve().await.map_err(|error| error.into_failure(&what))?),
        None => None,
    };
    let port = port.map(|port| port.to_string()).unwrap_or_default();
    let (host, user) = (host.as_deref().unwrap_or_default(), user.as_deref().unwrap_or_default());
    let args = [host, &port, user, database];
    let line = format!("{}\n", secret.as_ref().map_or("", |it| it.expose_secret()));
    let within = Within { container: container.as_deref(), run_as: run_as.as_deref() };
    let command = within.command(SCRIPT, &args).stdin(line);
    let output =
        transport.run(command, DEADLINE, LONGEST).await.map_err(|error| error.into_failure(&what))?;
    if !output.success() {
        return Err(command_failed(&output, what));
    }
    read(&output.text()).ok_or_else(|| Failure::new(FailureKind::Invalid, what, "its answer makes no sense"))
}

fn read(text: &str) -> Option<Asked> {
    let fields: Vec<&str> = text.trim_end_matches('\n').split('|').collect();
    let [last, last_at, failed_at, failures, current, at_most, segment, now, mode] = fields[..] else {
        return None;
    };
    let time = |text: &str| text.parse().ok().map(Timestamp::from_secs);
    // Before PostgreSQL 11 it is told in pages.
    let segment = segment.parse().ok().filter(|size| *size >= 1 << 20).unwrap_or(USUAL);
    Some(Asked {
        archiver: Archiver {
            last: Segment::parse(last, segment),
            last_at: time(last_at),
            failed_at: time(failed_at),
            failures: failures.parse().ok()?,
            current: Segment::parse(current, segment),
            at_most: Duration::from_secs(at_most.parse().ok()?),
            now: time(now)?,
        },
        segment,
        off: mode == "off",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_read_and_what_it_does_not_say_is_not_known() {
        let told =
            "000000010000000000000009|1763800000||0|00000001000000000000000A|60|16777216|1763800030|on\n";
        let asked = read(told).unwrap();
        assert_eq!(asked.archiver.last.unwrap().place, 9);
        assert_eq!(asked.archiver.current.unwrap().place, 10);
        assert_eq!(asked.archiver.at_most, Duration::from_secs(60));
        assert!(asked.archiver.failed_at.is_none() && !asked.off);
        let never = read("|||3||0|16777216|1763800030|off").unwrap();
        assert!(never.off && never.archiver.last_at.is_none() && never.archiver.current.is_none());
        // The label of a base backup is archived too.
        let label = read("000000010000000000000003.00000028.backup|1||0||0|16777216|2|on").unwrap();
        assert_eq!(label.archiver.last.unwrap().place, 3);
        for text in ["", "a|b", "|||x||0|1|2|on"] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
