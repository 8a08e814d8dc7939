//! `[keys]`: chords for actions. What an action and a chord is, the rooms say that own them.

use std::collections::BTreeMap;

use super::mistake::Mistake;
use super::table::Table;

/// The chords of each action that the user rebinds, as they are written; none unbinds it.
pub type KeysConfig = BTreeMap<String, Vec<String>>;

pub(super) fn read(root: &mut Table<'_>) -> KeysConfig {
    let walk = root.walk();
    let mut keys = BTreeMap::new();
    for (action, span, chords) in root.pairs::<Chords>("keys") {
        if let Err(mistake) = walk.hooks.action(&action) {
            walk.report(Mistake::error(span, mistake.message).maybe_help(mistake.help));
            continue;
        }
        for (chord, span) in &chords.0 {
            if let Err(mistake) = walk.hooks.chord(&action, chord) {
                walk.report(Mistake::error(span.clone(), mistake.message).maybe_help(mistake.help));
            }
        }
        keys.insert(action, chords.0.into_iter().map(|(chord, _)| chord).collect());
    }
    keys
}

struct Chords(Vec<(String, super::mistake::Span)>);

impl super::value::Read for Chords {
    fn expects() -> String {
        "a chord such as \"ctrl-r\", or a list of them; an empty list unbinds".to_owned()
    }
    fn read(value: super::value::Value<'_>) -> Option<Self> {
        let read = |chord: super::value::Value<'_>| String::read(chord).map(|text| (text, chord.span()));
        value.entries().into_iter().map(read).collect::<Option<_>>().map(Self)
    }
    fn show(&self) -> String {
        format!(
            "[{}]",
            self.0.iter().map(|(chord, _)| super::value::quoted(chord)).collect::<Vec<_>>().join(", ")
        )
    }
}
