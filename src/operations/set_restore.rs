//! Bringing an app's set of backups back as one: all of its datastores, and the release that stood with them.

use super::Refusal;
use super::numbering::Numbers;
use super::restore::{Ask, changes};
use super::restore_findings::findings;
use super::restore_part::Part;
use super::set_choice::Chosen;
use super::set_swap::{Exchange, SetFacts, Whole, guard, in_ledger, interrupts, of_part, places, stage};
use crate::domain::deploy::AppSpec;
use crate::domain::ids::ServerId;
use crate::domain::plan::{Change, FORMAT, Finding, Judgement, Operation, Plan, Stage, Step};
use crate::domain::time::Age;

/// Plans it, of a set that is whole.
pub fn plan(app: &AppSpec, set: &Chosen, facts: &SetFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let to = set.release.filter(|_| ask.swap);
    if let Some(to) = to {
        in_ledger(app, &facts.app, to)?;
    }
    let whole = Whole::of(app, facts, to, Vec::new(), ask.reason.as_deref())?;
    let mut parts = Vec::new();
    for (spec, it) in &facts.parts {
        let mut part = Part::of(spec, it, ask.swap)?;
        part.stops = whole.others(&spec.server, part.server.users());
        parts.push((part, it));
    }
    let mut looked = vec![of_set(app, set, ask.swap)];
    looked.extend(
        whole.findings.iter().filter(|it| ask.swap || IN_ANY_CASE.contains(&it.check.as_str())).cloned(),
    );
    let (mut changed, mut stopped) = (Vec::new(), if ask.swap { whole.interrupts() } else { Vec::new() });
    for (part, it) in &parts {
        let (spec, source) = (part.spec, &part.spec.source);
        looked.extend(of_part(spec, findings(spec, it, part.server, ask, &part.only, &part.into)));
        if ask.swap && part.aside.is_none() {
            looked.push(nothing_stands(part));
        }
        let all = changes(source, &part.into, &part.only, part.aside.as_deref(), ask.swap, &part.outlived);
        changed.extend(all.into_iter().map(|it| Change { server: Some(spec.server.clone()), ..it }));
        if ask.swap {
            stopped.extend(interrupts(spec, part.server, &part.stops));
        }
    }
    let (leaves, current) = (whole.back.as_ref().and_then(|it| it.leaves), whole.current);
    changed.extend(whole.changes(to));
    let safe = current.map(|it| format!("{}/{it}", app.id));
    let all: Vec<Part<'_>> = parts.into_iter().map(|(part, _)| part).collect();
    let (stages, undo) = stages(&all, whole, safe.as_deref(), ask.swap);
    let specs = || facts.parts.iter().map(|(spec, _)| spec);
    let mut names: Vec<String> = specs().map(|it| it.id.to_string()).collect();
    names.extend(to.map(|to| format!("release {to}")));
    let kept = Age(specs().map(|it| it.keep_replaced).min().unwrap_or_default());
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Restore,
        app: app.id.clone(),
        environment: app.environment.clone(),
        guard: guard(app, specs()),
        title: format!(
            "restore {} as one set of {} {}: {}",
            app.id,
            set.at.rfc3339(),
            if ask.swap { "in the place of what stands" } else { "beside what stands" },
            names.join(", ")
        ),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: places(app, specs()),
        changes: changed,
        findings: looked,
        interrupts: stopped,
        leaves,
        stages,
        undo,
        undone_by: if ask.swap {
            format!("midwatch undo RUN brings all of it back as it stood; that is kept for at least {kept}")
        } else {
            "what stands is not touched; what is beside is removed by hand".to_owned()
        },
    })
}

/// What is looked at of the app where nothing of it is changed.
const IN_ANY_CASE: [&str; 3] = ["folder", "lock", "unfinished"];

fn stages(parts: &[Part<'_>], whole: Whole<'_>, safe: Option<&str>, swap: bool) -> (Vec<Stage>, Vec<Stage>) {
    let mut numbers = Numbers::default();
    let mut each = |title: &str, one: &mut dyn FnMut(&Part<'_>, &mut Numbers) -> Option<Step>| {
        let steps: Vec<(ServerId, Step)> = parts
            .iter()
            .filter_map(|part| Some((part.spec.server.clone(), one(part, &mut numbers)?)))
            .collect();
        stage(title, steps)
    };
    let before = vec![
        each("make safe what stands", &mut |part, numbers| part.safe(numbers, safe)),
        each("bring all of it back beside", &mut |part, numbers| Some(part.load(numbers))),
        each("compare", &mut |part, numbers| part.compare(numbers)),
    ];
    let drops = each("what was replaced long ago", &mut |part, numbers| part.drop(numbers));
    let tidies = vec![Stage { tidies: true, ..drops }];
    let mut exchange = |part: &Part<'_>| Exchange {
        server: part.spec.server.clone(),
        swap: part.swap(&mut numbers),
        back: part.back(&mut numbers),
    };
    let exchanges: Vec<Exchange> = parts.iter().map(&mut exchange).collect();
    if swap { whole.around(before, exchanges, tidies) } else { Whole::beside(before, exchanges, tidies) }
}

fn of_set(app: &AppSpec, set: &Chosen, swap: bool) -> Finding {
    let release = match set.release {
        Some(number) if swap => format!(" with release {number}"),
        Some(number) => {
            format!(" with release {number}, which is not put back: without --swap {} stays as it is", app.id)
        }
        None => ", taken before there was a release: the app's files stay as they are".to_owned(),
    };
    let ids: Vec<String> = set.members.iter().map(|(id, it)| format!("{id} {}", it.short())).collect();
    Finding {
        check: "set".to_owned(),
        server: None,
        judgement: Judgement::Good,
        found: format!("all of the set {}: {}{release}", set.run, ids.join(", ")),
        remedy: None,
        may_override: false,
    }
}

fn nothing_stands(part: &Part<'_>) -> Finding {
    Finding {
        check: "way back".to_owned(),
        server: Some(part.spec.server.clone()),
        judgement: Judgement::Noted,
        found: format!(
            "{}: nothing stands there now, so that what is brought stays where the run fails later",
            part.spec.id
        ),
        remedy: None,
        may_override: false,
    }
}
