//! The first page: what is wrong, the servers, the apps, the datastores, what changed.

use ratatui::layout::Rect;

use super::changes::{Change, ChangeId, newest};
use super::filter::Filter;
use super::list::{List, Move};
use super::order::Sorting;
use super::panes::{Wish, beside, lack, next, stack, with_last_row};
use super::rows;
use crate::domain::app::App;
use crate::domain::ids::{AppId, DatastoreId, ProblemId, ServerId};
use crate::domain::problem::{Problem, Target};
use crate::domain::setup::DatastoreSetup;
use crate::domain::time::Timestamp;
use crate::store::fleet::{Fleet, ServerLive};

/// From this width on, apps and changes stand beside problems and servers.
const WIDE: u16 = 150;
/// How many of the latest changes are listed.
const CHANGES: usize = 40;

/// A pane of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// What is wrong.
    Problems,
    /// The servers.
    #[default]
    Servers,
    /// The apps.
    Apps,
    /// The datastores, where any are configured.
    Datastores,
    /// What changed.
    Changes,
}

/// The panes, in the order in which the keys go through them.
const ORDER: [Pane; 5] = [Pane::Problems, Pane::Servers, Pane::Apps, Pane::Datastores, Pane::Changes];

/// The page's own state. The rows are worked out when data or filter change, not for each frame.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// The pane that takes the keys.
    pub pane: Pane,
    /// What rows must hold.
    pub filter: Filter,
    /// What problems are sorted by.
    pub problem_order: Sorting<ProblemId>,
    /// What servers are sorted by.
    pub server_order: Sorting<ServerId>,
    /// What apps are sorted by.
    pub app_order: Sorting<AppId>,
    /// What datastores are sorted by.
    pub datastore_order: Sorting<DatastoreId>,
    /// What changes are sorted by.
    pub change_order: Sorting<ChangeId>,
    /// The selection among the problems.
    pub problems: List<ProblemId>,
    /// The selection among the servers.
    pub servers: List<ServerId>,
    /// The selection among the apps.
    pub apps: List<AppId>,
    /// The selection among the datastores.
    pub datastores: List<DatastoreId>,
    /// The selection among the changes.
    pub changed: List<ChangeId>,
    /// The problems shown, in order.
    pub problem_rows: Vec<ProblemId>,
    /// The servers shown, in order.
    pub server_rows: Vec<ServerId>,
    /// The apps shown, in order.
    pub app_rows: Vec<AppId>,
    /// The datastores shown, in order.
    pub datastore_rows: Vec<DatastoreId>,
    /// What changed, in order.
    pub changes: Vec<Change>,
    /// What each of them is about.
    pub change_rows: Vec<ChangeId>,
    body: Rect,
    has_datastores: bool,
}

/// Where the panes are; one that has no room has no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// What is wrong, under one heading.
    pub problems: Rect,
    /// The servers, under a heading and column titles.
    pub servers: Rect,
    /// The apps, under a heading and column titles.
    pub apps: Rect,
    /// The datastores likewise; nothing where none is configured.
    pub datastores: Rect,
    /// What changed, under one heading.
    pub changes: Rect,
    /// The row that names the panes for which there is no room, where there are any.
    pub rest: Rect,
}

impl Overview {
    /// Takes what is known now, on a screen of this size.
    pub fn settle(&mut self, fleet: &Fleet, body: Rect, now: Timestamp) {
        self.body = body;
        let filter = &self.filter;
        let mut problems: Vec<&Problem> =
            fleet.problems().iter().filter(|p| problem_passes(filter, p)).collect();
        rows::problems(&mut self.problem_order, &mut problems);
        self.problem_rows = problems.into_iter().map(|p| p.id.clone()).collect();
        let mut servers: Vec<&ServerLive> =
            fleet.servers().filter(|server| server_passes(filter, server)).collect();
        rows::servers(&mut self.server_order, &mut servers);
        self.server_rows = servers.iter().map(|server| server.id().clone()).collect();
        let mut apps: Vec<&App> = fleet.apps().iter().filter(|app| app_passes(filter, app)).collect();
        rows::apps(&mut self.app_order, &mut apps, fleet);
        self.app_rows = apps.iter().map(|app| app.id.clone()).collect();
        let datastores = fleet.datastores();
        self.has_datastores = datastores.all().len() > 0;
        let mut passing: Vec<&DatastoreSetup> = datastores
            .all()
            .filter(|it| {
                let health = datastores.verdict(it, now).health;
                filter.passes(&[it.id.as_str(), it.server.as_str(), &it.kind, health.word()])
            })
            .collect();
        rows::datastores(&mut self.datastore_order, &mut passing, datastores, now);
        self.datastore_rows = passing.iter().map(|it| it.id.clone()).collect();
        self.changes = newest(fleet.marks().iter().rev(), CHANGES);
        rows::changes(&mut self.change_order, &mut self.changes);
        self.change_rows = self.changes.iter().map(Change::id).collect();
        self.settle_lists();
    }

    /// Where the panes are.
    pub fn panes(&self) -> Panes {
        let panes = self.share(self.body);
        let stores = if self.has_datastores { panes.datastores } else { panes.servers };
        if !lack(&[panes.problems, panes.servers, panes.apps, stores, panes.changes]) {
            return panes;
        }
        let (body, rest) = with_last_row(self.body);
        Panes { rest, ..self.share(body) }
    }

    fn share(&self, body: Rect) -> Panes {
        let has = |pane| self.pane == pane;
        let problems = Wish::list(1, self.problem_rows.len(), 4).with_keys(has(Pane::Problems));
        let servers = Wish::list(2, self.server_rows.len(), 4).with_keys(has(Pane::Servers));
        let apps = Wish::list(2, self.app_rows.len(), 3).with_keys(has(Pane::Apps));
        let datastores = if self.has_datastores {
            Wish::list(2, self.datastore_rows.len(), 2).with_keys(has(Pane::Datastores))
        } else {
            Wish::default()
        };
        let changes = Wish::list(1, self.changes.len(), 2).with_keys(has(Pane::Changes));
        let rest = Rect::default();
        if body.width < WIDE {
            let [problems, servers, apps, datastores, changes] =
                places(body, [problems, servers, apps, datastores, changes]);
            return Panes { problems, servers, apps, datastores, changes, rest };
        }
        let left = Rect { width: body.width * 3 / 5, ..body };
        let right = Rect { x: left.right(), width: body.width - left.width, ..body };
        let [problems, servers] = places(left, [problems, servers]);
        let [apps, datastores, changes] = places(right, [apps, datastores, changes]);
        Panes { problems, servers, apps, datastores, changes, rest }
    }

    /// Moves the selection; past the end of a pane it goes on in the next.
    pub fn step(&mut self, by: Move) {
        let panes = self.panes();
        let moved = match self.pane {
            Pane::Problems => self.problems.step(&self.problem_rows, rows_of(panes.problems, 1), by),
            Pane::Servers => self.servers.step(&self.server_rows, rows_of(panes.servers, 2), by),
            Pane::Apps => self.apps.step(&self.app_rows, rows_of(panes.apps, 2), by),
            Pane::Datastores => self.datastores.step(&self.datastore_rows, rows_of(panes.datastores, 2), by),
            Pane::Changes => self.changed.step(&self.change_rows, rows_of(panes.changes, 1), by),
        };
        if let Move::Rows(rows @ (1 | -1)) = by
            && !moved
            && let Some(pane) = beside(&ORDER, self.pane, rows, |pane| !self.is_empty(pane))
        {
            self.pane = pane;
            self.step(if rows > 0 { Move::Top } else { Move::Bottom });
        }
    }

    /// The keys go to the next pane, or the one before, that has rows.
    pub fn next_pane(&mut self, by: isize) {
        self.pane = next(&ORDER, self.pane, by, |pane| !self.is_empty(pane));
    }

    /// A click: the pane and the row it hit. Whether it hit one.
    pub fn click(&mut self, column: u16, row: u16) -> bool {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let line = |pane: Rect, heads: u16| usize::from(row.saturating_sub(pane.y + heads));
        if panes.problems.contains(at) && row > panes.problems.y {
            self.pane = Pane::Problems;
            let height = rows_of(panes.problems, 1);
            return self.problems.click(&self.problem_rows, height, line(panes.problems, 1));
        }
        if panes.servers.contains(at) && row > panes.servers.y + 1 {
            self.pane = Pane::Servers;
            return self.servers.click(&self.server_rows, rows_of(panes.servers, 2), line(panes.servers, 2));
        }
        if panes.apps.contains(at) && row > panes.apps.y + 1 {
            self.pane = Pane::Apps;
            return self.apps.click(&self.app_rows, rows_of(panes.apps, 2), line(panes.apps, 2));
        }
        if panes.changes.contains(at) && row > panes.changes.y {
            self.pane = Pane::Changes;
            let height = rows_of(panes.changes, 1);
            return self.changed.click(&self.change_rows, height, line(panes.changes, 1));
        }
        if panes.datastores.contains(at) && row > panes.datastores.y + 1 {
            self.pane = Pane::Datastores;
            let (height, line) = (rows_of(panes.datastores, 2), line(panes.datastores, 2));
            return self.datastores.click(&self.datastore_rows, height, line);
        }
        false
    }

    /// Gives the keys to the pane at a place of the screen, where it has rows.
    pub fn point(&mut self, column: u16, row: u16) {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let places = [
            (Pane::Problems, panes.problems),
            (Pane::Servers, panes.servers),
            (Pane::Apps, panes.apps),
            (Pane::Datastores, panes.datastores),
            (Pane::Changes, panes.changes),
        ];
        let under = places.into_iter().find(|(pane, place)| place.contains(at) && !self.is_empty(*pane));
        self.pane = under.map_or(self.pane, |(pane, _)| pane);
    }

    /// What is selected in the pane that takes the keys.
    pub fn target(&self, fleet: &Fleet) -> Option<Target> {
        match self.pane {
            Pane::Problems => {
                let id = self.problems.selected.as_ref()?;
                fleet.problems().iter().find(|problem| problem.id == *id).map(|p| p.target.clone())
            }
            Pane::Servers => self.servers.selected.clone().map(Target::Server),
            Pane::Apps => self.apps.selected.clone().map(Target::App),
            Pane::Datastores => self.datastores.selected.clone().map(Target::Datastore),
            Pane::Changes => self.changed.selected.as_ref().map(|id| Target::Server(id.server().clone())),
        }
    }

    /// Sorts the pane that takes the keys by the next order that it has.
    pub fn next_sort(&mut self) {
        match self.pane {
            Pane::Problems => self.problem_order.next(rows::PROBLEMS),
            Pane::Servers => self.server_order.next(rows::SERVERS),
            Pane::Apps => self.app_order.next(rows::APPS),
            Pane::Datastores => self.datastore_order.next(rows::DATASTORES),
            Pane::Changes => self.change_order.next(rows::CHANGES),
        }
    }

    /// What is selected in the pane that takes the keys stays so wherever its row goes.
    pub const fn hold(&mut self) {
        match self.pane {
            Pane::Problems => self.problems.hold(),
            Pane::Servers => self.servers.hold(),
            Pane::Apps => self.apps.hold(),
            Pane::Datastores => self.datastores.hold(),
            Pane::Changes => self.changed.hold(),
        }
    }

    /// Marks or unmarks what is selected.
    pub fn mark(&mut self) {
        match self.pane {
            Pane::Problems => self.problems.mark(),
            Pane::Servers => self.servers.mark(),
            Pane::Apps => self.apps.mark(),
            Pane::Datastores => self.datastores.mark(),
            // Nothing is done with several of them.
            Pane::Changes => {}
        }
    }

    fn is_empty(&self, pane: Pane) -> bool {
        match pane {
            Pane::Problems => self.problem_rows.is_empty(),
            Pane::Servers => self.server_rows.is_empty(),
            Pane::Apps => self.app_rows.is_empty(),
            Pane::Datastores => self.datastore_rows.is_empty(),
            Pane::Changes => self.change_rows.is_empty(),
        }
    }

    fn settle_lists(&mut self) {
        let panes = self.panes();
        self.problems.settle(&self.problem_rows, rows_of(panes.problems, 1));
        self.servers.settle(&self.server_rows, rows_of(panes.servers, 2));
        self.apps.settle(&self.app_rows, rows_of(panes.apps, 2));
        self.datastores.settle(&self.datastore_rows, rows_of(panes.datastores, 2));
        self.changed.settle(&self.change_rows, rows_of(panes.changes, 1));
        if self.is_empty(self.pane) {
            self.next_pane(1);
        }
    }
}

/// Where so many panes are in an area.
fn places<const N: usize>(area: Rect, wishes: [Wish; N]) -> [Rect; N] {
    let mut places = [Rect::default(); N];
    places.iter_mut().zip(stack(area, &wishes)).for_each(|(place, it)| *place = it);
    places
}

/// Rows of a pane under its headings.
fn rows_of(pane: Rect, heads: u16) -> usize {
    usize::from(pane.height.saturating_sub(heads))
}

fn problem_passes(filter: &Filter, problem: &Problem) -> bool {
    filter.is_empty()
        || filter.passes(&[&target_name(&problem.target), &problem.cause, problem.severity.word()])
}

fn app_passes(filter: &Filter, app: &App) -> bool {
    let servers = app.servers.iter().map(ServerId::as_str);
    let shut = app.maintenance.mark().map(|_| "maintenance");
    let texts: Vec<&str> = servers.chain([app.id.as_str(), app.verdict.health.word()]).chain(shut).collect();
    filter.passes(&texts)
}

fn server_passes(filter: &Filter, server: &ServerLive) -> bool {
    if filter.is_empty() {
        return true;
    }
    let environment = server.setup.environment.as_ref().map_or("", |name| name.as_str());
    let labels: Vec<String> = server.setup.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let mut texts = vec![server.id().as_str(), environment, server.verdict().health.word()];
    texts.extend(labels.iter().map(String::as_str));
    filter.passes(&texts)
}

/// How a target is called in a row.
pub fn target_name(target: &Target) -> String {
    match target {
        Target::Server(server) => server.to_string(),
        Target::App(app) => format!("app {app}"),
        Target::Container(key) => format!("{}/{}", key.server, key.id.short()),
        Target::Check(check) => format!("check {check}"),
        Target::Datastore(datastore) => format!("datastore {datastore}"),
    }
}
