//! What the console is showing and doing: pages, selections, overlays, what is typed.
//!
//! Pure: everything here changes by plain function calls from `app` and `actions`, and what must be
//! done outside is given back as effects. One file a page. Not here: I/O, drawing, styles.

pub mod adopt;
pub mod app_page;
mod browsing;
pub mod changes;
pub mod checks;
pub mod datastore;
mod datastores;
pub mod exec;
pub mod files;
pub mod filter;
pub mod found;
mod going;
pub mod heading;
pub mod layout;
pub mod list;
pub mod logs;
pub mod metrics;
mod motion;
pub mod notice;
pub mod observe;
pub mod operating;
pub mod order;
pub mod overlay;
pub mod overview;
pub mod page;
pub mod panes;
pub mod plan;
pub mod prompt;
pub mod releases;
pub mod requests;
pub mod rows;
pub mod run;
mod selected_logs;
pub mod selection;
pub mod server;
pub mod text_input;
pub mod unfinished;
pub mod waiting;

use jiff::tz::TimeZone;

use crate::domain::ids::{AppId, RequestId};
use crate::domain::setup::Setup;
use crate::domain::time::Timestamp;
use crate::keys::keymap::Keymap;
use crate::store::fleet::Fleet;
use crate::store::logs::LogStore;
use crate::store::series::SeriesStore;
use adopt::AdoptPage;
use app_page::AppPage;
use checks::ChecksPage;
use datastore::DatastorePage;
use exec::Exec;
use files::FilesPage;
use filter::Filter;
use found::FoundPage;
use logs::LogsPage;
use metrics::MetricsPage;
use notice::Notice;
use overlay::Overlay;
use overview::Overview;
use page::{Nav, Page};
use plan::PlanPage;
use releases::ReleasesPage;
use run::Runs;
use run::log::RunLog;
use server::ServerPage;
use unfinished::Interrupted;
use waiting::Waits;

/// Everything that is live and shown. Each page's own part is in its own file.
#[derive(Debug)]
pub struct State {
    /// The console's time, as of the event that is handled.
    pub now: Timestamp,
    /// The terminal's size.
    pub size: layout::Size,
    /// The configuration in force.
    pub setup: Setup,
    /// Which chord names which action.
    pub keymap: Keymap,
    /// The theme that is shown.
    pub theme: String,
    /// The themes that can be picked, in order.
    pub themes: Vec<String>,
    /// What is known of the servers.
    pub fleet: Fleet,
    /// Readings over time.
    pub series: SeriesStore,
    /// The log lines held.
    pub logs: LogStore,
    /// The page on them.
    pub logs_page: LogsPage,
    /// The console's time zone.
    pub zone: TimeZone,
    /// The pages that were opened.
    pub nav: Nav,
    /// What lies above the page.
    pub overlays: Vec<Overlay>,
    /// What a reader has to know of the whole picture all the time, in two or three words: that parts of a
    /// recording are missing from it.
    pub caveat: Option<String>,
    /// What was last said in the last row.
    pub notice: Option<Notice>,
    /// The first page.
    pub overview: Overview,
    /// A server's page.
    pub server: ServerPage,
    /// An app's page.
    pub app: AppPage,
    /// The charts.
    pub metrics: MetricsPage,
    /// All checks.
    pub checks: ChecksPage,
    /// A datastore with its backups.
    pub datastore: DatastorePage,
    /// The files of a backup.
    pub files: FilesPage,
    /// Files that were looked for in all backups of a datastore.
    pub found: FoundPage,
    /// A change that is planned.
    pub plan: PlanPage,
    /// An app that is to be added to the configuration.
    pub adopt: AdoptPage,
    /// The releases of an app.
    pub releases: ReleasesPage,
    /// The runs of this console.
    pub runs: Runs,
    /// The logs that are followed beside the shown one.
    pub run_log: RunLog,
    /// Runs without an end that servers know of.
    pub interrupted: Interrupted,
    /// Runs of other consoles that wait for a second person.
    pub waiting: Waits,
    /// A command in a container that has the terminal, or is about to.
    pub exec: Option<Exec>,
    /// Whether a recording is played: nothing is connected to.
    pub replayed: bool,
    last_request: u64,
}

impl State {
    /// An empty console of a size.
    pub fn new(columns: u16, rows: u16, log_budget: usize) -> Self {
        Self {
            now: Timestamp::default(),
            size: layout::Size { columns, rows },
            setup: Setup::default(),
            keymap: Keymap::default(),
            theme: "dark".to_owned(),
            themes: Vec::new(),
            fleet: Fleet::default(),
            series: SeriesStore::default(),
            logs: LogStore::new(log_budget),
            logs_page: LogsPage::default(),
            zone: TimeZone::UTC,
            nav: Nav::default(),
            overlays: Vec::new(),
            caveat: None,
            notice: None,
            overview: Overview::default(),
            server: ServerPage::default(),
            app: AppPage::default(),
            metrics: MetricsPage::default(),
            checks: ChecksPage::default(),
            datastore: DatastorePage::default(),
            files: FilesPage::default(),
            found: FoundPage::default(),
            plan: PlanPage::default(),
            adopt: AdoptPage::default(),
            releases: ReleasesPage::default(),
            runs: Runs::default(),
            run_log: RunLog::default(),
            interrupted: Interrupted::default(),
            waiting: Waits::default(),
            exec: None,
            replayed: false,
            last_request: 0,
        }
    }

    /// Brings the shown page up to date with what is known and with the size of the screen.
    pub fn settle(&mut self) {
        let (body, lists) = (self.size.body(), self.size.lists());
        self.refresh_prompt();
        match self.nav.page() {
            Page::Overview => self.overview.settle(&self.fleet, lists, self.now),
            Page::Server(_) => self.server.settle(&self.fleet, lists, self.now),
            Page::App(app) => {
                let notes = self.app_notes(app);
                self.app.settle(&self.fleet, &self.setup, notes, lists, self.now);
            }
            Page::Logs => logs::bars::refresh(self),
            Page::Releases(_) => self.releases.settle(body),
            Page::Checks => self.checks.settle(&self.fleet, &self.setup.checks, lists, self.now),
            Page::Datastore(id) => {
                let notes = self.app_notes(&AppId::from(id.as_str())).len();
                self.datastore.settle(&self.fleet, notes, body, self.now);
            }
            Page::Files(..) => self.files.settle(body),
            Page::Found(_) => self.found.settle(body),
            Page::Metrics
            | Page::Plan
            | Page::Run(_)
            | Page::Unfinished(_)
            | Page::Approval(_)
            | Page::Adopt => {}
        }
    }

    /// The filter of the shown page, where it has one.
    pub fn filter(&self) -> Option<&Filter> {
        match self.nav.page() {
            Page::Overview => Some(&self.overview.filter),
            Page::Server(_) => Some(&self.server.filter),
            Page::App(_) => Some(&self.app.filter),
            Page::Checks => Some(&self.checks.filter),
            Page::Datastore(_) => Some(&self.datastore.filter),
            Page::Files(..) => Some(&self.files.filter),
            Page::Found(_) => Some(&self.found.filter),
            _ => None,
        }
    }

    /// The same, to change it.
    pub fn filter_mut(&mut self) -> Option<&mut Filter> {
        match self.nav.page() {
            Page::Overview => Some(&mut self.overview.filter),
            Page::Server(_) => Some(&mut self.server.filter),
            Page::App(_) => Some(&mut self.app.filter),
            Page::Checks => Some(&mut self.checks.filter),
            Page::Datastore(_) => Some(&mut self.datastore.filter),
            Page::Files(..) => Some(&mut self.files.filter),
            Page::Found(_) => Some(&mut self.found.filter),
            _ => None,
        }
    }

    /// A name for the next effect.
    pub fn next_request(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    /// Says that something was done.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::done(text, self.now));
    }

    /// Says that something cannot be done, and why.
    pub fn refuse(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::refused(text, self.now));
    }
}
