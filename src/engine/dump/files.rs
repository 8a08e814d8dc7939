//! Files and folders, as the server's own tar packs them: owners, modes, links, holes and names of any
//! bytes are kept.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::within::{Within, answer, flow, words};
use super::{Flow, Judge};
use crate::domain::failure::Failure;
use crate::domain::quantity::Bytes as Size;
use crate::engine::ground::Ground;
use crate::operations::datastore_facts::Seen;

const DEADLINE: Duration = Duration::from_secs(120);

/// The paths; the first line of standard input is the password that others need.
const LOOK: &str = r#"IFS= read -r x; for f; do [ -e "$f" ] || [ -L "$f" ] || { echo "$f is not there" >&2; exit 1; }; done
tar --version 2>/dev/null | sed -n 1p | grep GNU || { echo 'its tar is not that of GNU' >&2; exit 1; }
du -skc -- "$@" 2>/dev/null | sed -n '$s/[^0-9].*//p'"#;

/// `$1` how many patterns follow, then those, then the paths.
const DUMP: &str = r#"IFS= read -r x; n=$1; shift
p=$n; for a; do shift; if [ "$p" -gt 0 ]; then set -- "$@" "--exclude=$a"; p=$((p-1)); [ "$p" = 0 ] && set -- "$@" --; else set -- "$@" "${a#/}"; fi; done
[ "$n" = 0 ] && set -- -- "$@"
cd / && exec tar --numeric-owner --sparse --acls --xattrs --format=posix -cf - "$@""#;

/// Whether they are there, and how much there is.
pub(super) async fn look(ground: &Ground, run_as: Option<&str>, paths: &[String]) -> Result<Seen, Failure> {
    let what = format!("look at {} on {}", paths.join(", "), ground.server);
    let args: Vec<&str> = paths.iter().map(String::as_str).collect();
    let command = words(Within { container: None, run_as }, LOOK, &args, None);
    let text = answer(ground, command, &what, DEADLINE).await?;
    let mut lines = text.lines();
    let version = crate::domain::text::clean(lines.next().unwrap_or_default()).into_owned();
    let about = lines.next().and_then(|it| it.parse::<u64>().ok()).map(|kib| Size(kib * 1024));
    Ok(Seen { version, about, role_passwords: false, notes: Vec::new() })
}

/// The archive.
pub(super) async fn open(
    ground: &Ground,
    run_as: Option<&str>,
    paths: &[String],
    exclude: &[String],
) -> Result<Flow, Failure> {
    let what = format!("pack {} on {}", paths.join(", "), ground.server);
    let number = exclude.len().to_string();
    let args: Vec<&str> =
        std::iter::once(number.as_str()).chain(exclude.iter().chain(paths).map(String::as_str)).collect();
    let command = words(Within { container: None, run_as }, DUMP, &args, None);
    flow(ground, command, &what, Box::new(Tar::default())).await
}

/// Whether an archive comes to its end: two blocks of zeros, POSIX says.
#[derive(Default)]
pub(super) struct Tar {
    tail: BytesMut,
    bytes: u64,
}

impl Judge for Tar {
    fn pass(&mut self, piece: Bytes) -> Bytes {
        self.bytes += piece.len() as u64;
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(1024)..]);
        let over = self.tail.len().saturating_sub(1024);
        // Freed with the next piece.
        let _ = self.tail.split_to(over);
        piece
    }

    fn end(&mut self) -> Result<Bytes, String> {
        let whole =
            self.tail.len() == 1024 && self.bytes.is_multiple_of(512) && self.tail.iter().all(|it| *it == 0);
        if whole { Ok(Bytes::new()) } else { Err("the archive is cut: its end is missing".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_ends_with_two_blocks_of_zeros() {
        let judge = |bytes: &[u8], size: usize| {
            let mut tar = Tar::default();
            for piece in bytes.chunks(size) {
                tar.pass(Bytes::copy_from_slice(piece));
            }
            tar.end().is_ok()
        };
        let whole = [vec![1; 512], vec![0; 1024]].concat();
        for size in [1, 300, 5000] {
            assert!(judge(&whole, size));
            assert!(!judge(&whole[..1024], size));
            assert!(!judge(&whole[..1535], size));
        }
        assert!(!judge(b"", 1));
    }
}
