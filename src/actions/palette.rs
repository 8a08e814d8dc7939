//! What the palette offers: actions that can be done here, and places to go; found by fuzzy search.

use std::collections::BTreeSet;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::Action;
use crate::domain::ids::CheckId;
use crate::domain::problem::Target;
use crate::keys::keymap::Scope;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::overlay::Overlay;
use crate::state::page::Page;
use crate::state::selection::Selected;

/// One offer.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What is matched and shown.
    pub text: String,
    /// Beside it: the chord, or what it is.
    pub note: String,
    /// What it does.
    pub choice: Choice,
}

/// What an offer does.
#[derive(Clone, Debug)]
pub enum Choice {
    /// An action.
    Action(&'static Action),
    /// A page.
    Open(Page),
    /// All that is known of a check.
    Check(CheckId),
}

/// The offers that match, best first; all of them where nothing is typed.
pub fn candidates(state: &State, typed: &str) -> Vec<Candidate> {
    let offers = offers(state);
    if typed.trim().is_empty() {
        return offers;
    }
    let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buf = Vec::new();
    let mut scored: Vec<(u32, Candidate)> = offers
        .into_iter()
        .filter_map(|offer| {
            let score = pattern.score(Utf32Str::new(&offer.text, &mut buf), &mut matcher)?;
            Some((score, offer))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, offer)| offer).collect()
}

/// Carries out a choice.
pub fn choose(state: &mut State, choice: Choice) -> Vec<Effect> {
    match choice {
        Choice::Action(action) => match (action.available)(state) {
            Ok(()) => (action.run)(state),
            Err(reason) => {
                state.refuse(format!("{}: {reason}", action.title));
                Vec::new()
            }
        },
        Choice::Open(page) => state.open(page),
        Choice::Check(check) => {
            let what = Selected::Target(Target::Check(check));
            state.overlays.push(Overlay::Inspect { what, first: 0 });
            Vec::new()
        }
    }
}

fn offers(state: &State) -> Vec<Candidate> {
    let page = state.scope();
    let actions = super::all()
        .filter(|action| {
            action.id != "palette" && (action.scope == page || action.scope == Scope::Everywhere)
        })
        .map(|action| Candidate {
            text: format!("{}: {}", action.title, action.help),
            note: state.keymap.chords(action.id).next().map(|chord| chord.label()).unwrap_or_default(),
            choice: Choice::Action(action),
        });
    let pages = [
        ("overview", Page::Overview),
        ("logs", Page::Logs),
        ("metrics", Page::Metrics),
        ("checks", Page::Checks),
    ];
    let pages = pages.into_iter().map(|(name, page)| Candidate {
        text: format!("go to {name}"),
        note: "page".to_owned(),
        choice: Choice::Open(page),
    });
    let servers = state.setup.servers.iter().map(|server| Candidate {
        text: format!("go to server {}", server.id),
        note: server.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
        choice: Choice::Open(Page::Server(server.id.clone())),
    });
    let runs = state.runs.newest().map(|run| Candidate {
        text: format!("go to run: {}", run.plan.plan().title),
        note: run.end.as_ref().map_or("goes on", |end| end.outcome.word()).to_owned(),
        choice: Choice::Open(Page::Run(run.request)),
    });
    let apps = state.fleet.apps().iter().map(|app| Candidate {
        text: format!("go to app {}", app.id),
        note: app.verdict.health.word().to_owned(),
        choice: Choice::Open(Page::App(app.id.clone())),
    });
    let datastores = state.fleet.datastores().all().map(|it| Candidate {
        text: format!("go to datastore {}", it.id),
        note: state.fleet.datastores().verdict(it, state.now).health.word().to_owned(),
        choice: Choice::Open(Page::Datastore(it.id.clone())),
    });
    let mut checks: BTreeSet<&CheckId> = state.setup.checks.iter().collect();
    checks.extend(state.fleet.checks().map(|(id, _)| id));
    let checks = checks.into_iter().map(|id| Candidate {
        text: format!("go to check {id}"),
        note: state.fleet.check_verdict(id, state.now).health.word().to_owned(),
        choice: Choice::Check(id.clone()),
    });
    actions.chain(pages).chain(runs).chain(servers).chain(apps).chain(datastores).chain(checks).collect()
}
