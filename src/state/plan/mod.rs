//! A change that is planned: the look at the servers, then the plan to be read and confirmed, or why
//! there is none.

pub mod lines;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, RequestId, ServerId};
use crate::domain::plan::FrozenPlan;
use crate::domain::release::lock::{Holder, LockStand};
use crate::domain::time::Timestamp;
use crate::message::change::{Asked, Looked, Planned, Unplanned};

/// How long a plan is shown before a key confirms it: one that was under way before was not meant
/// for it.
pub const READING_TIME: Duration = Duration::from_millis(400);

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct PlanPage {
    /// What is planned.
    pub asked: Option<Asked>,
    /// How far it is.
    pub stand: Stand,
    /// The first row shown.
    pub first: usize,
    /// Whose answers count.
    request: Option<RequestId>,
}

/// How far planning is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stand {
    /// Nothing is planned.
    #[default]
    Nothing,
    /// Servers are looked at.
    Looking {
        /// Since when.
        since: Timestamp,
        /// By server, in the order of their names; `None` for one that has not answered.
        servers: BTreeMap<ServerId, Option<Looked>>,
    },
    /// A plan.
    Shown {
        /// It.
        planned: Box<Planned>,
        /// Since when it can be read.
        since: Timestamp,
    },
    /// Another run holds the lock, and that is waited for; then it is planned anew.
    Waiting {
        /// Since when.
        since: Timestamp,
        /// Who holds it, once that is known.
        holder: Option<Holder>,
    },
    /// There is none.
    Failed(Unplanned),
}

impl PlanPage {
    /// Begins to plan something.
    pub fn begin(&mut self, request: RequestId, asked: Asked, servers: Vec<ServerId>, now: Timestamp) {
        let servers = servers.into_iter().map(|server| (server, None)).collect();
        let stand = Stand::Looking { since: now, servers };
        *self = Self { asked: Some(asked), stand, first: 0, request: Some(request) };
    }

    /// Nothing is planned any more; an answer that comes still is ignored.
    pub fn leave(&mut self) {
        *self = Self::default();
    }

    /// The app that it is about.
    pub fn app(&self) -> Option<&AppId> {
        self.asked.as_ref().map(|asked| &asked.app)
    }

    /// The plan that is shown.
    pub fn plan(&self) -> Option<&FrozenPlan> {
        match &self.stand {
            Stand::Shown { planned, .. } => Some(&planned.plan),
            _ => None,
        }
    }

    /// Takes how far the look at a server is.
    pub fn looked(&mut self, request: RequestId, server: ServerId, how: Looked) {
        if let Stand::Looking { servers, .. } = &mut self.stand
            && self.request == Some(request)
        {
            servers.insert(server, Some(how));
        }
    }

    /// Begins to wait for the lock that stands in the way of what was planned.
    pub fn wait(&mut self, request: RequestId, now: Timestamp) {
        self.stand = Stand::Waiting { since: now, holder: None };
        (self.first, self.request) = (0, Some(request));
    }

    /// Takes how that lock stands; `true` where it is to be planned anew.
    pub fn lock(&mut self, request: RequestId, stand: LockStand) -> bool {
        let Stand::Waiting { holder, .. } = &mut self.stand else { return false };
        if self.request != Some(request) {
            return false;
        }
        let app = self.asked.as_ref().map(|asked| asked.app.to_string()).unwrap_or_default();
        let failed = |why: String, hint: String| {
            let failure = Failure::new(FailureKind::Conflict, format!("wait for the lock of {app}"), why);
            Stand::Failed(vec![(None, failure.hint(hint))])
        };
        match stand {
            LockStand::Free => return true,
            LockStand::Held(it) => *holder = Some(it),
            LockStand::Dead(it) => {
                let why = format!("{}; no console carries that out any more", it.says());
                let hint = format!("finish it, undo it or leave it: midwatch resume {}", it.run);
                self.stand = failed(why, hint);
            }
            LockStand::Unreadable(begins) => {
                let why = format!("it is held by something that cannot be read: {begins}");
                self.stand = failed(why, "look at the file `lock` in `.midwatch` of its folder".to_owned());
            }
        }
        false
    }

    /// Takes the answer, a plan or why there is none; one to an earlier question is ignored.
    pub fn answered(&mut self, request: RequestId, answer: Result<Box<Planned>, Unplanned>, now: Timestamp) {
        if self.request != Some(request) {
            return;
        }
        self.first = 0;
        self.stand = match answer {
            Ok(planned) => Stand::Shown { planned, since: now },
            Err(failures) => Stand::Failed(failures),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::change::{Manner, Wanted};

    fn asked() -> Asked {
        Asked { app: "shop".into(), what: Wanted::Tag("1.1".into()), manner: Manner::default(), reason: None }
    }

    #[test]
    fn an_answer_to_what_was_left_is_ignored() {
        let mut page = PlanPage::default();
        let now = Timestamp::from_secs(1);
        page.begin(RequestId(1), asked(), vec!["web-1".into()], now);
        page.leave();
        page.answered(RequestId(1), Err(Vec::new()), now);
        assert_eq!(page.stand, Stand::Nothing);
        page.begin(RequestId(2), asked(), vec!["web-1".into()], now);
        page.looked(RequestId(1), "web-1".into(), Looked::Whole);
        page.answered(RequestId(1), Err(Vec::new()), now);
        let servers = BTreeMap::from([("web-1".into(), None)]);
        assert_eq!(page.stand, Stand::Looking { since: now, servers });
    }

    #[test]
    fn a_server_that_cannot_be_read_is_named() {
        let mut page = PlanPage::default();
        let now = Timestamp::from_secs(1);
        page.begin(RequestId(1), asked(), vec!["web-1".into(), "web-2".into()], now);
        let failure = Failure::new(FailureKind::Unreachable, "reach web-2", "it is frozen");
        page.looked(RequestId(1), "web-2".into(), Looked::Failed(failure.clone()));
        let Stand::Looking { servers, .. } = &page.stand else { panic!("{:?}", page.stand) };
        assert_eq!(servers["web-2"], Some(Looked::Failed(failure.clone())));
        page.answered(RequestId(1), Err(vec![(Some("web-2".into()), failure)]), now);
        assert!(matches!(&page.stand, Stand::Failed(all) if all.len() == 1));
    }
}
