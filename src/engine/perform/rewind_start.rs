//! What the scripts begin with that work on a data directory of ours.

/// What all of them begin with: `$1` is the new data directory, by a name of ours. `ours` says whether the server
/// that runs on it is ours, and gives its process; `gone` ends whoever works on it and removes it.
///
/// A container's first process is often the server that stands. It takes over whoever has lost a parent there,
/// and takes such a one's end by a signal, or with a code above 1, for the end of a session of its own, after
/// which it ends them all (`CleanupBackend` in PostgreSQL's `postmaster.c`). So there only
/// those are ended who have begun nobody else, which their own parents hear of; nobody is killed outright; and who
/// is left to that first process is waited for.
macro_rules! start {
    () => {
        r#"export LC_ALL=C TZ=UTC; umask 077; cd / ; d=$1; shift
ours_by_name() {
  t='[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]'
  case $1 in /*_restore_$t|/*_before_$t) ;; *) echo "$1 is none of ours"; exit 64;; esac
}
ours_by_name "$d"
says() { { tr '\0' '\n' <"/proc/$1/cmdline" | grep -qF -e "$2"; } 2>/dev/null; }
runs() { p=$(sed -n 1p "$d/postmaster.pid" 2>/dev/null) && [ -n "$p" ] && { [ "$(readlink "/proc/$p/cwd" 2>/dev/null)" = "$d" ] || says "$p" "$d"; }; }
ours() { says "$p" "$d/midwatch/postgresql.conf"; }
at_work() {
  w=; for q in /proc/[0-9]*; do
    { IFS= read -r c <"$q/comm"; } 2>/dev/null || continue
    case $c in pgbackrest|barman|python*|rsync|wal-g|cp|tar) ;; *) continue;; esac
    says "${q#/proc/}" "$d" || { [ "$c" = wal-g ] && [ "$(readlink "$q/cwd" 2>/dev/null)" = "$d" ]; } || continue
    w="$w ${q#/proc/}"
  done; [ "$w" ]
}
stopped() {
  n=0; while runs; do
    ours || { echo "another server runs on $d by now: it is not removed"; exit 1; }
    case $n in 0) kill -INT "$p";; 120) kill -QUIT "$p";; 140) kill -9 "$p";; esac
    n=$((n+1)); [ $n -lt 160 ] || { echo "the server on $d does not stop"; exit 1; }; sleep 0.5
  done
}
first() { { IFS= read -r c </proc/1/comm; } 2>/dev/null; case $c in postgres|postmaster) true;; *) false;; esac; }
above() { sed -n 's/^PPid:[^0-9]*//p' "/proc/$1/status" 2>/dev/null; }
begins() { for r in $w; do [ "$(above "$r")" != "$1" ] || return 0; done; return 1; }
gone() {
  stopped
  n=0; while at_work; do
    if first; then
      [ $n -lt 39 ] || { echo "who restores into $d does not end:$w; the container's first process is the server that stands, which would end all its sessions if that was killed: start the container anew when that may be, then undo this"; exit 1; }
      for q in $w; do [ "$(above "$q")" = 1 ] || begins "$q" || kill "$q" 2>/dev/null; done
    elif [ $n -lt 20 ]; then kill $w 2>/dev/null; else kill -9 $w 2>/dev/null; fi
    n=$((n+1)); [ $n -lt 40 ] || { echo "who restores into $d does not end:$w"; exit 1; }; sleep 0.5
  done
  stopped
  n=0; until rm -rf -- "$d" 2>/dev/null && [ ! -e "$d" ]; do
    n=$((n+1)); [ $n -lt 10 ] || { echo "$d cannot be removed"; exit 1; }; sleep 0.5
  done
}
"#
    };
}

pub(super) use start;
