//! What is in the tables of a database, and how two of them differ: rows, sizes, newest rows. Rows are
//! counted where that is cheap, and else as the server estimates them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::psql::Server;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::only::{Table, pairs};
use crate::domain::quantity::Bytes;
use crate::domain::text::{clean, shorten};
use crate::engine::ground::Ground;

const DEADLINE: Duration = Duration::from_secs(300);
/// A table up to this size is counted.
const CHEAP: u64 = 64 << 20;
/// So many are counted at most, the smallest first.
const COUNTED: usize = 400;
/// So many that differ are named.
const NAMED: usize = 12;

/// Nothing is written, nobody waits long for us.
const GENTLY: &str =
    "set default_transaction_read_only = on; set lock_timeout = '2s'; set statement_timeout = '60s'";

const LIST: &str = "select coalesce(json_agg(json_build_object('name', format('%I.%I', n.nspname, c.relname), \
 'bytes', pg_total_relation_size(c.oid), 'estimate', c.reltuples::bigint, \
 'newest', (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 \
 and not a.attisdropped and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) \
 order by a.attname !~ '^(updated|modified|changed|created|inserted|at$|time)', a.attnum limit 1))), '[]') \
 from pg_class c join pg_namespace n on n.oid = c.relnamespace \
 where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

#[derive(Deserialize)]
struct Listed {
    name: String,
    bytes: u64,
    estimate: i64,
    newest: Option<String>,
}

#[derive(Deserialize)]
struct Counted {
    n: usize,
    rows: u64,
    newest: Option<String>,
}

/// A table's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// With its indexes.
    pub bytes: Bytes,
    /// How many rows, where that is known, and whether they were counted.
    pub rows: Option<(u64, bool)>,
    /// The latest of its times, where it has such a column and was counted.
    pub newest: Option<String>,
}

/// All tables of a database by their quoted names.
pub type Tables = BTreeMap<String, Content>;

/// Reads them, or `only` these.
pub async fn read(
    ground: &Ground,
    server: &Server<'_>,
    database: &str,
    only: &[Table],
) -> Result<Tables, Failure> {
    let what = format!("look at the tables of {database} on {}", ground.server);
    let senseless = |text: &str| {
        Failure::new(FailureKind::Invalid, &what, format!("it said {:?}", shorten(&clean(text), 120)))
    };
    let list = match only {
        [] => LIST.to_owned(),
        some => format!("{LIST} and (n.nspname, c.relname) in ({})", pairs(some)),
    };
    let text = server.ask(ground, database, &[GENTLY, &list], &what, DEADLINE).await?;
    let mut listed: Vec<Listed> = serde_json::from_str(text.trim()).map_err(|_| senseless(&text))?;
    listed.sort_by_key(|it| it.bytes);
    let cheap = listed.iter().take_while(|it| it.bytes <= CHEAP).take(COUNTED);
    // The names are quoted by the server itself.
    let each: Vec<String> = cheap
        .enumerate()
        .map(|(n, it)| {
            let newest =
                it.newest.as_ref().map_or("null".to_owned(), |column| format!("max({column})::text"));
            format!("select {n} as n, count(*) as rows, {newest} as newest from only {}", it.name)
        })
        .collect();
    let mut counted: BTreeMap<usize, Counted> = BTreeMap::new();
    for some in each.chunks(50) {
        let question = format!("select json_agg(x) from ({}) x", some.join(" union all "));
        // A table that is locked or slow is estimated: nothing waits for a count.
        let Ok(text) = server.ask(ground, database, &[GENTLY, &question], &what, DEADLINE).await else {
            continue;
        };
        let all: Vec<Counted> = serde_json::from_str(text.trim()).map_err(|_| senseless(&text))?;
        counted.extend(all.into_iter().map(|it| (it.n, it)));
    }
    let tables = listed.into_iter().enumerate().map(|(n, it)| {
        let exact = counted.get(&n);
        // -1 where nobody ever looked.
        let about = u64::try_from(it.estimate).ok().map(|rows| (rows, false));
        let newest = exact.and_then(|it| it.newest.as_ref()).map(|text| clean(text).into_owned());
        let rows = exact.map(|it| (it.rows, true)).or(about);
        (clean(&it.name).into_owned(), Content { bytes: Bytes(it.bytes), rows, newest })
    });
    Ok(tables.collect())
}

/// How what was restored differs from what stands: a line in all, then the tables that do.
pub fn differences(restored: &Tables, standing: &Tables) -> (String, Vec<String>) {
    let bytes = |tables: &Tables| Bytes(tables.values().map(|it| it.bytes.0).sum());
    let mut lines = Vec::new();
    let names = restored.keys().chain(standing.keys().filter(|name| !restored.contains_key(*name)));
    for name in names {
        match (restored.get(name), standing.get(name)) {
            (Some(ours), Some(theirs)) if ours.rows == theirs.rows && ours.newest == theirs.newest => {}
            (Some(ours), Some(theirs)) => {
                let mut line = format!("{name}: {} restored, {} live", rows(ours), rows(theirs));
                if ours.newest != theirs.newest {
                    let newest = |it: &Content| it.newest.clone().unwrap_or_else(|| "none".to_owned());
                    line = format!("{line}, newest {} and {}", newest(ours), newest(theirs));
                }
                lines.push(line);
            }
            (Some(ours), None) => lines.push(format!("{name}: {} restored, not there live", rows(ours))),
            (None, Some(theirs)) => lines.push(format!("{name}: not in the backup, {} live", rows(theirs))),
            (None, None) => {}
        }
    }
    let differ = match lines.len() {
        0 => "all with the same rows".to_owned(),
        1 => "1 differs".to_owned(),
        n => format!("{n} differ"),
    };
    let said = format!(
        "{} tables with {} restored, {} with {} live, {differ}",
        restored.len(),
        bytes(restored),
        standing.len(),
        bytes(standing)
    );
    let more = lines.len().saturating_sub(NAMED);
    lines.truncate(NAMED);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    (said, lines)
}

fn rows(it: &Content) -> String {
    match it.rows {
        Some((rows, true)) => format!("{rows} rows"),
        Some((rows, false)) => format!("about {rows} rows"),
        None => format!("{}, rows unknown", it.bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(rows: Option<(u64, bool)>, newest: Option<&str>) -> Content {
        Content { bytes: Bytes(8192), rows, newest: newest.map(str::to_owned) }
    }

    #[test]
    fn what_differs_is_named() {
        let tables = |all: &[(&str, Content)]| -> Tables {
            all.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect()
        };
        let restored = tables(&[
            ("public.same", content(Some((3, true)), None)),
            ("public.orders", content(Some((10, true)), Some("2026-11-20"))),
            ("public.old", content(Some((1, true)), None)),
        ]);
        let live = tables(&[
            ("public.same", content(Some((3, true)), None)),
            ("public.orders", content(Some((12, false)), Some("2026-11-21"))),
            ("public.new", content(None, None)),
        ]);
        let (said, lines) = differences(&restored, &live);
        assert_eq!(said, "3 tables with 24K restored, 3 with 24K live, 3 differ");
        assert_eq!(
            lines,
            [
                "public.old: 1 rows restored, not there live",
                "public.orders: 10 rows restored, about 12 rows live, newest 2026-11-20 and 2026-11-21",
                "public.new: not in the backup, 8.0K, rows unknown live",
            ]
        );
    }
}
