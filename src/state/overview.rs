//! The first page: what is wrong, the servers, the apps, what changed.

use std::cmp::Reverse;

use ratatui::layout::Rect;

use super::changes::{Change, newest};
use super::filter::Filter;
use super::list::{List, Move};
use super::panes::{Wish, stack};
use crate::domain::ids::{AppId, ProblemId, ServerId};
use crate::domain::problem::{Problem, Target};
use crate::domain::quantity::Percent;
use crate::domain::vitals::DiskUse;
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
}

/// What servers are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As in the configuration.
    #[default]
    Configured,
    /// Worst first.
    Health,
    /// Busiest first.
    Cpu,
    /// Least memory free first.
    Memory,
    /// Fullest disk first.
    Disk,
}

impl Sort {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Configured => Self::Health,
            Self::Health => Self::Cpu,
            Self::Cpu => Self::Memory,
            Self::Memory => Self::Disk,
            Self::Disk => Self::Configured,
        }
    }

    /// Its word, for the heading.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Configured => "",
            Self::Health => "worst first",
            Self::Cpu => "by cpu",
            Self::Memory => "by memory",
            Self::Disk => "by disk",
        }
    }
}

/// The page's own state. The rows are worked out when data or filter change, not for each frame.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// The pane that takes the keys.
    pub pane: Pane,
    /// What rows must hold.
    pub filter: Filter,
    /// What servers are sorted by.
    pub sort: Sort,
    /// The selection among the problems.
    pub problems: List<ProblemId>,
    /// The selection among the servers.
    pub servers: List<ServerId>,
    /// The selection among the apps.
    pub apps: List<AppId>,
    /// The problems shown, in order.
    pub problem_rows: Vec<ProblemId>,
    /// The servers shown, in order.
    pub server_rows: Vec<ServerId>,
    /// The apps shown, in order.
    pub app_rows: Vec<AppId>,
    /// What changed, newest first.
    pub changes: Vec<Change>,
    body: Rect,
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
    /// What changed, under one heading.
    pub changes: Rect,
}

impl Overview {
    /// Takes what is known now, on a screen of this size.
    pub fn settle(&mut self, fleet: &Fleet, body: Rect) {
        self.body = body;
        let filter = &self.filter;
        self.problem_rows =
            fleet.problems().iter().filter(|p| problem_passes(filter, p)).map(|p| p.id.clone()).collect();
        let mut servers: Vec<&ServerLive> =
            fleet.servers().filter(|server| server_passes(filter, server)).collect();
        sort(&mut servers, self.sort);
        self.server_rows = servers.iter().map(|server| server.id().clone()).collect();
        let apps = fleet.apps().iter().filter(|app| {
            let servers = app.servers.iter().map(ServerId::as_str);
            let texts: Vec<&str> = servers.chain([app.id.as_str(), app.verdict.health.word()]).collect();
            filter.passes(&texts)
        });
        self.app_rows = apps.map(|app| app.id.clone()).collect();
        self.changes = newest(fleet.marks().iter().rev(), CHANGES);
        self.settle_lists();
    }

    /// Where the panes are.
    pub fn panes(&self) -> Panes {
        let has = |pane| self.pane == pane;
        let problems = Wish::list(1, self.problem_rows.len(), 4).with_keys(has(Pane::Problems));
        let servers = Wish::list(2, self.server_rows.len(), 4).with_keys(has(Pane::Servers));
        let apps = Wish::list(2, self.app_rows.len(), 3).with_keys(has(Pane::Apps));
        let changes = Wish::list(1, self.changes.len(), 2);
        if self.body.width < WIDE {
            let places = stack(self.body, &[problems, servers, apps, changes]);
            return Panes { problems: places[0], servers: places[1], apps: places[2], changes: places[3] };
        }
        let left = Rect { width: self.body.width * 3 / 5, ..self.body };
        let right = Rect { x: left.right(), width: self.body.width - left.width, ..self.body };
        let (left, right) = (stack(left, &[problems, servers]), stack(right, &[apps, changes]));
        Panes { problems: left[0], servers: left[1], apps: right[0], changes: right[1] }
    }

    /// Moves the selection; past the end of a pane it goes on in the next.
    pub fn step(&mut self, by: Move) {
        let panes = self.panes();
        let moved = match self.pane {
            Pane::Problems => self.problems.step(&self.problem_rows, rows(panes.problems, 1), by),
            Pane::Servers => self.servers.step(&self.server_rows, rows(panes.servers, 2), by),
            Pane::Apps => self.apps.step(&self.app_rows, rows(panes.apps, 2), by),
        };
        match by {
            Move::Rows(1) if !moved && self.pane != Pane::Apps => {
                self.next_pane(1);
                self.step(Move::Top);
            }
            Move::Rows(-1) if !moved && self.pane != Pane::Problems => {
                self.next_pane(-1);
                self.step(Move::Bottom);
            }
            _ => {}
        }
    }

    /// The keys go to the next pane, or the one before, that has rows.
    pub fn next_pane(&mut self, by: isize) {
        const ORDER: [Pane; 3] = [Pane::Problems, Pane::Servers, Pane::Apps];
        let at = ORDER.iter().position(|pane| *pane == self.pane).unwrap_or(1);
        for n in 1..=3isize {
            let to = (at.cast_signed() + n * by).rem_euclid(3) as usize;
            if !self.is_empty(ORDER[to]) || n == 3 {
                self.pane = ORDER[to];
                return;
            }
        }
    }

    /// A click: the pane and the row it hit. Whether it hit one.
    pub fn click(&mut self, column: u16, row: u16) -> bool {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let line = |pane: Rect, heads: u16| usize::from(row.saturating_sub(pane.y + heads));
        if panes.problems.contains(at) && row > panes.problems.y {
            self.pane = Pane::Problems;
            let height = rows(panes.problems, 1);
            return self.problems.click(&self.problem_rows, height, line(panes.problems, 1));
        }
        if panes.servers.contains(at) && row > panes.servers.y + 1 {
            self.pane = Pane::Servers;
            return self.servers.click(&self.server_rows, rows(panes.servers, 2), line(panes.servers, 2));
        }
        if panes.apps.contains(at) && row > panes.apps.y + 1 {
            self.pane = Pane::Apps;
            return self.apps.click(&self.app_rows, rows(panes.apps, 2), line(panes.apps, 2));
        }
        false
    }

    /// Gives the keys to the pane at a place of the screen, where it has rows.
    pub fn point(&mut self, column: u16, row: u16) {
        let panes = self.panes();
        let at = ratatui::layout::Position { x: column, y: row };
        let places =
            [(Pane::Problems, panes.problems), (Pane::Servers, panes.servers), (Pane::Apps, panes.apps)];
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
        }
    }

    /// Marks or unmarks what is selected.
    pub fn mark(&mut self) {
        match self.pane {
            Pane::Problems => self.problems.mark(),
            Pane::Servers => self.servers.mark(),
            Pane::Apps => self.apps.mark(),
        }
    }

    fn is_empty(&self, pane: Pane) -> bool {
        match pane {
            Pane::Problems => self.problem_rows.is_empty(),
            Pane::Servers => self.server_rows.is_empty(),
            Pane::Apps => self.app_rows.is_empty(),
        }
    }

    fn settle_lists(&mut self) {
        let panes = self.panes();
        self.problems.settle(&self.problem_rows, rows(panes.problems, 1));
        self.servers.settle(&self.server_rows, rows(panes.servers, 2));
        self.apps.settle(&self.app_rows, rows(panes.apps, 2));
        if self.is_empty(self.pane) {
            self.next_pane(1);
        }
    }
}

/// Rows of a pane under its headings.
fn rows(pane: Rect, heads: u16) -> usize {
    usize::from(pane.height.saturating_sub(heads))
}

fn problem_passes(filter: &Filter, problem: &Problem) -> bool {
    filter.is_empty()
        || filter.passes(&[&target_name(&problem.target), &problem.cause, problem.severity.word()])
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
    }
}

/// Sorts by what is asked for once of each; equal ones stay as they are configured.
fn sort(servers: &mut [&ServerLive], by: Sort) {
    let mut greatest = |value: fn(&ServerLive) -> Option<Percent>| {
        // Hundredths of a percent; what is not known comes last.
        let share = |server: &&ServerLive| value(server).map(|it| (it.0 * 100.0).round() as i64);
        servers.sort_by_cached_key(|server| Reverse(share(server)));
    };
    match by {
        Sort::Configured => {}
        Sort::Health => servers.sort_by_key(|server| Reverse(server.verdict().health)),
        Sort::Cpu => greatest(cpu),
        Sort::Memory => greatest(memory),
        Sort::Disk => greatest(disk),
    }
}

/// The busy share of a server's processors, as last read.
pub fn cpu(server: &ServerLive) -> Option<Percent> {
    server.vitals.value()?.cpu.map(|cpu| cpu.busy)
}

/// The used share of a server's memory, as last read.
pub fn memory(server: &ServerLive) -> Option<Percent> {
    server.vitals.value()?.memory.used()
}

/// The used share of a server's fullest disk, as last read.
pub fn disk(server: &ServerLive) -> Option<Percent> {
    let shares = server.vitals.value()?.disks.iter().filter_map(DiskUse::share);
    shares.max_by(|a, b| a.0.total_cmp(&b.0))
}
