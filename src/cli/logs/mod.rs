//! `midwatch logs`: lines of any number of logs from any servers, merged in the order of time.

mod print;
mod targets;

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args as ClapArgs;

use super::args::Args;
use super::headless::Headless;
use super::{Exit, context};
use crate::collectors::logs::LogRange;
use crate::collectors::supervisor::Following;
use crate::config::duration;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::level::Level;
use crate::domain::link::Link;
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;
use crate::message::batch::{Observation, Subject};
use crate::message::event::Event;
use crate::state::State;
use crate::store::logs::{LogStore, Matcher, Pattern, Query};
use print::Printer;

/// How many of the last lines of a source are printed where no time is given.
const TAIL: u32 = 100;
/// How long lines of several sources are gathered before they are put in order, while they are followed.
const GATHER: Duration = Duration::from_millis(300);
/// How long one wait is at most.
const GLANCE: Duration = Duration::from_millis(200);

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct LogsArgs {
    /// `SERVER` (its journal), an app or a container by its name, `SERVER/CONTAINER`,
    /// `SERVER/UNIT.service`, `SERVER//PATH`; without any, every server's journal and containers
    pub targets: Vec<String>,

    /// Not before: a length of time back (`10m`, `1h30m`), or a time (`2026-11-20T03:00:00Z`);
    /// without it the last 100 lines of each
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,

    /// Not after, as for `--since`
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub until: Option<String>,

    /// Only lines in which this regular expression is found
    #[arg(long, value_name = "REGEX")]
    pub grep: Option<String>,

    /// Only lines of this level or worse, and those that tell none: trace, debug, info, warn, error,
    /// fatal
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub level: Option<Level>,

    /// Go on with what is written from now on, until interrupted: Ctrl-C ends it with 130
    #[arg(long, short)]
    pub follow: bool,

    /// Print one JSON object a line: `time`, `server`, `source`, `level`, `text`
    #[arg(long)]
    pub json: bool,

    /// How many seconds to wait for servers that do not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub deadline: u64,
}

fn level(text: &str) -> Result<Level, String> {
    Level::parse(text).ok_or_else(|| "trace, debug, info, warn, error or fatal".to_owned())
}

/// Finds the logs, and prints them. 3 where one of their servers was not reached.
pub fn run(args: &Args, logs: &LogsArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let mut headless = Headless::start(&context, args.read_only)?;
    if logs.follow {
        headless.until_interrupted()?;
    }
    let now = headless.now();
    let moment = |text: &Option<String>| text.as_deref().map(|text| time(text, now)).transpose();
    let (since, until) = (moment(&logs.since)?, moment(&logs.until)?);
    let query = Query {
        include: logs.grep.iter().map(Pattern::regex).collect(),
        level: logs.level,
        since,
        // A query ends before its end, a person's `until` means that moment too.
        until: until.map(|until| until + Duration::from_millis(1)),
        ..Query::default()
    };
    let matcher = query
        .compile()
        .map_err(|error| Failure::new(FailureKind::Invalid, "look for that", error.to_string()))?;
    let deadline = Duration::from_secs(logs.deadline);
    let servers = targets::servers(&headless.state, &logs.targets);
    headless.observe(deadline, |state| servers.iter().all(|id| targets::is_listed(state, id)));
    if let Some(exit) = headless.interrupted() {
        return Ok(exit);
    }
    let sources = targets::resolve(&headless.state, &logs.targets)?;
    let range = LogRange {
        tail: (since.is_none() && until.is_none()).then_some(TAIL),
        since,
        until,
        follow: logs.follow,
    };
    let printer = Printer::new(&sources, logs.json);
    if logs.follow {
        return follow(&mut headless, &sources, range, &matcher, &printer);
    }
    read(&mut headless, &sources, range, &matcher, &printer, deadline)
}

/// A time as people write it.
pub(super) fn time(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    duration::moment(text, now).map_err(|why| Failure::new(FailureKind::Invalid, "read that time", why))
}

fn start(headless: &Headless, sources: &[LogSource], range: LogRange) -> Result<Vec<Following>, Failure> {
    let _within = headless.tasks.enter();
    let supervisor = &headless.observers.supervisor;
    sources.iter().map(|source| supervisor.follow(source.clone(), range)).collect()
}

/// Reads all to their ends, and prints them in one order.
fn read(
    headless: &mut Headless,
    sources: &[LogSource],
    range: LogRange,
    matcher: &Matcher,
    printer: &Printer,
    deadline: Duration,
) -> Result<Exit, Failure> {
    let unreached: Vec<&LogSource> =
        sources.iter().filter(|it| lost(&headless.state, it).is_some()).collect();
    let reached: Vec<LogSource> = sources.iter().filter(|it| !unreached.contains(it)).cloned().collect();
    let followings = start(headless, &reached, range)?;
    let ends = headless.tasks.spawn(async move {
        let mut ends = Vec::new();
        for mut following in followings {
            ends.push(tokio::time::timeout(deadline, following.ended()).await);
        }
        ends
    });
    let mut store = LogStore::new(headless.log_memory());
    while !ends.is_finished() {
        take(headless, &mut store, GLANCE);
    }
    while take(headless, &mut store, Duration::ZERO) {}
    printer.print(&store, matcher);
    let mut exit = Exit::Well;
    for source in unreached {
        if let Some(failure) = lost(&headless.state, source) {
            eprintln!("midwatch: {source} was not read: {failure}");
        }
        exit = Exit::Unreachable;
    }
    let ends = headless.tasks.block_on(ends).unwrap_or_default();
    for (source, end) in reached.iter().zip(ends) {
        match end {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                eprintln!("midwatch: {failure}");
                exit = worse(exit, Exit::of(&failure));
            }
            Err(_) => {
                eprintln!("midwatch: {source} was not read to its end within {} s", deadline.as_secs());
                exit = Exit::Unreachable;
            }
        }
    }
    Ok(exit)
}

/// Prints until it is interrupted, a little later than it comes, so that sources are in order.
fn follow(
    headless: &mut Headless,
    sources: &[LogSource],
    range: LogRange,
    matcher: &Matcher,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let _followings = start(headless, sources, range)?;
    let mut told = BTreeSet::new();
    loop {
        if let Some(exit) = headless.interrupted() {
            return Ok(exit);
        }
        let mut store = LogStore::new(headless.log_memory());
        if !take(headless, &mut store, Duration::from_secs(1)) {
            for source in sources {
                if let Some(failure) = lost(&headless.state, source)
                    && told.insert(source.server.clone())
                {
                    eprintln!("midwatch: {} is not reached, trying on: {failure}", source.server);
                }
            }
            continue;
        }
        let end = crate::runtime::clock::monotonic() + GATHER;
        loop {
            let left = end.saturating_duration_since(crate::runtime::clock::monotonic());
            if left.is_zero() || !take(headless, &mut store, left) {
                break;
            }
        }
        if !printer.print(&store, matcher) {
            return Ok(Exit::Well);
        }
    }
}

/// Takes one run of lines, waiting so long; whether one came.
fn take(headless: &mut Headless, store: &mut LogStore, at_most: Duration) -> bool {
    match headless.next(at_most) {
        Some(Event::Logs(batch)) => {
            if batch.gap > 0 {
                let count =
                    (batch.gap != crate::message::log_batch::LogBatch::UNCOUNTED).then_some(batch.gap);
                let at = batch.chunk.lines().next().map_or(headless.now(), |(_, at, ..)| at);
                store.gap(&batch.source, count, at);
            }
            store.append(&batch.source, &batch.chunk, headless.now());
            true
        }
        Some(Event::Batch(batch)) => {
            if let Observation::Failed(Subject::Logs(_), failure) = &batch.observation {
                eprintln!("midwatch: {failure}");
            }
            false
        }
        _ => false,
    }
}

fn lost<'a>(state: &'a State, source: &LogSource) -> Option<&'a Failure> {
    let server = state.fleet.server(&source.server)?;
    match &server.link {
        Link::Down { failure, .. } => Some(failure),
        _ => server.link_lost.as_ref().map(|(failure, _)| failure),
    }
}

fn worse(a: Exit, b: Exit) -> Exit {
    if a == Exit::Unreachable || b == Exit::Unreachable { Exit::Unreachable } else { Exit::Problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_length_back_or_a_moment() {
        let now = Timestamp::from_secs(1_000_000);
        assert_eq!(time("10m", now), Ok(Timestamp::from_secs(999_400)));
        assert_eq!(time("1970-01-01T00:00:05Z", now), Ok(Timestamp::from_secs(5)));
        assert!(time("yesterday", now).is_err());
    }
}
