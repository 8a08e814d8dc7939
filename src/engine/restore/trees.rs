//! What is in folders of files: how two of them differ, and what one answers in a drill.

use std::fmt;

use crate::domain::quantity::Bytes;
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;

/// Shell: `m SIDE NUMBER PATH` lists what is no folder below a path, which may be a file itself; `d` counts
/// what was listed of the sides `r` (restored) and `l` (live), and how they differ: by name, by size or by
/// the time that it was last written. Of a name with a line break its first line counts.
pub(super) const MEASURE: &str = r#"export LC_ALL=C
m() { [ -e "$3" ] || [ -L "$3" ] || return 0; find "$3" ! -type d -exec stat -c "$1 $2 ${#3} %s %Y %n" {} +; }
d() { awk '$1!="r" && $1!="l" {next} {n=$0; sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /,"",n); k=$2 ":" substr(n,$3+1); s=$1; c[s]++; b[s]+=$4; if($5>t[s])t[s]=$5; if(s=="r")r[k]=$4 " " $5; else l[k]=$4 " " $5}
END{for(k in r){if(!(k in l))o++;else if(l[k]!=r[k])f++} for(k in l)if(!(k in r))g++
printf "%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f\n",c["r"],b["r"],t["r"],c["l"],b["l"],t["l"],o,g,f}'; }
"#;

/// Shell, in the folder that was restored: `$1` the word, `$2` the path, as `domain::probe` reads them. Of
/// the newest file its age is told, in seconds.
pub(super) const PROBE: &str = r#"[ -e "./$2" ] || [ -L "./$2" ] || { echo "$2 is not in the backup" >&2; exit 1; }
case $1 in
count) find "./$2" ! -type d -print0 | tr -dc '\0' | wc -c;;
bytes) find "./$2" ! -type d -exec stat -c %s {} + | awk '{b+=$1} END {printf "%.0f\n",b}';;
newest) t=$(find "./$2" ! -type d -exec stat -c %Y {} + | sort -n | tail -n 1); [ -z "$t" ] || echo $(($(date +%s)-t));;
sha256) [ -f "./$2" ] || { echo "$2 is no file" >&2; exit 1; }; s=$(sha256sum <"./$2") && echo "${s%% *}";;
esac"#;

/// How what was restored and what stands differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    restored: Side,
    live: Side,
    only_restored: u64,
    only_live: u64,
    differ: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Side {
    files: u64,
    bytes: u64,
    newest: u64,
}

impl Differences {
    /// What the script printed; the error is that.
    pub fn read(text: &str) -> Result<Self, String> {
        let numbers: Vec<u64> = text.split_whitespace().map_while(|it| it.parse().ok()).collect();
        let [files, bytes, newest, live, live_bytes, live_newest, only_restored, only_live, differ] =
            numbers[..]
        else {
            return Err(format!("it said {:?}", shorten(&clean(text), 120)));
        };
        let side = |files, bytes, newest| Side { files, bytes, newest };
        let restored = side(files, bytes, newest);
        Ok(Self { restored, live: side(live, live_bytes, live_newest), only_restored, only_live, differ })
    }

    /// Whether nothing was restored where something stands.
    pub const fn is_empty(&self) -> bool {
        self.restored.files == 0 && self.live.files > 0
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = if self.files == 1 { "1 file" } else { &format!("{} files", self.files) };
        write!(f, "{files} with {}", Bytes(self.bytes))
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest = |side: Side| match i64::try_from(side.newest) {
            Ok(seconds @ 1..) => format!(", newest {}", Timestamp::from_secs(seconds).rfc3339()),
            _ => String::new(),
        };
        let (restored, live) = (self.restored, self.live);
        write!(f, "{restored} restored{}; {live} live{}; ", newest(restored), newest(live))?;
        let parts = [
            (self.only_restored, "only in the backup"),
            (self.only_live, "only live"),
            (self.differ, "otherwise there"),
        ];
        let said: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if said.is_empty() { f.write_str("none differs") } else { f.write_str(&said.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_counted() {
        let it = Differences::read("2 3000 1795215600 3 4000 1795215601 0 1 1\n").unwrap();
        assert_eq!(
            it.to_string(),
            "2 files with 2.9K restored, newest 2026-11-20T23:00:00.000Z; 3 files with 3.9K live, newest \
             2026-11-20T23:00:01.000Z; 1 only live, 1 otherwise there"
        );
        assert!(!it.is_empty());
        let none = Differences::read("0 0 0 1 1 0 0 1 0").unwrap();
        assert!(none.is_empty());
        assert!(Differences::read("awk: no memory").is_err());
        assert!(Differences::read("1 1 1 1 1 1 0 0 0").unwrap().to_string().ends_with("none differs"));
    }
}
