//! One app: its containers over all its servers, and the checks that look at it.

use ratatui::layout::Rect;

use super::changes::{Change, ChangeId, newest};
use super::filter::Filter;
use super::heading::{Heading, wrapped};
use super::list::{List, Move};
use super::order::Sorting;
use super::panes::{Wish, beside, lack, next, stack, with_last_row};
use super::requests::Requests;
use super::rows;
use crate::domain::app::App;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{AppId, CheckId, ContainerKey, ServerId};
use crate::domain::setup::Setup;
use crate::domain::time::Timestamp;
use crate::store::fleet::{Fleet, ServerLive};

/// Rows of the app's own figures at the top, below its heading.
const SUMMARY: u16 = 2;
/// How many of the notes on its runs are told, and the most rows of each.
const NOTES: usize = 3;
const NOTE_ROWS: usize = 2;
/// What stands in the place of the verdict's word where the app is in maintenance.
const MAINTAINED: &str = "in maintenance";
/// How many of the latest changes are listed.
const CHANGES: usize = 20;

/// A pane of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// What the access logs on its servers tell.
    Requests,
    /// Its containers.
    #[default]
    Containers,
    /// The checks that look at it.
    Checks,
    /// What changed.
    Changes,
}

/// The panes, in the order in which the keys go through them.
const ORDER: [Pane; 4] = [Pane::Requests, Pane::Containers, Pane::Checks, Pane::Changes];

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct AppPage {
    /// Which app.
    pub app: Option<AppId>,
    /// The pane that takes the keys.
    pub pane: Pane,
    /// What rows must hold.
    pub filter: Filter,
    /// What containers are sorted by.
    pub container_order: Sorting<ContainerKey>,
    /// What checks are sorted by.
    pub check_order: Sorting<CheckId>,
    /// What changes are sorted by.
    pub change_order: Sorting<ChangeId>,
    /// The selection among the containers.
    pub containers: List<ContainerKey>,
    /// The selection among the checks.
    pub checks: List<CheckId>,
    /// The selection among the changes.
    pub changed: List<ChangeId>,
    /// The containers shown, in order.
    pub container_rows: Vec<ContainerKey>,
    /// The access logs on its servers.
    pub requests: Requests,
    /// The checks that look at it, in order.
    pub check_rows: Vec<CheckId>,
    /// What changed on its servers, in order.
    pub changes: Vec<Change>,
    /// What each of them is about.
    pub change_rows: Vec<ChangeId>,
    /// How it is.
    pub heading: Heading,
    /// What is said of its runs, and how grave that is.
    pub notes: Vec<(String, Health)>,
    body: Rect,
}

/// Where the panes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The app's figures.
    pub summary: Rect,
    /// What the access logs on its servers tell.
    pub requests: Rect,
    /// Its containers.
    pub containers: Rect,
    /// The checks that look at it.
    pub checks: Rect,
    /// What changed.
    pub changes: Rect,
    /// The row that names the panes for which there is no room, where there are any.
    pub rest: Rect,
}

impl AppPage {
    /// Another app: nothing of the one before stays selected.
    pub fn open(&mut self, app: AppId) {
        if self.app.as_ref() != Some(&app) {
            *self = Self { app: Some(app), ..Self::default() };
        }
    }

    /// Takes what is known now, on a screen of this size, with what is said of its runs.
    pub fn settle(
        &mut self,
        fleet: &Fleet,
        setup: &Setup,
        notes: Vec<(String, Health)>,
        body: Rect,
        now: Timestamp,
    ) {
        self.body = body;
        self.notes = notes;
        self.notes.truncate(NOTES);
        let Some(id) = &self.app else { return };
        let Some(app) = fleet.app(id) else { return };
        self.heading = heading(app);
        let name = |key: &ContainerKey| {
            let server = fleet.server(&key.server)?;
            Some(server.container(&key.id)?.name.clone())
        };
        self.container_rows = app
            .containers
            .iter()
            .filter(|key| self.filter.passes(&[key.server.as_str(), &name(key).unwrap_or_default()]))
            .cloned()
            .collect();
        rows::containers_over(&mut self.container_order, &mut self.container_rows, fleet);
        let servers = app.servers.iter().filter_map(|id| fleet.server(id));
        self.requests.take(servers.flat_map(ServerLive::access_logs).collect(), &self.filter, fleet);
        self.check_rows = setup
            .apps
            .iter()
            .filter(|app| app.id == *id)
            .flat_map(|app| app.checks.iter().cloned())
            .filter(|id| self.filter.passes(&[id.as_str()]))
            .collect();
        rows::checks(&mut self.check_order, &mut self.check_rows, fleet, now);
        let marks = fleet.marks().iter().rev().filter(|mark| app.servers.contains(&mark.server));
        self.changes = newest(marks, CHANGES);
        rows::changes(&mut self.change_order, &mut self.changes);
        self.change_rows = self.changes.iter().map(Change::id).collect();
        let panes = self.panes();
        self.requests.settle(rows_of(panes.requests, 2));
        self.containers.settle(&self.container_rows, rows_of(panes.containers, 2));
        self.checks.settle(&self.check_rows, rows_of(panes.checks, 2));
        self.changed.settle(&self.change_rows, rows_of(panes.changes, 1));
        if self.is_empty(self.pane) {
            self.next_pane(1);
        }
    }

    /// Where the panes are.
    pub fn panes(&self) -> Panes {
        let panes = self.share(self.body);
        let requests = if self.requests.all == 0 { panes.summary } else { panes.requests };
        if !lack(&[panes.summary, requests, panes.containers, panes.checks, panes.changes]) {
            return panes;
        }
        let (body, rest) = with_last_row(self.body);
        Panes { rest, ..self.share(body) }
    }

    fn share(&self, body: Rect) -> Panes {
        let has = |pane| self.pane == pane;
        let notes: usize = self.notes.iter().map(|(text, _)| note(text, body.width).len()).sum();
        let rows = self.heading.height(body.width) + SUMMARY + u16::try_from(notes).unwrap_or(0);
        let summary = Wish { least: rows, most: rows, keys: false };
        let containers = Wish::list(2, self.container_rows.len(), 5).with_keys(has(Pane::Containers));
        let checks = Wish::list(2, self.check_rows.len(), 2).with_keys(has(Pane::Checks));
        let changes = Wish::list(1, self.changes.len(), 2).with_keys(has(Pane::Changes));
        let requests = self.requests.wish(has(Pane::Requests));
        let places = stack(body, &[summary, requests, containers, checks, changes]);
        Panes {
            summary: places[0],
            requests: places[1],
            containers: places[2],
            checks: places[3],
            changes: places[4],
            rest: Rect::default(),
        }
    }

    /// Moves the selection; past the end of a pane it goes on in the next.
    pub fn step(&mut self, by: Move) {
        let panes = self.panes();
        let moved = match self.pane {
            Pane::Requests => self.requests.step(rows_of(panes.requests, 2), by),
            Pane::Containers => self.containers.step(&self.container_rows, rows_of(panes.containers, 2), by),
            Pane::Checks => self.checks.step(&self.check_rows, rows_of(panes.checks, 2), by),
            Pane::Changes => self.changed.step(&self.change_rows, rows_of(panes.changes, 1), by),
        };
        if let Move::Rows(rows @ (1 | -1)) = by
            && !moved
        {
            let to = beside(&ORDER, self.pane, rows, |pane| !self.is_empty(pane));
            self.pane = to.unwrap_or(self.pane);
        }
    }

    /// The keys go to the next pane, or the one before, that has rows.
    pub fn next_pane(&mut self, by: isize) {
        self.pane = next(&ORDER, self.pane, by, |pane| !self.is_empty(pane));
    }

    /// Gives the keys to the pane at a place of the screen, where it has rows.
    pub fn point(&mut self, column: u16, row: u16) {
        let at = ratatui::layout::Position { x: column, y: row };
        let under =
            self.places().into_iter().find(|(pane, place, _)| place.contains(at) && !self.is_empty(*pane));
        self.pane = under.map_or(self.pane, |(pane, ..)| pane);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, column: u16, row: u16) -> bool {
        let at = ratatui::layout::Position { x: column, y: row };
        let places = self.places();
        let Some((pane, place, heads)) = places.into_iter().find(|(_, place, _)| place.contains(at)) else {
            return false;
        };
        let Some(line) = row.checked_sub(place.y + heads).map(usize::from) else { return false };
        let height = rows_of(place, heads);
        self.pane = pane;
        match pane {
            Pane::Requests => self.requests.click(height, line),
            Pane::Containers => self.containers.click(&self.container_rows, height, line),
            Pane::Checks => self.checks.click(&self.check_rows, height, line),
            Pane::Changes => self.changed.click(&self.change_rows, height, line),
        }
    }

    /// What is selected in the pane that takes the keys stays so wherever its row goes.
    pub const fn hold(&mut self) {
        match self.pane {
            Pane::Requests => self.requests.hold(),
            Pane::Containers => self.containers.hold(),
            Pane::Checks => self.checks.hold(),
            Pane::Changes => self.changed.hold(),
        }
    }

    /// Marks or unmarks what is selected.
    pub fn mark(&mut self) {
        match self.pane {
            Pane::Containers => self.containers.mark(),
            // Nothing is done with several of them.
            Pane::Requests | Pane::Checks | Pane::Changes => {}
        }
    }

    /// The server on which what is selected changed.
    pub fn changed_server(&self) -> Option<&ServerId> {
        self.changed.selected.as_ref().filter(|_| self.pane == Pane::Changes).map(ChangeId::server)
    }

    /// The server that the selected row is about, where it is about one.
    pub fn row_server(&self) -> Option<&ServerId> {
        match self.pane {
            Pane::Requests => self.requests.selected().map(|key| &key.server),
            _ => self.changed_server(),
        }
    }

    /// Sorts the pane that takes the keys by the next order that it has.
    pub fn next_sort(&mut self) {
        match self.pane {
            Pane::Requests => self.requests.next_sort(),
            Pane::Containers => self.container_order.next(rows::CONTAINERS),
            Pane::Checks => self.check_order.next(rows::CHECKS),
            Pane::Changes => self.change_order.next(rows::CHANGES),
        }
    }

    /// The panes with rows, where they are, and how many rows of headings they have.
    fn places(&self) -> [(Pane, Rect, u16); 4] {
        let panes = self.panes();
        [
            (Pane::Requests, panes.requests, 2),
            (Pane::Containers, panes.containers, 2),
            (Pane::Checks, panes.checks, 2),
            (Pane::Changes, panes.changes, 1),
        ]
    }

    fn is_empty(&self, pane: Pane) -> bool {
        match pane {
            Pane::Requests => self.requests.rows.is_empty(),
            Pane::Containers => self.container_rows.is_empty(),
            Pane::Checks => self.check_rows.is_empty(),
            Pane::Changes => self.change_rows.is_empty(),
        }
    }
}

/// Its verdict; of one that is in maintenance, and no worse, that.
fn heading(app: &App) -> Heading {
    let Verdict { health, reason } = &app.verdict;
    let rest = reason.strip_prefix(MAINTAINED).filter(|_| app.maintenance.mark().is_some());
    let (word, reason) = match rest {
        Some(rest) if *health == Health::Degraded => (MAINTAINED, rest.trim_start()),
        _ => (health.word(), reason.as_str()),
    };
    Heading { health: *health, word: word.to_owned(), reason: reason.to_owned() }
}

/// The rows of a note.
pub fn note(text: &str, width: u16) -> Vec<String> {
    wrapped(text, width, NOTE_ROWS)
}

/// Rows of a pane under its headings.
fn rows_of(pane: Rect, heads: u16) -> usize {
    usize::from(pane.height.saturating_sub(heads))
}
