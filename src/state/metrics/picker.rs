//! The choice of what is charted: metrics and servers in one list, found by fuzzy search.

use std::collections::BTreeSet;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::charts::USUAL;
use crate::domain::ids::{RequestId, ServerId};
use crate::domain::metric::Metric;
use crate::domain::past::Kept;
use crate::keys::chord::{Chord, Key};
use crate::state::State;
use crate::state::text_input::{Edit, TextInput};

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// A metric.
    Metric(Metric),
    /// A server.
    Server(ServerId),
}

impl Choice {
    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Metric(metric) => metric.to_string(),
            Self::Server(server) => server.to_string(),
        }
    }
}

/// What is typed, marked and selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picker {
    /// What is typed.
    pub input: TextInput,
    /// What is selected; the first match where this is `None`.
    pub selected: Option<Choice>,
    /// Of what the database holds anything; empty until it answers.
    pub kept: Kept,
    /// The question to it, until it is answered.
    pub asked: Option<RequestId>,
    /// What is marked, in the order in which it was: series take their colors in it.
    pub marked: Vec<Choice>,
}

/// What a key in the choice leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// The choice goes on.
    Stay,
    /// It ends, and nothing changes.
    Leave,
    /// These are to be shown.
    Show(Vec<ServerId>, Vec<Metric>),
}

impl Picker {
    /// Takes a key; `offers` are what is shown now.
    pub fn key(&mut self, chord: Chord, offers: &[Choice]) -> Picked {
        match (chord.key, chord.ctrl) {
            (Key::Esc, _) => return Picked::Leave,
            (Key::Enter, _) => return self.done(),
            (Key::Up, _) | (Key::Char('p' | 'k'), true) => self.step(offers, -1),
            (Key::Down, _) | (Key::Char('n' | 'j'), true) => self.step(offers, 1),
            (Key::PageUp, _) => self.step(offers, -10),
            (Key::PageDown, _) => self.step(offers, 10),
            (Key::Tab, _) => self.mark(offers),
            (Key::Char(' '), false) if self.space_marks() => self.mark(offers),
            _ => {
                if self.input.key(chord) == Edit::Changed {
                    self.selected = None;
                }
            }
        }
        Picked::Stay
    }

    /// What is selected.
    pub fn current<'a>(&self, offers: &'a [Choice]) -> Option<&'a Choice> {
        let held = self.selected.as_ref().and_then(|held| offers.iter().find(|offer| *offer == held));
        held.or_else(|| offers.first())
    }

    fn done(&self) -> Picked {
        let mut servers = Vec::new();
        let mut metrics = Vec::new();
        for choice in &self.marked {
            match choice {
                Choice::Server(server) => servers.push(server.clone()),
                Choice::Metric(metric) => metrics.push(metric.clone()),
            }
        }
        if servers.is_empty() { Picked::Stay } else { Picked::Show(servers, metrics) }
    }

    /// Whether a space marks: where something is typed, it stands between two words of that.
    pub fn space_marks(&self) -> bool {
        self.input.text().is_empty()
    }

    /// Marks the selected one, or takes its mark off, and goes to the next.
    fn mark(&mut self, offers: &[Choice]) {
        if let Some(choice) = self.current(offers).cloned() {
            match self.marked.iter().position(|held| *held == choice) {
                Some(at) => {
                    self.marked.remove(at);
                }
                None => self.marked.push(choice),
            }
            self.step(offers, 1);
        }
    }

    fn step(&mut self, offers: &[Choice], by: isize) {
        let at = self.current(offers).and_then(|current| offers.iter().position(|offer| offer == current));
        let to = at.unwrap_or(0).saturating_add_signed(by).min(offers.len().saturating_sub(1));
        self.selected = offers.get(to).cloned();
    }
}

/// The servers, and the metrics that the shown or marked ones have or had, as far as they match what is
/// typed; metrics first, each in the order in which it is usually shown.
pub fn offers(state: &State, picker: &Picker) -> Vec<Choice> {
    let pattern = Pattern::parse(picker.input.text(), CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buf = Vec::new();
    known(state, picker)
        .into_iter()
        .filter(|choice| pattern.score(Utf32Str::new(&choice.name(), &mut buf), &mut matcher).is_some())
        .collect()
}

fn known(state: &State, picker: &Picker) -> Vec<Choice> {
    let mut servers: Vec<&ServerId> = state.setup.servers.iter().map(|server| &server.id).collect();
    for server in state.series.servers().chain(picker.kept.keys()) {
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    let mut metrics: BTreeSet<Metric> = USUAL.into_iter().collect();
    for choice in &picker.marked {
        match choice {
            Choice::Metric(metric) => {
                metrics.insert(metric.clone());
            }
            Choice::Server(server) => {
                metrics.extend(state.series.metrics(server).cloned());
                metrics.extend(picker.kept.get(server).into_iter().flatten().cloned());
            }
        }
    }
    let metrics = metrics.into_iter().map(Choice::Metric);
    metrics.chain(servers.into_iter().cloned().map(Choice::Server)).collect()
}
