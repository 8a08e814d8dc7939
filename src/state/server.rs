//! One server: the machine, its containers, its units, its disks and the checks seen from it.

use ratatui::layout::Rect;

use super::filter::Filter;
use super::list::{List, Move};
use super::panes::{Wish, stack};
use crate::domain::container::Container;
use crate::domain::health::Health;
use crate::domain::ids::{CheckId, ContainerId, ServerId, UnitName};
use crate::domain::time::Timestamp;
use crate::store::fleet::{Fleet, ServerLive};

/// Rows of the machine's own figures at the top.
pub const MACHINE: u16 = 6;

/// A pane of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// Its containers.
    #[default]
    Containers,
    /// Units that failed or flap, timers, then services.
    Units,
    /// Checks that are seen from it.
    Checks,
}

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct ServerPage {
    /// Which server.
    pub server: Option<ServerId>,
    /// The pane that takes the keys.
    pub pane: Pane,
    /// What rows must hold.
    pub filter: Filter,
    /// Whether containers stand by what they use instead of by project and service.
    pub by_use: bool,
    /// The selection among the containers.
    pub containers: List<ContainerId>,
    /// The selection among the units.
    pub units: List<UnitName>,
    /// The selection among the checks.
    pub checks: List<CheckId>,
    /// The containers shown, in order.
    pub container_rows: Vec<ContainerId>,
    /// The units shown, in order.
    pub unit_rows: Vec<UnitName>,
    /// The checks shown, in order.
    pub check_rows: Vec<CheckId>,
    /// How many disks there are.
    pub disks: usize,
    body: Rect,
}

/// Where the panes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The machine's figures.
    pub machine: Rect,
    /// Its containers.
    pub containers: Rect,
    /// Its units.
    pub units: Rect,
    /// Its disks.
    pub disks: Rect,
    /// The checks seen from it.
    pub checks: Rect,
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
        let mut containers: Vec<&Container> =
            server.known_containers().iter().filter(|it| container_passes(&self.filter, it)).collect();
        if self.by_use {
            let used = |it: &Container| server.container_usage(&it.id).map_or(-1.0, |usage| usage.cpu.0);
            containers.sort_by(|a, b| used(b).total_cmp(&used(a)));
        } else {
            containers.sort_by_key(|it| server.judged(it, now).health == Health::Up);
        }
        self.container_rows = containers.iter().map(|it| it.id.clone()).collect();
        self.unit_rows = unit_names(server).filter(|name| self.filter.passes(&[name.as_str()])).collect();
        self.check_rows = fleet
            .checks()
            .filter(|(_, reading)| reading.value().is_some_and(|it| it.from.as_ref() == self.server.as_ref()))
            .map(|(id, _)| id.clone())
            .filter(|id| self.filter.passes(&[id.as_str()]))
            .collect();
        self.disks = server.vitals.value().map_or(0, |vitals| vitals.disks.len());
        let panes = self.panes();
        self.containers.settle(&self.container_rows, rows(panes.containers));
        self.units.settle(&self.unit_rows, rows(panes.units));
        self.checks.settle(&self.check_rows, rows(panes.checks));
    }

    /// Where the panes are.
    pub fn panes(&self) -> Panes {
        let has = |pane| self.pane == pane;
        let machine = Wish { least: MACHINE, most: MACHINE, keys: false };
        let containers = Wish::list(2, self.container_rows.len(), 4).with_keys(has(Pane::Containers));
        let units = Wish::list(2, self.unit_rows.len(), 2).with_keys(has(Pane::Units));
        let disks = Wish::list(2, self.disks, 2);
        let checks = Wish::list(2, self.check_rows.len(), 1).with_keys(has(Pane::Checks));
        if self.body.width < 150 {
            let places = stack(self.body, &[machine, containers, units, disks, checks]);
            return Panes {
                machine: places[0],
                containers: places[1],
                units: places[2],
                disks: places[3],
                checks: places[4],
            };
        }
        let left = Rect { width: self.body.width * 3 / 5, ..self.body };
        let right = Rect { x: left.right(), width: self.body.width - left.width, ..self.body };
        let (left, right) = (stack(left, &[machine, containers]), stack(right, &[units, disks, checks]));
        Panes { machine: left[0], containers: left[1], units: right[0], disks: right[1], checks: right[2] }
    }

    /// Moves the selection; past the end of a pane it goes on in the next.
    pub fn step(&mut self, by: Move) {
        let panes = self.panes();
        let moved = match self.pane {
            Pane::Containers => self.containers.step(&self.container_rows, rows(panes.containers), by),
            Pane::Units => self.units.step(&self.unit_rows, rows(panes.units), by),
            Pane::Checks => self.checks.step(&self.check_rows, rows(panes.checks), by),
        };
        match (by, self.pane) {
            (Move::Rows(1), Pane::Containers | Pane::Units) if !moved => self.next_pane(1),
            (Move::Rows(-1), Pane::Units | Pane::Checks) if !moved => self.next_pane(-1),
            _ => {}
        }
    }

    fn is_empty(&self, pane: Pane) -> bool {
        match pane {
            Pane::Containers => self.container_rows.is_empty(),
            Pane::Units => self.unit_rows.is_empty(),
            Pane::Checks => self.check_rows.is_empty(),
        }
    }

    /// The keys go to the next pane that has rows.
    pub fn next_pane(&mut self, by: isize) {
        const ORDER: [Pane; 3] = [Pane::Containers, Pane::Units, Pane::Checks];
        let at = ORDER.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        for n in 1..=3isize {
            let to = ORDER[(at.cast_signed() + n * by).rem_euclid(3) as usize];
            if !self.is_empty(to) {
                self.pane = to;
                return;
            }
        }
    }

    /// Gives the keys to the pane at a place of the screen, where it has rows.
    pub fn point(&mut self, column: u16, row: u16) {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let places =
            [(Pane::Containers, panes.containers), (Pane::Units, panes.units), (Pane::Checks, panes.checks)];
        let under = places.into_iter().find(|(pane, place)| place.contains(at) && !self.is_empty(*pane));
        self.pane = under.map_or(self.pane, |(pane, _)| pane);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, column: u16, row: u16) -> bool {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let line = |pane: Rect| usize::from(row.saturating_sub(pane.y + 2));
        let hit = |pane: Rect| pane.contains(at) && row > pane.y + 1;
        if hit(panes.containers) {
            self.pane = Pane::Containers;
            let height = rows(panes.containers);
            return self.containers.click(&self.container_rows, height, line(panes.containers));
        }
        if hit(panes.units) {
            self.pane = Pane::Units;
            return self.units.click(&self.unit_rows, rows(panes.units), line(panes.units));
        }
        if hit(panes.checks) {
            self.pane = Pane::Checks;
            return self.checks.click(&self.check_rows, rows(panes.checks), line(panes.checks));
        }
        false
    }

    /// Marks or unmarks what is selected.
    pub fn mark(&mut self) {
        match self.pane {
            Pane::Containers => self.containers.mark(),
            Pane::Units => self.units.mark(),
            Pane::Checks => self.checks.mark(),
        }
    }
}

fn rows(pane: Rect) -> usize {
    usize::from(pane.height.saturating_sub(2))
}

/// Failed units first, then flapping ones, timers, and services that run.
fn unit_names(server: &ServerLive) -> impl Iterator<Item = UnitName> + '_ {
    let mut seen = std::collections::BTreeSet::new();
    let units = server.units.value();
    let named = units.into_iter().flat_map(|units| {
        let failed = units.failed.iter().chain(&units.flapping).map(|unit| &unit.name);
        let timers = units.timers.iter().map(|timer| &timer.name);
        failed.chain(timers).chain(units.services.iter().map(|unit| &unit.name))
    });
    named.filter(move |name| seen.insert((*name).clone())).cloned()
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
