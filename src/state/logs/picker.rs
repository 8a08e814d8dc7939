//! The choice of sources: all that are known, by server, found by fuzzy search.

use std::collections::{BTreeMap, BTreeSet};

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::domain::ids::ServerId;
use crate::domain::log_source::{LogSource, LogStream};
use crate::keys::chord::{Chord, Key};
use crate::state::State;
use crate::state::text_input::{Edit, TextInput};

/// What is typed, marked and selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picker {
    /// What is typed.
    pub input: TextInput,
    /// The selected source; the best match where this is `None`.
    pub selected: Option<LogSource>,
    /// The marked sources.
    pub marked: BTreeSet<LogSource>,
}

/// What a key in the choice leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// The choice goes on.
    Stay,
    /// It ends, and nothing changes.
    Leave,
    /// These are to be shown.
    Show(Vec<LogSource>),
}

/// One source that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub source: LogSource,
    /// How well it matches what is typed.
    pub score: u32,
}

impl Picker {
    /// Takes a key; `offers` are what is shown now, by server.
    pub fn key(&mut self, chord: Chord, offers: &[Offer]) -> Picked {
        match (chord.key, chord.ctrl) {
            (Key::Esc, _) => return Picked::Leave,
            (Key::Enter, _) => {
                let mut chosen: Vec<LogSource> = self.marked.iter().cloned().collect();
                if chosen.is_empty() {
                    chosen.extend(self.current(offers).map(|offer| offer.source.clone()));
                }
                return if chosen.is_empty() { Picked::Stay } else { Picked::Show(chosen) };
            }
            (Key::Up, _) | (Key::Char('p' | 'k'), true) => self.step(offers, -1),
            (Key::Down, _) | (Key::Char('n' | 'j'), true) => self.step(offers, 1),
            (Key::PageUp, _) => self.step(offers, -10),
            (Key::PageDown, _) => self.step(offers, 10),
            (Key::Tab, _) => self.mark(offers),
            (Key::Char(' '), false) if self.space_marks() => self.mark(offers),
            (Key::Char('a'), true) => {
                let all = offers.iter().map(|offer| offer.source.clone());
                if offers.iter().all(|offer| self.marked.contains(&offer.source)) {
                    all.for_each(|source| {
                        self.marked.remove(&source);
                    });
                } else {
                    self.marked.extend(all);
                }
            }
            _ => {
                if self.input.key(chord) == Edit::Changed {
                    self.selected = None;
                }
            }
        }
        Picked::Stay
    }

    /// The selected offer: the one that was chosen, else the best.
    pub fn current<'a>(&self, offers: &'a [Offer]) -> Option<&'a Offer> {
        let held = self.selected.as_ref().and_then(|held| offers.iter().find(|o| o.source == *held));
        // The first of the best: `max_by_key` alone would give the last.
        held.or_else(|| offers.iter().rev().max_by_key(|offer| offer.score))
    }

    /// Whether a space marks: where something is typed, it stands between two words of that.
    pub fn space_marks(&self) -> bool {
        self.input.text().is_empty()
    }

    /// Marks the selected one, or takes its mark off, and goes to the next.
    fn mark(&mut self, offers: &[Offer]) {
        if let Some(source) = self.current(offers).map(|offer| offer.source.clone()) {
            if !self.marked.remove(&source) {
                self.marked.insert(source);
            }
            self.step(offers, 1);
        }
    }

    fn step(&mut self, offers: &[Offer], by: isize) {
        let at = self.current(offers).and_then(|current| offers.iter().position(|offer| offer == current));
        let to = at.unwrap_or(0).saturating_add_signed(by).min(offers.len().saturating_sub(1));
        self.selected = offers.get(to).map(|offer| offer.source.clone());
    }
}

/// All sources that are known and match what is typed, by server in the order of the configuration.
pub fn offers(state: &State, typed: &str) -> Vec<Offer> {
    let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buf = Vec::new();
    known(state)
        .into_iter()
        .filter_map(|source| {
            let text = match label(state, &source) {
                Some(label) => format!("{source} {label}"),
                None => source.to_string(),
            };
            let score = pattern.score(Utf32Str::new(&text, &mut buf), &mut matcher)?;
            Some(Offer { source, score })
        })
        .collect()
}

/// What the configuration calls a file, where it has a name for it.
pub fn label<'a>(state: &'a State, source: &LogSource) -> Option<&'a str> {
    let LogStream::File { path } = &source.stream else { return None };
    let server = state.setup.servers.iter().find(|server| server.id == source.server)?;
    let (label, _) = server.log_files.iter().find(|(label, of)| of == path && label != path)?;
    Some(label)
}

/// All sources that are known: on each server its containers, the journal and its units, the
/// configured files; and whatever is held or shown already.
pub fn known(state: &State) -> Vec<LogSource> {
    let order: BTreeMap<&ServerId, usize> =
        state.setup.servers.iter().enumerate().map(|(at, server)| (&server.id, at)).collect();
    let mut all = BTreeSet::new();
    for server in &state.setup.servers {
        let on = |stream| LogSource { server: server.id.clone(), stream };
        all.insert(on(LogStream::Journal { unit: None }));
        let files = server.log_files.iter().map(|(_, path)| on(LogStream::File { path: path.clone() }));
        all.extend(files);
    }
    for live in state.fleet.servers() {
        let on = |stream| LogSource { server: live.id().clone(), stream };
        let containers = live.known_containers().iter().map(|it| it.name.clone());
        all.extend(containers.map(|name| on(LogStream::Container { name })));
        let units = live
            .units
            .value()
            .into_iter()
            .flat_map(|it| it.services.iter().chain(&it.failed).chain(&it.flapping));
        all.extend(units.map(|unit| on(LogStream::Journal { unit: Some(unit.name.clone()) })));
    }
    all.extend(state.logs.sources().map(|info| info.source.clone()));
    let mut all: Vec<LogSource> = all.into_iter().collect();
    all.sort_by_key(|source| order.get(&source.server).copied().unwrap_or(usize::MAX));
    all
}

/// What a stream is, in a word.
pub const fn kind(stream: &LogStream) -> &'static str {
    match stream {
        LogStream::Container { .. } => "container",
        LogStream::Journal { unit: None } => "whole journal",
        LogStream::Journal { unit: Some(_) } => "unit",
        LogStream::File { .. } => "file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::setup::Setup;
    use crate::store::fleet::rules::sample::setup;

    #[test]
    fn a_file_is_found_by_what_the_configuration_calls_it() {
        let path = "/var/log/proxy.log";
        let mut server = setup("web-1");
        server.log_files = vec![("shop-entry".to_owned(), path.to_owned())];
        let mut state = State::new(80, 24, 1 << 20);
        state.setup = Setup { servers: vec![server], ..Setup::default() };
        let found = offers(&state, "shop-entry");
        let source = LogSource { server: "web-1".into(), stream: LogStream::File { path: path.to_owned() } };
        assert_eq!(found.iter().map(|offer| &offer.source).collect::<Vec<_>>(), [&source]);
        assert_eq!(label(&state, &source), Some("shop-entry"));
    }
}
