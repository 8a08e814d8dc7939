//! A PostgreSQL database: `pg_dump` in its custom format, and what belongs to all databases of the server.
//!
//! Not compressed on the way: the repository compresses, and finds what is the same as before only in
//! bytes that are as they were.

use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;

use super::within::{Within, answer, flow, words};
use super::{Flow, Judge};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::quantity::Bytes as Size;
use crate::domain::text::{clean, shorten};
use crate::engine::ground::{Ground, unsuccessful};
use crate::operations::datastore_facts::Seen;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(60);
/// How much the roles and tablespaces of a server may come to.
const MOST: usize = 64 << 20;

/// `$1` what is wanted, `$2` the host, `$3` the port, `$4` the role, `$5` the database. The database goes by
/// the environment: as an argument, `a=b` would be read as a connection's settings.
const SCRIPT: &str = r#"IFS= read -r PGPASSWORD; [ -n "$PGPASSWORD" ] && export PGPASSWORD || unset PGPASSWORD
w=$1 h=$2 p=$3 u=$4; export PGDATABASE="$5" PGCONNECT_TIMEOUT=15 PGAPPNAME=midwatch LC_ALL=C
set --
[ -n "$h" ] && set -- "$@" -h "$h"
[ -n "$p" ] && set -- "$@" -p "$p"
[ -n "$u" ] && set -- "$@" -U "$u"
case $w in
look) psql -XAtqw -v ON_ERROR_STOP=1 -F ' ' "$@" -c "select current_setting('server_version_num'), pg_database_size(current_database()), (select rolsuper from pg_roles where rolname = current_user)" || exit 1
  pg_dump --version;;
dump) exec pg_dump -Fc -Z 0 -w "$@";;
globals) unset PGDATABASE; exec pg_dumpall --globals-only -w "$@";;
globals-without-passwords) unset PGDATABASE; exec pg_dumpall --globals-only --no-role-passwords -w "$@";;
esac"#;

fn command(source: &Source, wanted: &str, password: Option<&SecretString>) -> RemoteCommand {
    let Source::Postgres { container, run_as, host, port, user, database } = source else {
        return RemoteCommand::new("false");
    };
    let port = port.map(|port| port.to_string()).unwrap_or_default();
    let or = |text: &Option<String>| text.clone().unwrap_or_default();
    let within = Within { container: container.as_deref(), run_as: run_as.as_deref() };
    words(within, SCRIPT, &[wanted, &or(host), &port, &or(user), database], password)
}

/// Whether it answers, its version and that of the program, its size.
pub(super) async fn look(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
) -> Result<Seen, Failure> {
    let what = format!("look at {} on {}", source.describe(), ground.server);
    let text = answer(ground, command(source, "look", password), &what, DEADLINE).await?;
    let invalid =
        || Failure::new(FailureKind::Invalid, &what, format!("it said {:?}", shorten(&clean(&text), 120)));
    let mut lines = text.lines();
    let mut fields = lines.next().unwrap_or_default().split(' ');
    let number: u32 = fields.next().and_then(|it| it.parse().ok()).ok_or_else(invalid)?;
    let about = fields.next().and_then(|it| it.parse().ok()).map(Size);
    let role_passwords = fields.next() == Some("t");
    let server = number / 10_000;
    // `pg_dump (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)`
    let program = lines.next().unwrap_or_default().split(' ').nth(2).unwrap_or_default();
    let major: u32 = program
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|it| it.parse().ok())
        .ok_or_else(invalid)?;
    if major != server {
        let why = format!("the server is PostgreSQL {server}, its pg_dump is of {major}");
        return Err(Failure::new(FailureKind::Unsupported, what, why)
            .hint(format!("install postgresql-client-{server} there, or name its `container`")));
    }
    let notes = if role_passwords {
        Vec::new()
    } else {
        vec!["passwords of roles are not in it: only a superuser may read them".to_owned()]
    };
    let version = format!("PostgreSQL {server}.{}", number % 10_000);
    Ok(Seen { version, about, role_passwords, notes })
}

/// The dump.
pub(super) async fn open(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
) -> Result<Flow, Failure> {
    let what = format!("dump {} on {}", source.describe(), ground.server);
    flow(ground, command(source, "dump", password), &what, Box::new(Magic(Bytes::new()))).await
}

/// Roles and tablespaces, as SQL.
pub async fn globals(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
    role_passwords: bool,
) -> Result<Bytes, Failure> {
    let what = format!("dump the roles on {}", ground.server);
    let wanted = if role_passwords { "globals" } else { "globals-without-passwords" };
    let transport = ground.transport().await?;
    let output = transport
        .run(command(source, wanted, password), DEADLINE, MOST)
        .await
        .map_err(|error| error.into_failure(&what))?;
    if !output.success() {
        return Err(unsuccessful(&output, &what));
    }
    // It is the last line that pg_dumpall writes.
    let whole = String::from_utf8_lossy(&output.stdout).trim_end().ends_with("--")
        && memchr::memmem::find(&output.stdout, b"database cluster dump complete").is_some();
    if output.truncated || !whole {
        return Err(Failure::new(FailureKind::Invalid, what, "it did not come to its end"));
    }
    Ok(output.stdout.into())
}

/// What every custom-format dump begins with.
struct Magic(Bytes);

impl Judge for Magic {
    fn pass(&mut self, piece: Bytes) -> Bytes {
        if self.0.is_empty() {
            self.0 = Bytes::copy_from_slice(&piece[..piece.len().min(5)]);
        }
        piece
    }

    fn end(&mut self) -> Result<Bytes, String> {
        if self.0.as_ref() == b"PGDMP" {
            Ok(Bytes::new())
        } else {
            Err("pg_dump ended well, but what came is no dump".to_owned())
        }
    }
}
