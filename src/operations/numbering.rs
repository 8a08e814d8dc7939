//! Giving steps their numbers.

use std::time::Duration;

use crate::domain::plan::{Act, Step, StepId};

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
