//! What a look before a deploy finds, and by how many servers at a time it goes.

use std::time::Duration;

use super::deploy;
use super::sample::{container, facts, release, server, spec};
use super::{Refusal, ServerFacts};
use crate::domain::deploy::Strategy;
use crate::domain::plan::{Judgement, Plan};
use crate::domain::quantity::Bytes;

fn stands() -> ServerFacts {
    server(vec![container("shop-web-1", 1, 8081)], &[8081], 2, vec![release(1, 1)])
}

fn planned(
    strategy: Strategy,
    at_a_time: u16,
    servers: &[&str],
    reason: Option<&str>,
    facts_of: &ServerFacts,
) -> Plan {
    let spec = crate::domain::deploy::AppSpec { at_a_time, ..spec(servers, strategy) };
    let facts = facts(servers.iter().map(|it| (*it, facts_of.clone())).collect());
    let ask = deploy::Ask { reason: reason.map(str::to_owned), ..deploy::Ask::default() };
    match deploy::plan(&spec, &facts, &ask) {
        Ok(plan) => plan,
        Err(Refusal::Senseless(failure)) => panic!("{failure}"),
        Err(Refusal::Unreachable(lost)) => panic!("{lost:?}"),
    }
}

/// How a check judged, whether a reason overrides it, and what mends it.
fn finding(facts: &ServerFacts, check: &str, reason: Option<&str>) -> (Judgement, bool, String) {
    let plan = planned(Strategy::Recreate, 1, &["web-1"], reason, facts);
    let it = plan.findings.iter().find(|it| it.check == check).unwrap_or_else(|| panic!("{check}"));
    (it.judgement, it.may_override, it.remedy.clone().unwrap_or_default())
}

#[test]
fn a_clock_that_is_off_and_a_disk_that_is_full_ask_for_a_reason() {
    let off = ServerFacts { clock_off: Some(Duration::from_secs(600)), ..stands() };
    let (judgement, may_override, remedy) = finding(&off, "clock", None);
    assert_eq!((judgement, may_override), (Judgement::Refused, true));
    assert!(remedy.contains("set-ntp"), "{remedy}");
    assert_ne!(finding(&off, "clock", Some("it is set")).0, Judgement::Refused);
    let full = ServerFacts { free: Some(Bytes(1 << 20)), ..stands() };
    let (judgement, may_override, remedy) = finding(&full, "disk", None);
    assert_eq!((judgement, may_override), (Judgement::Refused, true));
    assert!(remedy.contains("prune"), "{remedy}");
    // What could not be read is never good.
    assert_eq!(finding(&stands(), "clock", None).0, Judgement::Noted);
    assert_eq!(finding(&stands(), "disk", None).0, Judgement::Noted);
}

#[test]
fn rolling_goes_by_so_many_servers_at_a_time() {
    let four = ["web-1", "web-2", "web-3", "web-4"];
    let batches = |at_a_time| -> Vec<Vec<String>> {
        let plan = planned(Strategy::Rolling, at_a_time, &four, None, &stands());
        let replacing = plan.stages.iter().filter(|stage| {
            let mut steps = stage.lanes.iter().flat_map(|lane| &lane.steps);
            steps.any(|step| step.title.starts_with("replace"))
        });
        replacing.map(|stage| stage.lanes.iter().map(|lane| lane.server.to_string()).collect()).collect()
    };
    assert_eq!(batches(3), [vec!["web-1", "web-2", "web-3"], vec!["web-4"]]);
    assert_eq!(batches(1).len(), 4);
}
