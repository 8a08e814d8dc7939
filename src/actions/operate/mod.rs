//! What changes an app: planned first, shown, confirmed, carried out.

pub mod answers;
pub mod news;

use super::{Action, Available, Risk};
use crate::domain::plan::Operation;
use crate::keys::keymap::Scope;
use crate::message::change::{Asked, Manner, Wanted};
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::overlay::Overlay;
use crate::state::page::Page;
use crate::state::prompt::{Offer, Prompt, Question, Versions};

const fn action(
    id: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    let scope = Scope::Everywhere;
    Action { id, title, help, scope, keys, risk: Risk::Change, in_footer: false, available: on_an_app, run }
}

/// The actions of this file.
pub static ALL: &[Action] = &[
    Action {
        in_footer: true,
        ..action(
            "deploy",
            "deploy",
            "plan a deploy of the app, show it, and ask before it is done",
            &["d"],
            ask_version,
        )
    },
    Action {
        in_footer: true,
        risk: Risk::Read,
        ..action("releases", "releases", "show the app's releases, to roll back to one", &["r"], releases)
    },
    action("restart", "restart", "plan a restart of the app's containers, as they are", &["B"], |s| {
        daily(s, Operation::Restart)
    }),
    action("stop", "stop", "plan to stop the app's containers", &["X"], |s| daily(s, Operation::Stop)),
    action("start", "start", "plan to start the app's containers", &["S"], |s| daily(s, Operation::Start)),
    action("scale", "scale", "plan another number of containers of the app's services", &["N"], ask_scale),
    action("pull", "pull", "plan to bring the app's images onto its servers; what runs stays", &["P"], |s| {
        let Some(app) = s.app_at_hand() else { return Vec::new() };
        plan(s, Asked { app, what: Wanted::Pull, manner: Manner::default(), reason: None })
    }),
    action(
        "maintenance",
        "maintenance",
        "plan maintenance of the app, on or off: its proxy tells visitors",
        &["M"],
        maintenance,
    ),
    Action {
        risk: Risk::Read,
        available: has_run,
        ..action("run", "run", "show the run of the app, or the newest", &["w"], show_run)
    },
    Action {
        risk: Risk::Read,
        available: has_interrupted,
        ..action(
            "interrupted",
            "interrupted",
            "finish, undo or leave a run that was interrupted",
            &["u"],
            |s| s.interrupted_at_hand().map(|run| s.open(Page::Unfinished(run))).unwrap_or_default(),
        )
    },
    Action {
        risk: Risk::Read,
        available: has_waiting,
        ..action(
            "waiting",
            "waiting",
            "show a run of another operator that waits for a second person, to approve or deny it",
            &["A"],
            show_waiting,
        )
    },
];

fn on_an_app(state: &State) -> Available {
    if state.replayed {
        return Err("this is a recording: there are no servers to change".into());
    }
    let Some(app) = state.app_at_hand() else { return Err("no app is selected".into()) };
    if state.setup.changeable.contains_key(&app) {
        return Ok(());
    }
    Err(format!("the configuration does not say where its Compose file is: [apps.{app}] servers, compose")
        .into())
}

fn has_run(state: &State) -> Available {
    if state.runs.newest().next().is_some() { Ok(()) } else { Err("nothing was run here".into()) }
}

fn has_interrupted(state: &State) -> Available {
    if state.interrupted_at_hand().is_some() { Ok(()) } else { Err("no run was interrupted".into()) }
}

fn has_waiting(state: &State) -> Available {
    if state.waiting_at_hand().is_some() { Ok(()) } else { Err("no run waits for a second person".into()) }
}

fn show_waiting(state: &mut State) -> Vec<Effect> {
    state.waiting.first = 0;
    state.waiting_at_hand().map(|run| state.open(Page::Approval(run))).unwrap_or_default()
}

/// Asks which version is to be deployed, and the registry for those that there are.
fn ask_version(state: &mut State) -> Vec<Effect> {
    let Some(app) = state.app_at_hand() else { return Vec::new() };
    let request = state.next_request();
    let present = state.images_of(&app);
    let offer = Offer::Asked(request);
    let options = state.options_of(&app, Operation::Deploy);
    let versions = Versions { present, choices: Vec::new(), picked: None, offer };
    let question = Question::Version { app: app.clone(), versions, options };
    state.overlays.push(Overlay::Prompt(Box::new(Prompt::new(question, state.now))));
    vec![Effect::Tags(request, app)]
}

/// Asks how many containers of which service.
fn ask_scale(state: &mut State) -> Vec<Effect> {
    let Some(app) = state.app_at_hand() else { return Vec::new() };
    let present = state.counts_of(&app);
    answers::ask(state, Question::Scale { app, present })
}

/// Asks what visitors are told, or plans to send them to the app again where they are told something.
fn maintenance(state: &mut State) -> Vec<Effect> {
    let Some(app) = state.app_at_hand() else { return Vec::new() };
    if state.fleet.app(&app).is_some_and(|app| app.maintenance.mark().is_some()) {
        let what = Wanted::Maintenance(None);
        return plan(state, Asked { app, what, manner: Manner::default(), reason: None });
    }
    answers::ask(state, Question::Maintenance { app })
}

fn releases(state: &mut State) -> Vec<Effect> {
    let Some(app) = state.app_at_hand() else { return Vec::new() };
    let load = state.load_releases(&app);
    let mut effects = state.open(Page::Releases(app));
    effects.push(load);
    effects
}

fn daily(state: &mut State, operation: Operation) -> Vec<Effect> {
    let Some(app) = state.app_at_hand() else { return Vec::new() };
    plan(state, Asked { app, what: Wanted::Daily(operation), manner: Manner::default(), reason: None })
}

/// Plans a change, and shows how that goes on.
pub fn plan(state: &mut State, asked: Asked) -> Vec<Effect> {
    let request = state.next_request();
    let servers = state.servers_of(&asked.app);
    state.plan.begin(request, asked.clone(), servers, state.now);
    let mut effects = state.open(Page::Plan);
    effects.push(Effect::Plan(request, asked));
    effects
}

fn show_run(state: &mut State) -> Vec<Effect> {
    let of_app = state.app_at_hand().and_then(|app| state.runs.of(&app));
    let run = of_app.or_else(|| state.runs.going_on().next()).or_else(|| state.runs.newest().next());
    let Some(request) = run.map(|run| run.request) else { return Vec::new() };
    state.open(Page::Run(request))
}
