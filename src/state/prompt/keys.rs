//! The keys that count in a question, as they are shown: beside the rule that takes them.

use super::options::Row;
use super::{Prompt, Question};
use crate::widgets::footer::Hint;

impl Prompt {
    /// The keys that do something now, the most important first.
    pub fn keys(&self) -> Vec<Hint> {
        let leave = Hint::new("esc", "leave");
        let enter = |word| vec![Hint::new("enter", word), leave.clone()];
        match &self.question {
            Question::Sure { .. } => vec![Hint::new("y", "yes"), Hint::new("n", "no")],
            Question::Version { .. } | Question::Manner { .. } => self.chosen_from(),
            Question::Scale { .. } | Question::Maintenance { .. } | Question::Otherwise { .. } => {
                enter("plan it")
            }
            Question::Restore { choice, .. } => {
                let mut keys = vec![Hint::new("enter", "plan it")];
                keys.push(Hint::new("tab", if choice.swap { "beside it" } else { "in its place" }));
                if choice.backups.len() > 1 {
                    keys.push(Hint::new("↑↓", "another backup"));
                }
                keys.push(leave);
                keys
            }
            Question::FindFiles { .. } => enter("look"),
            Question::Exec { .. } => enter("open it"),
            Question::Reason { .. } => enter("plan it with this reason"),
            Question::Name { .. } => enter("go on"),
        }
    }

    /// Where there is something to choose beside what is typed.
    fn chosen_from(&self) -> Vec<Hint> {
        let mut keys = vec![Hint::new("enter", "plan it")];
        let rows = self.options().map_or(0, |options| options.rows().count());
        match self.options().and_then(super::Options::at) {
            None => {
                if self.choices().next().is_some() {
                    keys.push(Hint::new("↓", "pick"));
                }
                if rows > 0 {
                    keys.push(Hint::new("tab", "how and where"));
                }
            }
            Some(row) => {
                if row != Row::Strategy {
                    keys.push(Hint::new("space", "mark"));
                }
                keys.push(Hint::new("↑↓", "choose"));
                // Past the last row is what is typed, where something is.
                if rows + usize::from(self.has_line()) > 1 {
                    keys.push(Hint::new("tab", "next"));
                }
            }
        }
        keys.push(Hint::new("esc", "leave"));
        keys
    }
}
