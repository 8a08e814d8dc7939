//! Which chord names which action, where.

use std::collections::BTreeMap;

use super::chord::Chord;

/// Where a binding counts. The narrowest that has one wins: pane over page over everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// On every page.
    Everywhere,
    /// On the overview.
    Overview,
    /// On a server's page.
    Server,
    /// On an app's page.
    App,
    /// In the logs.
    Logs,
    /// In the charts.
    Metrics,
    /// In the list of checks.
    Checks,
    /// On a plan.
    Plan,
    /// On a run.
    Run,
    /// In the list of releases.
    Releases,
    /// On a run that was interrupted.
    Unfinished,
    /// On a run that waits for a second person.
    Approval,
    /// On an app that is to be added to the configuration.
    Adopt,
    /// On a datastore: where one is selected among others, and on its page.
    Datastore,
}

impl Scope {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 14] = [
        Self::Everywhere,
        Self::Overview,
        Self::Server,
        Self::App,
        Self::Logs,
        Self::Metrics,
        Self::Checks,
        Self::Plan,
        Self::Run,
        Self::Releases,
        Self::Unfinished,
        Self::Approval,
        Self::Adopt,
        Self::Datastore,
    ];

    /// The word in help and documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Overview => "overview",
            Self::Server => "server",
            Self::App => "app",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Checks => "checks",
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Releases => "releases",
            Self::Unfinished => "unfinished",
            Self::Approval => "approval",
            Self::Adopt => "adopt",
            Self::Datastore => "datastore",
        }
    }
}

/// Chords to the names of actions, by scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: BTreeMap<(Scope, Chord), &'static str>,
    /// The same in the order in which they were bound: an action's first chord is the one shown.
    order: Vec<(&'static str, Chord)>,
}

/// Two actions want the same chord in the same place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{chord}` is bound to both `{first}` and `{second}` ({})", .scope.word())]
pub struct Clash {
    /// Where.
    pub scope: Scope,
    /// The chord.
    pub chord: Chord,
    /// The action that has it.
    pub first: &'static str,
    /// The action that wants it too.
    pub second: &'static str,
}

impl Keymap {
    /// Binds a chord; the one that had it stays where two want it.
    pub fn bind(&mut self, scope: Scope, chord: Chord, action: &'static str) -> Result<(), Clash> {
        match self.bindings.get(&(scope, chord)) {
            Some(first) if *first != action => Err(Clash { scope, chord, first, second: action }),
            _ => {
                self.bindings.insert((scope, chord), action);
                if !self.order.contains(&(action, chord)) {
                    self.order.push((action, chord));
                }
                Ok(())
            }
        }
    }

    /// The action that a chord names on a page.
    pub fn action(&self, page: Scope, chord: Chord) -> Option<&'static str> {
        [page, Scope::Everywhere].iter().find_map(|scope| self.bindings.get(&(*scope, chord)).copied())
    }

    /// The chords that name an action on a page, the one to show first: without those that the page
    /// gives to another action.
    pub fn chords_on(&self, page: Scope, action: &str) -> impl Iterator<Item = Chord> {
        self.chords(action).filter(move |chord| self.action(page, *chord) == Some(action))
    }

    /// The chords of an action, the one to show first.
    pub fn chords(&self, action: &str) -> impl Iterator<Item = Chord> {
        self.order.iter().filter(move |(bound, _)| *bound == action).map(|(_, chord)| *chord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_wins_over_everywhere() {
        let mut map = Keymap::default();
        let q = Chord::char('q');
        assert_eq!(map.bind(Scope::Everywhere, q, "quit"), Ok(()));
        assert_eq!(map.bind(Scope::Logs, q, "close"), Ok(()));
        assert_eq!(map.action(Scope::Logs, q), Some("close"));
        assert_eq!(map.action(Scope::Server, q), Some("quit"));
        assert_eq!(map.chords_on(Scope::Server, "quit").collect::<Vec<_>>(), [q]);
        assert_eq!(map.chords_on(Scope::Logs, "quit").count(), 0);
    }

    #[test]
    fn a_clash_names_both() {
        let mut map = Keymap::default();
        let q = Chord::char('q');
        assert!(map.bind(Scope::Logs, q, "quit").is_ok());
        let clash = map.bind(Scope::Logs, q, "query").unwrap_err();
        assert_eq!(clash.to_string(), "`q` is bound to both `quit` and `query` (logs)");
        assert_eq!(map.action(Scope::Logs, q), Some("quit"));
    }
}
