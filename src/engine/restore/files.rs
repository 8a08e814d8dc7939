//! Files are brought back beside those that stand, by the server's tar, each path under its own name with
//! ours added; each changes places with the one that stands by one exchange of the two names, where the
//! server's `mv` knows that, and else by two renames.

use std::time::Duration;

use super::trees::{Differences, MEASURE, PROBE};
use crate::domain::beside::transform;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
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

/// `$1` what the folders of drills begin with, then the paths.
const LOOK: &str = r#"IFS= read -r x; b=$1; shift
v=$(tar --version 2>/dev/null | sed -n 1p | grep GNU) || { echo 'its tar is not that of GNU' >&2; exit 1; }
echo "version $v"; echo "uid $(id -u)"
for p; do d=${p%/*}; d=${d:-/}
[ -e "$p" ] || [ -L "$p" ] && echo "there $p" || echo "absent $p"
[ "$(stat -c %m -- "$p" 2>/dev/null)" = "$p" ] && echo "mount $p"
[ -w "$d" ] || echo "closed $d"
df -Pk "$d" 2>/dev/null | sed -n 2p | { read -r a c e room f; echo "room $room"; }
for s in "$p".restore-* "$p".before-*; do [ -e "$s" ] || [ -L "$s" ] && echo "name ${s#"$p".}"; done; done
for s in "$b"drill-*; do [ -d "$s" ] && echo "name ${s#"$b"}"; done
timeout 30 du -skc -- "$@" 2>/dev/null | sed -n '$s/^/kib /p'; exit 0"#;

/// The containers that run and have one of these paths, or something below it, as a mount of their own:
/// those go on with what they have until they are started anew.
const USERS: &str = r#"IFS= read -r x; c=$(docker ps -q 2>/dev/null) || exit 0; [ -n "$c" ] || exit 0
docker inspect -f '{{$n := .Name}}{{range .Mounts}}{{if eq .Type "bind"}}{{$n}} {{.Source}}{{"\n"}}{{end}}{{end}}' $c | while read -r n s; do
for p; do case $s/ in "$p"/*) echo "${n#/}";; esac; done; done | sort -u"#;

/// `$1` the name of ours, `$2` how many of the paths, then those: nothing is there under it, but for the first
/// ones a folder that its owner alone may enter.
const CLEAR: &str = r#"IFS= read -r x; s=$1 n=$2; shift 2; for p; do rm -rf -- "$p.$s" "$p.$s.id" || exit
[ "$n" -le 0 ] || mkdir -m 700 -- "$p.$s" || exit; n=$((n-1)); done"#;
/// `$1` the folder of a drill.
const FOLDER: &str = r#"IFS= read -r x; rm -rf -- "$1" && mkdir -m 700 -- "$1""#;

/// The options of tar, which reads what follows the first line.
const FILL: &str = r#"IFS= read -r x; [ "$(id -u)" != 0 ] || set -- '--xattrs-include=*' "$@"
exec tar --numeric-owner --acls --xattrs --delay-directory-restore -xpf - "$@""#;

/// `$1` the name of ours, then the paths: all are there under it.
const FILLED: &str = r#"IFS= read -r x; s=$1; shift; for p; do [ -e "$p.$s" ] || [ -L "$p.$s" ] || { echo "$p is not in the backup" >&2; exit 1; }; done; sync"#;

/// `$1` the name of what takes the place, `$2` of what stood, empty where nothing does; then the paths. Which
/// of the two was restored is written down beside before they change places, so that it goes on where it was.
const SWAP: &str = r#"f=$1 a=$2; shift 2; x=; mv --help 2>/dev/null | grep -q -- --exchange && x=1
is() { [ -e "$1" ] || [ -L "$1" ]; }
for p; do r=$p.$f o=$p.$a
[ -e "$r.id" ] || { is "$r" || { echo "$r is not there" >&2; exit 3; }; }
[ -n "$a" ] || ! is "$p" || [ -e "$r.id" ] || { echo "$p is there by now" >&2; exit 3; }
[ -z "$a" ] || is "$p" || [ -e "$r.id" ] || { echo "$p is not there any more" >&2; exit 3; }
[ -z "$a" ] || ! is "$o" || [ -e "$r.id" ] || { echo "$o is there already" >&2; exit 3; }; done
for p; do r=$p.$f o=$p.$a
[ -e "$r.id" ] || { stat -c %i -- "$r" >"$r.id.new" && mv -f -- "$r.id.new" "$r.id" || exit 4; }; done
for p; do r=$p.$f o=$p.$a
if [ "$(stat -c %i -- "$p" 2>/dev/null)" != "$(cat "$r.id")" ]; then
if ! is "$p"; then mv -T -- "$r" "$p"; elif [ -n "$x" ]; then mv --exchange --no-copy -T -- "$r" "$p"; else mv -T -- "$p" "$o" && mv -T -- "$r" "$p"; fi || exit 5; fi
! is "$r" || mv -T -- "$r" "$o" || exit 5; done
for p; do rm -f -- "$p.$f.id"; done; sync"#;

/// Whether what was restored goes too (`1`), then the same: what was begun of it is taken back.
const BACK: &str = r#"g=$1 f=$2 a=$3; shift 3; is() { [ -e "$1" ] || [ -L "$1" ]; }
for p; do r=$p.$f o=$p.$a
if [ -e "$r.id" ] && [ "$(stat -c %i -- "$p" 2>/dev/null)" = "$(cat "$r.id")" ]; then
if is "$r"; then mv -T -- "$r" "$o" || exit 5; fi; mv -T -- "$p" "$r" || exit 5; fi
[ -z "$a" ] || is "$p" || ! is "$o" || mv -T -- "$o" "$p" || exit 5
[ "$g" != 1 ] || rm -rf -- "$r" || exit; rm -f -- "$r.id" "$r.id.new" || exit; done"#;

/// `$1` the user, empty for none, `$2` a script, `$3` how many containers, then those, then its arguments:
/// they are stopped before, and started after.
const AROUND: &str = r#"IFS= read -r x; u=$1 k=$2 n=$3 c=; shift 3
while [ "$n" -gt 0 ]; do c="$c $1"; shift; n=$((n-1)); done
[ -z "$c" ] || docker stop $c >/dev/null || { docker start $c >/dev/null; exit 4; }
if [ -n "$u" ]; then sudo -n -u "$u" -- sh -c "$k" sh "$@"; else sh -c "$k" sh "$@"; fi; e=$?
[ -z "$c" ] || docker start $c >/dev/null || e=6
exit $e"#;

/// `$1` what the folders of drills begin with, `$2` how many names, then those, then the paths.
const DROP: &str = r#"IFS= read -r x; b=$1 n=$2 a=; shift 2
while [ "$n" -gt 0 ]; do a="$a $1"; shift; n=$((n-1)); done
for s in $a; do case $s in drill-*) rm -rf -- "$b$s";; *) for p; do rm -rf -- "$p.$s" || exit; done;; esac || exit; done"#;

/// `$1` the folder of a drill, `$2` the script, then the question.
const ASK: &str = r#"IFS= read -r x; cd "$1" || exit; k=$2; shift 2; exec sh -c "$k" sh "$@""#;

/// What files are, on their server.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// Which datastore.
    pub datastore: &'a DatastoreId,
    /// The system's user.
    pub run_as: Option<&'a str>,
    /// Absolute paths.
    pub paths: &'a [String],
}

impl Files<'_> {
    const fn within(&self) -> Within<'_> {
        Within { container: None, run_as: self.run_as }
    }

    fn roots(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|path| path.trim_end_matches('/'))
    }

    fn with<'b>(&'b self, first: impl IntoIterator<Item = &'b str>) -> Vec<&'b str> {
        first.into_iter().chain(self.roots()).collect()
    }

    /// What the folders of its drills begin with.
    fn drills(&self) -> String {
        format!("/var/tmp/midwatch-{}-", self.datastore)
    }

    /// How they stand.
    pub async fn look(&self, ground: &Ground, exclude: &[String]) -> Result<Data, Failure> {
        let what = format!("look at {} on {}", self.paths.join(", "), ground.server);
        let drills = self.drills();
        let command = words(self.within(), LOOK, &self.with([drills.as_str()]), None);
        let mut data = read(&answer(ground, command, &what, DEADLINE).await?);
        let command = words(Within::default(), USERS, &self.with([]), None);
        let users = answer(ground, command, &what, DEADLINE).await?;
        data.users = users.lines().map(|name| clean(name.trim()).into_owned()).collect();
        let roots: Vec<&str> = self.roots().collect();
        let nested = roots.iter().enumerate().any(|(n, a)| {
            let below = |(m, b): (usize, &&str)| n != m && format!("{b}/").starts_with(&format!("{a}/"));
            a.is_empty() || roots.iter().enumerate().any(below)
        });
        if nested {
            let why = "one of its paths lies in another, or is the root of all";
            data.cannot_load = Some((why.to_owned(), "by restic and tar: docs/backups.md".to_owned()));
        }
        if !exclude.is_empty() {
            data.notes.push(format!(
                "what is left out of its backups ({}) is in nothing that is brought back",
                exclude.join(", ")
            ));
        }
        Ok(data)
    }

    /// The paths in an archive, where they are others than those that stand.
    fn packed<'b>(&'b self, packed: &'b [String]) -> impl Iterator<Item = &'b str> {
        let packed = if packed.is_empty() { self.paths } else { packed };
        packed.iter().map(|path| path.trim_end_matches('/'))
    }

    /// What is done before the archive comes. Where only some of its members are taken, the folders that they
    /// were in may not come with them.
    pub fn cleared(&self, into: &str, packed: &[String], only: &[String]) -> Vec<String> {
        if let Some(folder) = self.folder(into) {
            return argv(self.within(), FOLDER, &[&folder]);
        }
        let partly = |(from, _): &(&str, &str)| {
            !only.is_empty() && !only.iter().any(|it| it == from.trim_start_matches('/'))
        };
        let (folders, others): (Vec<_>, Vec<_>) = self.packed(packed).zip(self.roots()).partition(partly);
        let number = folders.len().to_string();
        let paths = folders.iter().chain(&others).map(|(_, to)| *to);
        let args: Vec<&str> = [into, &number].into_iter().chain(paths).collect();
        argv(self.within(), CLEAR, &args)
    }

    /// The folder that is rehearsed in; `None` for a name beside.
    fn folder(&self, into: &str) -> Option<String> {
        into.starts_with("drill-").then(|| format!("{}{into}", self.drills()))
    }

    /// What the archive goes into. Only what lies below the paths is taken out of it, and never to where
    /// it was. `packed` are the paths in the archive, where they are others than those that stand, `only` the
    /// members that are taken, all of them where none are named.
    pub fn filling(&self, into: &str, packed: &[String], only: &[String]) -> RemoteCommand {
        let mut options = vec!["-C".to_owned()];
        if let Some(folder) = self.folder(into) {
            options.push(folder);
        } else {
            options.push("/".to_owned());
            options.extend(self.packed(packed).zip(self.roots()).map(|(from, to)| transform(from, to, into)));
        }
        options.push("--".to_owned());
        if only.is_empty() {
            options.extend(self.packed(packed).map(|root| root.trim_start_matches('/').to_owned()));
        } else {
            options.extend(only.iter().cloned());
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        words(self.within(), FILL, &options, None)
    }

    /// Whether all of it came.
    pub async fn filled(&self, ground: &Ground, into: &str, what: &str) -> Result<(), Failure> {
        if self.folder(into).is_some() {
            return Ok(());
        }
        answer(ground, words(self.within(), FILLED, &self.with([into]), None), what, DEADLINE).await.map(drop)
    }

    /// How what was restored differs from what stands.
    pub async fn compare(&self, ground: &Ground, restored: &str, what: &str) -> Result<Differences, Failure> {
        let script = COMPARE.get_or_init(|| {
            format!(
                "IFS= read -r x; {MEASURE}s=$1; shift; {{ n=0; for p; do n=$((n+1)); m r $n \"$p.$s\"; m l $n \"$p\"; done; }} | d"
            )
        });
        let command = words(self.within(), script, &self.with([restored]), None);
        let text = answer(ground, command, what, THROUGH).await?;
        Differences::read(&text).map_err(|why| Failure::new(FailureKind::Invalid, what, why))
    }

    /// What a drill's folder answers.
    pub async fn ask(
        &self,
        ground: &Ground,
        of: &str,
        probe: &Probe<'_>,
        what: &str,
    ) -> Result<String, Failure> {
        let folder = self.folder(of).unwrap_or_default();
        let command = words(self.within(), ASK, &[&folder, PROBE, probe.word, probe.path], None);
        answer(ground, command, what, THROUGH).await
    }

    /// Changes places.
    pub fn swapped(&self, from: &str, aside: Option<&str>, stops: &[String]) -> Vec<String> {
        self.around(SWAP, &self.with([from, aside.unwrap_or_default()]), stops)
    }

    /// Takes back what was begun of it; whether what was restored goes too.
    pub fn back(&self, drops: bool, from: &str, aside: Option<&str>, stops: &[String]) -> Vec<String> {
        let drops = if drops { "1" } else { "" };
        self.around(BACK, &self.with([drops, from, aside.unwrap_or_default()]), stops)
    }

    fn around(&self, script: &str, args: &[&str], stops: &[String]) -> Vec<String> {
        let number = stops.len().to_string();
        let mut all = vec![self.run_as.unwrap_or_default(), script, &number];
        all.extend(stops.iter().map(String::as_str).chain(args.iter().copied()));
        argv(Within::default(), AROUND, &all)
    }

    /// Removes what has these names.
    pub fn dropped(&self, names: &[String]) -> Vec<String> {
        let (drills, number) = (self.drills(), names.len().to_string());
        let first = [drills.as_str(), &number].into_iter().chain(names.iter().map(String::as_str));
        argv(self.within(), DROP, &self.with(first))
    }
}

/// The script that compares, which is made of two.
static COMPARE: std::sync::OnceLock<String> = std::sync::OnceLock::new();

fn read(text: &str) -> Data {
    let mut data = Data::default();
    let mut absent = None;
    let cannot = |why: String, remedy: &str| Some((why, remedy.to_owned()));
    let kib = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok().map(|kib| Bytes(kib.saturating_mul(1024)))
    };
    let mut sized = None;
    for line in text.lines() {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        let rest = clean(rest).into_owned();
        match word {
            "version" => data.version = rest,
            "uid" if rest != "0" => {
                data.notes.push("owners are not brought back: that takes run_as = \"root\"".to_owned());
            }
            "there" => data.live = Some(Bytes(0)),
            "absent" => absent = Some(rest),
            "mount" => {
                let why = format!("{rest} is a mount, which cannot be renamed");
                data.cannot_swap = cannot(why, "bring it back beside, and copy it");
            }
            "closed" => {
                let why = format!("nothing can be made in {rest}");
                data.cannot_load = cannot(why, "run_as = \"root\", or another who may");
            }
            "name" => {
                data.names.insert(rest);
            }
            "kib" => sized = kib(&rest),
            "room" => {
                let room = kib(&rest);
                data.room = data.room.map_or(room, |had| room.map(|room| room.min(had)));
            }
            _ => {}
        }
    }
    if data.live.is_some() {
        data.live = sized.or(data.live);
        if let Some(path) = absent {
            let why = format!("{path} is not there, and others of its paths are");
            data.cannot_swap = cannot(why, "bring it back beside, and put it there");
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_read() {
        let data = read(
            "version tar (GNU tar) 1.35\nuid 0\nthere /srv/a\nroom 100\nname restore-20261121T030405\nthere /b\nroom 50\nkib 12\ttotal\n",
        );
        assert_eq!((data.live, data.room), (Some(Bytes(12288)), Some(Bytes(51200))));
        assert_eq!((data.cannot_load, data.cannot_swap, data.notes.len()), (None, None, 0));
        let data = read("uid 1000\nthere /a\nabsent /b\nclosed /\n");
        assert!(data.cannot_load.is_some() && data.cannot_swap.is_some() && data.notes.len() == 1);
    }
}
