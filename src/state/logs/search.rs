//! One search over the shown lines: what was asked last, and what was found so far.

use std::sync::Arc;

use crate::domain::ids::RequestId;
use crate::store::logs::{Hits, Matcher};

/// A search. An answer to any but the last request is ignored.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// What was asked last; `None` where nothing is searched for.
    pub request: Option<RequestId>,
    /// What was found so far.
    pub hits: Arc<Hits>,
    /// Whether the answer to the last request is not whole yet.
    pub running: bool,
    /// What is wanted, ready to run; `None` where nothing is searched for.
    pub matcher: Option<Matcher>,
}
