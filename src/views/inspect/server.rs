//! All that is known of a server: why it is not reached or not read, and what to do about it, its figures,
//! and from where on they are a problem.

use std::time::Duration;

use super::{Facts, fact, failed, when};
use crate::domain::ids::ServerId;
use crate::domain::thresholds::Thresholds;
use crate::domain::vitals::Vitals;
use crate::state::State;
use crate::store::fleet::rules;
use crate::views::cells;

/// Label and value, in order.
pub(super) fn facts(state: &State, id: &ServerId) -> Facts {
    let Some(server) = state.fleet.server(id) else { return Facts::new() };
    let mut facts = vec![
        fact("health", server.verdict().health.word()),
        fact("reached by", &server.setup.address),
        fact("environment", server.setup.environment.as_ref().map_or("-", |name| name.as_str())),
    ];
    if !server.verdict().reason.is_empty() {
        facts.insert(1, fact("reason", &server.verdict().reason));
    }
    facts.extend(server.setup.labels.iter().map(|(key, value)| fact(&format!("label {key}"), value)));
    if let Some(it) = server.facts.value() {
        facts.push(fact("hostname", &it.hostname));
        facts.push(fact("system", format!("{} {} {}", it.os, it.kernel, it.arch)));
        facts.push(fact("user there", &it.user));
    }
    if let Some((failure, since)) = &server.link_lost {
        facts.extend(failed("not reached", failure));
        facts.push(fact("not since", when(Some(*since), state.now)));
    }
    let failures = [
        ("vitals", server.vitals.failure.as_ref()),
        ("containers", server.containers.failure.as_ref()),
        ("usage", server.usage.failure.as_ref()),
        ("units", server.units.failure.as_ref()),
    ];
    for (label, failure) in failures {
        // Of a server that is not reached that is why; once is enough.
        let told = server.link_lost.as_ref().map(|(lost, _)| lost);
        let failure = failure.map(|(failure, _)| failure).filter(|it| Some(*it) != told);
        facts.extend(failure.into_iter().flat_map(|failure| failed(label, failure)));
    }
    if let Some((vitals, at)) = &server.vitals.last {
        facts.extend(vitals_facts(vitals));
        facts.push(fact("read", when(Some(*at), state.now)));
    }
    facts.extend(limits(&server.setup.thresholds));
    facts
}

fn vitals_facts(it: &Vitals) -> Facts {
    let mut facts = Facts::new();
    if let Some((open, most)) = it.files {
        let of = cells::limit(most).map_or_else(|| ", no limit".to_owned(), |most| format!(" of {most}"));
        facts.push(fact("open files", format!("{open}{of}")));
    }
    facts.extend(it.clock_offset_ms.map(|offset| fact("clock", format!("{offset:+} ms"))));
    facts.extend(it.oom_kills.map(|kills| fact("oom kills", format!("{kills} since boot"))));
    facts.extend(
        it.reboot_required.map(|wanted| fact("reboot", if wanted { "required" } else { "not required" })),
    );
    facts.extend(it.disks.iter().map(|disk| {
        let used = disk.share().map_or_else(|| "-".to_owned(), |share| share.to_string());
        let inodes = disk.inodes_used.map_or_else(|| "-".to_owned(), |share| share.to_string());
        let free = disk.available;
        fact(
            &format!("disk {}", disk.mount),
            format!("{used} used, {free} free, inodes {inodes}, {}", disk.device),
        )
    }));
    facts
}

/// From where on something is a problem.
fn limits(it: &Thresholds) -> Facts {
    let days = |time: Duration| match time.as_secs() / 86_400 {
        1 => "1 day".to_owned(),
        n => format!("{n} days"),
    };
    vec![
        fact(
            "problem from",
            format!(
                "cpu {} for {} s, memory {}, swap {}, disk {}, inodes {}",
                it.cpu,
                rules::cpu::HOLD.as_secs(),
                it.memory,
                it.swap,
                it.disk,
                it.inodes
            ),
        ),
        fact(
            "",
            format!(
                "errors {}, p95 {} ms, from {} requests a minute on; clock {} ms off",
                it.error_rate,
                it.p95.as_millis(),
                rules::access::ENOUGH,
                it.clock_offset.as_millis()
            ),
        ),
        fact(
            "",
            format!("disk full within {}, certificate {}", days(it.disk_full_within), days(it.certificate)),
        ),
        fact(
            "",
            format!(
                "a container restarted {} times in {} minutes",
                rules::containers::MANY,
                rules::containers::WINDOW.as_secs() / 60
            ),
        ),
        fact("", "changed by [thresholds] in the configuration"),
    ]
}
