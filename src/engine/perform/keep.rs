//! Keeps the images of the last releases from being pruned, and removes those of older ones.

use std::collections::BTreeMap;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::image::ImageRef;
use crate::domain::plan::shell::pull_name;
use crate::engine::guarded;

/// `$1` how many pairs of image and name follow; after those, names to let go of. An image goes when none
/// of our names keeps it and no container is made of it; one that something else holds stays, which is
/// no failure.
const SCRIPT: &str = r#"n=$1 x=0; shift
while [ "$n" -gt 0 ]; do docker tag "$1" "$2" || x=1; shift 2; n=$((n-1)); done
for t; do
  i=$(docker image inspect -f '{{.Id}}' "$t" 2>/dev/null) || continue
  docker rmi "$t" >/dev/null 2>&1
  r=$(docker image inspect -f '{{join .RepoTags " "}} {{join .RepoDigests " "}}' "$i" 2>/dev/null) || continue
  case " $r" in *" midwatch-keep/"*) continue;; esac
  [ "$(docker ps -aq --filter ancestor="$i")" ] || docker rmi $r >/dev/null 2>&1
done
exit $x"#;

pub(super) async fn keep(
    task: &Task<'_>,
    keep: &BTreeMap<String, ImageRef>,
    drop: &[String],
) -> Result<Done, Failure> {
    let pairs = keep.iter().flat_map(|(name, image)| [pull_name(image), name.clone()]);
    let words = ["sh", "-c", SCRIPT, "sh"].map(str::to_owned).into_iter();
    let words = words.chain([keep.len().to_string()]).chain(pairs).chain(drop.iter().cloned());
    let left = guarded::run(task, words, None).await?;
    if left.exit == 0 {
        return Ok(Done { said: String::new(), exit: Some(0) });
    }
    let why = format!("{} (exit {})", left.last_words(), left.exit);
    Err(Failure::new(FailureKind::Invalid, task.what(), why)
        .hint("the release is in place; its image may be taken by docker image prune"))
}
