//! What a reader of a replay can do: copy, search, open logs of the recording. Everything that would
//! leave this machine is refused.

use tokio::sync::mpsc;

use super::player::Order;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::RequestId;
use crate::domain::past::Past;
use crate::message::effect::Effect;
use crate::message::event::{Event, Reply};
use crate::runtime::effects::log_search::LogSearcher;
use crate::runtime::effects::{Perform, clipboard};

/// Carries out effects without a server.
pub struct ReplayEffects {
    searcher: LogSearcher,
    orders: mpsc::Sender<Order>,
}

impl ReplayEffects {
    /// Logs come from whoever takes these orders.
    pub fn new(searcher: LogSearcher, orders: mpsc::Sender<Order>) -> Self {
        Self { searcher, orders }
    }

    fn refuse(&self, request: RequestId, what: &str) {
        let why = "this is a recording: there are no servers to change";
        let failure = Failure::new(FailureKind::Unsupported, what, why);
        self.order(Order::Tell(Box::new(Event::Reply(request, Reply::Failed(failure)))));
    }

    fn order(&self, order: Order) {
        // Full only where a thousand logs were opened within one glance of the player.
        if self.orders.try_send(order).is_err() {
            tracing::warn!("the player takes no further orders");
        }
    }
}

impl Perform for ReplayEffects {
    fn perform(&mut self, effect: Effect) -> Option<Vec<u8>> {
        match effect {
            Effect::Copy(text) => return clipboard(&text),
            Effect::SearchLogs(request, job) => self.searcher.search(request, job),
            Effect::Follow { source, .. } => self.order(Order::Follow(source)),
            Effect::Reach { source, .. } => self.order(Order::Reach(source)),
            Effect::Unfollow(source) => self.order(Order::Unfollow(source)),
            Effect::Past(request, _) => {
                self.order(Order::Tell(Box::new(Event::Reply(request, Reply::Past(Past::default())))));
            }
            Effect::SaveLogs(request, _) => {
                let why = "a replay leaves files alone";
                let failure = Failure::new(FailureKind::Unsupported, "save lines", why);
                self.order(Order::Tell(Box::new(Event::Reply(request, Reply::Failed(failure)))));
            }
            Effect::Plan(request, _) | Effect::AwaitLock(request, ..) => {
                self.refuse(request, "plan a change");
            }
            Effect::Releases(request, _) => self.refuse(request, "read the releases"),
            Effect::Tags(request, _) => self.refuse(request, "list the tags"),
            Effect::Run(request, _) | Effect::Resume(request, ..) | Effect::Approve(request, ..) => {
                self.refuse(request, "change anything");
            }
            // Nothing is connected to, so there is nothing to answer, to try again or to slow down.
            _ => {}
        }
        None
    }
}
