//! Keys and the pointer in the list of the page that is shown.

use super::State;
use super::list::Move;
use super::page::Page;
use crate::keys::mouse::Cell;
use crate::message::effect::Effect;

impl State {
    /// Moves the selection of the shown page.
    pub fn step(&mut self, by: Move) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.step(by),
            Page::Server(_) => self.server.step(by),
            Page::App(_) => self.app.step(by),
            Page::Logs => super::logs::motion::go(self, by),
            Page::Releases(_) => self.releases.step(by),
            Page::Plan | Page::Run(_) | Page::Unfinished(_) | Page::Approval(_) | Page::Adopt => {
                self.scroll(by);
            }
            Page::Checks => self.checks.step(by),
            Page::Datastore(_) => self.datastore.step(by),
            Page::Files(..) => self.files.step(by),
            Page::Found(_) => self.found.step(by),
            Page::Metrics => {}
        }
        self.hold_selection();
        Vec::new()
    }

    /// What is selected on the shown page stays so wherever its row goes: a person chose it, or does
    /// something with it.
    pub(super) fn hold_selection(&mut self) {
        match self.nav.page() {
            Page::Overview => self.overview.hold(),
            Page::Server(_) => self.server.hold(),
            Page::App(_) => self.app.hold(),
            Page::Checks => self.checks.list.hold(),
            Page::Datastore(_) => self.datastore.list.hold(),
            Page::Files(..) => self.files.list.hold(),
            Page::Found(_) => self.found.list.hold(),
            _ => {}
        }
    }

    /// The wheel moves in the pane under the pointer, to which the keys go from then on.
    pub fn wheel(&mut self, at: Cell, rows: isize) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.point(at.column, at.row),
            Page::Server(_) => self.server.point(at.column, at.row),
            Page::App(_) => self.app.point(at.column, at.row),
            _ => {}
        }
        self.step(Move::Rows(rows))
    }

    /// A click: selects what it hits; a second one on the same row opens it.
    pub fn click(&mut self, at: Cell) -> Vec<Effect> {
        let before = self.selected();
        let hit = match self.nav.page() {
            Page::Overview => self.overview.click(at.column, at.row),
            Page::Server(_) => self.server.click(at.column, at.row),
            Page::App(_) => self.app.click(at.column, at.row),
            Page::Releases(_) => self.releases.click(at.row),
            Page::Checks => self.checks.click(at.row),
            Page::Datastore(_) => self.datastore.click(at.row),
            Page::Files(..) => self.files.click(at.row),
            Page::Found(_) => self.found.click(at.row),
            _ => false,
        };
        if hit && before == self.selected() { self.open_selected() } else { Vec::new() }
    }

    /// Gives the keys to another pane.
    pub fn next_pane(&mut self, by: isize) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.next_pane(by),
            Page::Server(_) => self.server.next_pane(by),
            Page::App(_) => self.app.next_pane(by),
            _ => {}
        }
        self.hold_selection();
        Vec::new()
    }

    /// Marks or unmarks the selected row, and goes on to the next.
    pub fn mark_selected(&mut self) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.mark(),
            Page::Server(_) => self.server.mark(),
            Page::App(_) => self.app.mark(),
            _ => {}
        }
        self.step(Move::Rows(1))
    }

    /// Sorts the list that takes the keys by the next of its orders.
    pub fn next_sort(&mut self) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.next_sort(),
            Page::Server(_) => self.server.next_sort(),
            Page::App(_) => self.app.next_sort(),
            Page::Checks => self.checks.next_sort(),
            Page::Datastore(_) => self.datastore.next_sort(),
            Page::Files(..) => self.files.next_sort(),
            Page::Found(_) => self.found.next_sort(),
            _ => {}
        }
        self.settle();
        Vec::new()
    }
}
