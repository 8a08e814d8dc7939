//! Brings a dump back into a new database, by the server's own `pg_restore`, over the connection that
//! stands: it touches no disk in between.

use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::psql::{Server, connected};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::only::{Table, filters, pairs};
use crate::domain::quantity::Bytes as Size;
use crate::domain::sql::{connection, fill, identifier, literal};
use crate::domain::text::{clean, shorten};
use crate::engine::dump::ended;
use crate::engine::dump::within::secret_line;
use crate::engine::ground::Ground;
use crate::repository::read::WAITING;
use crate::repository::{RepositoryError, Vault};
use crate::transports::{ExitStatus, RemoteCommand};

const DEADLINE: Duration = Duration::from_secs(60);
/// How much of what it complains of is kept.
const KEPT: usize = 16 * 1024;

/// `$5` the database, as libpq's settings of a connection.
const RESTORE: &str =
    connected!(r#"d=$1; shift; exec pg_restore --exit-on-error --no-password "$@" -d "$d""#);

/// The statements that make a database like another: owner, encoding, locale, tablespace, and what is
/// granted on it and set for it, which a dump does not hold. `$1` is the one, `$2` the quoted name of the
/// new one. Values of settings that are lists stand in the catalog as they are written in a statement; one
/// with anything that is not a name in it is left out.
const LIKE: &str = r#"with d as (select d.*, to_jsonb(d) j from pg_database d where datname = $1),
s as (
select 1 n, format('create database %s owner %I template template0 encoding %L lc_collate %L lc_ctype %L tablespace %I', $2,
  pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, (select spcname from pg_tablespace t where t.oid = dattablespace))
  || case j->>'datlocprovider'
     when 'i' then ' locale_provider icu icu_locale ' || quote_literal(coalesce(j->>'datlocale', j->>'daticulocale'))
       || coalesce(' icu_rules ' || quote_literal(j->>'daticurules'), '')
     when 'b' then ' locale_provider builtin builtin_locale ' || quote_literal(j->>'datlocale')
     else '' end t from d
union all select 2, format('alter database %s connection limit %s', $2, datconnlimit) from d where datconnlimit >= 0
union all select 3, format('revoke all on database %s from public', $2) from d where datacl is not null
union all select 4, format('grant %s on database %s to %s%s', a.privilege_type, $2,
  case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
  case when a.is_grantable then ' with grant option' else '' end) from d, aclexplode(d.datacl) a
union all select 5, format('comment on database %s is %L', $2, shobj_description(d.oid, 'pg_database')) from d
  where shobj_description(d.oid, 'pg_database') is not null
union all select 6, format('alter %s set %I = %s',
  case setrole when 0 then 'database ' || $2 else format('role %I in database %s', pg_get_userbyid(setrole), $2) end,
  split_part(c, '=', 1),
  case when list then substr(c, strpos(c, '=') + 1) else quote_literal(substr(c, strpos(c, '=') + 1)) end)
  from (select setrole, c, split_part(c, '=', 1) in ('search_path', 'temp_tablespaces', 'local_preload_libraries',
    'session_preload_libraries') list from pg_db_role_setting, unnest(setconfig) c, d where setdatabase = d.oid) x
  where not list or substr(c, strpos(c, '=') + 1) ~ '^[[:alnum:]_$", ]+$'
) select coalesce(json_agg(t order by n), '[]') from s"#;

/// `$1` pairs of schema and name: those that are not there.
const ABSENT: &str = "select string_agg(w.s || '.' || w.t, ', ') from (values $1) w (s, t) where not exists \
 (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = w.s and c.relname = w.t)";

/// The statements that make the new database; a plain one where there is none to be like.
pub async fn made(
    ground: &Ground,
    server: &Server<'_>,
    like: &str,
    into: &str,
) -> Result<Vec<String>, Failure> {
    let what = format!("see how {like} was made on {}", ground.server);
    let name = identifier(into);
    let question = fill(LIKE, &[&literal(like), &literal(&name)]);
    let text = server.ask(ground, server.elsewhere(), &[&question], &what, DEADLINE).await?;
    let mut statements: Vec<String> = serde_json::from_str(text.trim()).map_err(|_| {
        Failure::new(FailureKind::Invalid, &what, format!("it said {:?}", shorten(&clean(&text), 120)))
    })?;
    if statements.is_empty() {
        statements.push(format!("create database {name} template template0"));
    }
    // One that a run left half, which is taken up again.
    statements.insert(0, drop(into));
    Ok(statements)
}

/// The same for data that nobody may see yet: its owner and superusers alone may enter.
pub fn closed(statements: Vec<String>, into: &str) -> Vec<String> {
    let mut all: Vec<String> = statements.into_iter().filter(|it| !is_access(it)).collect();
    all.push(format!("revoke all on database {} from public", identifier(into)));
    all
}

/// What of it lets in whoever may enter what it is like.
pub fn opened(statements: Vec<String>, into: &str) -> Vec<String> {
    let mut all: Vec<String> = statements.into_iter().filter(|it| is_access(it)).collect();
    if all.is_empty() {
        // Nothing is said of that one: then everybody may.
        all.push(format!("grant connect, temporary on database {} to public", identifier(into)));
    }
    all
}

fn is_access(statement: &str) -> bool {
    statement.starts_with("revoke ") || statement.starts_with("grant ")
}

/// Drops a database of ours, whoever looks at it.
pub fn drop(name: &str) -> String {
    format!("drop database if exists {} with (force)", identifier(name))
}

/// What is brought back, and where from.
pub struct Brought<'a> {
    /// The repository.
    pub vault: &'a Vault,
    /// The backup's snapshot.
    pub snapshot: &'a str,
    /// Its folder.
    pub folder: &'a str,
    /// Its file.
    pub file: &'a str,
}

/// The command that takes a dump, or these tables of it alone.
pub fn taking(server: &Server<'_>, into: &str, only: &[Table]) -> Result<RemoteCommand, Failure> {
    let (target, filters) = (connection(into), filters(only));
    let args: Vec<&str> = std::iter::once(&target).chain(&filters).map(String::as_str).collect();
    server.script(server.elsewhere(), RESTORE, &args)
}

/// Fails where one of these tables is not there: `pg_restore` says nothing of one that it does not have.
pub async fn came(
    ground: &Ground,
    server: &Server<'_>,
    into: &str,
    only: &[Table],
    what: &str,
) -> Result<(), Failure> {
    let question = fill(ABSENT, &[&pairs(only)]);
    let absent = server.ask(ground, into, &[&question], what, DEADLINE).await?;
    if absent.trim().is_empty() {
        return Ok(());
    }
    let why = format!("the backup holds no table {}", shorten(&clean(absent.trim()), 300));
    Err(Failure::new(FailureKind::NotFound, what, why))
}

/// Streams it into a command, after a first line that holds the password; `told` is told of the bytes that
/// were taken so far.
pub async fn stream(
    ground: &Ground,
    command: RemoteCommand,
    password: Option<&SecretString>,
    it: Brought<'_>,
    what: &str,
    mut told: impl FnMut(u64) + Send,
) -> Result<Size, Failure> {
    let piped = ground.transport().await?.pipe(command).await.map_err(|error| error.into_failure(what))?;
    let exec = piped.exec;
    let mut stdin = piped.stdin;
    let (tell, mut come) = mpsc::channel::<Bytes>(WAITING);
    let carrying = async {
        let feeding = async {
            let mut bytes = 0;
            let mut fed = stdin.write_all(&secret_line(password)).await;
            while fed.is_ok()
                && let Some(piece) = come.recv().await
            {
                fed = stdin.write_all(&piece).await;
                bytes += piece.len() as u64;
                told(bytes);
            }
            // Whoever reads the repository is not to wait for one that is gone.
            come.close();
            fed
        };
        let bringing = it.vault.bring(it.snapshot, it.folder, it.file, tell);
        let (brought, fed) = tokio::join!(bringing, feeding);
        // Only what came to its end is told that it has: what is cut looks just like it.
        if brought.is_ok() && fed.is_ok() {
            let _ = stdin.shutdown().await;
        }
        std::mem::drop(stdin);
        (brought, fed)
    };
    let ((brought, fed), _, complaint) = tokio::join!(carrying, kept(exec.stdout), kept(exec.stderr));
    let status = exec.status.await;
    match brought {
        Ok(_) | Err(RepositoryError::Stopped) => {}
        // What is wrong with the repository is the reason, whatever the program made of its end.
        Err(error) => return Err(error.into_failure(what)),
    }
    match status {
        Ok(Ok(ExitStatus::Code(0))) => {}
        Ok(Ok(status)) => return Err(ended(&status, &complaint, what)),
        Ok(Err(error)) => return Err(error.into_failure(what)),
        Err(_) => return Err(Failure::new(FailureKind::Unreachable, what, "it ended without a word")),
    }
    match (brought, fed) {
        (Ok(bytes), Ok(())) => Ok(bytes),
        (_, Err(error)) => {
            Err(Failure::new(FailureKind::Unreachable, what, format!("the stream broke: {error}")))
        }
        (Err(error), Ok(())) => Err(error.into_failure(what)),
    }
}

/// The end of what comes.
async fn kept(mut from: Box<dyn AsyncRead + Send + Sync + Unpin>) -> String {
    let mut kept: Vec<u8> = Vec::new();
    let mut buf = vec![0; 4096];
    // One that breaks says nothing more; how the command ended is told elsewhere.
    while let Ok(n @ 1..) = from.read(&mut buf).await {
        kept.extend_from_slice(&buf[..n]);
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
