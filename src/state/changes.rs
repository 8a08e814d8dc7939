//! What changed lately, newest first; what happened again and again is one row with a count.

use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::ids::ServerId;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The newest of its kind.
    pub mark: EventMark,
    /// How often it happened.
    pub times: usize,
}

/// What a row is about, which stays while it happens again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeId {
    kind: MarkKind,
    server: ServerId,
    name: String,
}

impl ChangeId {
    /// Where it happened.
    pub const fn server(&self) -> &ServerId {
        &self.server
    }
}

/// The rows for marks that come newest first, at most so many.
pub fn newest<'a>(marks: impl Iterator<Item = &'a EventMark>, most: usize) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for mark in marks {
        let held = changes.iter().position(|change| same(&change.mark, mark));
        match held {
            Some(at) => changes[at].times += 1,
            None if changes.len() < most => changes.push(Change { mark: mark.clone(), times: 1 }),
            None => {}
        }
    }
    changes
}

/// Whether two marks are of the same thing.
fn same(a: &EventMark, b: &EventMark) -> bool {
    a.kind == b.kind && a.server == b.server && name(a) == name(b)
}

/// The name of what a mark is of, with which its text begins.
fn name(mark: &EventMark) -> &str {
    mark.text.split(' ').next().unwrap_or_default()
}

impl Change {
    /// What it is about.
    pub fn id(&self) -> ChangeId {
        let EventMark { kind, server, .. } = &self.mark;
        ChangeId { kind: *kind, server: server.clone(), name: name(&self.mark).to_owned() }
    }

    /// What happened, and how often.
    pub fn text(&self) -> String {
        match self.times {
            1 => self.mark.text.clone(),
            n => format!("{} ({n} times)", self.mark.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event_mark::MarkKind;
    use crate::domain::time::Timestamp;

    fn mark(at: i64, text: &str) -> EventMark {
        let at = Timestamp::from_secs(at);
        EventMark { at, server: "web-1".into(), kind: MarkKind::Restart, text: text.to_owned() }
    }

    #[test]
    fn a_restart_loop_is_one_row() {
        let marks = [mark(9, "api restarted (exit 3)"), mark(7, "web restarted"), mark(5, "api restarted")];
        let changes = newest(marks.iter(), 10);
        assert_eq!(changes.len(), 2);
        assert_eq!(changes[0].text(), "api restarted (exit 3) (2 times)");
        assert_eq!(changes[1].text(), "web restarted");
    }
}
