//! Whether the ports of the server that the services want are free, or theirs already.

use super::Subject;
use crate::domain::plan::{Finding, Judgement, Operation};

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    if !matches!(it.operation, Operation::Deploy | Operation::Rollback) {
        return Vec::new();
    }
    let Ok(services) = &it.facts.services else { return Vec::new() };
    let Some(listening) = &it.facts.listening else {
        let found = "which ports are taken there is not known: it has neither ss nor netstat";
        return vec![it.finding("ports", Judgement::Noted, found)];
    };
    let ours: Vec<u16> =
        it.facts.running.iter().flat_map(|container| &container.ports).map(|port| port.host).collect();
    let behind = it.spec.proxy.as_ref().filter(|_| it.spec.strategy.is_beside());
    let wanted = services.iter().filter(|(name, _)| behind.is_none_or(|proxy| proxy.service != **name));
    let fixed = wanted.flat_map(|(name, service)| {
        // `0.0.0.0:8080`; a range is looked at by its first.
        let number = |port: &String| port.rsplit_once(':')?.1.split('-').next()?.parse::<u16>().ok();
        service.ports.iter().filter_map(number).map(move |port| (name.as_str(), port))
    });
    let either = behind.and_then(|proxy| Some((proxy.service.as_str(), proxy.ports?)));
    let switched = either.into_iter().flat_map(|(name, ports)| ports.map(|port| (name, port)));
    let taken = |(name, port): (&str, u16)| {
        (listening.contains(&port) && !ours.contains(&port)).then(|| {
            it.doubtful(
                "ports",
                format!("{name} wants port {port}, where something else listens"),
                format!("see what it is, and stop it: ss -ltnp 'sport = :{port}'"),
            )
        })
    };
    fixed.chain(switched).filter_map(taken).collect()
}
