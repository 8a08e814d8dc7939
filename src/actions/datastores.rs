//! What can be done with a datastore's backups: where one is selected among others, and on its page.

use super::operate::answers::ask;
use super::operate::plan;
use super::{Action, Available, Risk};
use crate::domain::ids::AppId;
use crate::keys::keymap::Scope;
use crate::message::change::{Asked, Manner, Wanted};
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::prompt::{Bringing, Question};

const fn action(
    id: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    let (scope, risk) = (Scope::Datastore, Risk::Change);
    Action { id, title, help, scope, keys, risk, in_footer: true, available: on_one, run }
}

/// The actions of this file.
pub static ALL: &[Action] = &[
    action(
        "restore",
        "restore",
        "choose a backup, the selected one or the newest, and where it is brought back; then plan that",
        &["R"],
        choose,
    ),
    Action {
        in_footer: false,
        ..action(
            "restore.otherwise",
            "restore other",
            "plan to restore some tables or files, another datastore's backup, or a server as it was at a moment",
            &["O"],
            |s| match s.datastore_at_hand() {
                Some(datastore) => {
                    let backup = s.backup_at_hand();
                    ask(s, Question::Otherwise { datastore, backup })
                }
                None => Vec::new(),
            },
        )
    },
    action(
        "drill",
        "drill",
        "plan to rehearse a restore of the selected backup, or of the newest; nothing that stands is touched",
        &["D"],
        |s| {
            let backup = s.backup_at_hand();
            planned(s, Wanted::Drill(backup))
        },
    ),
    action(
        "backups.find",
        "find file",
        "look for files in all backups of the datastore, by a part of the path or a pattern",
        &["F"],
        |s| match s.datastore_at_hand() {
            Some(datastore) => ask(s, Question::FindFiles { datastore }),
            None => Vec::new(),
        },
    ),
    action(
        "restore.undo",
        "undo restore",
        "plan to put back what the last restore of the datastore replaced",
        &["U"],
        |s| planned(s, Wanted::Undo),
    ),
];

fn on_one(state: &State) -> Available {
    if state.replayed {
        return Err("this is a recording: there is nothing to restore".into());
    }
    if state.datastore_at_hand().is_none() { Err("no datastore is selected".into()) } else { Ok(()) }
}

/// Asks which backup, and where.
fn choose(state: &mut State) -> Vec<Effect> {
    let Some(datastore) = state.datastore_at_hand() else { return Vec::new() };
    let datastores = state.fleet.datastores();
    let setup = datastores.get(&datastore);
    let backups = setup.map(|it| datastores.backups(it).to_vec()).unwrap_or_default();
    let selected = state.backup_at_hand();
    let choice = Bringing::new(backups, selected.as_ref().map(crate::domain::ids::BackupId::as_str));
    ask(state, Question::Restore { datastore, choice })
}

fn planned(state: &mut State, what: Wanted) -> Vec<Effect> {
    let Some(datastore) = state.datastore_at_hand() else { return Vec::new() };
    let app = AppId::from(datastore.as_str());
    plan(state, Asked { app, what, manner: Manner::default(), reason: None })
}
