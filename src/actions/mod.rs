//! What a person can invoke, by key or by the palette: one record each, in the file of its page.
//!
//! From these records derive the keymap, the palette, the footer, the help, `docs/keys.md` and the
//! checking of configured keys. Not here: drawing; work with the outside (effects are given back).

pub mod adopt;
pub mod approval;
mod backup;
pub mod catalog;
mod datastores;
pub mod exec;
pub mod general;
pub mod lists;
pub mod logs;
pub mod metrics;
pub mod movement;
pub mod operate;
pub mod palette;
pub mod plan;
pub mod releases;
pub mod run;
pub mod unfinished;

use std::borrow::Cow;

use crate::keys::keymap::{Clash, Keymap, Scope};
use crate::message::effect::Effect;
use crate::state::State;

/// What an action can do to the world; it decides the confirmation, and what `--read-only` refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// It only looks.
    Read,
    /// It changes something that can be changed back.
    Change,
    /// It destroys something.
    Destroy,
}

/// Whether an action can be done now, or why it cannot.
pub type Available = Result<(), Cow<'static, str>>;

/// One action.
#[derive(Debug)]
pub struct Action {
    /// Its stable name, in configuration and journal (`logs.follow`).
    pub id: &'static str,
    /// One or two words for footer and palette.
    pub title: &'static str,
    /// One sentence for the help.
    pub help: &'static str,
    /// Where its keys count.
    pub scope: Scope,
    /// Its default chords, in text form; the first is the one that is shown.
    pub keys: &'static [&'static str],
    /// What it can do.
    pub risk: Risk,
    /// Whether the footer shows it, where its scope is the page's.
    pub in_footer: bool,
    /// Whether it can be done now; must be cheap, it is asked for every frame.
    pub available: fn(&State) -> Available,
    /// Does it.
    pub run: fn(&mut State) -> Vec<Effect>,
}

/// Always.
pub fn always(_: &State) -> Available {
    Ok(())
}

/// All actions, in the order of help and footer.
pub fn all() -> impl Iterator<Item = &'static Action> {
    catalog::ALL.iter().flat_map(|actions| actions.iter())
}

/// An action by its name.
pub fn find(id: &str) -> Option<&'static Action> {
    all().find(|action| action.id == id)
}

/// The keymap: the default chords, or those that the configuration gives instead. What cannot be
/// bound is given back in words; the rest counts.
pub fn keymap(overrides: &std::collections::BTreeMap<String, Vec<String>>) -> (Keymap, Vec<String>) {
    let mut map = Keymap::default();
    let mut mistakes = Vec::new();
    // What a person chose goes first, so that a default that is in its way gives way.
    for (id, chords) in overrides {
        match find(id) {
            Some(action) => bind(&mut map, action, chords.iter().map(String::as_str), &mut mistakes),
            None => mistakes.push(format!("there is no action `{id}`")),
        }
    }
    for action in all().filter(|action| !overrides.contains_key(action.id)) {
        bind(&mut map, action, action.keys.iter().copied(), &mut Vec::new());
    }
    (map, mistakes)
}

fn bind<'a>(
    map: &mut Keymap,
    action: &'static Action,
    chords: impl Iterator<Item = &'a str>,
    mistakes: &mut Vec<String>,
) {
    for text in chords {
        let bound = match text.parse() {
            Ok(chord) => map.bind(action.scope, chord, action.id).map_err(|clash: Clash| clash.to_string()),
            Err(error) => Err(error.to_string()),
        };
        mistakes.extend(bound.err());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_default_keys_do_not_clash() {
        let mut map = Keymap::default();
        let mut mistakes = Vec::new();
        for action in all() {
            bind(&mut map, action, action.keys.iter().copied(), &mut mistakes);
        }
        assert_eq!(mistakes, Vec::<String>::new());
    }

    #[test]
    fn every_action_has_its_own_name_and_a_sentence() {
        let mut seen = BTreeSet::new();
        for action in all() {
            assert!(seen.insert(action.id), "{} stands twice", action.id);
            assert!(!action.help.is_empty() && !action.help.ends_with('.'), "{}", action.id);
            assert!(action.title.len() <= 14, "{} is too long for a footer", action.id);
        }
    }

    #[test]
    fn a_chosen_chord_takes_the_place_of_the_default() {
        let overrides = BTreeMap::from([("quit".to_owned(), vec!["ctrl-q".to_owned()])]);
        let (map, mistakes) = keymap(&overrides);
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(map.action(Scope::Overview, crate::keys::chord::Chord::ctrl('q')), Some("quit"));
        assert_eq!(map.action(Scope::Overview, crate::keys::chord::Chord::char('q')), None);
    }

    #[test]
    fn a_name_that_is_no_action_is_told() {
        let overrides = BTreeMap::from([("quti".to_owned(), vec!["q".to_owned()])]);
        assert_eq!(keymap(&overrides).1, ["there is no action `quti`"]);
    }
}
