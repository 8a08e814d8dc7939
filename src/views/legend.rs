//! What the signs and the short headings mean.

use crate::domain::health::Health;
use crate::theme::glyphs::Glyphs;

/// A heading and what stands under it.
const WORDS: &[(&str, &str)] = &[
    ("-", "it is not known, or was not read: never zero"),
    ("ctrs", "containers that run, of all there are"),
    ("rst", "restarts by the container's own policy"),
    ("seen", "the age of the newest reading; faint and with its age where it is too old to be believed"),
    ("up", "for how long a container has run"),
    ("in/s out/s", "over the network, in a second"),
    ("rd/s wr/s", "read from and written to disks, in a second"),
    ("load", "processes that run or wait for a processor, over a minute"),
    ("stalled", "the share of the last ten seconds in which something waited for it (pressure, PSI)"),
    ("steal", "the share of processor time that the host gave to others"),
    ("iowait", "the share of processor time spent waiting for disks"),
    ("files", "open files, of all processes"),
    (
        "faint band",
        "around the line of a chart, which is the mean: from the least to the greatest of that moment",
    ),
    ("takes N with it", "what does not work because of it: one problem, not N"),
    ("severe", "as bad as down, on a server that is reached"),
    ("too few", "fewer requests than are judged"),
];

/// Sign or heading, and its meaning, in order.
pub fn rows(glyphs: &Glyphs) -> impl Iterator<Item = (String, String)> {
    let signs = [
        (Health::Up, "up: it was read, and is well"),
        (Health::Unknown, "unknown: it could not be read, or is too old"),
        (Health::Degraded, "degraded: it works, and not as it should"),
        (Health::Down, "down: it does not work"),
    ];
    let signs = signs.map(|(health, says)| (glyphs.health(health).to_owned(), says.to_owned()));
    signs.into_iter().chain(WORDS.iter().map(|(word, says)| ((*word).to_owned(), (*says).to_owned())))
}
