//! `midwatch keys`: the keys in force, from the actions themselves; also what `docs/keys.md` is.

use std::fmt::Write;

use super::args::Args;
use super::{Exit, context, print};
use crate::actions;
use crate::domain::failure::Failure;
use crate::keys::keymap::{Keymap, Scope};
use crate::runtime::setup;

/// Prints the keys as Markdown tables, one a page.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let setup = setup::setup(&context.config, None, args.read_only);
    print(markdown(&actions::keymap(&setup.keys).0).trim_end());
    Ok(Exit::Well)
}

/// All actions with their chords.
pub fn markdown(keymap: &Keymap) -> String {
    let mut out = String::new();
    for scope in Scope::ALL {
        let actions: Vec<_> = actions::all().filter(|action| action.scope == scope).collect();
        if actions.is_empty() {
            continue;
        }
        let written = write!(out, "## {}\n\n| keys | action | what it does |\n|---|---|---|\n", title(scope));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
        for action in actions {
            let chords: Vec<String> = keymap.chords(action.id).map(|chord| format!("`{chord}`")).collect();
            let written = writeln!(
                out,
                "| {} | `{}` | {} |",
                chords.join(" ").replace('|', r"\|"),
                action.id,
                action.help
            );
            debug_assert!(written.is_ok(), "writing to a string does not fail");
        }
        out.push('\n');
    }
    out
}

fn title(scope: Scope) -> String {
    let word = scope.word();
    word[..1].to_uppercase() + &word[1..]
}
