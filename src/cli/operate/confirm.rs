//! Asks a person, as strictly as the environment wants.

use std::io::{BufRead, IsTerminal, Write};

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::Plan;
use crate::domain::setup::Guard;

/// Whether it is to be done.
pub(super) fn confirmed(plan: &Plan, yes: bool) -> Result<bool, Failure> {
    if plan.guard == Guard::TwoPerson {
        let why = "its environment asks for a second person, whose approval cannot be waited for here yet";
        return Err(Failure::new(FailureKind::Unsupported, &plan.title, why));
    }
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        let failure = Failure::new(FailureKind::Invalid, &plan.title, "there is nobody to ask here");
        return Err(failure.hint("go on without asking: --yes"));
    }
    let wanted = match plan.guard {
        Guard::TypeName => plan.app.as_str(),
        Guard::Confirm | Guard::TwoPerson => "yes",
    };
    let mut out = std::io::stdout();
    let asked = write!(out, "\nType {wanted} to go on: ").and_then(|()| out.flush());
    let mut line = String::new();
    let read = asked.and_then(|()| std::io::stdin().lock().read_line(&mut line));
    read.map_err(|error| Failure::new(FailureKind::Invalid, &plan.title, error.to_string()))?;
    Ok(line.trim() == wanted)
}
