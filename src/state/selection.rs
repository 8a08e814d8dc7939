//! What is selected on the shown page, and what can be opened from there.

use super::State;
use super::list::Move;
use super::overlay::Overlay;
use super::overview::{Pane, target_name};
use super::page::Page;
use super::server::Pane as ServerPane;
use crate::domain::cadence::SAMPLES;
use crate::domain::container::Container;
use crate::domain::ids::{ContainerKey, ServerId, UnitName};
use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::metric::{Metric, SeriesKey};
use crate::domain::problem::Target;
use crate::keys::mouse::Cell;
use crate::message::effect::Effect;

/// So many servers are always read at their full pace.
const FEW: usize = 12;

/// Something that a row stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    /// A server, an app, a container or a check.
    Target(Target),
    /// A unit on a server.
    Unit(ServerId, UnitName),
}

impl State {
    /// A container wherever it runs.
    pub fn container(&self, key: &ContainerKey) -> Option<&Container> {
        self.fleet.server(&key.server)?.container(&key.id)
    }

    /// What is selected.
    pub fn selected(&self) -> Option<Selected> {
        match self.nav.page() {
            Page::Overview => self.overview.target(&self.fleet).map(Selected::Target),
            Page::Server(server) => match self.server.pane {
                ServerPane::Containers => {
                    let id = self.server.containers.selected.clone()?;
                    Some(Selected::Target(Target::Container(ContainerKey { server: server.clone(), id })))
                }
                ServerPane::Units => {
                    let unit = self.server.units.selected.clone()?;
                    Some(Selected::Unit(server.clone(), unit))
                }
                ServerPane::Checks => {
                    self.server.checks.selected.clone().map(|id| Selected::Target(Target::Check(id)))
                }
            },
            Page::App(_) => {
                let key = self.app.containers.selected.clone()?;
                Some(Selected::Target(Target::Container(key)))
            }
            _ => None,
        }
    }

    /// Whether anything is selected or the page itself is about something.
    pub fn has_selection(&self) -> bool {
        self.selected().is_some() || matches!(self.nav.page(), Page::Server(_) | Page::App(_))
    }

    /// The servers that what is selected or marked is about.
    pub fn selected_servers(&self) -> Vec<ServerId> {
        match self.nav.page() {
            Page::Overview if self.overview.pane == Pane::Servers => self.overview.servers.chosen(),
            Page::Overview => match self.overview.target(&self.fleet) {
                Some(Target::Server(server)) => vec![server],
                Some(Target::Container(key)) => vec![key.server],
                Some(Target::App(app)) => {
                    self.fleet.app(&app).map(|app| app.servers.clone()).unwrap_or_default()
                }
                Some(Target::Check(check)) => {
                    let reading = self.fleet.check(&check);
                    reading.and_then(|it| it.value()?.from.clone()).into_iter().collect()
                }
                None => Vec::new(),
            },
            Page::Server(server) => vec![server.clone()],
            Page::App(app) => self.fleet.app(app).map(|app| app.servers.clone()).unwrap_or_default(),
            Page::Logs | Page::Metrics => Vec::new(),
            _ => self.app_at_hand().map(|app| self.servers_of(&app)).unwrap_or_default(),
        }
    }

    /// Opens what is selected.
    pub fn open_selected(&mut self) -> Vec<Effect> {
        match self.selected() {
            Some(Selected::Target(Target::Server(server))) => self.open(Page::Server(server)),
            Some(Selected::Target(Target::App(app))) => self.open(Page::App(app)),
            Some(Selected::Target(Target::Container(key))) if *self.nav.page() == Page::Overview => {
                self.open(Page::Server(key.server.clone()));
                self.server.pane = ServerPane::Containers;
                self.server.containers.selected = Some(key.id);
                self.settle();
                Vec::new()
            }
            Some(Selected::Target(Target::Check(_))) => self.inspect(),
            Some(Selected::Target(Target::Container(_)) | Selected::Unit(..)) => self.open_logs(),
            None => Vec::new(),
        }
    }

    /// Opens a page.
    pub fn open(&mut self, page: Page) -> Vec<Effect> {
        match &page {
            Page::Server(server) => self.server.open(server.clone()),
            Page::App(app) => self.app.open(app.clone()),
            _ => {}
        }
        self.nav.open(page);
        self.settle();
        vec![self.watch()]
    }

    /// Goes back: out of a filter first, then to the page before.
    pub fn back(&mut self) -> Vec<Effect> {
        if let Some(filter) = self.filter_mut()
            && !filter.is_empty()
        {
            *filter = super::filter::Filter::default();
            self.settle();
            return Vec::new();
        }
        let mut effects = Vec::new();
        if *self.nav.page() == Page::Plan {
            self.plan.leave();
            effects.push(Effect::Unplan);
        }
        if self.nav.back() {
            match self.nav.page().clone() {
                Page::Server(server) => self.server.open(server),
                Page::App(app) => self.app.open(app),
                // What was done meanwhile is in them.
                Page::Releases(app) => effects.push(self.load_releases(&app)),
                _ => {}
            }
        }
        self.settle();
        effects.push(self.watch());
        effects
    }

    /// Says which servers are on the screen; the others are looked at less often from now on, and
    /// their readings keep their worth so much longer.
    pub fn watch(&mut self) -> Effect {
        let watched = self.watched();
        self.fleet.watch(|server| watched.contains(server), self.setup.background);
        Effect::Watch(watched)
    }

    /// The servers that are on the screen. A few cost so little that all of them count.
    fn watched(&self) -> Vec<ServerId> {
        if self.fleet.servers().len() <= FEW {
            return self.fleet.servers().map(|server| server.id().clone()).collect();
        }
        match self.nav.page() {
            Page::Metrics => self.metrics.servers.clone(),
            Page::Overview | Page::Logs => self.fleet.servers().map(|server| server.id().clone()).collect(),
            Page::Server(server) => vec![server.clone()],
            Page::App(app) => self.fleet.app(app).map(|app| app.servers.clone()).unwrap_or_default(),
            _ => self.app_at_hand().map(|app| self.servers_of(&app)).unwrap_or_default(),
        }
    }

    /// The streams that belong to what is selected or marked.
    pub fn selected_sources(&self) -> Vec<LogSource> {
        let keys = match self.nav.page() {
            Page::Server(server) if self.server.pane == ServerPane::Containers => {
                let id = |id| ContainerKey { server: server.clone(), id };
                self.server.containers.chosen().into_iter().map(id).collect()
            }
            Page::App(_) => self.app.containers.chosen(),
            // The app as a whole: which container is the new one is not known before it is there.
            Page::Plan
            | Page::Run(_)
            | Page::Releases(_)
            | Page::Unfinished(_)
            | Page::Approval(_)
            | Page::Adopt => {
                return self.app_at_hand().map(|app| self.app_sources(&app)).unwrap_or_default();
            }
            _ => Vec::new(),
        };
        if !keys.is_empty() {
            return keys.iter().filter_map(|key| self.container_source(key)).collect();
        }
        match self.selected() {
            Some(Selected::Unit(server, unit)) => {
                vec![LogSource { server, stream: LogStream::Journal { unit: Some(unit) } }]
            }
            Some(Selected::Target(Target::App(app))) => self.app_sources(&app),
            Some(Selected::Target(Target::Container(key))) => {
                self.container_source(&key).into_iter().collect()
            }
            Some(Selected::Target(Target::Server(_) | Target::Check(_))) | None => {
                self.selected_servers().iter().flat_map(|server| self.server_sources(server)).collect()
            }
        }
    }

    fn app_sources(&self, app: &crate::domain::ids::AppId) -> Vec<LogSource> {
        let keys = self.fleet.app(app).map(|app| app.containers.as_slice()).unwrap_or_default();
        keys.iter().filter_map(|key| self.container_source(key)).collect()
    }

    /// A server's journal and all its containers.
    pub fn server_sources(&self, server: &ServerId) -> Vec<LogSource> {
        let journal = LogSource { server: server.clone(), stream: LogStream::Journal { unit: None } };
        let live = self.fleet.server(server);
        let containers = live.map(crate::store::fleet::ServerLive::known_containers).unwrap_or_default();
        let source = |it: &Container| LogSource {
            server: server.clone(),
            stream: LogStream::Container { name: it.name.clone() },
        };
        std::iter::once(journal).chain(containers.iter().map(source)).collect()
    }

    fn container_source(&self, key: &ContainerKey) -> Option<LogSource> {
        let name = self.container(key)?.name.clone();
        Some(LogSource { server: key.server.clone(), stream: LogStream::Container { name } })
    }

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
            Page::Metrics => {}
        }
        Vec::new()
    }

    /// The wheel moves in the pane under the pointer, to which the keys go from then on.
    pub fn wheel(&mut self, at: Cell, rows: isize) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.point(at.column, at.row),
            Page::Server(_) => self.server.point(at.column, at.row),
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
            _ => false,
        };
        if hit && before == self.selected() { self.open_selected() } else { Vec::new() }
    }

    /// The newest values of a series at one a server's interval, oldest first, for small bars; gaps
    /// are `None`.
    pub fn recent(&self, server: &ServerId, metric: &Metric, points: usize) -> Vec<Option<f32>> {
        let interval = self.fleet.server(server).map_or(SAMPLES, |it| it.setup.interval);
        let key = SeriesKey { server: server.clone(), metric: metric.clone() };
        let Some((_, newest)) = self.series.last(&key) else { return Vec::new() };
        let span = interval * u32::try_from(points).unwrap_or(u32::MAX);
        let buckets = self.series.points(&key, newest + interval - span, newest + interval, points);
        buckets.into_iter().map(|bucket| bucket.map(|it| it.avg)).collect()
    }

    /// Gives the keys to another pane.
    pub fn next_pane(&mut self, by: isize) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.next_pane(by),
            Page::Server(_) => self.server.next_pane(by),
            _ => {}
        }
        Vec::new()
    }

    /// Marks or unmarks the selected row, and goes on to the next.
    pub fn mark_selected(&mut self) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.mark(),
            Page::Server(_) => self.server.mark(),
            Page::App(_) => self.app.containers.mark(),
            _ => {}
        }
        self.step(Move::Rows(1))
    }

    /// Sorts by the next column.
    pub fn next_sort(&mut self) -> Vec<Effect> {
        match self.nav.page() {
            Page::Overview => self.overview.sort = self.overview.sort.next(),
            Page::Server(_) => self.server.by_use = !self.server.by_use,
            _ => {}
        }
        self.settle();
        Vec::new()
    }

    /// Copies the name of what is selected.
    pub fn copy_selected(&mut self) -> Vec<Effect> {
        let name = match self.selected() {
            Some(Selected::Unit(_, unit)) => unit.to_string(),
            Some(Selected::Target(Target::Container(key))) => {
                self.container(&key).map_or_else(|| key.id.to_string(), |it| it.name.clone())
            }
            Some(Selected::Target(target)) => target_name(&target),
            None => return Vec::new(),
        };
        self.say(format!("copied {name}"));
        vec![Effect::Copy(name)]
    }

    /// Tries the selected servers again.
    pub fn reconnect_selected(&mut self) -> Vec<Effect> {
        let servers = self.selected_servers();
        let names: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
        self.say(format!("trying {} again", names.join(", ")));
        servers.into_iter().map(Effect::Reconnect).collect()
    }

    /// Follows the logs of what is selected or marked.
    pub fn open_logs(&mut self) -> Vec<Effect> {
        let sources = self.selected_sources();
        let mut effects = super::logs::open::open(self, sources);
        effects.push(self.watch());
        effects
    }

    /// Shows all that is known of what is selected.
    pub fn inspect(&mut self) -> Vec<Effect> {
        let what = self.selected().or_else(|| match self.nav.page() {
            Page::Server(server) => Some(Selected::Target(Target::Server(server.clone()))),
            Page::App(app) => Some(Selected::Target(Target::App(app.clone()))),
            _ => None,
        });
        if let Some(what) = what {
            self.overlays.push(Overlay::Inspect { what, first: 0 });
        }
        Vec::new()
    }

    /// The filter of the shown page takes the keys.
    pub fn edit_filter(&mut self) -> Vec<Effect> {
        if let Some(filter) = self.filter_mut() {
            filter.editing = true;
        }
        Vec::new()
    }
}
