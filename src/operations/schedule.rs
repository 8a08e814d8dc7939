//! Schedules: a timer and a service that back a datastore up, or rehearse restoring it, and their removal.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Refusal;
use super::numbering::Numbers;
use super::schedule_facts::{Machine, ScheduleFacts};
use super::schedule_findings::{installing, removing};
pub use super::schedule_units::runs_as;
use super::schedule_units::{Units, units};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::Place;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, ServerId};
use crate::domain::plan::units::UnitsAct;
use crate::domain::plan::{Act, Change, FORMAT, Lane, Operation, Plan, Stage, Step};
use crate::domain::schedule::{Chore, ScheduleName, Scope, UnitFile};

/// How long writing a file and asking systemd may take.
const BRIEF: Duration = Duration::from_secs(120);
/// How long a run of the service may take.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// midwatch, on the machine that it runs on.
    Midwatch {
        /// The program's path.
        program: String,
        /// The configuration's.
        config: String,
        /// What it writes.
        writes: Vec<String>,
        /// What it finds in its environment.
        environment: Vec<(String, String)>,
    },
    /// restic, on the datastore's own server.
    Restic {
        /// The repository as restic takes it there.
        address: String,
        /// What one would type after `ssh` to get to its host, where it is reached so.
        ssh: Option<String>,
    },
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What is to be done.
    pub chore: Chore,
    /// Where the timer is.
    pub server: ServerId,
    /// Of whose manager, where that was said.
    pub scope: Option<Scope>,
    /// When, in systemd's words (systemd.time(7), "Calendar events").
    pub calendar: String,
    /// By what.
    pub does: Does,
    /// Whether whoever reads the datastore needs a password.
    pub password: bool,
    /// Secrets that a service cannot have, and why.
    pub unreachable: Vec<String>,
    /// Whether it is run once at the end, so that it is known to work.
    pub start: bool,
    /// Why; it is journaled, and overrides what may be overridden.
    pub reason: Option<String>,
}

impl Ask {
    /// Which schedule it is.
    pub fn name(&self, spec: &DatastoreSpec) -> ScheduleName {
        ScheduleName { chore: self.chore, datastore: spec.id.clone() }
    }
}

/// Where a schedule's lock and its runs are on its server: beside those of the datastore, which the
/// schedule itself takes.
pub fn place(spec: &DatastoreSpec) -> Place {
    Place {
        project: spec.id.to_string(),
        directory: format!(".local/state/midwatch/schedules/{}", spec.id),
        file: String::new(),
        env_file: None,
    }
}

/// Plans one. `spec` with the guard and the environment of the schedule's server.
pub fn install(spec: &DatastoreSpec, facts: &ScheduleFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let machine = reached(facts, &ask.server)?;
    let name = ask.name(spec);
    let scope = ask.scope.unwrap_or(if machine.root { Scope::System } else { Scope::User });
    let written = units(spec, ask, scope, &machine.user).map_err(Refusal::Senseless)?;
    let names: Vec<String> = written.files.iter().map(|it| it.name.clone()).collect();
    let standing = |name: &String| machine.units.get(&(scope, name.clone()));
    let mut work = Work { numbers: Numbers::default(), server: &ask.server };
    let mut first = vec![work.step(
        "systemd-analyze verify",
        UnitsAct::Verify { scope, units: written.files.clone() },
        BRIEF,
    )];
    for (file, of) in &written.credentials {
        let act = UnitsAct::Credential { file: file.clone(), of: of.clone() };
        first.push(work.step(&format!("write the secret {file} for root alone"), act, BRIEF));
    }
    let before = names.iter().map(|it| standing(it).map(|it| it.hash.clone()).unwrap_or_default()).collect();
    let act = UnitsAct::Place { scope, units: written.files.clone(), before };
    let place_step = work.step(&format!("write {}", names.join(" and ")), act, BRIEF);
    let enable = UnitsAct::Enable { scope, timer: name.timer() };
    let enable = work.step(&format!("enable {}", name.timer()), enable, BRIEF);
    let mut last = Vec::new();
    if ask.start {
        let act = UnitsAct::Start { scope, service: name.service() };
        last.push(work.step(&format!("run {} once", name.service()), act, LONGEST));
    }
    let act = UnitsAct::See { scope, units: written.files.clone(), timer: name.timer() };
    last.push(work.step("read it back", act, BRIEF));
    let stages = vec![
        work.stage("try it", first),
        work.stage("write it", vec![place_step, enable]),
        work.stage("see it", last),
    ];
    let files = written.credentials.iter().map(|(file, _)| file.clone()).collect();
    let back = UnitsAct::Back { scope, units: names.clone(), files };
    let back = work.step("put systemd's units back", back, BRIEF);
    let undo = vec![work.stage("as before", vec![back])];
    let what = match ask.chore {
        Chore::Backup => format!("back {} up", spec.id),
        Chore::Drill => format!("rehearse restoring {}", spec.id),
    };
    let who = match scope {
        Scope::System => "",
        Scope::User => ", by the user's own systemd",
    };
    let drill = if ask.chore == Chore::Drill { " --drill" } else { "" };
    let changes = changes(&written, &ask.server, |name| standing(name).map(|it| it.text.as_str()));
    Ok(Plan {
        title: format!("{what} on a schedule ({}) on {}{who}", ask.calendar, ask.server),
        changes,
        findings: installing(spec, ask, machine, scope, &written),
        stages,
        undo,
        undone_by: format!("midwatch schedule remove {}{drill} --on {}", spec.id, ask.server),
        ..bare(spec, facts, Operation::Schedule, &ask.server, ask.reason.as_ref())
    })
}

/// What is asked for of a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// What it does.
    pub chore: Chore,
    /// Where it is.
    pub server: ServerId,
    /// Why.
    pub reason: Option<String>,
}

/// Plans taking one away.
pub fn remove(spec: &DatastoreSpec, facts: &ScheduleFacts, gone: &Gone) -> Result<Plan, Refusal> {
    let machine = reached(facts, &gone.server)?;
    let name = ScheduleName { chore: gone.chore, datastore: spec.id.clone() };
    let names = vec![name.service(), name.timer()];
    let there = |scope: &Scope| names.iter().any(|it| machine.units.contains_key(&(*scope, it.clone())));
    let Some(scope) = [Scope::System, Scope::User].into_iter().find(there) else {
        let what = format!("remove the schedule of {}", spec.id);
        let why = format!("{} has no {}", gone.server, name.timer());
        let failure = Failure::new(FailureKind::NotFound, what, why);
        return Err(Refusal::Senseless(failure.hint("see what there is: midwatch schedule list")));
    };
    let mut work = Work { numbers: Numbers::default(), server: &gone.server };
    let act = UnitsAct::Remove { scope, units: names.clone() };
    let away =
        work.step(&format!("disable {} and take {} away", name.timer(), names.join(" and ")), act, BRIEF);
    let mut stages = vec![work.stage("take it away", vec![away])];
    let files = vec![format!("{}.repository", name.unit()), format!("{}.datastore", name.unit())];
    if scope == Scope::System {
        let act = UnitsAct::Forget { files: files.clone() };
        let tidy = work.step("take its secrets away", act, BRIEF);
        stages.push(Stage { tidies: true, ..work.stage("what it needed", vec![tidy]) });
    }
    let back = UnitsAct::Back { scope, units: names.clone(), files: Vec::new() };
    let undo_step = work.step("put systemd's units back", back, BRIEF);
    let undo = vec![work.stage("as before", vec![undo_step])];
    let change = |name: &String| {
        let it = machine.units.get(&(scope, name.clone()))?;
        let was = Some(indented(&it.text));
        Some(Change { server: Some(gone.server.clone()), what: name.clone(), from: was, to: None })
    };
    Ok(Plan {
        title: format!("no longer {} {} on a schedule on {}", gone.chore.word(), spec.id, gone.server),
        changes: names.iter().filter_map(change).collect(),
        findings: removing(spec, gone, machine, scope),
        stages,
        undo,
        undone_by: format!("midwatch schedule install {} --on {}", spec.id, gone.server),
        ..bare(spec, facts, Operation::Unschedule, &gone.server, gone.reason.as_ref())
    })
}

fn reached<'a>(facts: &'a ScheduleFacts, server: &ServerId) -> Result<&'a Machine, Refusal> {
    facts.machine.as_ref().map_err(|failure| Refusal::Unreachable(vec![(server.clone(), failure.clone())]))
}

/// A plan without anything in it.
fn bare(
    spec: &DatastoreSpec,
    facts: &ScheduleFacts,
    operation: Operation,
    server: &ServerId,
    reason: Option<&String>,
) -> Plan {
    Plan {
        format: FORMAT,
        operation,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: String::new(),
        as_of: facts.as_of,
        reason: reason.cloned(),
        places: BTreeMap::from([(server.clone(), place(spec))]),
        changes: Vec::new(),
        findings: Vec::new(),
        interrupts: Vec::new(),
        leaves: None,
        stages: Vec::new(),
        undo: Vec::new(),
        undone_by: String::new(),
    }
}

/// Steps and stages on one server.
struct Work<'a> {
    numbers: Numbers,
    server: &'a ServerId,
}

impl Work<'_> {
    fn step(&mut self, title: &str, act: UnitsAct, deadline: Duration) -> Step {
        self.numbers.step(title, Act::Units { act }, deadline)
    }

    fn stage(&self, title: &str, steps: Vec<Step>) -> Stage {
        let lanes = vec![Lane { server: self.server.clone(), steps }];
        Stage { title: title.to_owned(), lanes, tidies: false, only_after: Vec::new() }
    }
}

/// What is new in the files, and what is otherwise.
fn changes<'a>(
    written: &Units,
    server: &ServerId,
    standing: impl Fn(&String) -> Option<&'a str>,
) -> Vec<Change> {
    let change = |it: &UnitFile| {
        let (from, to) = match standing(&it.name) {
            Some(text) if text == it.text => return None,
            Some(text) => {
                let diff = difference(text, &it.text);
                (Some(diff.clone()), Some(diff))
            }
            None => (None, Some(indented(&it.text))),
        };
        Some(Change { server: Some(server.clone()), what: it.name.clone(), from, to })
    };
    written.files.iter().filter_map(change).collect()
}

fn indented(text: &str) -> String {
    text.lines().filter(|line| !line.is_empty()).fold(String::new(), |all, line| all + "\n      " + line)
}

/// The lines that go and those that come, between the first and the last that differ.
fn difference(from: &str, to: &str) -> String {
    let (mut a, mut b): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    while let (Some(x), Some(y)) = (a.last(), b.last()) {
        if x != y {
            break;
        }
        a.pop();
        b.pop();
    }
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let gone = a.iter().skip(same).map(|line| format!("\n    - {line}"));
    let come = b.iter().skip(same).map(|line| format!("\n    + {line}"));
    gone.chain(come).collect()
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
