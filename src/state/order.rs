//! What the rows of a list stand by. Numbers that move a little do not make rows change places.
//! Pure.

use std::collections::BTreeMap;

/// What rows stand by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As the list has them where nobody said otherwise.
    #[default]
    Usual,
    /// Worst first.
    Health,
    /// By name.
    Name,
    /// By server.
    Server,
    /// Busiest first.
    Cpu,
    /// Most memory first.
    Memory,
    /// Fullest disk first.
    Disk,
    /// Largest first.
    Size,
    /// Most inodes used first.
    Inodes,
    /// Most restarts first.
    Restarts,
    /// What began last first.
    Newest,
    /// What is oldest first.
    Oldest,
    /// What took longest first.
    Took,
    /// What happened most often first.
    Often,
    /// The greatest share of failures first.
    Errors,
}

impl Order {
    /// The one behind this in a list's orders; behind the last, the first.
    #[must_use]
    pub fn next(self, of: &[Self]) -> Self {
        let at = of.iter().position(|order| *order == self).map_or(0, |at| at + 1);
        of.get(at).or(of.first()).copied().unwrap_or_default()
    }

    /// Its words, for the heading.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Usual => "",
            Self::Health => "worst first",
            Self::Name => "by name",
            Self::Server => "by server",
            Self::Cpu => "by cpu",
            Self::Memory => "by memory",
            Self::Disk => "by disk",
            Self::Size => "by size",
            Self::Inodes => "by inodes",
            Self::Restarts => "by restarts",
            Self::Newest => "newest first",
            Self::Oldest => "oldest first",
            Self::Took => "slowest first",
            Self::Often => "most often first",
            Self::Errors => "by errors",
        }
    }

    /// How far a value has to go from the one by which its row stands, as an absolute and as a part of
    /// that one, before the row may change its place.
    const fn slack(self) -> (f64, f64) {
        match self {
            Self::Cpu => (1.0, 0.05),
            Self::Memory => (1.0, 0.02),
            Self::Took => (2.0, 0.1),
            Self::Errors => (0.1, 0.05),
            Self::Usual | Self::Disk | Self::Inodes => (0.5, 0.0),
            _ => (0.0, 0.0),
        }
    }
}

/// What one row stands by.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// As it stands.
    None,
    /// The greatest first; what is not known last.
    Greatest(Option<f64>),
    /// By text, as the alphabet has it, in any case.
    Text(String),
}

/// The order of one list, and the values by which its rows stand.
#[derive(Clone, Debug)]
pub struct Sorting<Id> {
    order: Order,
    held: BTreeMap<Id, f64>,
}

impl<Id> Default for Sorting<Id> {
    fn default() -> Self {
        Self { order: Order::Usual, held: BTreeMap::new() }
    }
}

impl<Id: Clone + Ord> Sorting<Id> {
    /// What the rows stand by.
    pub const fn order(&self) -> Order {
        self.order
    }

    /// The next order of those that the list has; the rows then stand by what is known now.
    pub fn next(&mut self, of: &[Order]) {
        self.order = self.order.next(of);
        self.held.clear();
    }

    /// Puts rows in order that stand in their usual one: equal ones stay as they are. A row keeps its
    /// place until its value went further than what such values do from one look to the next.
    pub fn sort<T>(&mut self, rows: &mut [T], id: impl Fn(&T) -> Id, key: impl Fn(Order, &T) -> Key) {
        let mut held = BTreeMap::new();
        rows.sort_by_cached_key(|row| match key(self.order, row) {
            Key::Text(text) => Place::Text(text.to_lowercase()),
            Key::None | Key::Greatest(None) => Place::Last,
            Key::Greatest(Some(value)) => {
                let id = id(row);
                let value = self.steady(&id, value);
                held.insert(id, value);
                Place::Greatest(Descending(value))
            }
        });
        self.held = held;
    }

    /// The value by which a row stands.
    fn steady(&self, id: &Id, value: f64) -> f64 {
        let (absolute, part) = self.order.slack();
        match self.held.get(id) {
            Some(held) if (value - held).abs() <= absolute.max(held.abs() * part) => *held,
            _ => value,
        }
    }
}

/// Where a row goes; in the order of the variants.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Text(String),
    Greatest(Descending),
    Last,
}

/// A number, the greatest first.
struct Descending(f64);

impl Ord for Descending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.total_cmp(&self.0)
    }
}

impl PartialOrd for Descending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Descending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Descending {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORDERS: &[Order] = &[Order::Usual, Order::Cpu, Order::Name];

    fn sorted(
        sorting: &mut Sorting<&'static str>,
        rows: &[(&'static str, Option<f64>)],
    ) -> Vec<&'static str> {
        let mut rows = rows.to_vec();
        sorting.sort(
            &mut rows,
            |row| row.0,
            |order, row| match order {
                Order::Usual => Key::None,
                Order::Name => Key::Text(row.0.to_owned()),
                _ => Key::Greatest(row.1),
            },
        );
        rows.into_iter().map(|row| row.0).collect()
    }

    #[test]
    fn the_orders_of_a_list_go_round() {
        let mut sorting = Sorting::default();
        let rows = [("b", Some(10.0)), ("C", None), ("a", Some(40.0))];
        assert_eq!(sorted(&mut sorting, &rows), ["b", "C", "a"]);
        sorting.next(ORDERS);
        assert_eq!(sorted(&mut sorting, &rows), ["a", "b", "C"], "what is not known is last");
        sorting.next(ORDERS);
        assert_eq!(sorted(&mut sorting, &rows), ["a", "b", "C"]);
        sorting.next(ORDERS);
        assert_eq!(sorting.order(), Order::Usual);
    }

    #[test]
    fn rows_change_places_only_for_more_than_a_little() {
        let mut sorting = Sorting::default();
        sorting.next(ORDERS);
        let mut at = |a: f64, b: f64| sorted(&mut sorting, &[("a", Some(a)), ("b", Some(b))]);
        assert_eq!(at(30.4, 30.0), ["a", "b"]);
        assert_eq!(at(30.0, 30.6), ["a", "b"]);
        assert_eq!(at(29.6, 30.9), ["a", "b"]);
        // Slowly, a little at a time, it goes there too.
        assert_eq!(at(29.6, 31.4), ["a", "b"]);
        assert_eq!(at(29.6, 33.0), ["b", "a"]);
        assert_eq!(at(30.2, 32.4), ["b", "a"]);
    }

    #[test]
    fn rows_stand_by_what_is_known_when_the_order_is_chosen() {
        let mut sorting = Sorting::default();
        sorting.next(ORDERS);
        sorted(&mut sorting, &[("a", Some(30.4)), ("b", Some(30.0))]);
        for _ in 0..ORDERS.len() {
            sorting.next(ORDERS);
        }
        assert_eq!(sorted(&mut sorting, &[("a", Some(30.0)), ("b", Some(30.6))]), ["b", "a"]);
    }

    proptest! {
        /// However values tremble within the slack, no row moves.
        #[test]
        fn what_trembles_stands_still(
            values in prop::collection::vec(0.0f64..100.0, 1..30),
            tremor in prop::collection::vec(-1.0f64..1.0, 30),
        ) {
            let mut sorting: Sorting<usize> = Sorting::default();
            sorting.next(ORDERS);
            let mut order = |tremor: &[f64]| {
                let mut rows: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
                for (row, by) in rows.iter_mut().zip(tremor) {
                    row.1 += by;
                }
                sorting.sort(&mut rows, |row| row.0, |_, row| Key::Greatest(Some(row.1)));
                rows.into_iter().map(|row| row.0).collect::<Vec<_>>()
            };
            let still = order(&[]);
            prop_assert_eq!(order(&tremor), still);
        }
    }
}
