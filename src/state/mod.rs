//! What the console is showing and doing: pages, selections, overlays, what is typed.
//!
//! Pure: everything here changes by plain function calls from `app` and `actions`, and what must be
//! done outside is given back as effects. One file a page. Not here: I/O, drawing, styles.

pub mod filter;
pub mod layout;
pub mod list;
pub mod notice;
pub mod overlay;
pub mod page;
pub mod text_input;

use crate::domain::ids::RequestId;
use crate::domain::setup::Setup;
use crate::domain::time::Timestamp;
use crate::keys::keymap::Keymap;
use crate::store::logs::LogStore;
use notice::Notice;
use overlay::Overlay;
use page::Nav;

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
    /// The log lines held.
    pub logs: LogStore,
    /// The pages that were opened.
    pub nav: Nav,
    /// What lies above the page.
    pub overlays: Vec<Overlay>,
    /// What was last said in the last row.
    pub notice: Option<Notice>,
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
            logs: LogStore::new(log_budget),
            nav: Nav::default(),
            overlays: Vec::new(),
            notice: None,
            last_request: 0,
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
