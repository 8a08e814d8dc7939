//! A volume is brought back by the server's tar in a container that has nothing but the new volume: the
//! engine's own archive call refuses links that lead out of it. It changes places with the one that stands by
//! a rename of what is below their names, in the folder that the engine keeps its volumes in. The engine's own
//! record of the volume, with its labels, stays.

use std::time::Duration;

use super::toolbox::toolbox;
use super::trees::{Differences, MEASURE, PROBE};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::probe::Probe;
use crate::domain::quantity::Bytes;
use crate::domain::text::clean;
use crate::engine::dump::within::{Within, answer, argv, words};
use crate::engine::ground::Ground;
use crate::operations::restore_facts::Data;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(120);
/// How long looking through all of it may take.
const THROUGH: Duration = Duration::from_secs(1800);

/// `$1` the volume. Sizes are looked for only so long.
const LOOK: &str = toolbox!(
    r#"IFS= read -r x; v=$1
docker version -f 'version {{.Server.Version}}' || exit
docker volume ls -q | sed 's/^/volume /'
docker ps --filter "volume=$v" --format 'user {{.Names}}'
i=$(image "$v"); [ -n "$i" ] && echo "image $i"
docker volume inspect "$v" >/dev/null 2>&1 || exit 0
docker volume inspect -f 'live {{.Driver}} {{len .Options}} {{.Mountpoint}}' "$v"
[ -n "$i" ] && tools "$i" 'timeout 30 du -sk /midwatch | sed "s/^/kib /"; df -Pk /midwatch | sed -n 2p | { read -r a b c room d; echo "room $room"; }' \
 "type=volume,src=$v,dst=/midwatch,readonly,volume-nocopy" ''
exit 0"#
);

/// `$1` the new volume, `$2` what it is of.
pub const MAKE: &str = toolbox!(
    r#"IFS= read -r x; docker rm -f "midwatch-$1" >/dev/null 2>&1; docker volume rm "$1" >/dev/null 2>&1
docker volume inspect "$1" >/dev/null 2>&1 && { echo "the volume $1 is there, and in use" >&2; exit 1; }
i=$(image "$2"); [ -n "$i" ] || { echo 'the server has no image' >&2; exit 1; }
docker volume create --label "midwatch.of=$2" "$1" >/dev/null"#
);

/// `$1` the volume, which takes the archive, `$2` what it is of; then the members that are taken, all where none
/// are named.
const FILL: &str = toolbox!(
    r#"IFS= read -r x; v=$1 i=$(image "$2"); more="-i --name midwatch-$1"; shift 2
tools "$i" 'tar -C /midwatch --numeric-owner --acls --xattrs "--xattrs-include=*" --delay-directory-restore -xpf - -- "$@" && sync && exit 0; e=$?
df -Pk /midwatch | sed -n "\$p" | { read -r a b c room m; [ "${room:-64}" -ge 64 ] || echo "no space is left where the engine keeps its volumes" >&2; }; exit $e' \
 "type=volume,src=$v,dst=/midwatch,volume-nocopy" '' "$@""#
);

/// `$1` the script, `$2` the volume that was restored, `$3` the one that stands.
const COMPARE: &str = toolbox!(
    r#"IFS= read -r x; for v in "$2" "$3"; do docker volume inspect "$v" >/dev/null || exit; done
tools "$(image "$3")" "$1" "type=volume,src=$2,dst=/midwatch/r,readonly,volume-nocopy" "type=volume,src=$3,dst=/midwatch/l,readonly,volume-nocopy""#
);

/// `$1` the script, `$2` the volume that was restored, `$3` the one that it is of, then the question.
const ASK: &str = toolbox!(
    r#"IFS= read -r x; docker volume inspect "$2" >/dev/null || exit; k=$1 v=$2 i=$(image "$3"); shift 3
tools "$i" "cd /midwatch || exit; $k" "type=volume,src=$v,dst=/midwatch,readonly,volume-nocopy" '' "$@""#
);

/// `$1` the volume that stands, `$2` the one that takes its place, `$3` what it is called from then on, empty
/// where none stands; then the containers. Run again, it goes on where it was. A server that dies between
/// the two renames leaves a volume without a folder, with which no container starts, and not an empty one.
pub const SWAP: &str = toolbox!(
    r#"IFS= read -r x; v=$1 f=$2 a=$3; shift 3
for c in $(docker ps --filter "volume=$v" --format '{{.Names}}'); do
k=; for o; do [ "$o" = "$c" ] && k=1; done; [ -n "$k" ] || { echo "container $c uses $v by now" >&2; exit 3; }; done
docker volume inspect "$v" >/dev/null 2>&1 || { [ -z "$a" ] && docker volume create "$v" >/dev/null; } || { echo "$v is not there any more" >&2; exit 3; }
m=$(docker volume inspect -f '{{.Mountpoint}}' "$v"); r=${m%"/$v/_data"}
[ "$r/$v/_data" = "$m" ] || { echo "$v is not where the engine keeps its own volumes" >&2; exit 3; }
i=$(image "$v"); [ -z "$a" ] || docker volume inspect "$a" >/dev/null 2>&1 || docker volume create --label "midwatch.of=$v" "$a" >/dev/null || exit
[ $# = 0 ] || docker stop "$@" >/dev/null || { docker start "$@" >/dev/null; exit 4; }
tools "$i" 'cd /midwatch || exit; v=$1 f=$2 a=$3
if [ -d "$f/_data" ]; then
if [ -z "$a" ]; then [ ! -e "$v/_data" ] || rmdir "$v/_data" || exit 5
elif [ -d "$v/_data" ]; then rmdir "$a/_data" 2>/dev/null; [ ! -e "$a/_data" ] || { echo "there is something in $a" >&2; exit 5; }; mv "$v/_data" "$a/_data" || exit 5; fi
mv "$f/_data" "$v/_data" || { [ -z "$a" ] || mv "$a/_data" "$v/_data"; exit 5; }; fi
[ -d "$v/_data" ] && sync' "type=bind,src=$r,dst=/midwatch" '' "$v" "$f" "$a"; e=$?
[ $e = 0 ] && docker volume rm "$f" >/dev/null
[ $# = 0 ] || docker start "$@" >/dev/null || e=6
exit $e"#
);

/// Whether what was restored goes too (`1`), then the same arguments: what was not swapped is as it was,
/// whatever of it was begun.
pub const BACK: &str = toolbox!(
    r#"IFS= read -r x; g=$1 v=$2 f=$3 a=$4; shift 4; docker rm -f "midwatch-$f" >/dev/null 2>&1
m=$(docker volume inspect -f '{{.Mountpoint}}' "$v" 2>/dev/null); r=${m%"/$v/_data"}
if [ -n "$m" ] && [ -n "$a" ] && docker volume inspect "$a" >/dev/null 2>&1; then
[ $# = 0 ] || docker stop "$@" >/dev/null
tools "$(image "$v")" 'cd /midwatch || exit; v=$1 f=$2 a=$3
[ -d "$f/_data" ] || [ ! -d "$v/_data" ] || mv "$v/_data" "$f/_data" || exit 5
[ -d "$v/_data" ] || mv "$a/_data" "$v/_data" || exit 5; [ ! -d "$a/_data" ] || rmdir "$a/_data"' \
 "type=bind,src=$r,dst=/midwatch" '' "$v" "$f" "$a" || exit 5
docker volume rm "$a" >/dev/null || exit; fi
[ "$g" != 1 ] || ! docker volume inspect "$f" >/dev/null 2>&1 || docker volume rm "$f" >/dev/null || exit
[ $# = 0 ] || docker start "$@" >/dev/null"#
);

/// Volumes, which are removed with what filled them.
pub const DROP: &str = r#"IFS= read -r x; for v; do docker rm -f "midwatch-$v" >/dev/null 2>&1
! docker volume inspect "$v" >/dev/null 2>&1 || docker volume rm "$v" >/dev/null || exit; done"#;

/// A script of these, as a guarded command has it.
pub fn changing(script: &'static str, args: &[&str]) -> Vec<String> {
    argv(Within::default(), script, args)
}

/// How it stands.
pub async fn look(ground: &Ground, volume: &str) -> Result<Data, Failure> {
    let what = format!("look at the volume {volume} on {}", ground.server);
    let command = words(Within::default(), LOOK, &[volume], None);
    Ok(read(&answer(ground, command, &what, DEADLINE).await?))
}

fn read(text: &str) -> Data {
    let mut data = Data::default();
    let (mut image, mut sized) = (false, None);
    let kib = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok().map(|kib| Bytes(kib.saturating_mul(1024)))
    };
    for line in text.lines() {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        let rest = clean(rest.trim()).into_owned();
        match word {
            "version" => data.version = format!("Docker {rest}"),
            "volume" => {
                data.names.insert(rest);
            }
            "user" => data.users.push(rest),
            "image" => image = true,
            "kib" => sized = kib(&rest),
            "room" => data.room = kib(&rest),
            "live" => {
                data.live = Some(Bytes(0));
                let mut parts = rest.splitn(3, ' ');
                let plain = parts.next() == Some("local") && parts.next() == Some("0");
                let own = parts.next().is_some_and(|at| at.ends_with("/_data"));
                if !(plain && own) {
                    let why =
                        "it is not a plain volume of the engine's own, which could be renamed below its name";
                    data.cannot_swap = Some((why.to_owned(), "bring it back beside, and copy it".to_owned()));
                }
            }
            _ => {}
        }
    }
    data.users.sort();
    if data.live.is_some() && sized.is_some() {
        data.live = sized;
    }
    if !image {
        let why = "the server has no image, of which a container could be made that has the volume";
        data.cannot_load = Some((why.to_owned(), "docker pull any".to_owned()));
    }
    data
}

/// What the archive goes into, once [`MAKE`] was run.
pub fn filling(volume: &str, of: &str, only: &[String]) -> RemoteCommand {
    let args: Vec<&str> = [volume, of].into_iter().chain(only.iter().map(String::as_str)).collect();
    words(Within::default(), FILL, &args, None)
}

/// How what was restored differs from what stands.
pub async fn compare(
    ground: &Ground,
    restored: &str,
    live: &str,
    what: &str,
) -> Result<Differences, Failure> {
    let script = format!("{MEASURE}{{ m r 1 /midwatch/r; m l 1 /midwatch/l; }} | d");
    let command = words(Within::default(), COMPARE, &[&script, restored, live], None);
    let text = answer(ground, command, what, THROUGH).await?;
    Differences::read(&text).map_err(|why| Failure::new(FailureKind::Invalid, what, why))
}

/// What a volume that was restored answers.
pub async fn ask(
    ground: &Ground,
    restored: &str,
    of: &str,
    probe: &Probe<'_>,
    what: &str,
) -> Result<String, Failure> {
    let command = words(Within::default(), ASK, &[PROBE, restored, of, probe.word, probe.path], None);
    answer(ground, command, what, THROUGH).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_says_is_read() {
        let data = read(
            "version 26.1.5\nvolume shop_uploads\nvolume other\nuser web-2\nuser web-1\nimage sha256:1\n\
             live local 0 /var/lib/docker/volumes/shop_uploads/_data\nkib 12\t/midwatch\nroom 1000\n",
        );
        assert_eq!(
            (data.version.as_str(), data.live, data.room),
            ("Docker 26.1.5", Some(Bytes(12288)), Some(Bytes(1_024_000)))
        );
        assert_eq!((data.users, data.names.len()), (vec!["web-1".to_owned(), "web-2".to_owned()], 2));
        assert_eq!((data.cannot_load, data.cannot_swap), (None, None));
        let nfs = read("version 26\nimage x\nlive local 3 /var/lib/docker/volumes/a/_data\n");
        assert!(nfs.cannot_swap.is_some() && nfs.live == Some(Bytes(0)));
        assert!(read("version 26\n").cannot_load.is_some());
    }
}
