//! What a run leaves that came of another datastore and is not known to be masked.

use super::Run;
use crate::domain::beside::called;
use crate::domain::ids::ServerId;
use crate::domain::plan::Act;

impl Run<'_> {
    /// Where it is, and what is to be known of it, for a run that did not come to an end that is known.
    pub(super) fn unmasked(&self) -> Vec<(ServerId, String)> {
        let plan = self.confirmed.plan.plan();
        let begun = self.begun.lock().map(|it| it.clone()).unwrap_or_default();
        let exchanged = self.exchanged.lock().map(|it| it.clone()).unwrap_or_default();
        let mut all = Vec::new();
        for (server, step) in plan.steps() {
            let Act::Mask { datastore, source, of, .. } = &step.act else { continue };
            let was = |is: fn(&Act) -> bool| {
                let mut its =
                    plan.steps().filter(|(_, it)| is(&it.act) && it.act.datastore() == Some(datastore));
                its.any(|(at, it)| begun.contains(&(at.clone(), it.id)))
            };
            // What was swapped was masked, and what was put back was removed.
            let over = exchanged.get(datastore).is_some_and(|(_, how)| how != "is in between");
            let came = was(|act| matches!(act, Act::Load { .. }));
            if came && !was(|act| matches!(act, Act::Swap { .. })) && !over {
                let of = called(source, of);
                let says = format!("{of} may be there, and is not known to be masked: remove it");
                all.push((server.clone(), says));
            }
        }
        all
    }
}
