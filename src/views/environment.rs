//! An environment's name in the color that the configuration gives it: the marker that says where a
//! key would act.

use ratatui::style::{Modifier, Style};

use crate::domain::ids::{EnvironmentId, ServerId};
use crate::state::State;
use crate::state::page::Page;
use crate::theme::{Role, Theme};
use crate::widgets::text::Piece;

/// The role of an environment's color: what `color` says in its table, plain where it has none.
pub fn role(state: &State, id: &EnvironmentId) -> Role {
    let setup = state.setup.environments.iter().find(|it| it.id == *id);
    match setup.map(|it| it.color.as_str()) {
        Some("production") => Role::Production,
        Some("staging") => Role::Staging,
        Some("accent") => Role::Accent,
        _ => Role::Muted,
    }
}

/// The environments of what the page shows, each as a block of its color. The word is in it, and
/// it is reversed, so that it is seen without colors too.
pub fn markers<'a>(state: &State, theme: &Theme) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    for id in shown(state) {
        pieces.push(("  ".into(), Style::new()));
        let style = theme.bold(role(state, &id)).add_modifier(Modifier::REVERSED);
        pieces.push((format!(" {id} ").into(), style));
    }
    pieces
}

/// In the order of their names. The overview shows all, and marks them in its rows instead.
fn shown(state: &State) -> Vec<EnvironmentId> {
    let of = |server: &ServerId| state.fleet.server(server).and_then(|it| it.setup.environment.clone());
    let mut found: Vec<EnvironmentId> = match state.nav.page() {
        Page::Overview | Page::Checks => Vec::new(),
        Page::Server(server) => of(server).into_iter().collect(),
        Page::App(app) => state.fleet.app(app).and_then(|app| app.environment.clone()).into_iter().collect(),
        Page::Logs => state.logs_page.servers().filter_map(of).collect(),
        Page::Metrics => state.metrics.servers.iter().filter_map(of).collect(),
        Page::Datastore(it) | Page::Files(it, _) | Page::Found(it) => {
            let server = state.fleet.datastores().get(it).map(|it| it.server.clone());
            server.as_ref().and_then(of).into_iter().collect()
        }
        Page::Plan
        | Page::Run(_)
        | Page::Releases(_)
        | Page::Unfinished(_)
        | Page::Approval(_)
        | Page::Adopt => {
            let app = state.app_at_hand();
            let environment = app.as_ref().and_then(|app| state.fleet.app(app)?.environment.clone());
            let datastore = || of(&state.fleet.datastores().named(app.as_ref()?)?.server);
            environment.or_else(datastore).into_iter().collect()
        }
    };
    found.sort();
    found.dedup();
    found
}
