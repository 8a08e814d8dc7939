//! `midwatch status`: one look at everything, as text or as one JSON object.

pub mod report;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args as ClapArgs;

use super::args::Args;
use super::headless::Headless;
use super::{Exit, context, is_read};
use crate::collectors::checks::{Task, tasks};
use crate::collectors::supervisor::routes;
use crate::config::Collect;
use crate::domain::failure::Failure;
use crate::domain::health::Health;
use crate::domain::ids::CheckId;
use crate::domain::link::Link;
use crate::domain::setup::ArchiveSetup;
use crate::domain::vitals::Vitals;
use crate::state::State;
use crate::store::fleet::ServerLive;
use report::Report;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct StatusArgs {
    /// Print one JSON object; its schema is in docs/status.md. With --watch each is one line
    #[arg(long)]
    pub json: bool,

    /// Print it again every so many seconds, until interrupted: Ctrl-C ends it with 130
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5")]
    pub watch: Option<u64>,

    /// How many seconds to wait for servers that do not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub deadline: u64,
}

/// Looks, and prints.
pub fn run(args: &Args, status: &StatusArgs) -> Result<Exit, Failure> {
    let mut context = context::load(args)?;
    if status.watch.is_none() {
        // One look is judged by itself, as `check` does: there is no second one to wait for.
        context.config.checks.values_mut().for_each(|check| check.fail_after = 1);
    }
    let checks = tasks(&context.config);
    let mut headless = Headless::start(&context, args.read_only)?;
    if status.watch.is_some() {
        headless.until_interrupted()?;
    }
    let servers = &context.config.servers;
    let settled = |server: &ServerLive| {
        let routed = !routes(&context.config, server.id()).is_empty();
        let told = server.maintenance.last.is_some() || server.maintenance.failure.is_some();
        servers.get(server.id()).is_none_or(|config| {
            was_read(config.collect, server) && (!routed || told || matches!(server.link, Link::Down { .. }))
        })
    };
    headless.observe(Duration::from_secs(status.deadline), |state| {
        state.fleet.servers().all(settled) && unmade(&checks, state).next().is_none() && stocked(state)
    });
    loop {
        if let Some(exit) = headless.interrupted() {
            return Ok(exit);
        }
        let mut report = Report::of(&headless.state);
        report.add_unmade(unmade(&checks, &headless.state));
        let printed = match (status.json, status.watch) {
            (true, Some(_)) => report.line(),
            (true, None) => report.json(),
            (false, _) => text::render(&report),
        };
        let read = is_read(&printed);
        let Some(seconds) = status.watch.filter(|_| read) else {
            return Ok(exit(&headless.state, &checks));
        };
        headless.observe(Duration::from_secs(seconds.max(1)), |_| false);
    }
}

/// The checks that were not made yet.
fn unmade<'a>(checks: &'a BTreeMap<CheckId, Task>, state: &State) -> impl Iterator<Item = &'a Task> {
    checks.values().filter(|task| state.fleet.check(&task.id).is_none_or(|it| it.last.is_none()))
}

/// Whether the backups, drills and archives of all datastores were looked at; what is on a server that is down
/// is not waited for.
fn stocked(state: &State) -> bool {
    let datastores = state.fleet.datastores();
    let down = |it: &ArchiveSetup| {
        state.fleet.server(&it.server).is_some_and(|server| matches!(server.link, Link::Down { .. }))
    };
    datastores.all().all(|it| {
        let archived = datastores.archive_looked_at(it) || it.archive.as_ref().is_some_and(down);
        datastores.was_looked_at(it) && datastores.drills_looked_at() && archived
    })
}

/// Whether there is nothing more to wait for: all that is collected was read, with rates, or cannot be.
fn was_read(collect: Collect, server: &ServerLive) -> bool {
    // The clock is the last that comes of a machine.
    let whole = |vitals: &Vitals| vitals.cpu.is_some() && vitals.clock_offset_ms.is_some();
    let vitals = server.vitals.value().is_some_and(whole);
    let settled = |read: bool, failed: bool| read || failed;
    let containers = settled(server.containers.value().is_some(), server.containers.failure.is_some())
        // What cannot list its containers cannot tell what they use.
        && (settled(server.usage.value().is_some(), server.usage.failure.is_some())
            || server.containers.failure.is_some());
    let units = settled(server.units.value().is_some(), server.units.failure.is_some());
    matches!(server.link, Link::Down { .. })
        || ((!collect.vitals || settled(vitals, server.vitals.failure.is_some()))
            && (!collect.containers || containers)
            && (!collect.units || units))
}

/// 3 where a server was not reached, 1 where something is wrong or not known, else 0.
fn exit(state: &State, checks: &BTreeMap<CheckId, Task>) -> Exit {
    if state.fleet.servers().any(|server| server.link_lost.is_some()) {
        return Exit::Unreachable;
    }
    let bad = state.fleet.servers().any(|server| server.verdict().health > Health::Up);
    if bad || !state.fleet.problems().is_empty() || unmade(checks, state).next().is_some() || !stocked(state)
    {
        Exit::Problem
    } else {
        Exit::Well
    }
}
