//! `[keys]`: chords for actions. Whether two chords clash, the keymap says once it is built.

use std::collections::BTreeMap;

use super::mistake::{Mistake, excerpt};
use super::table::Table;
use super::value::{Read, Value, quoted};
use super::walk::nearest;
use crate::keys::chord::{Chord, NotAChord};

/// The chords of each action that the user rebinds; none unbinds it.
pub type KeysConfig = BTreeMap<String, Vec<Chord>>;

pub(super) fn read(root: &mut Table<'_>) -> KeysConfig {
    let walk = root.walk();
    let known = walk.options.actions;
    let mut keys = BTreeMap::new();
    for (action, span, chords) in root.pairs::<Vec<Chord>>("keys") {
        if !known.is_empty() && !known.contains(&action.as_str()) {
            let mut mistake = Mistake::error(span, format!("there is no action {:?}", excerpt(&action)));
            mistake = match nearest(&action, known.iter().copied()) {
                Some(near) => mistake.label(format!("did you mean `{near}`?")),
                None => mistake.help("`midwatch keys` lists them"),
            };
            walk.report(mistake);
        }
        keys.insert(action, chords);
    }
    keys
}

impl Read for Chord {
    fn expects() -> String {
        "a chord such as \"ctrl-r\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        match String::read(value)?.parse() {
            Ok(chord) => Some(chord),
            Err(error) => {
                let error: NotAChord = error;
                value.bad(Mistake::error(value.span(), NotAChord(excerpt(&error.0)).to_string()));
                None
            }
        }
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}
