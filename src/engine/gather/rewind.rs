//! How an archive, its server and the server's data directory stand, before it is brought back to a moment.
//! Nothing is changed, and nothing that was known before is relied on: all of it is asked anew.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::datastore::lock;
use crate::domain::archive::{ArchiveSpec, Archived};
use crate::domain::beside::directory_made_at;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::{Exchange, Rewind};
use crate::domain::quantity::Bytes;
use crate::domain::sql::Purpose;
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::engine::dump::within::{Within, answer};
use crate::engine::ground::{Engines, Ground};
use crate::engine::restore::psql::{Server, password};
use crate::operations::backup::place;
use crate::operations::rewind_facts::{Cluster, RewindFacts, Seat};
use crate::operations::rewind_return::SeatFacts;
use crate::operations::rewind_undo::{Left, LeftFacts};
use crate::providers::archives::{ArchiveOf, look};

const DEADLINE: Duration = Duration::from_secs(60);
/// Counting what a large data directory takes.
const MEASURING: Duration = Duration::from_secs(300);

/// All that is asked of the server, as one object. What only some may read is null to others.
const QUESTION: &str = "select json_build_object( \
 'number', current_setting('server_version_num')::int, \
 'port', current_setting('port')::int, \
 'started', floor(extract(epoch from pg_postmaster_start_time()))::bigint, \
 'segment', (select setting::bigint from pg_settings where name = 'wal_segment_size'), \
 'tablespaces', (select count(*) from pg_tablespace where spcname not in ('pg_default', 'pg_global')), \
 'settings', (select json_object_agg(name, setting) from pg_settings where name in ('max_connections', \
 'max_prepared_transactions', 'max_locks_per_transaction', 'shared_preload_libraries', 'TimeZone', 'DateStyle')), \
 'recovery', pg_is_in_recovery(), \
 'followers', (select count(*) from pg_stat_replication), \
 'databases', (select count(*) from pg_database where not datistemplate), \
 'sessions', (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()), \
 'data', case when r.rolsuper or pg_has_role('pg_read_all_settings', 'usage') \
 then current_setting('data_directory') end, \
 'config', case when r.rolsuper or pg_has_role('pg_read_all_settings', 'usage') \
 then current_setting('config_file') end) from pg_roles r where r.rolname = current_user";

/// Whose the data directory `$1` is, and who asks.
const OWNER: &str = r#"cd / 2>/dev/null; o=$(stat -c %U "$1" 2>/dev/null) || { echo "there is no $1 here, or it cannot be seen" >&2; exit 1; }
echo "$o"; id -un"#;

/// As its owner: `$1` the data directory, `$2` its server's port, `$3` when that was started. The folder of the
/// programs, KiB that it takes, KiB that are free beside it, whether something can be made there; its number,
/// whether it can change its name, systemd's unit that runs it (cgroups(7), "/proc/pid/cgroup"); and what was made
/// there.
const LOOK: &str = r#"cd / 2>/dev/null; d=$1 f=$1/postmaster.pid
p=$(sed -n 1p "$f" 2>/dev/null) && [ -n "$p" ] || { echo "no server runs on $d here" >&2; exit 1; }
s=$(sed -n 3p "$f"); x=$((s-$3)); [ "$(sed -n 4p "$f")" = "$2" ] && [ $x -gt -60 ] && [ $x -lt 60 ] || { echo "another server runs on $d here" >&2; exit 1; }
b=$(readlink "/proc/$p/exe") || { echo "whose program runs on $d cannot be seen" >&2; exit 1; }
echo "${b%/*}"; echo "$(du -sk "$d" 2>/dev/null | cut -f 1)"; echo "$(df -Pk "${d%/*}/" 2>/dev/null | awk 'NR==2{print $4}')"
[ -w "${d%/*}/" ] && echo writable || echo no
stat -c %i "$d" 2>/dev/null || echo -
[ ! -L "$d" ] && [ "$(stat -c %m "$d" 2>/dev/null)" != "$d" ] && echo moves || echo fixed
u=$(sed -n -e 's,^0::.*/\([^/]*\.service\)$,\1,p' -e 's,^[0-9]*:name=systemd:.*/\([^/]*\.service\)$,\1,p' "/proc/$p/cgroup" 2>/dev/null | head -n 1); echo "${u:--}"
for o in "$d"_restore_* "$d"_before_*; do [ ! -d "$o" ] || echo "$o"; done"#;

/// KiB that `$1` takes, where it is there.
const LEFT: &str =
    r#"cd / 2>/dev/null; [ -e "$1" ] || { echo gone; exit 0; }; du -sk "$1" 2>/dev/null | cut -f 1"#;

/// The numbers of what is there by these names, and KiB that the second takes.
const SEATS: &str = r#"cd / 2>/dev/null; for f; do stat -c %i "$f" 2>/dev/null || echo -; done; du -sk "$2" 2>/dev/null | cut -f 1"#;

#[derive(Deserialize)]
struct Answer {
    number: u32,
    port: u16,
    started: i64,
    segment: u64,
    tablespaces: u32,
    settings: BTreeMap<String, String>,
    data: Option<String>,
    config: Option<String>,
    recovery: bool,
    followers: u32,
    databases: u32,
    sessions: u32,
}

/// Reads it all, side by side.
pub async fn rewind(
    engines: &Engines,
    spec: &DatastoreSpec,
    archive: &ArchiveSpec,
    now: Timestamp,
) -> RewindFacts {
    let ground = match Ground::reach(engines, &spec.server, &place(spec)).await {
        Ok(ground) => ground,
        Err(failure) => {
            return RewindFacts {
                as_of: now,
                lock: None,
                archived: Err(failure.clone()),
                cluster: Err(failure),
            };
        }
    };
    let (held, archived, cluster) =
        tokio::join!(lock(&ground), archived(&ground, spec, archive), cluster(&ground, spec, archive));
    match held {
        Ok(lock) => RewindFacts { as_of: now, lock, archived, cluster },
        Err(failure) => RewindFacts { as_of: now, lock: None, archived, cluster: Err(failure) },
    }
}

async fn archived(ground: &Ground, spec: &DatastoreSpec, archive: &ArchiveSpec) -> Result<Archived, Failure> {
    let password = ground.vaults().passwords.get(&spec.id).cloned();
    let server = Some((spec.source.clone(), password));
    let of = ArchiveOf { datastore: spec.id.clone(), spec: archive.clone(), server };
    let transport = ground.transport().await?;
    look(&*transport, &ground.server, &of).await
}

async fn cluster(ground: &Ground, spec: &DatastoreSpec, archive: &ArchiveSpec) -> Result<Cluster, Failure> {
    let what = format!("look at the data of {} on {}", spec.source.describe(), ground.server);
    let senseless = |text: &str| {
        Failure::new(FailureKind::Invalid, &what, format!("it said {:?}", shorten(&clean(text), 120)))
    };
    let Source::Postgres { container, run_as, .. } = &spec.source else {
        return Err(Failure::new(FailureKind::Bug, what, "it is no PostgreSQL"));
    };
    let secret = password(ground, &spec.id).await?;
    let server = Server::new(&spec.source, secret.as_ref());
    let text = server.ask(ground, server.elsewhere(), &[QUESTION], &what, DEADLINE).await?;
    let it: Answer = serde_json::from_str(text.trim()).map_err(|_| senseless(&text))?;
    let Some(data) = it.data.as_deref().map(|data| data.trim_end_matches('/')).filter(|it| !it.is_empty())
    else {
        let why = "the role may not see where the server has its data";
        return Err(Failure::new(FailureKind::Permission, what, why).hint("grant pg_read_all_settings to …"));
    };
    let within = |run_as: Option<&'_ String>| (container.clone(), run_as.cloned());
    let ask = async |(container, run_as): (Option<String>, Option<String>),
                     script: &'static str,
                     args: &[&str],
                     most| {
        let within = Within { container: container.as_deref(), run_as: run_as.as_deref() };
        answer(ground, within.command(script, args), &what, most).await
    };
    let told = ask(within(run_as.as_ref()), OWNER, &[data], DEADLINE).await?;
    let (owner, who) = told.trim().split_once('\n').ok_or_else(|| senseless(&told))?;
    let (owner, who) = (named(owner).ok_or_else(|| senseless(&told))?, who.trim());
    let runs = if who == owner { run_as.clone() } else { Some(owner.to_owned()) };
    let (port, started) = (it.port.to_string(), it.started.to_string());
    let told = ask(within(runs.as_ref()), LOOK, &[data, &port, &started], MEASURING).await?;
    let mut lines = told.lines();
    let bin = lines.next().filter(|line| line.starts_with('/')).ok_or_else(|| senseless(&told))?.to_owned();
    let mut kib = || Some(Bytes(lines.next()?.trim().parse::<u64>().ok()? * 1024));
    let (used, room) = (kib(), kib());
    let writable = lines.next() == Some("writable");
    let inode = lines.next().and_then(|line| line.trim().parse::<u64>().ok());
    let fixed = lines.next() != Some("moves");
    let unit = lines.next().and_then(|line| unit(line.trim())).map(str::to_owned);
    let (before, beside): (Vec<String>, Vec<String>) = lines
        .map(|line| shorten(&clean(line), 200).into_owned())
        .partition(|folder| directory_made_at(folder, data, Purpose::Before).is_some());
    let Answer { recovery, followers, databases, sessions, .. } = it;
    let config = it.config.unwrap_or_default();
    let seat = Seat { inode, fixed, unit, config, recovery, followers, databases, sessions, before };
    let by = (archive.container.clone(), archive.run_as.clone());
    let by = ask(by, "id -un", &[], DEADLINE).await?;
    let by = named(by.trim()).ok_or_else(|| senseless(&by))?.to_owned();
    let above = Within { container: container.as_deref(), run_as: Some("root") };
    let as_root =
        ground.run(above.command("exit 0", &[]), &what, DEADLINE).await.is_ok_and(|output| output.success());
    let major = it.number / 10_000;
    Ok(Cluster {
        major,
        version: format!("PostgreSQL {major}.{}", it.number % 10_000),
        data: data.to_owned(),
        port: it.port,
        owner: owner.to_owned(),
        run_as: runs,
        by,
        root: as_root,
        bin,
        used,
        room,
        writable,
        tablespaces: it.tablespaces,
        segment: it.segment,
        settings: it.settings,
        beside,
        seat,
    })
}

/// The name of a system's user, which begins no option and no other word.
fn named(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.$".contains(c);
    (!text.is_empty() && !text.starts_with('-') && text.chars().all(plain)).then_some(text)
}

/// The name of a unit that runs one service.
fn unit(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":_.@\\-".contains(c);
    (text.ends_with(".service") && !text.starts_with('-') && text.chars().all(plain)).then_some(text)
}

/// How the data directories stand that a run exchanged.
pub async fn exchanged(
    engines: &Engines,
    spec: &DatastoreSpec,
    it: &Rewind,
    names: &Exchange,
    now: Timestamp,
) -> Result<SeatFacts, Failure> {
    let ground = Ground::reach(engines, &spec.server, &place(spec)).await?;
    let what = format!("look for {} on {}", names.aside, ground.server);
    let within = Within { container: None, run_as: it.run_as.as_deref() };
    let asked = [names.data.as_str(), &names.aside, &names.from];
    let told = answer(&ground, within.command(SEATS, &asked), &what, MEASURING).await?;
    let mut numbers = told.lines().map(|line| line.trim().parse::<u64>().ok());
    let mut next = || numbers.next().flatten();
    let (data, aside, from) = (next(), next(), next());
    let bytes = next().map(|kib| Bytes(kib * 1024));
    Ok(SeatFacts { as_of: now, lock: lock(&ground).await?, data, aside, from, bytes })
}

/// How what a run brought back stands.
pub async fn rewound(
    engines: &Engines,
    spec: &DatastoreSpec,
    it: &Rewind,
    now: Timestamp,
) -> Result<LeftFacts, Failure> {
    let ground = Ground::reach(engines, &spec.server, &place(spec)).await?;
    let what = format!("look for {} on {}", it.into, ground.server);
    let within = Within { container: it.container(), run_as: it.keeper() };
    let told = answer(&ground, within.command(LEFT, &[&it.into]), &what, MEASURING).await?;
    let left = match told.trim() {
        "gone" => None,
        kib => Some(Left { bytes: kib.parse::<u64>().ok().map(|kib| Bytes(kib * 1024)) }),
    };
    Ok(LeftFacts { as_of: now, lock: lock(&ground).await?, left })
}
