//! What must hold between servers: no jump in a circle, no machine twice.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;
use super::mistake::Mistake;
use super::servers::Jump;
use super::walk::Walk;
use crate::domain::ids::ServerId;

/// Reports what does not hold.
pub(super) fn judge(config: &Config, walk: &Walk<'_>) {
    jumps(config, walk);
    doubles(config, walk);
}

fn jumps(config: &Config, walk: &Walk<'_>) {
    let mut settled: BTreeSet<&ServerId> = BTreeSet::new();
    for (start, server) in &config.servers {
        for jump in &server.jump {
            if let Jump::Server(over) = jump
                && config.servers.get(over).is_some_and(|over| over.local)
            {
                let span = walk.place(&format!("servers.{start}.jump"));
                walk.report(Mistake::error(
                    span,
                    format!("{over} is this machine: there is no jump over it"),
                ));
            }
        }
        let mut way = Vec::new();
        if let Some(circle) = circle(config, start, &mut way, &mut settled) {
            let span = walk.place(&format!("servers.{}.jump", circle[0]));
            let text = circle.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" → ");
            walk.report(Mistake::error(span, "the jumps go in a circle").label(text));
        }
    }
}

/// The first circle that can be reached from a server, closed with its first station. What was
/// looked at once is not looked at again.
fn circle<'c>(
    config: &'c Config,
    at: &'c ServerId,
    way: &mut Vec<&'c ServerId>,
    settled: &mut BTreeSet<&'c ServerId>,
) -> Option<Vec<&'c ServerId>> {
    if let Some(before) = way.iter().position(|station| *station == at) {
        let mut circle = way[before..].to_vec();
        circle.push(at);
        return Some(circle);
    }
    if !settled.insert(at) {
        return None;
    }
    way.push(at);
    let jumps = config.servers.get(at).map(|server| server.jump.as_slice()).unwrap_or_default();
    let found = jumps.iter().find_map(|jump| match jump {
        Jump::Server(next) => circle(config, next, way, settled),
        Jump::Host(_) => None,
    });
    way.pop();
    found
}

/// The same connection under two names would load the server twice and show its trouble twice.
fn doubles(config: &Config, walk: &Walk<'_>) {
    let mut seen = BTreeMap::new();
    for (name, server) in &config.servers {
        let Some(address) = &server.address else { continue };
        let way = (address.to_lowercase(), server.port, server.user.as_deref(), format!("{:?}", server.jump));
        if let Some(first) = seen.insert(way, name) {
            let place = |name| walk.place(&format!("servers.{name}.address"));
            walk.report(
                Mistake::error(place(name), format!("{first} and {name} are the same server"))
                    .label("the same address, port, user and jump")
                    .related(place(first), format!("as {first} here")),
            );
        }
    }
}
