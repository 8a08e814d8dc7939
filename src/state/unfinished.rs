//! Runs that ended without a word, or that another console carries out: what stands where, for the
//! overview, the app's page and the page on one of them.

use std::collections::BTreeMap;

use crate::domain::ids::{AppId, ServerId};
use crate::domain::run::RunId;
use crate::domain::unfinished::{Trace, Unfinished, unmasked};
use crate::state::plan::lines::failed;
use crate::theme::Role;
use crate::widgets::sheet::{Line, wrapped};

/// What is known of them, by app.
#[derive(Clone, Debug, Default)]
pub struct Interrupted {
    by_app: BTreeMap<AppId, Vec<Unfinished>>,
}

impl Interrupted {
    /// Takes all that an app's servers know of.
    pub fn take(&mut self, app: AppId, runs: Vec<Unfinished>) {
        if runs.is_empty() {
            self.by_app.remove(&app);
        } else {
            self.by_app.insert(app, runs);
        }
    }

    /// Those of an app that nobody carries out, oldest first.
    pub fn of<'a>(&'a self, app: &AppId) -> impl Iterator<Item = &'a Unfinished> {
        self.by_app.get(app).into_iter().flatten().filter(|run| !run.alive())
    }

    /// Those of an app that some console carries out.
    pub fn carried_out<'a>(&'a self, app: &AppId) -> impl Iterator<Item = &'a Unfinished> {
        self.by_app.get(app).into_iter().flatten().filter(|run| run.alive())
    }

    /// One by its name.
    pub fn get(&self, run: &RunId) -> Option<&Unfinished> {
        self.by_app.values().flatten().find(|it| it.run == *run)
    }

    /// The apps that have any.
    pub fn apps(&self) -> impl Iterator<Item = &AppId> {
        self.by_app.keys()
    }
}

/// A run in a line, for the list of problems; `key` is what shows the ways on.
pub fn cause(run: &Unfinished, key: &str) -> String {
    let title = &run.plan.plan().title;
    let by = run.holder().map(|holder| format!(", by {}", holder.by)).unwrap_or_default();
    format!("interrupted, {key} ends it: {title}{by}")
}

/// What stands on a server.
pub fn stands(run: &Unfinished, server: &ServerId, trace: &Trace) -> String {
    if !trace.known {
        return "as before: it never came to this server".to_owned();
    }
    if let Some(end) = &trace.end {
        return format!("over: {}", end.outcome.word());
    }
    if trace.alive {
        return "a console is connected that carries it out".to_owned();
    }
    let begun =
        run.plan.plan().steps().filter(|(at, step)| *at == server && trace.begun.contains(&step.id)).last();
    let last = begun.map(|(_, step)| step.title.as_str());
    let touched = run.touching().iter().any(|(at, _)| at == server);
    match (last, touched) {
        (None, _) => "as before: nothing was begun".to_owned(),
        (Some(last), false) => format!("as before; the last thing begun was: {last}"),
        (Some(last), true) => format!("in between; the last thing begun was: {last}"),
    }
}

/// The page on one as rows: what it was to do, what stands where, and the ways on with their keys.
pub fn lines(run: &Unfinished, keys: &[String; 3], cells: u16) -> Vec<Line> {
    let cells = cells.saturating_sub(2);
    let mut lines = wrapped(&run.plan.plan().title, 2, Role::Text, cells);
    let holder = run.holder().map(|it| format!(", by {} since {}", it.by, it.since.rfc3339()));
    lines.push(Line::at(2).text(format!("run {}{}", run.run, holder.unwrap_or_default()), Role::Muted));
    let (sentence, role) = if run.alive() {
        ("a console is connected that carries it out; wait for it, or end that console first", Role::Text)
    } else if run.end().is_some() {
        ("it had ended, and was cut off while that was written down", Role::Degraded)
    } else {
        ("it ended without a word; while it has no end nobody else can change the app", Role::Degraded)
    };
    lines.extend(wrapped(sentence, 2, role, cells));
    lines.push(Line::default());
    lines.push(Line::heading("WHAT STANDS", ""));
    for (server, trace) in &run.traces {
        match trace {
            Ok(trace) => {
                let text = format!("{server}: {}", stands(run, server, trace));
                lines.extend(wrapped(&text, 3, Role::Text, cells));
            }
            Err(failure) => lines.extend(failed(Some(server), failure, cells)),
        }
    }
    let kept = run.unmasked();
    let kept = kept.iter().map(|(server, of)| (format!("{server}: {}", unmasked(of)), Role::Degraded));
    let ran = run.ran_here().map(|(step, here)| (here.says(&step.title), Role::Degraded));
    let left = run.would_run_here().map(|step| {
        let says = format!("`{}` was not run yet: finishing runs it on this machine", step.title);
        (says, Role::Text)
    });
    lines.extend(kept.chain(ran).chain(left).flat_map(|(says, role)| wrapped(&says, 3, role, cells)));
    lines.push(Line::default());
    lines.push(Line::heading("WAYS ON", ""));
    for (key, says) in keys.iter().zip(WAYS) {
        let head = Line::at(3).strong(key.clone(), Role::Key).text("  ", Role::Text);
        let indent = head.cells();
        let rows = wrapped(says, 0, Role::Text, cells.saturating_sub(indent));
        lines.extend(rows.into_iter().enumerate().map(|(n, row)| match n {
            0 => head.clone().then(row),
            _ => Line::at(indent).then(row),
        }));
    }
    lines
}

/// The ways on, and what each means.
const WAYS: [&str; 3] = [
    "finish it: the steps that are left are done; nothing that was done is done again",
    "undo it: what was changed is put back as it was before",
    "leave it as it stands: the locks are given back, and it is told as partial",
];
