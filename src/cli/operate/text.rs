//! A plan as text.

use crate::domain::plan::{Finding, Judgement, Plan, PlanDigest};

/// The whole plan, for a person.
pub fn plan(plan: &Plan, digest: &PlanDigest) -> String {
    let mut out = vec![format!("{}  (plan {})", plan.title, digest.short())];
    if let Some(reason) = &plan.reason {
        out.push(format!("because: {reason}"));
    }
    section(
        &mut out,
        "changes",
        plan.changes.iter().map(|change| {
            let place = change.server.as_ref().map(|server| format!(" on {server}")).unwrap_or_default();
            match (&change.from, &change.to) {
                (Some(from), Some(to)) if from == to => format!("{}{place}: changed {from}", change.what),
                (Some(from), Some(to)) => format!("{}{place}: {from} → {to}", change.what),
                (None, Some(to)) => format!("{}{place}: new, {to}", change.what),
                (from, None) => {
                    format!("{}{place}: goes, was {}", change.what, from.as_deref().unwrap_or("there"))
                }
            }
        }),
    );
    section(&mut out, "looked at", plan.findings.iter().map(finding));
    section(&mut out, "interrupts", plan.interrupts.iter().cloned());
    out.push("\nsteps".to_owned());
    for stage in &plan.stages {
        out.push(format!("  {}", stage.title));
        for lane in &stage.lanes {
            for step in &lane.steps {
                out.push(format!("  {:>3}  {}: {}", step.id, step.place(&lane.server), step.title));
            }
        }
    }
    out.push(format!("\nundone: {}", plan.undone_by));
    out.join("\n")
}

fn section(out: &mut Vec<String>, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        out.push(format!("\n{title}"));
        out.extend(lines.map(|line| format!("  {line}")));
    }
}

fn finding(it: &Finding) -> String {
    let word = match it.judgement {
        Judgement::Good => "good",
        Judgement::Noted => "note",
        Judgement::Overridden => "over",
        Judgement::Refused => "NO",
    };
    let place = it.server.as_ref().map(|server| format!("{server}: ")).unwrap_or_default();
    let remedy = match (&it.remedy, it.judgement, it.may_override) {
        (Some(remedy), Judgement::Refused, true) => format!(" ({remedy}; or --reason TEXT)"),
        (Some(remedy), Judgement::Refused, false) => format!(" ({remedy})"),
        _ => String::new(),
    };
    format!("{word:<4} {:<10} {place}{}{remedy}", it.check, it.found)
}
