//! The report as lines for a person.

use std::fmt::Write;

use super::report::Report;

/// Problems first, then servers, apps and checks.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let shown = write(&mut out, report);
    debug_assert!(shown.is_ok(), "writing to a string does not fail");
    out.truncate(out.trim_end().len());
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "as of {}", report.as_of)?;
    writeln!(out, "\nproblems: {}", report.problems.len())?;
    for problem in &report.problems {
        let (severity, target, cause, others) = problem.head();
        let others = if others > 0 { format!(" (takes {others} with it)") } else { String::new() };
        writeln!(out, "  {severity:<8}  {target:<24}  {cause}{others}")?;
    }
    writeln!(out, "\nservers: {}", report.servers.len())?;
    for server in &report.servers {
        let (name, health, reason) = server.head();
        let [cpu, memory, disk] = server.shares().map(percent);
        writeln!(out, "  {name:<16}  {health:<8}  cpu {cpu:>4}  mem {memory:>4}  disk {disk:>4}  {reason}")?;
    }
    writeln!(out, "\napps: {}", report.apps.len())?;
    for app in &report.apps {
        let (name, health, reason) = app.head();
        writeln!(out, "  {name:<16}  {health:<8}  {reason}")?;
    }
    if !report.checks.is_empty() {
        writeln!(out, "\nchecks: {}", report.checks.len())?;
    }
    for check in &report.checks {
        let (name, health, reason) = check.head();
        writeln!(out, "  {name:<16}  {health:<8}  {reason}")?;
    }
    Ok(())
}

fn percent(value: Option<f32>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}%"))
}
