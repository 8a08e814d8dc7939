//! Whether the app is in maintenance: a change leaves that as it is, and says so; and whether the proxy's
//! file can be written, where that is what changes.

use super::{Subject, proxy};
use crate::domain::plan::{Finding, Judgement, Operation};

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    if it.operation == Operation::Maintenance {
        let Some(proxy) = &it.spec.proxy else { return Vec::new() };
        let good = || it.good("proxy", format!("{} can be told", proxy.kind.word()));
        let found = proxy::switched(it, proxy).unwrap_or_else(good);
        return std::iter::once(found).chain(proxy::migrated(it, proxy)).collect();
    }
    let Some(shut) = it.facts.maintenance() else { return Vec::new() };
    let found = format!("it is in maintenance {}, and stays so", shut.mark.says());
    vec![it.finding("visitors", Judgement::Noted, found)]
}
