//! PostgreSQL's own look at whether tables and indexes are sound, where its program is there.

use std::time::Duration;

use super::psql::{Server, connected};
use crate::domain::failure::Failure;
use crate::engine::dump::within::answer;
use crate::engine::ground::Ground;

const DEADLINE: Duration = Duration::from_secs(3600);

/// `$5` the database, as libpq's settings of a connection. Distributions keep the program in a folder of
/// its version, out of the path.
const SCRIPT: &str = connected!(
    r#"d=$1; shift; a=$(command -v pg_amcheck) || a=$(ls -d /usr/lib/postgresql/*/bin/pg_amcheck /usr/pgsql-*/bin/pg_amcheck 2>/dev/null | sort -V | tail -n 1)
[ -n "$a" ] || { echo absent; exit 0; }
"$a" --install-missing --no-password "$@" "$d" >&2 && echo sound"#
);

/// A word of what it found; what is not sound is a failure.
pub async fn run(
    ground: &Ground,
    server: &Server<'_>,
    database: &str,
    what: &str,
) -> Result<String, Failure> {
    let target = crate::domain::sql::connection(database);
    let command = server.script(server.elsewhere(), SCRIPT, &[&target])?;
    let said = answer(ground, command, what, DEADLINE).await?;
    Ok(if said.trim() == "sound" { "pg_amcheck finds it sound" } else { "pg_amcheck is not there" }
        .to_owned())
}
