//! What of the state a change of an app is about: which app, what runs of it, what is said of it.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::State;
use super::list::Move;
use super::overlay::Overlay;
use super::page::Page;
use super::prompt::{Options, Question};
use super::run::lines::Lines;
use super::selection::Selected;
use super::unfinished::cause;
use super::{adopt, plan, run, unfinished, waiting};
use crate::domain::app::{Maintained, NOT_YET};
use crate::domain::approval::Waiting;
use crate::domain::deploy::Strategy;
use crate::domain::failure::Failure;
use crate::domain::health::Health;
use crate::domain::ids::{AppId, RequestId, ServerId};
use crate::domain::plan::Operation;
use crate::domain::problem::Target;
use crate::domain::run::RunId;
use crate::domain::tags::TagList;
use crate::domain::unfinished::Unfinished;
use crate::message::effect::Effect;
use crate::widgets::sheet::Line;

impl State {
    /// The app that a change would be of: the selected one, or the one that the page is about.
    pub fn app_at_hand(&self) -> Option<AppId> {
        match self.nav.page() {
            Page::Overview | Page::Server(_) => match self.selected()? {
                Selected::Target(Target::App(app)) => Some(app),
                Selected::Target(Target::Container(key)) => self
                    .fleet
                    .apps()
                    .iter()
                    .find(|app| app.containers.contains(&key))
                    .map(|app| app.id.clone()),
                _ => None,
            },
            Page::App(app) | Page::Releases(app) => Some(app.clone()),
            Page::Plan => self.plan.app().cloned(),
            Page::Run(request) => self.runs.get(*request).map(|run| run.app().clone()),
            Page::Unfinished(run) => self.interrupted.get(run).map(|it| it.plan.plan().app.clone()),
            Page::Approval(run) => self.waiting.get(run).map(|it| it.plan.plan().app.clone()),
            Page::Adopt => self.adopt.app().cloned(),
            Page::Datastore(it) | Page::Files(it, _) | Page::Found(it) => Some(AppId::from(it.as_str())),
            Page::Logs | Page::Metrics | Page::Checks => None,
        }
    }

    /// The servers that a change of an app, or of the datastore of that name, is of, as far as the
    /// configuration says.
    pub fn servers_of(&self, app: &AppId) -> Vec<ServerId> {
        let setup = self.setup.apps.iter().find(|it| it.id == *app);
        let datastore = || self.fleet.datastores().named(app).map(|it| vec![it.server.clone()]);
        setup.map(|it| it.servers.clone()).or_else(datastore).unwrap_or_default()
    }

    /// What runs of an app now, an image a row: of the services whose image a deploy changes, where
    /// those are configured.
    pub fn images_of(&self, app: &AppId) -> Vec<String> {
        let services = self.setup.changeable.get(app).map(|it| it.services.as_slice()).unwrap_or_default();
        let Some(app) = self.fleet.app(app) else { return Vec::new() };
        let mut images: Vec<String> = self
            .fleet
            .containers_of(app)
            .filter_map(|(_, it)| {
                let service = it.service.as_deref().unwrap_or_default();
                let counts = services.is_empty() || services.iter().any(|name| name == service);
                // The digest tells a person nothing beside the tag.
                let image = it.image.split('@').next().unwrap_or_default();
                counts.then(|| format!("{service}  {image}"))
            })
            .collect();
        images.sort();
        images.dedup();
        images
    }

    /// What a person may choose of a change: all of its services in a rollback, in a deploy those whose
    /// image it changes.
    pub fn options_of(&self, app: &AppId, operation: Operation) -> Options {
        // What is put in place is by a strategy; what is there already is restarted, pulled, as it is.
        let placed = matches!(operation, Operation::Deploy | Operation::Rollback);
        let setup = self.setup.changeable.get(app).cloned().unwrap_or_default();
        let mut services = setup.services;
        if services.is_empty() || operation != Operation::Deploy {
            let running = self.fleet.app(app).into_iter().flat_map(|app| self.fleet.containers_of(app));
            services.extend(running.filter_map(|(_, it)| it.service.clone()));
            services.sort();
            services.dedup();
        }
        let possible = |it: &Strategy| {
            let tried_out = *it == Strategy::Canary && operation == Operation::Rollback;
            placed && (setup.proxied || !it.is_beside()) && !tried_out
        };
        let strategies = Strategy::ALL.into_iter().filter(possible).collect();
        Options::new(setup.strategy, strategies, self.servers_of(app), services)
    }

    /// How many containers an app has now, a service a row, by server.
    pub fn counts_of(&self, app: &AppId) -> Vec<String> {
        let Some(app) = self.fleet.app(app) else { return Vec::new() };
        let mut counts: BTreeMap<String, BTreeMap<ServerId, usize>> = BTreeMap::new();
        for (server, it) in self.fleet.containers_of(app) {
            let Some(service) = it.service.clone() else { continue };
            *counts.entry(service).or_default().entry(server.setup.id.clone()).or_default() += 1;
        }
        let row = |(service, servers): (String, BTreeMap<ServerId, usize>)| {
            let each: Vec<String> = servers.iter().map(|(server, n)| format!("{n} on {server}")).collect();
            format!("{service}  {}", each.join(", "))
        };
        counts.into_iter().map(row).collect()
    }

    /// The first run of an app that was interrupted and that this console does not carry out itself.
    pub fn interrupted_of(&self, app: &AppId) -> Option<&Unfinished> {
        self.interrupted.of(app).find(|it| !self.runs.has(&it.run))
    }

    /// The oldest interrupted run of the app at hand, else of any.
    pub fn interrupted_at_hand(&self) -> Option<RunId> {
        let here = self.app_at_hand().and_then(|app| self.interrupted_of(&app));
        let any = || self.interrupted.apps().find_map(|app| self.interrupted_of(app));
        here.or_else(any).map(|it| it.run.clone())
    }

    /// Those of an app that wait for a second person, asked for by other consoles.
    fn waiting_of(&self, app: &AppId) -> impl Iterator<Item = &Waiting> {
        self.waiting.of(app).filter(|it| !self.runs.has(&it.request.run))
    }

    /// The oldest run that waits for a second person of the app at hand, else of any.
    pub fn waiting_at_hand(&self) -> Option<RunId> {
        let here = self.app_at_hand().and_then(|app| self.waiting_of(&app).next());
        let any = || self.waiting.apps().find_map(|app| self.waiting_of(app).next());
        here.or_else(any).map(|it| it.request.run.clone())
    }

    /// The key of an action, for a sentence; the palette's where it has none.
    pub fn key_of(&self, action: &str) -> String {
        let chord = self.keymap.chords(action).next().or_else(|| self.keymap.chords("palette").next());
        chord.map(|chord| chord.label()).unwrap_or_default()
    }

    /// What is said of an app's runs above its containers, and how grave it is.
    pub fn app_notes(&self, app: &AppId) -> Vec<(String, Health)> {
        let mut notes = Vec::new();
        for run in self.runs.going_on().filter(|run| run.app() == app) {
            let key = self.key_of("run");
            notes.push((format!("{}: {}; {key} shows it", run.plan.plan().title, run.now()), Health::Up));
        }
        if let Some(told @ Maintained::Unknown(unknown)) = self.fleet.app(app).map(|app| &app.maintenance)
            && unknown.iter().any(|(_, why)| why != NOT_YET)
        {
            notes.extend(told.says().map(|says| (says, Health::Unknown)));
        }
        let mine = |it: &&Unfinished| !self.runs.has(&it.run);
        for it in self.interrupted.of(app).filter(mine) {
            notes.push((cause(it, &self.key_of("interrupted")), Health::Degraded));
        }
        for it in self.waiting_of(app) {
            notes.push((waiting::cause(it, &self.key_of("waiting")), Health::Degraded));
        }
        for it in self.interrupted.carried_out(app).filter(mine) {
            let by = it.holder().map(|holder| format!(" by {}", holder.by)).unwrap_or_default();
            notes.push((format!("{}: another console carries it out{by}", it.plan.plan().title), Health::Up));
        }
        notes
    }

    /// Tells the list of problems which runs of an app were interrupted.
    pub fn note_interrupted(&mut self, app: &AppId) {
        let runs = self.interrupted.of(app).filter(|it| !self.runs.has(&it.run));
        let key = self.key_of("interrupted");
        let waiting_key = self.key_of("waiting");
        let waiting =
            self.waiting_of(app).map(|it| (it.request.run.to_string(), waiting::cause(it, &waiting_key)));
        let causes = runs.map(|it| (it.run.to_string(), cause(it, &key))).chain(waiting).collect();
        self.fleet.interrupted(app, causes);
    }

    /// Asks for the releases of an app anew.
    pub fn load_releases(&mut self, app: &AppId) -> Effect {
        let request = self.next_request();
        self.releases.begin(app.clone(), request);
        Effect::Releases(request, app.clone())
    }

    /// Tells the question that asked for them the versions that there are; `false` where none did, or it
    /// is not there any more.
    pub fn offer_versions(&mut self, request: RequestId, told: &Result<TagList, Failure>) -> bool {
        self.overlays.iter_mut().any(|overlay| match overlay {
            Overlay::Prompt(prompt) => prompt.offered(request, told),
            _ => false,
        })
    }

    /// Tells an open question for a version what runs now.
    pub(super) fn refresh_prompt(&mut self) {
        for at in 0..self.overlays.len() {
            let app = match &self.overlays[at] {
                Overlay::Prompt(prompt) => match &prompt.question {
                    Question::Version { app, .. } => app.clone(),
                    _ => continue,
                },
                _ => continue,
            };
            let images = self.images_of(&app);
            if let Overlay::Prompt(prompt) = &mut self.overlays[at] {
                prompt.present(images);
            }
        }
    }

    /// The rows of a page that is read from the top, and the first that is shown.
    pub fn sheet(&self) -> Option<(Vec<Line>, usize)> {
        let body = self.sheet_area();
        let height = usize::from(body.height);
        let (lines, first) = match self.nav.page() {
            Page::Adopt => (adopt::lines(&self.adopt, self.now, body.width), self.adopt.first),
            Page::Plan => {
                let wait = self.key_of("plan.wait");
                (plan::lines::lines(&self.plan, self.now, body.width, &wait), self.plan.first)
            }
            Page::Run(request) => {
                let run = self.runs.get(*request)?;
                let Lines { all, focus } = run::lines::lines(run, self.now, body.width, height);
                // What has ended is read from the top, where it says how.
                let focus = if run.goes_on() { focus.saturating_sub(height / 2) } else { 0 };
                (all, run.first.unwrap_or(focus))
            }
            Page::Unfinished(id) => {
                let keys = ["finish", "undo", "leave"].map(|way| self.key_of(&format!("unfinished.{way}")));
                (unfinished::lines(self.interrupted.get(id)?, &keys, body.width), 0)
            }
            Page::Approval(id) => {
                let keys = ["approve", "deny"].map(|way| self.key_of(&format!("approval.{way}")));
                (self.waiting.lines(id, &keys, self.now, body.width)?, self.waiting.first)
            }
            _ => return None,
        };
        let last = lines.len().saturating_sub(height);
        Some((lines, first.min(last)))
    }

    /// Where they stand: above or beside the logs of a run, where those are shown.
    pub fn sheet_area(&self) -> Rect {
        let body = self.size.body();
        match self.nav.page() {
            Page::Run(request) => {
                self.runs.get(*request).map_or(body, |run| run::log::areas(self, run, body).0)
            }
            _ => body,
        }
    }

    /// Moves such a page.
    pub(super) fn scroll(&mut self, by: Move) {
        let Some((lines, first)) = self.sheet() else { return };
        let height = usize::from(self.sheet_area().height);
        let last = lines.len().saturating_sub(height);
        let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
        let to = match by {
            Move::Rows(n) => first.saturating_add_signed(n),
            Move::Pages(n) => first.saturating_add_signed(n * page),
            Move::Top => 0,
            Move::Bottom => last,
        };
        let to = to.min(last);
        match self.nav.page().clone() {
            Page::Plan => self.plan.first = to,
            Page::Approval(_) => self.waiting.first = to,
            Page::Adopt => self.adopt.first = to,
            Page::Run(request) => {
                if let Some(run) = self.runs.get_mut(request) {
                    run.first = Some(to);
                }
            }
            _ => {}
        }
    }
}
