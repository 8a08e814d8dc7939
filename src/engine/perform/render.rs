//! Writes a release: Compose renders the app's file over its images, on the server itself. What is
//! secret in it stays there.

use std::collections::BTreeMap;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::image::ImageRef;
use crate::domain::plan::overlay::overlay;
use crate::domain::plan::shell::{compose_sent, compose_source, rendered_at};
use crate::domain::release::ReleaseNumber;
use crate::engine::guarded;

/// `$1` the release's folder, `$2` what the rendered file's hash has to be, then Compose's words.
/// An environment that was sent lies there too, and stands for the server's own.
/// Standard input holds the release's record and the images. A file that was sent is in the release's
/// folder already; Compose gets it and the images as two documents of one. The files that it was made of are kept
/// beside, with the permissions that they have; what is in the environment, as hashes with a key that
/// never leaves the server, so that a listing can say what changed without holding it.
const SCRIPT: &str = r#"f=.midwatch/releases/$1 e=$2 s=$3 v=$4 n=$5 w=$6; shift 6; umask 077
mkdir -p "$f/source" || exit 73
IFS= read -r j; IFS= read -r p
printf '%s\n' "$p" >"$f/images.json" || exit 73
if [ "$n" ]; then { cat "$f/source/$n"; printf '\n---\n'; cat "$f/images.json"; } | "$@" config >"$f/compose.new" || exit 65
else "$@" -f - config <"$f/images.json" >"$f/compose.new" || exit 65; fi
if [ "$e" ]; then
  h=$(sha256sum <"$f/compose.new"); [ "${h%% *}" = "$e" ] || { rm -f "$f/compose.new"; echo 'the Compose file or its environment is not what the plan was made of' >&2; exit 65; }
fi
k=.midwatch/key; [ -s "$k" ] || { head -c 64 /dev/urandom | sha256sum | cut -d' ' -f1 >"$k.new" && mv "$k.new" "$k"; } || exit 73
awk '/^[^ ]/{s=($0=="services:");e=0} s&&/^  [^ ]/{n=$1;sub(/:$/,"",n);e=0} /^    [^ ]/{e=(s&&$0=="    environment:")}
  e&&/^      [^ ]/{if(v!="")print v;x=$0;sub(/^ */,"",x);c=index(x,":");v=n" "substr(x,1,c-1)" "substr(x,c+1);next} e&&/^       /{v=v"\\n"$0;next} v!=""{print v;v=""} END{if(v!="")print v}' "$f/compose.new" |
while read -r n v x; do h=$( { cat "$k"; printf '%s' "$x"; } | sha256sum); echo "$n $v ${h%% *}"; done >"$f/environment.new" && mv "$f/environment.new" "$f/environment" || exit 73
[ "$n" ] || cp -p "$s" "$f/source/" || exit 73
for x in "$v" .env; do [ "$x" ] && [ "${x##*/}" != "$w" ] && [ -f "$x" ] && { cp -p "$x" "$f/source/" || exit 73; }; done
mv "$f/compose.new" "$f/compose.yaml" && printf '%s\n' "$j" >"$f/release.new" && mv "$f/release.new" "$f/release.json" || exit 73
sync "$f/compose.yaml" "$f/release.json" 2>/dev/null
exit 0"#;

pub(super) async fn render(
    task: &Task<'_>,
    release: ReleaseNumber,
    pins: &BTreeMap<String, ImageRef>,
    expects: Option<&str>,
    [sent, env]: [bool; 2],
) -> Result<Done, Failure> {
    let what = task.what();
    let record = task.release.ok_or_else(|| Failure::new(FailureKind::Bug, &what, "it has no record"))?;
    let record = serde_json::to_string(record)
        .map_err(|error| Failure::new(FailureKind::Bug, &what, error.to_string()))?;
    let stdin = format!("{record}\n{}\n", overlay(pins, &BTreeMap::new()));
    let place = &task.ground.place;
    let ours = [release.folder(), expects.unwrap_or_default().to_owned(), place.file.clone()];
    let words = ["sh", "-c", SCRIPT, "sh"]
        .map(str::to_owned)
        .into_iter()
        .chain(ours)
        .chain([place.env_file.clone().filter(|_| !env).unwrap_or_default()])
        .chain([if sent { place.file.clone() } else { String::new() }])
        .chain([if env { place.env_name().to_owned() } else { String::new() }]);
    let at = rendered_at(place, release, env);
    let words: Vec<String> = if sent {
        words.chain(compose_sent(&at)).collect()
    } else {
        words.chain(compose_source(&at)).collect()
    };
    let stdin = Some(stdin.into_bytes());
    let left = guarded::run(task, words, stdin).await?;
    match left.exit {
        0 => Ok(Done { said: format!("written to .midwatch/releases/{}", release.folder()), exit: Some(0) }),
        65 => Err(Failure::new(FailureKind::Conflict, what, left.last_words())
            .hint("make the plan anew, and look at what changed")),
        code => Err(Failure::new(FailureKind::Invalid, what, unwritten(&left.last_words(), code))
            .hint("see that the disk is not full and the app's folder can be written to")),
    }
}

/// Where there is no room, there is none for what was said of it either.
fn unwritten(words: &str, code: i32) -> String {
    let words = if words.is_empty() { "the release could not be written" } else { words };
    format!("{words} (exit {code})")
}
