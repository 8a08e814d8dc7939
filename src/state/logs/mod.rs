//! The logs page: which sources are shown, where the reader stands in them, what is filtered, and
//! what lies above. Places are cursors, so that lines may come and go without moving anything.
//!
//! Not here: the lines (the store holds them), searching (the runtime does it), drawing.

pub mod bars;
pub mod column;
pub mod detail;
pub mod filters;
pub mod fold;
pub mod layout;
pub mod motion;
pub mod names;
pub mod narrow;
pub mod open;
pub mod picker;
pub mod place;
pub mod prompt;
pub mod render;
pub mod search;
pub mod shown;
pub mod stream;
pub mod take_away;
pub mod view;

use std::collections::BTreeSet;

use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;
use crate::store::logs::Cursor;
use crate::store::logs::pattern::Compiled;
use bars::Histogram;
use detail::Detail;
use filters::Filters;
use fold::Folds;
use picker::Picker;
use place::Place;
use prompt::Prompt;
use search::Search;
use shown::Shown;

/// The page.
#[derive(Clone, Debug, Default)]
pub struct LogsPage {
    /// The sources that are shown, in the order in which they were chosen.
    pub shown: Vec<Shown>,
    /// Which lines are on the screen.
    pub place: Place,
    /// The selected line; while following it is the last one, and this is `None`.
    pub selected: Option<Cursor>,
    /// Marked lines.
    pub marked: BTreeSet<Cursor>,
    /// What is filtered, highlighted and looked for.
    pub filters: Filters,
    /// The lines that pass the filters.
    pub passing: Search,
    /// Those of them that hold what is looked for.
    pub found: Search,
    /// What is colored, compiled from the filters.
    pub colored: Vec<Compiled>,
    /// What is looked for, compiled.
    pub sought: Option<Compiled>,
    /// Where the reader was when the filters changed, while the search for them goes on.
    pub anchor: Option<Cursor>,
    /// Where the reader was when something was looked for, while it was not found yet.
    pub seek: Option<Cursor>,
    /// The time that the reader went to, while what stands there is still read.
    pub awaited: Option<Timestamp>,
    /// The stretch of time that the page was opened on from elsewhere.
    pub stretch: Option<(Timestamp, Timestamp)>,
    /// Which records show all their lines.
    pub folds: Folds,
    /// Whether long lines go on in the next row.
    pub wrap: bool,
    /// Cells by which lines are moved to the left.
    pub shift: u16,
    /// Whether times are those of the console's zone, and not UTC.
    pub local_time: bool,
    /// Whether lines in JSON are shown as they came.
    pub raw: bool,
    /// Whether the histogram is shown; by the height of the screen where nobody said.
    pub histogram: Option<bool>,
    /// The histogram's figures.
    pub bars: Histogram,
    /// What is typed, and for what.
    pub prompt: Option<Prompt>,
    /// The choice of sources.
    pub picker: Option<Picker>,
    /// One record, whole.
    pub detail: Option<Detail>,
}

impl LogsPage {
    /// The servers of what is shown, as often as they occur.
    pub fn servers(&self) -> impl Iterator<Item = &ServerId> {
        self.shown.iter().map(|it| &it.source.server)
    }
}
