//! The charts: which series, over which time, and where the cursor stands.

pub mod bins;
pub mod charts;
pub mod layout;
pub mod past;
pub mod picker;
pub mod shown;
pub mod span;
pub mod window;

use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::metric::Metric;
use crate::domain::time::Timestamp;
use past::PastCache;
use picker::Picker;
use span::Span;

/// At most so many servers are laid over each other: as many as there are series colors.
pub const MOST_SERVERS: usize = 6;

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct MetricsPage {
    /// The servers, laid over each other, in the order in which their series take colors.
    pub servers: Vec<ServerId>,
    /// The metrics that were picked; the usual ones where none were.
    pub metrics: Vec<Metric>,
    /// The chart that has the focus, counted from the first of all.
    pub focused: usize,
    /// Whether only that one is shown.
    pub alone: bool,
    /// How much time is shown.
    pub span: Span,
    /// The time at the right end; `None` where it follows the present.
    pub end: Option<Timestamp>,
    /// Where the cursor stands.
    pub cursor: Option<Timestamp>,
    /// The choice of servers and metrics, while it is open.
    pub picker: Option<Picker>,
    /// What the database answered.
    pub past: PastCache,
    /// Why nothing is kept, as of the last news.
    pub not_kept: Option<Failure>,
}
