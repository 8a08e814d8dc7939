//! The shell script that reads a growing file, a piece for each line that it is sent, and what it
//! answers.
//!
//! It holds the file open, so that a rotated one is read to its end before the new one is begun,
//! and says of each piece which file it is of and where it stands there: that is the place from
//! which another connection goes on. `tail -F` tells none of this. It needs `stat` and `dd`, as
//! BusyBox has them; between pieces it sleeps in `read`, and the end of its input ends it.

/// Its arguments: the path; the inode and the offset to go on from, or `-` and the number of last
/// lines to begin with (`all` from the start).
///
/// Each answer is a line `@ WORD INODE OFFSET LENGTH`, that many bytes, and `@.` on a line of its
/// own after a newline. The words: `more`, `new` (the first piece of another file), `lost` (the same,
/// but the rest of the one before was not found), `cut` (the file was emptied), `none` (there is
/// none), `denied`, `same` (nothing new). A rotated file counts as read when it has not grown for
/// eight questions, since its writer goes on with it until it is told. Then comes the one that
/// followed it, which is not the path's own where it was rotated more than once: the next lower
/// number, or by its time where names have dates. `lost` also stands where that one was compressed.
pub(super) const SCRIPT: &str = r#"exec 2>/dev/null
path=$1 inode=$2 offset=$3
most=4194304
echo "@zone $(date +%z)"
seek() { # to $offset in the open file
  [ "$offset" -ge 4096 ] && dd bs=4096 skip=$((offset / 4096)) count=0 <&3
  [ $((offset % 4096)) -gt 0 ] && dd bs=$((offset % 4096)) skip=1 count=0 <&3
}
look() { # at the open file
  set -- $(stat -L -c '%i %s' /proc/self/fd/3)
  now=$1 size=$2
  [ -n "$size" ]
}
begin() { # $1 is what to open
  [ -f "$1" ] && [ -r "$1" ] && command exec 3<"$1" && look
}
after() { # what followed the open file, into $next; that there is a gap, into $word
  next=$path word=new n=1
  while [ -f "$path.$n" ]; do
    if [ "$path.$n" -ef /proc/self/fd/3 ]; then
      [ "$n" = 1 ] || next=$path.$((n - 1))
      return
    fi
    n=$((n + 1))
  done
  oldest=
  for old in "$path"-[0-9]* "$path".[0-9]*; do
    [ -f "$old" ] && [ "$old" -nt /proc/self/fd/3 ] || continue
    if [ ! "$oldest" ] || [ "$oldest" -nt "$old" ]; then oldest=$old; fi
  done
  case $oldest in
  '') ;;
  *.gz | *.bz2 | *.xz | *.zst) word=lost ;;
  *) next=$oldest ;;
  esac
}
word=new
open=
if [ "$inode" != - ]; then
  for old in "$path" "$path".1 "$path"-* "$path".*; do
    if begin "$old" && [ "$now" = "$inode" ] && [ "$size" -ge "$offset" ]; then
      word=more open=1
      seek
      break
    fi
  done
  [ "$open" ] || word=lost offset=0
elif begin "$path"; then
  open=1
  lines=$offset offset=0
  if [ "$lines" != all ]; then
    offset=$((size - $(tail -n "$lines" "$path" | wc -c)))
    [ "$offset" -gt 0 ] || offset=0
  fi
  seek
else
  offset=0
fi
quiet=0
while read -r ask; do
  if [ ! "$open" ]; then
    if begin "$path"; then
      open=1 offset=0
    elif [ -e "$path" ]; then echo "@ denied 0 0 0"; echo; echo @.; continue
    else echo "@ none 0 0 0"; echo; echo @.; continue
    fi
  fi
  look || break
  if [ "$size" -lt "$offset" ]; then
    word=cut offset=0
    command exec 3<"$path"
    look || break
  fi
  length=$((size - offset))
  [ "$length" -gt "$most" ] && length=$most
  if [ "$length" -gt 0 ]; then
    echo "@ $word $now $offset $length"
    [ "$length" -ge 65536 ] && dd bs=65536 count=$((length / 65536)) <&3
    [ $((length % 65536)) -gt 0 ] && dd bs=$((length % 65536)) count=1 <&3
    offset=$((offset + length)) word=more quiet=0
  else
    echo "@ same $now $offset 0"
    if [ "$path" -ef /proc/self/fd/3 ]; then quiet=0
    else
      quiet=$((quiet + 1))
      if [ "$quiet" -ge 8 ] && [ -e "$path" ]; then
        after
        open= quiet=0
        begin "$next" && open=1 offset=0
      fi
    fi
  fi
  echo
  echo @.
done"#;

/// What stands after each piece.
pub(super) const END: &[u8] = b"\n@.\n";

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    More,
    New,
    Lost,
    Cut,
    None,
    Denied,
    Same,
}

/// The line before a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) word: Word,
    pub(super) inode: u64,
    pub(super) offset: u64,
    pub(super) length: usize,
}

impl Header {
    /// Reads it; `None` where it makes no sense.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("@ ")?.split(' ');
        let word = match words.next()? {
            "more" => Word::More,
            "new" => Word::New,
            "lost" => Word::Lost,
            "cut" => Word::Cut,
            "none" => Word::None,
            "denied" => Word::Denied,
            "same" => Word::Same,
            _ => return None,
        };
        let mut number = || words.next()?.parse::<u64>().ok();
        let (inode, offset, length) = (number()?, number()?, usize::try_from(number()?).ok()?);
        (length <= 4 << 20).then_some(Self { word, inode, offset, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_and_garbage_is_not() {
        let header = Header { word: Word::More, inode: 7, offset: 5_000_000_000, length: 12 };
        assert_eq!(Header::parse("@ more 7 5000000000 12"), Some(header));
        for bad in ["@ more 7 5", "@ what 1 2 3", "more 1 2 3", "@ more 1 2 99999999999", "@ more -1 2 3"] {
            assert_eq!(Header::parse(bad), None, "{bad}");
        }
    }
}
