//! Has another datastore's data masked: a second instance reads the file that was brought, the operator's command
//! works on that instance, and what it holds afterwards is saved under the name that everything else takes. Until
//! then no file has that name, so that what is not known to be masked can be put in the place of nothing.

use super::Redis;

/// What a file is called that is yet to be masked.
pub(super) fn raw(into: &str) -> String {
    format!("{into}.raw")
}

/// `$7` the file, `$8` how many seconds the command may take, `$9` how many settings of its environment, then
/// those, then the command. It finds the instance by its socket, and where that is one of a container by the
/// container's name too, in which the socket has the same path. What the instance has read goes from the disk
/// before anything is masked. Where Redis refused what it was asked, that is told, and 93 is the end of it,
/// whatever the command thinks of it; that a script was not known to it yet is no refusal.
const MASK: &str = redis!(
    r#"f=$1 t=$2 n=$3; shift 3; while [ "$n" -gt 0 ]; do export "$1"; shift; n=$((n-1)); done
[ -e "$f.raw.rdb" ] || { echo "$f.raw.rdb is not there"; exit 3; }
h=$PWD w=$PWD/$f.masking-$$ m=midwatch-redis-$$ s= o=
end() { e=$?; trap '' EXIT INT TERM
[ -z "$s" ] || { if [ -n "$c" ]; then docker rm -f "$m" >/dev/null 2>&1; else timeout 20 redis-cli -s "$o/s" shutdown nosave </dev/null >/dev/null 2>&1; kill -9 "$s" 2>/dev/null; fi; wait "$s" 2>/dev/null; }
[ -z "$o" ] || rm -rf "$o"; rm -rf "$w"; exit $e; }
trap end EXIT; trap 'exit 9' INT TERM
o=$(mktemp -d) && mkdir "$w" && printf '%s\n%s\n' "$o" "$m" >"$w/at" && mv "$f.raw.rdb" "$w/dump.rdb" || exit
says() { printf 'port 0\nunixsocket %s\ndir "%s"\ndbfilename dump.rdb\nsave ""\nappendonly no\nloglevel warning\n' "$o/s" "$1"; }
if [ -n "$c" ]; then i=$(docker inspect -f '{{.Image}}' "$c") || exit; says /midwatch | docker run --rm -i --name "$m" --pull never --network none --no-healthcheck --log-driver none --user "$(id -u):$(id -g)" --read-only --tmpfs /tmp \
 -v "$w:/midwatch" -v "$o:$o" --entrypoint redis-server "$i" - >"$w/log" 2>&1 & s=$!
else says "$w" | redis-server - >"$w/log" 2>&1 & s=$!; fi
r() { if [ -n "$c" ]; then docker exec "$m" redis-cli -s "$o/s" "$@"; else redis-cli -s "$o/s" "$@"; fi </dev/null 2>&1 | tr -d '\r'; }
until [ "$(r ping)" = PONG ]; do kill -0 "$s" 2>/dev/null || { s=; tail -n 2 "$w/log"; exit 4; }; sleep 0.1; done
rm -f "$w/dump.rdb"; r config resetstat >/dev/null
MIDWATCH_REDIS_SOCKET=$o/s; export MIDWATCH_REDIS_SOCKET; [ -z "$c" ] || { MIDWATCH_CONTAINER=$m; export MIDWATCH_CONTAINER; }
( cd / && exec timeout -k 10 "$t" "$@" </dev/null 2>&1 ) || exit
l() { r info everything | grep '^redis_version:' >/dev/null || { echo 'the second instance does not answer any more'; exit 4; }; }
l; x=$(r info errorstats | sed -n 's/^errorstat_\([^:]*\):count=\([0-9]*\).*/\1 \2/p' | grep -v '^NOSCRIPT ' | while read -r k v; do printf ' %s (%s)' "$k" "$v"; done)
[ -z "$x" ] || { echo "Redis refused some of what it was asked:$x"; exit 93; }
until r info persistence | grep -q '^rdb_bgsave_in_progress:0$'; do l; sleep 0.2; done
k=$(r save); [ "$k" = OK ] && [ -s "$w/dump.rdb" ] || { cd "$w"; k=$(full)${k:+ $k}; echo "what is masked cannot be saved: $k"; exit 5; }
sync; mv "$w/dump.rdb" "$h/$f.rdb" && sync"#
);

/// Removes, in DROP, what a mask left that was ended in between: its second instance and what that has.
macro_rules! unmask {
    () => {
        r#"for k in "$f".masking-*; do [ -d "$k" ] || continue; o= m=; [ ! -e "$k/at" ] || { read -r o; read -r m; } <"$k/at"
if [ -n "$c" ]; then [ -z "$m" ] || docker rm -f "$m" >/dev/null 2>&1; elif [ -n "$o" ]; then timeout 20 redis-cli -s "$o/s" shutdown nosave </dev/null >/dev/null 2>&1; fi
[ -z "$o" ] || rm -rf "$o"; rm -rf "$k" || exit; done; rm -f "$f.raw.rdb" || exit"#
    };
}
pub(super) use unmask;

impl Redis<'_> {
    /// The command that masks what was brought, by another that finds these settings in its environment.
    pub fn masked(&self, into: &str, seconds: u64, env: &[String], command: &[String]) -> Vec<String> {
        let (seconds, number) = (seconds.to_string(), env.len().to_string());
        let first = [into, &seconds, &number];
        let rest: Vec<&str> =
            first.into_iter().chain(env.iter().chain(command).map(String::as_str)).collect();
        self.changing(MASK, &rest)
    }
}
