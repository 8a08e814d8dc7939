//! Redis: a backup's RDB is put on its server, in our own folder, and read by a second instance, which is
//! the server's own program, or a container of the datastore's image that goes again. It takes the place of
//! what stands by replication from that instance: Redis keeps its own files, an append-only one too, as it
//! does for any replica. What stands is kept as an RDB of the moment before, while writes wait.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::quantity::Bytes;
use crate::domain::text::{clean, shorten};
use crate::engine::dump::redis::dataset;
use crate::engine::dump::within::{Within, answer, argv, words};
use crate::engine::ground::Ground;
use crate::operations::restore_facts::Data;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(60);
/// How long reading all of it may take.
const THROUGH: Duration = Duration::from_secs(1800);

/// Begins a script of ours on the server: the password, then `$1` the container, `$2` the system's user, `$3`
/// the host, `$4` the port, `$5` the user, `$6` our folder there, from the user's home. `cli` asks the Redis
/// that stands; `second` runs a script beside it, `$1` the network of its container, with our folder as `$1`;
/// `full` says so where our folder has no room.
macro_rules! redis {
    ($($rest:expr),+) => {
        concat!(
            r#"umask 077; IFS= read -r pw; c=$1 u=$2 h=$3 p=$4 n=$5 d=$6; shift 6
cd && { [ ! -d "$d" ] || cd "$d"; } || exit
place() { if [ -n "$c" ]; then docker exec -i ${u:+-u "$u"} "$c" "$@"; elif [ -n "$u" ]; then sudo -n -u "$u" -- "$@"; else "$@"; fi; }
ask() { printf '%s\n' "$1" | { shift; place sh -c 'IFS= read -r REDISCLI_AUTH; [ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH || unset REDISCLI_AUTH
exec redis-cli --no-auth-warning "$@" </dev/null' sh "$@"; }; }
full() { df -Pk . 2>/dev/null | sed -n 2p | { read -r a b e room f m; [ "${room:-64}" -ge 64 ] || echo "no space is left on $m"; }; }
cli() { ask "$pw" ${h:+-h "$h"} ${p:+-p "$p"} ${n:+--user "$n"} "$@"; }
second() { net=$1 k=$2; shift 2
if [ -n "$c" ]; then docker run --rm -i --name "midwatch-redis-$$" --pull never --network "$net" --no-healthcheck --log-driver none --user "$(id -u):$(id -g)" --read-only --tmpfs /tmp \
 -v "$PWD:/midwatch:ro" --entrypoint sh "$(docker inspect -f '{{.Image}}' "$c")" -c "$k" sh /midwatch "$@"
else sh -c "$k" sh "$PWD" "$@"; fi; }
"#,
            $($rest),+
        )
    };
}

mod masking;

const LOOK: &str = redis!(
    r#"i=$(cli info everything) || { echo "$i" >&2; exit 1; }
printf '%s\n' "$i" | tr -d '\r' | grep -E '^(redis_version|valkey_version|used_memory_dataset|aof_enabled|role|cluster_enabled|connected_slaves|db[0-9]+):' || { echo "$i" | head -n 1 >&2; exit 1; }
for s in masterauth masteruser tls-replication; do cli config get $s | tr -d '\r' | { read -r a; read -r b; [ -z "$b" ] || echo "$s:$b"; } | sed '/^masterauth:/s/:.*/:set/'; done
df -Pk . 2>/dev/null | sed -n 2p | { read -r a b e room f; echo "room:$room"; }
[ -n "$c" ] || command -v redis-server >/dev/null || echo 'second:absent'
case $PWD in */"$d") for f in *.rdb *.rdb.id; do [ -e "$f" ] && echo "name:$f"; done;; esac; exit 0"#
);

/// `$7` the file. What is not whole goes at once: where it has filled the disk, nothing that puts back could
/// be written down.
const FILL: &str = redis!(
    r#"m=$(cat 2>&1 >"$1.rdb") && exit 0; w=$(full); rm -f "$1.rdb"; echo "$PWD/$1.rdb: ${w:-${m#cat: }}" >&2; exit 1"#
);

/// `$7` the file, then questions. The words of each are split at blanks.
const READ: &str = redis!(
    r#"f=$1.rdb; shift; second none 't=$(mktemp -d) || exit; trap '\''rm -rf "$t"'\'' EXIT
redis-check-rdb "$1/$2" >"$t/check" 2>&1 || { grep -v "^\[offset" "$t/check" | tail -n 2 >&2; grep ERROR -A2 "$t/check" >&2; exit 1; }
printf "port 0\nunixsocket %s\ndir \"%s\"\ndbfilename \"%s\"\nsave \"\"\nappendonly no\nloglevel warning\n" "$t/s" "$1" "$2" | redis-server - >"$t/log" 2>&1 &
e=$!; until [ "$(redis-cli -s "$t/s" ping 2>/dev/null)" = PONG ]; do kill -0 $e 2>/dev/null || { tail -n 2 "$t/log" >&2; exit 1; }; sleep 0.1; done
redis-cli -s "$t/s" info keyspace | tr -d "\r" | grep "^db"
shift 2; set -f; for q; do printf "answer:%s\n" "$(redis-cli -s "$t/s" --raw $q </dev/null 2>&1 | head -n 1)"; done
redis-cli -s "$t/s" shutdown nosave >/dev/null 2>&1; wait; exit 0' "$f" "$@""#
);

/// `$7` the file that is taken over, `$8` the one that what stands is kept in, empty for none. Once Redis was
/// told to follow the second instance, a mark lies beside; from then on what is kept is not written anew.
const SWAP: &str = redis!(
    r#"f=$1 a=$2; [ -e "$f.rdb" ] || { echo "$f.rdb is not there" >&2; exit 3; }
field() { tr -d '\r' | sed -n "s/^$1://p"; }
[ -e "$f.rdb.id" ] || [ "$(cli info replication | field role)" = master ] || { echo 'it follows another by now' >&2; exit 3; }
k=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n'); q=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 20000)); s=
end() { e=$?; trap '' EXIT INT TERM
cli replicaof no one >/dev/null; cli config set masterauth '' >/dev/null; cli client unpause >/dev/null
ask "$k" -h 127.0.0.1 -p "$q" shutdown nosave >/dev/null 2>&1; [ -z "$c" ] || docker rm -f "midwatch-redis-$$" >/dev/null 2>&1; [ -z "$s" ] || wait "$s"; exit $e; }
trap end EXIT; trap 'exit 9' INT TERM
printf '%s\n' "$k" >.swap.$$ || exit
{ cat ".swap.$$"; rm -f ".swap.$$"; } | second "container:$c" 'IFS= read -r k; printf "port %s\nbind 127.0.0.1\nrequirepass %s\ndir \"%s\"\ndbfilename \"%s\"\nsave \"\"\nappendonly no\nloglevel warning\nrepl-diskless-sync-delay 0\n" "$3" "$k" "$1" "$2" | redis-server -' "$f.rdb" "$q" >.second.log 2>&1 & s=$!
until [ "$(ask "$k" -h 127.0.0.1 -p "$q" ping 2>/dev/null)" = PONG ]; do kill -0 "$s" 2>/dev/null || { s=; tail -n 2 .second.log >&2; exit 4; }; sleep 0.1; done; rm -f .second.log
keys=$(ask "$k" -h 127.0.0.1 -p "$q" info keyspace | tr -d '\r' | grep '^db' | cut -d, -f1)
if [ ! -e "$f.rdb.id" ]; then
if [ -n "$a" ]; then w=$(cli config get repl-diskless-sync-delay | tr -d '\r' | sed -n 2p); [ -z "$w" ] || cli config set repl-diskless-sync-delay 0 >/dev/null
[ "$(cli client pause 300000 write)" = OK ] || { echo 'it does not let writes wait' >&2; exit 5; }
m=$(cli --rdb - 2>&1 >"$a.rdb.new"); e=$?; [ -z "$w" ] || cli config set repl-diskless-sync-delay "$w" >/dev/null
[ $e = 0 ] && [ "$(head -c 5 "$a.rdb.new")" = REDIS ] || { w=$(full); rm -f "$a.rdb.new"; echo "$PWD/$a.rdb: ${w:-${m##*
}}" >&2; exit 5; }
sync; mv "$a.rdb.new" "$a.rdb" || exit 5; fi
{ echo 1 >"$f.rdb.id.new" && sync && mv "$f.rdb.id.new" "$f.rdb.id"; } || { rm -f "$f.rdb.id.new"; exit 5; }; fi
[ "$(cli config set masterauth "$k")" = OK ] || { echo 'it takes no other password for replication' >&2; exit 6; }
[ "$(cli replicaof 127.0.0.1 "$q" | cut -c1-2)" = OK ] || { echo 'it does not follow another' >&2; exit 6; }
i=0; until r=$(cli info replication | tr -d '\r'); [ "$(printf '%s\n' "$r" | field master_link_status)" = up ] && [ "$(printf '%s\n' "$r" | field master_sync_in_progress)" = 0 ]; do
kill -0 "$s" 2>/dev/null || { s=; echo 'the second instance is gone' >&2; exit 7; }; i=$((i+1)); [ $i -lt 9000 ] || { echo 'it does not come to its end' >&2; exit 7; }; sleep 0.1; done
[ "$(cli replicaof no one | cut -c1-2)" = OK ] || exit 7
[ "$(cli info keyspace | tr -d '\r' | grep '^db' | cut -d, -f1)" = "$keys" ] || { echo 'its keys are not those of the backup' >&2; exit 8; }
rm -f "$f.rdb" "$f.rdb.id"; sync; exit 0"#
);

/// `$7` and on: files, which are removed with their marks, and with what masks them.
const DROP: &str = redis!(
    r#"for f; do rm -f "$f.rdb" "$f.rdb.new" "$f.rdb.id" || exit
"#,
    masking::unmask!(),
    "; done"
);

/// `$7` a file whose taking over was taken back, `$8` whether it goes too (`1`).
const SETTLED: &str = redis!(r#"rm -f "$1.rdb.id"; [ -z "$2" ] || rm -f "$1.rdb""#);

/// A Redis, as its datastore says how it is reached.
pub struct Redis<'a> {
    /// What it is.
    pub source: &'a Source,
    /// The password of its user.
    pub password: Option<SecretString>,
    /// Its folder of ours on the server, from the user's home.
    pub folder: String,
}

/// How many keys are in each database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<u32, u64>);

impl Keys {
    /// In all of them.
    pub fn all(&self) -> u64 {
        self.0.values().sum()
    }

    /// `db0:keys=20,expires=0,avg_ttl=0`
    fn read(text: &str) -> Self {
        let line = |line: &str| {
            let (number, rest) = line.trim().strip_prefix("db")?.split_once(":keys=")?;
            let keys = rest.split(',').next()?;
            Some((number.parse().ok()?, keys.parse().ok()?))
        };
        Self(text.lines().filter_map(line).collect())
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => f.write_str("no keys"),
            1 => write!(f, "{} keys", self.all()),
            n => write!(f, "{} keys in {n} databases", self.all()),
        }
    }
}

impl Redis<'_> {
    fn args(&self, rest: &[&str]) -> Vec<String> {
        let Source::Redis { container, run_as, host, port, user } = self.source else { return Vec::new() };
        let or = |text: &Option<String>| text.clone().unwrap_or_default();
        let port = port.map(|port| port.to_string()).unwrap_or_default();
        let own = [or(container), or(run_as), or(host), port, or(user), self.folder.clone()];
        own.into_iter().chain(rest.iter().map(|&it| it.to_owned())).collect()
    }

    fn command(&self, script: &'static str, rest: &[&str]) -> RemoteCommand {
        let args = self.args(rest);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        words(Within::default(), script, &args, self.password.as_ref())
    }

    fn changing(&self, script: &'static str, rest: &[&str]) -> Vec<String> {
        let args = self.args(rest);
        argv(Within::default(), script, &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// How it stands.
    pub async fn look(&self, ground: &Ground) -> Result<(Data, Keys), Failure> {
        let what = format!("look at {} on {}", self.source.describe(), ground.server);
        let text = answer(ground, self.command(LOOK, &[]), &what, DEADLINE).await?;
        let mut data = read(&text);
        if let Source::Redis { host: Some(host), .. } = self.source
            && !["127.0.0.1", "localhost", "::1"].contains(&host.as_str())
        {
            let why = format!("it is on {host}, and would have to follow an instance here");
            data.cannot_swap = Some((why, "name the server that it is on".to_owned()));
        }
        Ok((data, Keys::read(&text)))
    }

    /// What a backup's file goes into, and what it is called there: by a name that nothing takes it by where it
    /// is yet to be masked.
    pub fn filling(&self, into: &str, masked: bool) -> (RemoteCommand, String) {
        let name = if masked { masking::raw(into) } else { into.to_owned() };
        (self.command(FILL, &[&name]), name)
    }

    /// The keys in a file, as a second instance reads it, and what that answers to questions.
    pub async fn keys(
        &self,
        ground: &Ground,
        file: &str,
        questions: &[&str],
        what: &str,
    ) -> Result<(Keys, Vec<String>), Failure> {
        let rest: Vec<&str> = std::iter::once(file).chain(questions.iter().copied()).collect();
        let text = answer(ground, self.command(READ, &rest), what, THROUGH).await?;
        let answers = text.lines().filter_map(|line| line.strip_prefix("answer:"));
        let answers = answers.map(|it| shorten(&clean(it), 80).into_owned()).collect::<Vec<_>>();
        if answers.len() < questions.len() {
            return Err(Failure::new(FailureKind::Invalid, what, "it did not answer all that it was asked"));
        }
        Ok((Keys::read(&text), answers))
    }

    /// The command that has it take over a file.
    pub fn swapped(&self, from: &str, aside: Option<&str>) -> Vec<String> {
        self.changing(SWAP, &[from, aside.unwrap_or_default()])
    }

    /// The command that removes files.
    pub fn dropped(&self, names: &[&str]) -> Vec<String> {
        self.changing(DROP, names)
    }

    /// Takes the mark away of a swap that was taken back, and its file where that goes too.
    pub async fn settled(&self, ground: &Ground, from: &str, drops: bool, what: &str) -> Result<(), Failure> {
        let drops = if drops { "1" } else { "" };
        answer(ground, self.command(SETTLED, &[from, drops]), what, DEADLINE).await.map(drop)
    }
}

fn read(text: &str) -> Data {
    let mut data = Data { live: Some(Bytes(0)), ..Data::default() };
    let cannot = |why: &str, remedy: &str| Some((why.to_owned(), remedy.to_owned()));
    for line in text.lines() {
        let Some((word, rest)) = line.trim().split_once(':') else { continue };
        match (word, rest) {
            ("redis_version", _) => {
                let mut parts = rest.split('.').map(|it| it.parse::<u32>().unwrap_or(0));
                let number = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
                if number < (6, 2) {
                    data.cannot_swap = cannot(
                        "before 6.2 Redis lets no writes wait",
                        "bring it back by restic: docs/backups.md",
                    );
                }
                data.version = format!("Redis {}", clean(rest));
            }
            ("used_memory_dataset", _) => data.live = dataset(rest).or(data.live),
            ("aof_enabled", "1") => {
                data.notes
                    .push("it writes an append-only file, and writes that anew after a swap".to_owned());
            }
            ("role", "slave") => {
                data.cannot_swap = cannot("it follows another", "bring back the one that it follows");
            }
            ("cluster_enabled", "1") => {
                data.cannot_swap = cannot(
                    "it is part of a cluster, and cannot follow an instance of ours",
                    "bring it back by restic: docs/backups.md",
                );
            }
            ("connected_slaves", n) if n != "0" => {
                data.notes.push(format!("{} follow it, and take over what it takes over", clean(n)));
            }
            ("masterauth" | "masteruser" | "tls-replication", it) if it != "no" => {
                let why = format!("it has {word} set, and could not follow an instance of ours");
                data.cannot_swap = cannot(&why, "bring it back by restic: docs/backups.md");
            }
            ("room", _) => data.room = rest.parse::<u64>().ok().map(|kib| Bytes(kib.saturating_mul(1024))),
            ("second", _) => {
                data.cannot_load = cannot(
                    "the server has no redis-server, by which a backup could be read",
                    "install it there; it need not run",
                );
            }
            ("name", file) => {
                let file = clean(file);
                if let Some(name) = file.strip_suffix(".rdb.id") {
                    data.names.insert(format!("{name}.id"));
                } else if let Some(name) = file.strip_suffix(".rdb") {
                    data.names.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_tells_of_itself_is_read() {
        let text = "redis_version:8.0.2\nused_memory_dataset:1024\naof_enabled:1\nrole:master\ncluster_enabled:0\nconnected_slaves:0\n\
             db0:keys=20,expires=0,avg_ttl=0\ndb3:keys=1,expires=1\nroom:10\nname:before-20261121T030405.rdb\nname:restore-x.rdb.id\n";
        let data = read(text);
        assert_eq!(
            (data.version.as_str(), data.live, data.room),
            ("Redis 8.0.2", Some(Bytes(1024)), Some(Bytes(10240)))
        );
        assert!(data.names.contains("before-20261121T030405") && data.names.contains("restore-x.id"));
        assert_eq!((data.cannot_swap, data.notes.len()), (None, 1));
        assert_eq!(Keys::read(text).to_string(), "21 keys in 2 databases");
        assert_eq!(read("used_memory_dataset:18446744073709535232\n").live, Some(Bytes(0)));
        assert!(read("redis_version:6.0.1\n").cannot_swap.is_some());
        assert!(read("redis_version:8.0.1\nmasterauth:set\n").cannot_swap.is_some());
    }
}
