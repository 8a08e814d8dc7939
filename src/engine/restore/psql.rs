//! Statements on a PostgreSQL server, by its own `psql`, where its programs are.

use std::time::Duration;

use secrecy::SecretString;

use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::engine::dump::within::{Within, answer, argv, secret_line, words};
use crate::engine::ground::Ground;
use crate::engine::guarded;
use crate::engine::perform::Task;

/// Reads the password, and begins a program's options with where it connects to: `$1` the host, `$2` the
/// port, `$3` the role, `$4` the database, which goes by the environment, where `a=b` is a name.
macro_rules! connected {
    ($($rest:expr),+) => {
        concat!(
            r#"cd / 2>/dev/null; IFS= read -r PGPASSWORD; [ -n "$PGPASSWORD" ] && export PGPASSWORD || unset PGPASSWORD
h=$1 p=$2 u=$3; export PGDATABASE="$4" PGCONNECT_TIMEOUT=15 PGAPPNAME=midwatch LC_ALL=C; shift 4
n=$#
[ -n "$h" ] && set -- "$@" -h "$h"
[ -n "$p" ] && set -- "$@" -p "$p"
[ -n "$u" ] && set -- "$@" -U "$u"
"#,
            $($rest),+
        )
    };
}

pub(in crate::engine) use connected;

/// `$5` and on: statements, one after the other in one session; the first that fails ends it.
const STATEMENTS: &str = connected!(
    r#"while [ "$n" -gt 0 ]; do s=$1; shift; set -- "$@" -c "$s"; n=$((n-1)); done
exec psql -XAtqw -v ON_ERROR_STOP=1 "$@""#
);

/// `$5` a statement that ends sessions, `$6` one that ends them once more while the names change, `$7` and
/// on: the statements that change them. What comes between is ended too, and it is tried a few times: a
/// session that sits in a database stands in the way of its new name.
const SWAP: &str = connected!(
    r#"k=$1 w=$2; shift 2; n=$((n-2))
while [ "$n" -gt 0 ]; do s=$1; shift; set -- "$@" -c "$s"; n=$((n-1)); done
end() { set --; [ -n "$h" ] && set -- "$@" -h "$h"; [ -n "$p" ] && set -- "$@" -p "$p"; [ -n "$u" ] && set -- "$@" -U "$u"; psql -XAtqw "$@" -c "$w" >/dev/null 2>&1; }
t=0; while :; do
  ( while sleep 0.05; do end; done ) & e=$!
  psql -XAtqw -v ON_ERROR_STOP=1 -c "$k" "$@" >/dev/null; c=$?
  kill $e 2>/dev/null; wait $e 2>/dev/null
  t=$((t+1)); [ $c = 0 ] || [ $t -ge 5 ] && exit $c
done"#
);

/// Whether it failed since psql had no connection, or lost it: that is its exit 2 (psql, "Exit Status").
pub fn unconnected(failure: &Failure) -> bool {
    failure.why.iter().any(|why| why.ends_with("(exit 2)"))
}

/// A database's server, as a datastore says how it is reached.
#[derive(Clone, Copy)]
pub struct Server<'a> {
    source: &'a Source,
    password: Option<&'a SecretString>,
}

impl<'a> Server<'a> {
    /// Of a datastore of kind postgres.
    pub const fn new(source: &'a Source, password: Option<&'a SecretString>) -> Self {
        Self { source, password }
    }

    /// The database that is connected to where that of the datastore may be renamed or is not there.
    pub fn elsewhere(&self) -> &'static str {
        if self.source.database() == "postgres" { "template1" } else { "postgres" }
    }

    /// A script's place, and its arguments from the host on.
    fn placed(&self, database: &str, rest: &[&str]) -> Result<(Within<'a>, Vec<String>), Failure> {
        let Source::Postgres { container, run_as, host, port, user, .. } = self.source else {
            let why = format!("it is of kind {}", self.source.kind());
            return Err(Failure::new(FailureKind::Bug, "ask PostgreSQL", why));
        };
        let within = Within { container: container.as_deref(), run_as: run_as.as_deref() };
        let port = port.map(|port| port.to_string()).unwrap_or_default();
        let host = host.as_deref().unwrap_or_default();
        let own = [host, &port, user.as_deref().unwrap_or_default(), database];
        Ok((within, own.iter().chain(rest).map(|&it| it.to_owned()).collect()))
    }

    /// A script of ours, made by [`connected`], with what it reads first.
    pub fn script(
        &self,
        database: &str,
        script: &'static str,
        rest: &[&str],
    ) -> Result<crate::transports::RemoteCommand, Failure> {
        let (within, args) = self.placed(database, rest)?;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        Ok(words(within, script, &args, self.password))
    }

    /// What statements print that change nothing.
    pub async fn ask(
        &self,
        ground: &Ground,
        database: &str,
        statements: &[&str],
        what: &str,
        deadline: Duration,
    ) -> Result<String, Failure> {
        let command = self.script(database, STATEMENTS, statements)?;
        answer(ground, command, what, deadline).await
    }

    /// Statements that change something: once, and only while the lock is the run's. A run that was taken
    /// up does them anew; they have to bring about the same.
    pub async fn change(&self, task: &Task<'_>, statements: &[&str]) -> Result<(), Failure> {
        self.guarded(task, STATEMENTS, statements).await
    }

    /// The same after another command of the step: the `nth`.
    pub async fn change_again(
        &self,
        task: &Task<'_>,
        nth: usize,
        statements: &[&str],
    ) -> Result<(), Failure> {
        let (within, args) = self.placed(self.elsewhere(), statements)?;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let words = argv(within, STATEMENTS, &args);
        guarded::change_again(task, nth, words, Some(secret_line(self.password))).await
    }

    /// Ends sessions by `end`, and by `again` until the names are changed.
    pub async fn swap(&self, task: &Task<'_>, end: &str, again: &str, names: &[&str]) -> Result<(), Failure> {
        let args: Vec<&str> = [end, again].into_iter().chain(names.iter().copied()).collect();
        self.guarded(task, SWAP, &args).await
    }

    async fn guarded(&self, task: &Task<'_>, script: &'static str, rest: &[&str]) -> Result<(), Failure> {
        let (within, args) = self.placed(self.elsewhere(), rest)?;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let words = argv(within, script, &args);
        guarded::change(task, words, Some(secret_line(self.password))).await
    }
}

/// The password of a datastore, where it needs one.
pub async fn password(ground: &Ground, id: &DatastoreId) -> Result<Option<SecretString>, Failure> {
    match ground.vaults().passwords.get(id) {
        Some(password) => {
            let what = format!("read the password of {id}");
            password.resolve().await.map(Some).map_err(|error| error.into_failure(&what))
        }
        None => Ok(None),
    }
}
