//! Whether services can have the number of containers that they are scaled to.

use super::Subject;
use crate::domain::plan::{Finding, Judgement, Operation};
use crate::operations::facts::ServiceFacts;

/// More of a service on one server are more likely a slip of the finger.
const MANY: u16 = 64;

/// A deploy and a rollback keep what was scaled.
pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    if !matches!(it.operation, Operation::Deploy | Operation::Rollback) {
        return Vec::new();
    }
    let Ok(services) = &it.facts.services else { return Vec::new() };
    let scaled = it.facts.scale.iter().filter_map(|(name, n)| Some((name, *n, services.get(name)?)));
    scaled
        .map(|(name, n, service)| {
            only_one(it, name, service, n).unwrap_or_else(|| {
                let found = format!(
                    "{name} stays at {n} containers, as it was scaled; its file says {}",
                    service.containers
                );
                it.finding("scale", Judgement::Noted, found)
            })
        })
        .collect()
}

/// What is found of a number that is asked for.
pub(in crate::operations) fn asked(it: &Subject<'_>, name: &str, n: u16) -> Vec<Finding> {
    let Ok(services) = &it.facts.services else { return Vec::new() };
    let app = &it.spec.id;
    let Some(service) = services.get(name) else {
        let known: Vec<&str> = services.keys().map(String::as_str).collect();
        let found = format!("the Compose file has no service {name}");
        return vec![it.refused("scale", found, format!("it has {}", known.join(", ")))];
    };
    if n == 0 {
        let found = format!("{name} with no container is stopped, not scaled");
        return vec![it.refused("scale", found, format!("midwatch stop {app} --service {name}"))];
    }
    if let Some(refused) = only_one(it, name, service, n) {
        return vec![refused];
    }
    let mut found = Vec::new();
    if n > MANY {
        let remedy = "say with --reason that so many are meant";
        found.push(it.doubtful("scale", format!("{n} containers of {name} on one server"), remedy));
    }
    // With a release its own file is applied, and that does not change.
    let differs = |it: &crate::operations::Running| it.hash != service.hash;
    if it.facts.current.is_none() && it.facts.containers_of(name).any(differs) {
        let said = format!("{name} runs as its Compose file was, and the new ones would be as it is now");
        found.push(it.doubtful("scale", said, format!("deploy it first: midwatch deploy {app}")));
    }
    if found.is_empty() {
        found.push(it.good("scale", format!("there can be {n} of {name}")));
    }
    found
}

/// Why there can be no more than one of a service.
fn only_one(it: &Subject<'_>, name: &str, service: &ServiceFacts, n: u16) -> Option<Finding> {
    let refused = |found: String, remedy: String| Some(it.refused("scale", found, remedy));
    if n <= 1 {
        return None;
    }
    if service.named {
        let found = format!("{name} has a container_name: there cannot be {n} of it");
        return refused(found, format!("take container_name from {name}"));
    }
    let behind = it.spec.proxy.as_ref().filter(|proxy| proxy.service == name);
    if behind.is_some_and(|proxy| proxy.ports.is_some()) {
        let found = format!("{name} is asked on a port of the server, and that is one container's");
        let remedy = "put the proxy on the containers' network and drop proxy.ports";
        return refused(found, remedy.to_owned());
    }
    if behind.is_none_or(|proxy| proxy.ports.is_none())
        && let Some(port) = service.ports.iter().find(|port| room(port) < n)
    {
        let found = format!("{name} takes {port} of the server: {n} containers cannot have it");
        return refused(found, format!("take `ports` from {name}, or give it a range of {n}"));
    }
    None
}

/// How many containers a published port is enough for: `0.0.0.0:8080`, or a range, `0.0.0.0:8080-8085`.
fn room(port: &str) -> u16 {
    let Some((first, last)) = port.rsplit(':').next().and_then(|it| it.split_once('-')) else { return 1 };
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) => last.saturating_sub(first).saturating_add(1),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_enough_for_as_many_as_it_is_long() {
        assert_eq!((room("0.0.0.0:8080"), room("127.0.0.1:8080-8082"), room("odd")), (1, 3, 1));
    }
}
