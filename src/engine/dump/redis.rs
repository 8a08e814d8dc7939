//! A Redis server: an RDB as its replication gives it, which is of one moment and needs no file there.

use std::time::Duration;

use secrecy::SecretString;

use super::Flow;
use super::rdb::Rdb;
use super::within::{Within, answer, flow, words};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::quantity::Bytes as Size;
use crate::domain::text::{clean, shorten};
use crate::engine::ground::Ground;
use crate::operations::datastore_facts::Seen;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(30);

/// `$1` what is wanted, `$2` the host, `$3` the port, `$4` the user. It says what it is doing on its
/// standard output where that is not the file's, so its other output is thrown away by nobody.
const SCRIPT: &str = r#"IFS= read -r REDISCLI_AUTH; [ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH || unset REDISCLI_AUTH
w=$1 h=$2 p=$3 u=$4
set --
[ -n "$h" ] && set -- "$@" -h "$h"
[ -n "$p" ] && set -- "$@" -p "$p"
[ -n "$u" ] && set -- "$@" --user "$u"
case $w in
look) redis-cli "$@" --no-auth-warning info everything </dev/null;;
dump) exec redis-cli "$@" --no-auth-warning --rdb - </dev/null;;
esac"#;

fn command(source: &Source, wanted: &str, password: Option<&SecretString>) -> RemoteCommand {
    let Source::Redis { container, run_as, host, port, user } = source else {
        return RemoteCommand::new("false");
    };
    let port = port.map(|port| port.to_string()).unwrap_or_default();
    let or = |text: &Option<String>| text.clone().unwrap_or_default();
    let within = Within { container: container.as_deref(), run_as: run_as.as_deref() };
    words(within, SCRIPT, &[wanted, &or(host), &port, &or(user)], password)
}

/// Whether it answers, its version, its size, and whether it writes a log of changes beside.
pub(super) async fn look(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
) -> Result<Seen, Failure> {
    let what = format!("look at {} on {}", source.describe(), ground.server);
    let text = answer(ground, command(source, "look", password), &what, DEADLINE).await?;
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
    let Some(version) = field("redis_version").or_else(|| field("valkey_version")) else {
        let why = shorten(&clean(text.trim()), 200).into_owned();
        return Err(Failure::new(FailureKind::Invalid, what, why));
    };
    let aof = field("aof_enabled") == Some("1");
    let notes = if aof {
        vec!["it writes an append-only file too, which is not in the backup".to_owned()]
    } else {
        Vec::new()
    };
    Ok(Seen {
        version: format!("Redis {}", clean(version)),
        about: field("used_memory_dataset").and_then(dataset),
        role_passwords: false,
        notes,
    })
}

/// How large its data are. A Redis that has just started takes more away than there is, and wraps around.
pub fn dataset(text: &str) -> Option<Size> {
    text.trim().parse().ok().filter(|bytes: &u64| *bytes < 1 << 60).map(Size)
}

/// The RDB.
pub(super) async fn open(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
) -> Result<Flow, Failure> {
    let what = format!("read {} on {}", source.describe(), ground.server);
    flow(ground, command(source, "dump", password), &what, Box::new(Rdb::new())).await
}
