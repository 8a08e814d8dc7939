//! Asks a person, as strictly as the environment wants.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args as ClapArgs;

use super::Shown;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::Plan;
use crate::domain::setup::Guard;

/// What stands in for the app's name, typed.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Confirm {
    /// The app's name once more, where its environment asks for that; --yes does not stand in for it
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// Why something is changed, and what is said ahead of the question; which face the plan shows.
#[derive(Clone, Debug, ClapArgs)]
pub struct Consent {
    /// Why; it is journaled, and overrides what may be overridden
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Go on without asking
    #[arg(long)]
    pub yes: bool,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the option's own sentence is the help")]
    pub confirm: Confirm,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub shown: Shown,
}

impl Consent {
    /// What of it stands in place of an answer.
    pub fn given(&self) -> Given<'_> {
        Given { yes: self.yes, name: self.confirm.confirm.as_deref() }
    }
}

/// What was given on the command line in place of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// `--yes`, or an argument that says as much.
    pub yes: bool,
    /// `--confirm`.
    pub name: Option<&'a str>,
}

/// Whether it is to be done.
pub(super) fn confirmed(plan: &Plan, given: Given<'_>) -> Result<bool, Failure> {
    let there = std::io::stdin().is_terminal();
    if let Some(answer) = without_asking(plan, given, there)? {
        return Ok(answer);
    }
    let wanted = match plan.guard {
        Guard::TypeName => plan.app.as_str(),
        Guard::Confirm | Guard::TwoPerson => "yes",
    };
    // What is printed may be for a program.
    let mut out = std::io::stderr();
    let asked = write!(out, "\nType {wanted} to go on: ").and_then(|()| out.flush());
    let mut line = String::new();
    let read = asked.and_then(|()| std::io::stdin().lock().read_line(&mut line));
    read.map_err(|error| Failure::new(FailureKind::Invalid, &plan.title, error.to_string()))?;
    Ok(line.trim() == wanted)
}

/// The answer where the command line has it; `None` where a person has to be asked, who has to be `there`.
fn without_asking(plan: &Plan, given: Given<'_>, there: bool) -> Result<Option<bool>, Failure> {
    let app = plan.app.as_str();
    let invalid = |why: String| Failure::new(FailureKind::Invalid, &plan.title, why);
    match given.name {
        Some(name) if name == app => return Ok(Some(true)),
        Some(name) => return Err(invalid(format!("--confirm names `{name}`, and the app is `{app}`"))),
        None => {}
    }
    let typed = plan.guard == Guard::TypeName;
    match (given.yes && !typed, there) {
        (true, _) => Ok(Some(true)),
        (false, true) => Ok(None),
        (false, false) if typed => {
            let environment = plan.environment.as_ref();
            let of = environment.map(|name| format!(" `{name}`")).unwrap_or_default();
            Err(invalid(format!(
                "its environment{of} asks for the app's name, and nobody is here to type it"
            ))
            .hint(format!("name it: --confirm {app}")))
        }
        (false, false) => {
            Err(invalid("there is nobody to ask here".to_owned()).hint("go on without asking: --yes"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::{FORMAT, Operation};

    fn answer(guard: Guard, yes: bool, name: Option<&str>, there: bool) -> Result<Option<bool>, Failure> {
        let plan = Plan {
            format: FORMAT,
            operation: Operation::Restart,
            app: "shop".into(),
            environment: Some("production".into()),
            guard,
            title: "restart shop".into(),
            as_of: crate::domain::time::Timestamp::default(),
            reason: None,
            places: std::collections::BTreeMap::new(),
            changes: Vec::new(),
            findings: Vec::new(),
            interrupts: Vec::new(),
            leaves: None,
            stages: Vec::new(),
            undo: Vec::new(),
            undone_by: String::new(),
        };
        without_asking(&plan, Given { yes, name }, there)
    }

    #[test]
    fn yes_is_no_name() {
        assert_eq!(answer(Guard::Confirm, true, None, false), Ok(Some(true)));
        assert_eq!(answer(Guard::TwoPerson, true, None, false), Ok(Some(true)));
        assert_eq!(answer(Guard::TypeName, true, None, true), Ok(None), "it is asked for");
        let refused = answer(Guard::TypeName, true, None, false).unwrap_err();
        assert!(refused.hint.as_deref().is_some_and(|hint| hint.contains("--confirm shop")), "{refused}");
    }

    #[test]
    fn another_name_is_refused_everywhere() {
        for guard in [Guard::Confirm, Guard::TypeName, Guard::TwoPerson] {
            assert_eq!(answer(guard, false, Some("shop"), false), Ok(Some(true)));
            assert!(answer(guard, true, Some("ship"), true).is_err());
        }
    }
}
