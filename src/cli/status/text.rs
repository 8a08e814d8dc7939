//! The report as lines for a person.

use std::fmt::Write;

use super::report::Report;

/// Problems first, then servers, apps, checks and datastores.
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
    let wide = widest(report.problems.iter().map(|it| it.head().1));
    for problem in &report.problems {
        let (severity, target, cause, others) = problem.head();
        let others = if others > 0 { format!(" (takes {others} with it)") } else { String::new() };
        writeln!(out, "  {severity:<8}  {target:<wide$}  {cause}{others}")?;
    }
    writeln!(out, "\nservers: {}", report.servers.len())?;
    let wide = widest(report.servers.iter().map(|it| it.head().0));
    for server in &report.servers {
        let (name, health, reason) = server.head();
        let [cpu, memory, disk] = server.shares().map(percent);
        writeln!(
            out,
            "  {name:<wide$}  {health:<8}  cpu {cpu:>4}  mem {memory:>4}  disk {disk:>4}  {reason}"
        )?;
        for why in server.reasons() {
            writeln!(out, "      {why}")?;
        }
    }
    writeln!(out, "\napps: {}", report.apps.len())?;
    let wide = widest(report.apps.iter().map(|it| it.head().0));
    for app in &report.apps {
        let (name, health, reason) = app.head();
        writeln!(out, "  {name:<wide$}  {health:<8}  {reason}")?;
    }
    if !report.checks.is_empty() {
        writeln!(out, "\nchecks: {}", report.checks.len())?;
    }
    let wide = widest(report.checks.iter().map(|it| it.head().0));
    for check in &report.checks {
        let (name, health, reason) = check.head();
        writeln!(out, "  {name:<wide$}  {health:<8}  {reason}")?;
    }
    if !report.datastores.is_empty() {
        writeln!(out, "\ndatastores: {}", report.datastores.len())?;
    }
    let wide = widest(report.datastores.iter().map(|it| it.head().0));
    for datastore in &report.datastores {
        let (name, health, reason) = datastore.head();
        writeln!(out, "  {name:<wide$}  {health:<8}  {reason}")?;
    }
    Ok(())
}

/// The cells of the widest name, so that what stands behind them stands in columns.
fn widest<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0)
}

fn percent(value: Option<f32>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}%"))
}
