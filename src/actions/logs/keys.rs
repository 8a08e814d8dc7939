//! The keys while something is typed or lies above the lines: they go there before any action.

use crate::domain::when;
use crate::keys::chord::{Chord, Key};
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::logs::filters::Manner;
use crate::state::logs::picker::{self, Picked};
use crate::state::logs::place::Place;
use crate::state::logs::prompt::{Prompt, Purpose};
use crate::state::logs::{detail, filters, motion, narrow, open, take_away};
use crate::state::text_input::{Edit, TextInput};
use crate::store::logs::Cursor;

/// Starts a line to type in.
pub fn ask(state: &mut State, purpose: Purpose) -> Vec<Effect> {
    let page = &state.logs_page;
    let input = match purpose {
        Purpose::Save => TextInput::with(take_away::file_name(state)),
        _ => TextInput::default(),
    };
    let before = (page.place.clone(), page.selected);
    let find_before = page.filters.find.clone();
    state.logs_page.prompt = Some(Prompt { purpose, input, before, find_before, mistake: None });
    Vec::new()
}

/// Takes a key where something is typed or lies above the lines; `None` where nothing does.
pub fn key(state: &mut State, chord: Chord) -> Option<Vec<Effect>> {
    if state.logs_page.picker.is_some() {
        return Some(picker_key(state, chord));
    }
    if state.logs_page.prompt.is_some() {
        return Some(prompt_key(state, chord));
    }
    state.logs_page.detail.is_some().then(|| detail_key(state, chord))
}

/// Takes a paste, where there is a line to type in.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if let Some(picker) = &mut state.logs_page.picker {
        picker.input.insert(text);
        picker.selected = None;
    } else if let Some(prompt) = &mut state.logs_page.prompt {
        prompt.input.insert(text);
        return typed(state);
    }
    Vec::new()
}

fn picker_key(state: &mut State, chord: Chord) -> Vec<Effect> {
    let Some(mut picker) = state.logs_page.picker.take() else { return Vec::new() };
    let offers = picker::offers(state, picker.input.text());
    match picker.key(chord, &offers) {
        Picked::Stay => {
            state.logs_page.picker = Some(picker);
            Vec::new()
        }
        Picked::Leave => Vec::new(),
        Picked::Show(sources) => open::open(state, sources),
    }
}

fn prompt_key(state: &mut State, chord: Chord) -> Vec<Effect> {
    let Some(prompt) = &mut state.logs_page.prompt else { return Vec::new() };
    match chord.key {
        Key::Esc => leave(state),
        Key::Enter => accept(state),
        // An empty line that is erased once more is left.
        Key::Backspace if prompt.input.text().is_empty() => leave(state),
        _ => match prompt.input.key(chord) {
            Edit::Changed => typed(state),
            Edit::Moved | Edit::Ignored => Vec::new(),
        },
    }
}

/// After each change of the line: what is looked for is looked for at once.
fn typed(state: &mut State) -> Vec<Effect> {
    let Some(prompt) = &mut state.logs_page.prompt else { return Vec::new() };
    let text = prompt.input.text().to_owned();
    prompt.mistake = match prompt.purpose {
        Purpose::Find | Purpose::Term(_) if !text.is_empty() => filters::mistake(&text),
        _ => None,
    };
    if prompt.purpose != Purpose::Find || prompt.mistake.is_some() {
        return Vec::new();
    }
    state.logs_page.filters.find = text;
    let from = prompt_origin(state);
    state.logs_page.seek = from;
    narrow::sought(state)
}

/// Where the reader was before the line was typed.
fn prompt_origin(state: &State) -> Option<Cursor> {
    let prompt = state.logs_page.prompt.as_ref()?;
    match &prompt.before {
        (Place::Paused { .. }, Some(selected)) => Some(*selected),
        _ => Some(Cursor::END),
    }
}

fn leave(state: &mut State) -> Vec<Effect> {
    let Some(prompt) = state.logs_page.prompt.take() else { return Vec::new() };
    if prompt.purpose != Purpose::Find {
        return Vec::new();
    }
    (state.logs_page.place, state.logs_page.selected) = prompt.before;
    state.logs_page.seek = None;
    state.logs_page.filters.find = prompt.find_before;
    narrow::sought(state)
}

fn accept(state: &mut State) -> Vec<Effect> {
    let Some(prompt) = &mut state.logs_page.prompt else { return Vec::new() };
    if prompt.mistake.is_some() {
        return Vec::new();
    }
    let text = prompt.input.text().trim().to_owned();
    let purpose = prompt.purpose;
    let at = match purpose {
        Purpose::Jump | Purpose::Since | Purpose::Until if !text.is_empty() => {
            let zone = if state.logs_page.local_time { state.zone.clone() } else { jiff::tz::TimeZone::UTC };
            match when::parse(&text, state.now, &zone) {
                Ok(at) => Some(at),
                Err(error) => {
                    prompt.mistake = Some(error.to_string());
                    return Vec::new();
                }
            }
        }
        _ => None,
    };
    state.logs_page.prompt = None;
    match (purpose, at) {
        (Purpose::Find, _) => {
            // The screen went there while it was typed, or goes there when it is found.
            if !text.is_empty() && !state.logs_page.found.running && state.logs_page.seek.is_some() {
                state.refuse(format!("not found: {text}"));
            }
            Vec::new()
        }
        (Purpose::Term(manner), _) => term(state, manner, &text),
        (Purpose::Jump, Some(at)) => {
            let effects = open::reach_back(state, at);
            if !motion::to_time(state, at) && effects.is_empty() {
                state.refuse("there is no line to go to");
            }
            state.logs_page.awaited = state.logs_page.shown.iter().any(|it| it.reach.is_some()).then_some(at);
            effects
        }
        (Purpose::Since, at) => {
            state.logs_page.filters.since = at;
            let mut effects = at.map(|at| open::reach_back(state, at)).unwrap_or_default();
            effects.extend(narrow::changed(state));
            effects
        }
        (Purpose::Until, at) => {
            state.logs_page.filters.until = at;
            narrow::changed(state)
        }
        (Purpose::Save, _) if !text.is_empty() => take_away::save(state, text),
        _ => Vec::new(),
    }
}

fn term(state: &mut State, manner: Manner, text: &str) -> Vec<Effect> {
    if text.is_empty() { Vec::new() } else { narrow::add(state, manner, text) }
}

fn detail_key(state: &mut State, chord: Chord) -> Vec<Effect> {
    let Some(mut shown) = state.logs_page.detail else { return Vec::new() };
    let page = usize::from(state.size.rows / 2);
    match chord.key {
        Key::Esc | Key::Enter | Key::Char('q') => {
            state.logs_page.detail = None;
            return Vec::new();
        }
        Key::Char('y') => return take_away::copy_lines(state, &[shown.head]),
        Key::Down | Key::Char('j') => shown.first += 1,
        Key::Up | Key::Char('k') => shown.first = shown.first.saturating_sub(1),
        Key::PageDown | Key::Char(' ') => shown.first += page,
        Key::PageUp => shown.first = shown.first.saturating_sub(page),
        Key::Home | Key::Char('g') => shown.first = 0,
        Key::Char('e' | 'E') => {
            let later = chord.key == Key::Char('e');
            match (motion::to_error(state, later), state.logs_page.selected) {
                (true, Some(head)) => shown = detail::Detail { head, first: 0 },
                _ => state.refuse(if later { "no later error" } else { "no earlier error" }),
            }
        }
        Key::Right | Key::Left | Key::Char('n' | 'N' | 'l' | 'h') => {
            let forward = matches!(chord.key, Key::Right | Key::Char('n' | 'l'));
            if let Some(head) = motion::beside(state, shown.head, forward) {
                motion::visit(state, head);
                shown = detail::Detail { head, first: 0 };
            }
        }
        _ => {}
    }
    state.logs_page.detail = Some(shown);
    Vec::new()
}
