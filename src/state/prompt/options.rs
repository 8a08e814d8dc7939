//! What a person may choose of a change beside what it is: the strategy, some of the servers, some of
//! the services. Nothing chosen is what the configuration says, everywhere.

use crate::domain::deploy::Strategy;
use crate::domain::ids::ServerId;
use crate::keys::chord::{Chord, Key};
use crate::message::change::Manner;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    configured: Strategy,
    strategies: Vec<Strategy>,
    strategy: Option<Strategy>,
    servers: Vec<(ServerId, bool)>,
    services: Vec<(String, bool)>,
    at: Option<Row>,
    cursor: usize,
}

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// How containers are replaced.
    Strategy,
    /// Where.
    Servers,
    /// Of what.
    Services,
}

impl Row {
    const ALL: [Self; 3] = [Self::Strategy, Self::Servers, Self::Services];

    /// What stands before it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strategy => "strategy",
            Self::Servers => "servers",
            Self::Services => "services",
        }
    }
}

/// One of the things that a row chooses from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// A word on it.
    pub note: &'static str,
}

impl Options {
    /// Nothing is chosen yet.
    pub fn new(
        configured: Strategy,
        strategies: Vec<Strategy>,
        servers: Vec<ServerId>,
        services: Vec<String>,
    ) -> Self {
        let servers = servers.into_iter().map(|it| (it, false)).collect();
        let services = services.into_iter().map(|it| (it, false)).collect();
        Self { configured, strategies, servers, services, ..Self::default() }
    }

    /// The rows in which there is something to choose.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        let count = |row| match row {
            Row::Strategy => self.strategies.len(),
            Row::Servers => self.servers.len(),
            Row::Services => self.services.len(),
        };
        Row::ALL.into_iter().filter(move |row| count(*row) > 1)
    }

    /// The row that the keys go to; `None` where they go to what is typed.
    pub const fn at(&self) -> Option<Row> {
        self.at
    }

    /// The place of the cursor in that row's list.
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// What a row says in short.
    pub fn says(&self, row: Row) -> String {
        let some = |chosen: Vec<&str>, all: usize| match chosen.as_slice() {
            [] => format!("all {all}"),
            some if some.len() == all => format!("all {all}"),
            some => format!("{} only", some.join(", ")),
        };
        match row {
            Row::Strategy => match self.strategy {
                Some(it) if it != self.configured => {
                    format!("{}, instead of {}", it.word(), self.configured.word())
                }
                _ => format!("{}, as configured", self.configured.word()),
            },
            Row::Servers => some(marked(&self.servers).map(ServerId::as_str).collect(), self.servers.len()),
            Row::Services => some(marked(&self.services).map(String::as_str).collect(), self.services.len()),
        }
    }

    /// What the row that the keys go to chooses from.
    pub fn items(&self) -> Vec<Item> {
        let item = |name: &str, chosen, note| Item { name: name.to_owned(), chosen, note };
        let strategy = self.strategy.unwrap_or(self.configured);
        match self.at {
            None => Vec::new(),
            Some(Row::Strategy) => {
                let note = |it: Strategy| if it == self.configured { "as configured" } else { "" };
                self.strategies.iter().map(|it| item(it.word(), *it == strategy, note(*it))).collect()
            }
            Some(Row::Servers) => {
                self.servers.iter().map(|(name, chosen)| item(name.as_str(), *chosen, "")).collect()
            }
            Some(Row::Services) => {
                self.services.iter().map(|(name, chosen)| item(name, *chosen, "")).collect()
            }
        }
    }

    /// What is chosen.
    pub fn manner(&self) -> Manner {
        // All of them is what holds without a choice.
        let part = |chosen: usize, all: usize| chosen < all;
        let servers: Vec<_> = marked(&self.servers).cloned().collect();
        let services: Vec<_> = marked(&self.services).cloned().collect();
        Manner {
            strategy: self.strategy.filter(|it| *it != self.configured),
            servers: if part(servers.len(), self.servers.len()) { servers } else { Vec::new() },
            services: if part(services.len(), self.services.len()) { services } else { Vec::new() },
        }
    }

    /// The keys go to the next row, or to the one before; past the last, and `home` says whether there is
    /// one, to what is typed.
    pub fn turn(&mut self, forth: bool, home: bool) {
        let rows: Vec<Option<Row>> = home.then_some(None).into_iter().chain(self.rows().map(Some)).collect();
        let Some(last) = rows.len().checked_sub(1) else { return };
        let at = rows.iter().position(|row| *row == self.at);
        let next = match (at, forth) {
            (None, true) => 0,
            (None, false) => last,
            (Some(at), true) => {
                if at == last {
                    0
                } else {
                    at + 1
                }
            }
            (Some(at), false) => at.checked_sub(1).unwrap_or(last),
        };
        self.at = rows.get(next).copied().flatten();
        self.cursor = self.items().iter().position(|item| item.chosen).unwrap_or(0);
    }

    /// Takes a key for the row that is at hand; whether it was for that.
    pub fn key(&mut self, chord: Chord) -> bool {
        let last = self.items().len().saturating_sub(1);
        match (self.at, chord.key) {
            (Some(_), Key::Up) => self.cursor = self.cursor.saturating_sub(1),
            (Some(_), Key::Down) => self.cursor = (self.cursor + 1).min(last),
            (Some(Row::Strategy), Key::Char(' ')) => {}
            (Some(Row::Servers), Key::Char(' ')) => toggle(&mut self.servers, self.cursor),
            (Some(Row::Services), Key::Char(' ')) => toggle(&mut self.services, self.cursor),
            _ => return false,
        }
        if self.at == Some(Row::Strategy) {
            self.strategy = self.strategies.get(self.cursor).copied();
        }
        true
    }
}

fn marked<T>(all: &[(T, bool)]) -> impl Iterator<Item = &T> {
    all.iter().filter(|(_, chosen)| *chosen).map(|(it, _)| it)
}

fn toggle<T>(all: &mut [(T, bool)], at: usize) {
    if let Some((_, chosen)) = all.get_mut(at) {
        *chosen = !*chosen;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        let strategies = vec![Strategy::Recreate, Strategy::Rolling];
        let servers = ["web-1", "web-2", "web-3"].map(ServerId::from).to_vec();
        Options::new(Strategy::Rolling, strategies, servers, vec!["web".to_owned()])
    }

    fn press(options: &mut Options, keys: &str) {
        for key in keys.split(' ') {
            match key {
                "tab" => options.turn(true, true),
                "shift-tab" => options.turn(false, true),
                key => assert!(options.key(key.parse().unwrap()), "{key}"),
            }
        }
    }

    #[test]
    fn nothing_chosen_is_what_is_configured_everywhere() {
        let options = options();
        assert_eq!(options.manner(), Manner::default());
        assert_eq!(options.rows().collect::<Vec<_>>(), [Row::Strategy, Row::Servers], "there is one service");
        assert_eq!(options.says(Row::Servers), "all 3");
        assert_eq!(options.says(Row::Strategy), "rolling, as configured");
    }

    #[test]
    fn servers_are_marked_and_a_strategy_is_where_the_cursor_is() {
        let mut options = options();
        press(&mut options, "tab up tab down space down space");
        let manner = options.manner();
        assert_eq!(manner.strategy, Some(Strategy::Recreate));
        assert_eq!(manner.servers, ["web-2".into(), "web-3".into()]);
        assert_eq!(options.says(Row::Servers), "web-2, web-3 only");
        press(&mut options, "up up space shift-tab down tab");
        assert_eq!(options.manner(), Manner::default(), "all of them, and what is configured");
        press(&mut options, "tab");
        assert_eq!(options.at(), None, "past the last is what is typed");
    }

    #[test]
    fn where_nothing_is_typed_the_rows_go_round() {
        let mut options = options();
        options.turn(true, false);
        assert_eq!(options.at(), Some(Row::Strategy));
        options.turn(false, false);
        assert_eq!(options.at(), Some(Row::Servers));
        options.turn(true, false);
        assert_eq!(options.at(), Some(Row::Strategy));
    }
}
