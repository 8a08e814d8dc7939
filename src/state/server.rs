//! One server: the machine, its containers, its units, its disks and the checks seen from it.

use ratatui::layout::Rect;

use super::filter::Filter;
use super::heading::Heading;
use super::list::{List, Move};
use super::order::Sorting;
use super::panes::{Wish, beside, lack, next, stack, with_last_row};
use super::requests::Requests;
use super::rows;
use crate::domain::container::Container;
use crate::domain::health::Health;
use crate::domain::ids::{CheckId, ContainerId, ServerId, UnitName};
use crate::domain::reading::Freshness;
use crate::domain::time::Age;
use crate::domain::time::Timestamp;
use crate::store::fleet::{Fleet, ServerLive};

/// Rows of the machine's own figures at the top.
pub const MACHINE: u16 = 6;
/// From this width on, two columns of panes stand beside each other.
const WIDE: u16 = 150;

/// A pane of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// What its access logs tell.
    Requests,
    /// Its containers.
    #[default]
    Containers,
    /// Units that failed or flap, timers, then services.
    Units,
    /// Its disks.
    Disks,
    /// Checks that are seen from it.
    Checks,
}

/// The panes, in the order in which the keys go through them.
const ORDER: [Pane; 5] = [Pane::Requests, Pane::Containers, Pane::Units, Pane::Disks, Pane::Checks];

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct ServerPage {
    /// Which server.
    pub server: Option<ServerId>,
    /// The pane that takes the keys.
    pub pane: Pane,
    /// What rows must hold.
    pub filter: Filter,
    /// What containers are sorted by.
    pub container_order: Sorting<ContainerId>,
    /// What units are sorted by.
    pub unit_order: Sorting<UnitName>,
    /// What disks are sorted by.
    pub disk_order: Sorting<String>,
    /// What checks are sorted by.
    pub check_order: Sorting<CheckId>,
    /// The selection among the containers.
    pub containers: List<ContainerId>,
    /// The selection among the units.
    pub units: List<UnitName>,
    /// The selection among the disks, by where they are mounted.
    pub disks: List<String>,
    /// The selection among the checks.
    pub checks: List<CheckId>,
    /// The containers shown, in order.
    pub container_rows: Vec<ContainerId>,
    /// The units shown, in order.
    pub unit_rows: Vec<UnitName>,
    /// The disks shown, in order.
    pub disk_rows: Vec<String>,
    /// The checks shown, in order.
    pub check_rows: Vec<CheckId>,
    /// Its access logs.
    pub requests: Requests,
    /// How it is.
    pub heading: Heading,
    body: Rect,
}

/// Where the panes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The machine's figures.
    pub machine: Rect,
    /// What its access logs tell.
    pub requests: Rect,
    /// Its containers.
    pub containers: Rect,
    /// Its units.
    pub units: Rect,
    /// Its disks.
    pub disks: Rect,
    /// The checks seen from it.
    pub checks: Rect,
    /// The row that names the panes for which there is no room, where there are any.
    pub rest: Rect,
}

impl ServerPage {
    /// Another server: nothing of the one before stays selected.
    pub fn open(&mut self, server: ServerId) {
        if self.server.as_ref() != Some(&server) {
            *self = Self { server: Some(server), ..Self::default() };
        }
    }

    /// Takes what is known now, on a screen of this size.
    pub fn settle(&mut self, fleet: &Fleet, body: Rect, now: Timestamp) {
        self.body = body;
        let Some(server) = self.server.as_ref().and_then(|id| fleet.server(id)) else { return };
        self.heading = heading(server, now);
        let mut containers: Vec<&Container> =
            server.known_containers().iter().filter(|it| container_passes(&self.filter, it)).collect();
        containers.sort_by_key(|it| server.judged(it, now).health == Health::Up);
        rows::containers(&mut self.container_order, &mut containers, server);
        self.container_rows = containers.iter().map(|it| it.id.clone()).collect();
        let filter = &self.filter;
        self.unit_rows = rows::units(&mut self.unit_order, server, |name| filter.passes(&[name]));
        self.disk_rows =
            rows::disks(&mut self.disk_order, server, |disk| filter.passes(&[&disk.mount, &disk.device]));
        self.check_rows = fleet
            .checks()
            .filter(|(_, reading)| reading.value().is_some_and(|it| it.from.as_ref() == self.server.as_ref()))
            .map(|(id, _)| id.clone())
            .filter(|id| filter.passes(&[id.as_str()]))
            .collect();
        rows::checks(&mut self.check_order, &mut self.check_rows, fleet, now);
        self.requests.take(server.access_logs().collect(), &self.filter, fleet);
        let panes = self.panes();
        self.requests.settle(rows_of(panes.requests));
        self.containers.settle(&self.container_rows, rows_of(panes.containers));
        self.units.settle(&self.unit_rows, rows_of(panes.units));
        self.disks.settle(&self.disk_rows, rows_of(panes.disks));
        self.checks.settle(&self.check_rows, rows_of(panes.checks));
    }

    /// Where the panes are.
    pub fn panes(&self) -> Panes {
        let it = self.share(self.body);
        let requests = if self.requests.all == 0 { it.machine } else { it.requests };
        if !lack(&[it.machine, requests, it.containers, it.units, it.disks, it.checks]) {
            return it;
        }
        let (body, rest) = with_last_row(self.body);
        Panes { rest, ..self.share(body) }
    }

    fn share(&self, body: Rect) -> Panes {
        let has = |pane| self.pane == pane;
        let column = if body.width < WIDE { body.width } else { body.width * 3 / 5 };
        // The first of its rows is the heading.
        let rows = MACHINE - 1 + self.heading.height(column);
        let machine = Wish { least: rows, most: rows, keys: false };
        let requests = self.requests.wish(has(Pane::Requests));
        let known = self.requests.all > 0;
        let least = if known { 3 } else { 4 };
        let containers = Wish::list(2, self.container_rows.len(), least).with_keys(has(Pane::Containers));
        let units = Wish::list(2, self.unit_rows.len(), 2).with_keys(has(Pane::Units));
        let disks = Wish::list(2, self.disk_rows.len(), 2).with_keys(has(Pane::Disks));
        let checks = Wish::list(2, self.check_rows.len(), 1).with_keys(has(Pane::Checks));
        // Logs stand above the containers. That there is none is said in rows which nothing else has a use for.
        let column = |area: Rect, others: &[Wish]| {
            if known {
                let mut wishes = vec![machine, requests];
                wishes.extend(others);
                let mut places = stack(area, &wishes);
                let requests = places.remove(1);
                return (places, requests);
            }
            let mut wishes = vec![machine];
            wishes.extend(others);
            let places = stack(area, &wishes);
            let y = places.last().map_or(area.y, |last| last.bottom());
            let room = area.bottom().saturating_sub(y) >= requests.least;
            let height = if room { requests.least } else { 0 };
            (places, Rect { y, height, ..area })
        };
        let rest = Rect::default();
        if body.width < WIDE {
            let (places, requests) = column(body, &[containers, units, disks, checks]);
            return Panes {
                machine: places[0],
                requests,
                containers: places[1],
                units: places[2],
                disks: places[3],
                checks: places[4],
                rest,
            };
        }
        let left = Rect { width: body.width * 3 / 5, ..body };
        let right = Rect { x: left.right(), width: body.width - left.width, ..body };
        let ((left, requests), right) = (column(left, &[containers]), stack(right, &[units, disks, checks]));
        Panes {
            machine: left[0],
            requests,
            containers: left[1],
            units: right[0],
            disks: right[1],
            checks: right[2],
            rest,
        }
    }

    /// Moves the selection; past the end of a pane it goes on in the next.
    pub fn step(&mut self, by: Move) {
        let panes = self.panes();
        let moved = match self.pane {
            Pane::Requests => self.requests.step(rows_of(panes.requests), by),
            Pane::Containers => self.containers.step(&self.container_rows, rows_of(panes.containers), by),
            Pane::Units => self.units.step(&self.unit_rows, rows_of(panes.units), by),
            Pane::Disks => self.disks.step(&self.disk_rows, rows_of(panes.disks), by),
            Pane::Checks => self.checks.step(&self.check_rows, rows_of(panes.checks), by),
        };
        if let Move::Rows(rows @ (1 | -1)) = by
            && !moved
        {
            let to = beside(&ORDER, self.pane, rows, |pane| !self.is_empty(pane));
            self.pane = to.unwrap_or(self.pane);
        }
    }

    fn is_empty(&self, pane: Pane) -> bool {
        match pane {
            Pane::Requests => self.requests.rows.is_empty(),
            Pane::Containers => self.container_rows.is_empty(),
            Pane::Units => self.unit_rows.is_empty(),
            Pane::Disks => self.disk_rows.is_empty(),
            Pane::Checks => self.check_rows.is_empty(),
        }
    }

    /// The keys go to the next pane that has rows.
    pub fn next_pane(&mut self, by: isize) {
        self.pane = next(&ORDER, self.pane, by, |pane| !self.is_empty(pane));
    }

    /// Sorts the pane that takes the keys by the next order that it has.
    pub fn next_sort(&mut self) {
        match self.pane {
            Pane::Requests => self.requests.next_sort(),
            Pane::Containers => self.container_order.next(rows::CONTAINERS),
            Pane::Units => self.unit_order.next(rows::UNITS),
            Pane::Disks => self.disk_order.next(rows::DISKS),
            Pane::Checks => self.check_order.next(rows::CHECKS),
        }
    }

    /// Gives the keys to the pane at a place of the screen, where it has rows.
    pub fn point(&mut self, column: u16, row: u16) {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let places = [
            (Pane::Requests, panes.requests),
            (Pane::Containers, panes.containers),
            (Pane::Units, panes.units),
            (Pane::Disks, panes.disks),
            (Pane::Checks, panes.checks),
        ];
        let under = places.into_iter().find(|(pane, place)| place.contains(at) && !self.is_empty(*pane));
        self.pane = under.map_or(self.pane, |(pane, _)| pane);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, column: u16, row: u16) -> bool {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let line = |pane: Rect| usize::from(row.saturating_sub(pane.y + 2));
        let hit = |pane: Rect| pane.contains(at) && row > pane.y + 1;
        if hit(panes.requests) && !self.requests.rows.is_empty() {
            self.pane = Pane::Requests;
            return self.requests.click(rows_of(panes.requests), line(panes.requests));
        }
        if hit(panes.containers) {
            self.pane = Pane::Containers;
            let height = rows_of(panes.containers);
            return self.containers.click(&self.container_rows, height, line(panes.containers));
        }
        if hit(panes.units) {
            self.pane = Pane::Units;
            return self.units.click(&self.unit_rows, rows_of(panes.units), line(panes.units));
        }
        if hit(panes.disks) {
            self.pane = Pane::Disks;
            return self.disks.click(&self.disk_rows, rows_of(panes.disks), line(panes.disks));
        }
        if hit(panes.checks) {
            self.pane = Pane::Checks;
            return self.checks.click(&self.check_rows, rows_of(panes.checks), line(panes.checks));
        }
        false
    }

    /// What is selected in the pane that takes the keys stays so wherever its row goes.
    pub const fn hold(&mut self) {
        match self.pane {
            Pane::Requests => self.requests.hold(),
            Pane::Containers => self.containers.hold(),
            Pane::Units => self.units.hold(),
            Pane::Disks => self.disks.hold(),
            Pane::Checks => self.checks.hold(),
        }
    }

    /// Marks or unmarks what is selected.
    pub fn mark(&mut self) {
        match self.pane {
            Pane::Containers => self.containers.mark(),
            Pane::Units => self.units.mark(),
            // Nothing is done with several of them.
            Pane::Requests | Pane::Disks => {}
            Pane::Checks => self.checks.mark(),
        }
    }
}

/// Its verdict, and how old what is shown of it is where that is too old.
fn heading(server: &ServerLive, now: Timestamp) -> Heading {
    let verdict = server.verdict();
    // As wide at any age.
    let old = match server.vitals_freshness(now) {
        Freshness::Stale(age) => format!("  figures are {:>4} old", Age(age).to_string()),
        _ => String::new(),
    };
    let (health, word) = (verdict.health, verdict.health.word().to_owned());
    Heading { health, word, reason: format!("{}{old}", verdict.reason) }
}

fn rows_of(pane: Rect) -> usize {
    usize::from(pane.height.saturating_sub(2))
}

fn container_passes(filter: &Filter, container: &Container) -> bool {
    filter.is_empty()
        || filter.passes(&[
            &container.name,
            container.project.as_deref().unwrap_or_default(),
            container.service.as_deref().unwrap_or_default(),
            &container.image,
            container.state.word(),
        ])
}
