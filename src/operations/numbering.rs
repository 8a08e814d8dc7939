//! Giving steps their numbers.

use std::time::Duration;

use crate::domain::plan::{Act, Stage, Step, StepId};

/// Gives numbers from 1.
#[derive(Debug, Default)]
pub struct Numbers {
    last: u16,
}

impl Numbers {
    /// A step with the next number.
    pub fn step(&mut self, title: impl Into<String>, act: Act, deadline: Duration) -> Step {
        self.last += 1;
        Step { id: StepId(self.last), title: title.into(), act, deadline }
    }
}

/// Gives the steps of stages that were made apart their numbers anew, in the order in which they stand.
pub fn renumber<'a>(stages: impl IntoIterator<Item = &'a mut Stage>) {
    let mut numbers = Numbers::default();
    let steps = stages.into_iter().flat_map(|stage| &mut stage.lanes).flat_map(|lane| &mut lane.steps);
    for step in steps {
        numbers.last += 1;
        step.id = StepId(numbers.last);
    }
}
