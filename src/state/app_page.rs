//! One app: its containers over all its servers, and the checks that look at it.

use ratatui::layout::Rect;

use super::changes::{Change, newest};
use super::filter::Filter;
use super::list::{List, Move};
use super::panes::{Wish, stack};
use crate::domain::ids::{AppId, CheckId, ContainerKey};
use crate::domain::setup::Setup;
use crate::store::fleet::Fleet;

/// Rows of the app's own figures at the top, beside what is said of its runs.
const SUMMARY: u16 = 3;
/// How many of the latest changes are listed.
const CHANGES: usize = 20;

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct AppPage {
    /// Which app.
    pub app: Option<AppId>,
    /// What rows must hold.
    pub filter: Filter,
    /// The selection among the containers.
    pub containers: List<ContainerKey>,
    /// The containers shown, by service, then server.
    pub container_rows: Vec<ContainerKey>,
    /// The checks that look at it.
    pub check_rows: Vec<CheckId>,
    /// What changed on its servers, newest first.
    pub changes: Vec<Change>,
    notes: u16,
    body: Rect,
}

/// Where the panes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The app's figures.
    pub summary: Rect,
    /// Its containers.
    pub containers: Rect,
    /// The checks that look at it.
    pub checks: Rect,
    /// What changed.
    pub changes: Rect,
}

impl AppPage {
    /// Another app: nothing of the one before stays selected.
    pub fn open(&mut self, app: AppId) {
        if self.app.as_ref() != Some(&app) {
            *self = Self { app: Some(app), ..Self::default() };
        }
    }

    /// Takes what is known now, on a screen of this size, with so many rows said of its runs.
    pub fn settle(&mut self, fleet: &Fleet, setup: &Setup, notes: usize, body: Rect) {
        self.body = body;
        self.notes = u16::try_from(notes.min(3)).unwrap_or(0);
        let Some(id) = &self.app else { return };
        let Some(app) = fleet.app(id) else { return };
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
        self.check_rows = setup
            .apps
            .iter()
            .filter(|app| app.id == *id)
            .flat_map(|app| app.checks.iter().cloned())
            .collect();
        let marks = fleet.marks().iter().rev().filter(|mark| app.servers.contains(&mark.server));
        self.changes = newest(marks, CHANGES);
        let height = rows(self.panes().containers);
        self.containers.settle(&self.container_rows, height);
    }

    /// Where the panes are.
    pub fn panes(&self) -> Panes {
        let rows = SUMMARY + self.notes;
        let summary = Wish { least: rows, most: rows, keys: false };
        let containers = Wish::list(2, self.container_rows.len(), 5);
        let checks = Wish::list(2, self.check_rows.len(), 2);
        let changes = Wish::list(1, self.changes.len(), 2);
        let places = stack(self.body, &[summary, containers, checks, changes]);
        Panes { summary: places[0], containers: places[1], checks: places[2], changes: places[3] }
    }

    /// Moves the selection.
    pub fn step(&mut self, by: Move) {
        let height = rows(self.panes().containers);
        self.containers.step(&self.container_rows, height, by);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, column: u16, row: u16) -> bool {
        let pane = self.panes().containers;
        let hit = pane.contains(ratatui::layout::Position { x: column, y: row }) && row > pane.y + 1;
        hit && self.containers.click(&self.container_rows, rows(pane), usize::from(row - pane.y - 2))
    }
}

fn rows(pane: Rect) -> usize {
    usize::from(pane.height.saturating_sub(2))
}
