//! Which backup is brought back, and where: beside what stands, or in its place.

use crate::domain::backup::{Backup, meant};
use crate::keys::chord::{Chord, Key};
use crate::message::change::Wanted;

/// Rows that a page has for a key that goes by one.
const PAGE: usize = 8;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bringing {
    /// What there is to choose from, newest first; nothing where that is not known.
    pub backups: Vec<Backup>,
    /// Which of them.
    pub picked: usize,
    /// Whether it takes the place of what stands.
    pub swap: bool,
}

impl Bringing {
    /// Of these, this one is picked; the one that is meant where it is not among them.
    pub fn new(backups: Vec<Backup>, id: Option<&str>) -> Self {
        let picked = id.and_then(|id| backups.iter().position(|it| it.id == id));
        let picked = picked.or_else(|| meant(backups.iter()).map(|(n, _)| n)).unwrap_or(0);
        Self { backups, picked, swap: false }
    }

    /// What is chosen. What was shown is what is planned, also where a newer one came meanwhile.
    pub fn wanted(&self) -> Wanted {
        Wanted::Restore { backup: self.backups.get(self.picked).map(Backup::key), swap: self.swap }
    }

    /// Takes a key.
    pub fn key(&mut self, chord: Chord) {
        let last = self.backups.len().saturating_sub(1);
        match chord.key {
            Key::Tab | Key::Left | Key::Right | Key::Char(' ') => self.swap = !self.swap,
            Key::Up | Key::Char('k') => self.picked = self.picked.saturating_sub(1),
            Key::Down | Key::Char('j') => self.picked = (self.picked + 1).min(last),
            Key::PageUp => self.picked = self.picked.saturating_sub(PAGE),
            Key::PageDown => self.picked = (self.picked + PAGE).min(last),
            Key::Home => self.picked = 0,
            Key::End => self.picked = last,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::BackupId;

    fn choice(id: Option<&str>) -> Bringing {
        let backup = |id: &str| Backup { id: id.to_owned(), ..Backup::default() };
        Bringing::new(["c3", "b2", "a1"].map(backup).to_vec(), id)
    }

    fn press(choice: &mut Bringing, keys: &str) -> Wanted {
        keys.split_whitespace().for_each(|key| choice.key(key.parse().unwrap()));
        choice.wanted()
    }

    fn wanted(id: &str, swap: bool) -> Wanted {
        Wanted::Restore { backup: Some(BackupId::from(id)), swap }
    }

    #[test]
    fn the_newest_beside_is_what_nobody_chose() {
        assert_eq!(choice(None).wanted(), wanted("c3", false));
        assert_eq!(choice(Some("b2")).wanted(), wanted("b2", false));
        assert_eq!(Bringing::default().wanted(), Wanted::Restore { backup: None, swap: false });
        // What a restore replaced is no reason to restore it.
        let mut replaced = choice(None);
        replaced.backups[0].safety = true;
        assert_eq!(Bringing::new(replaced.backups, None).wanted(), wanted("b2", false));
    }

    #[test]
    fn another_one_and_its_place_are_chosen_by_keys() {
        assert_eq!(press(&mut choice(None), "down tab"), wanted("b2", true));
        assert_eq!(press(&mut choice(None), "end down tab tab"), wanted("a1", false));
        assert_eq!(press(&mut choice(Some("a1")), "up up up"), wanted("c3", false));
        assert_eq!(press(&mut Bringing::default(), "down"), Wanted::Restore { backup: None, swap: false });
    }
}
