//! The core: takes an event at a time, changes the state, gives back what is to be done outside;
//! and draws the state. Routing only: what an event means is said in the rooms below.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::actions::{self, palette};
use crate::domain::ids::{AppId, RequestId};
use crate::domain::question::Question;
use crate::domain::setup::Setup;
use crate::domain::time::Timestamp;
use crate::keys::chord::{Chord, Key};
use crate::keys::mouse::{Gesture, Mouse};
use crate::message::effect::Effect;
use crate::message::event::{Event, Reply};
use crate::state::State;
use crate::state::filter::Filter;
use crate::state::logs::{narrow, stream};
use crate::state::overlay::{Outcome, Overlay};
use crate::state::page::Page;
use crate::state::text_input::TextInput;
use crate::theme::Theme;
use crate::views;

/// The state and how it looks.
#[derive(Debug)]
pub struct App {
    /// What is shown.
    pub state: State,
    wardrobe: Wardrobe,
}

/// The themes, fitted to the terminal, and the one that is worn.
#[derive(Debug)]
pub struct Wardrobe {
    /// All that can be picked, never empty.
    pub themes: Vec<Theme>,
}

impl Wardrobe {
    /// A theme by its name; the first where there is none of that name.
    fn theme(&self, name: &str) -> Option<&Theme> {
        self.themes.iter().find(|theme| theme.name == name).or_else(|| self.themes.first())
    }
}

impl App {
    /// A console that nothing happened to yet.
    pub fn new(mut state: State, wardrobe: Wardrobe) -> Self {
        state.themes = wardrobe.themes.iter().map(|theme| theme.name.clone()).collect();
        state.keymap = actions::keymap(&state.setup.keys).0;
        Self { state, wardrobe }
    }

    /// Takes one event at its time. Total: there is no event that it cannot take in any state.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.state.now = now;
        let mut effects = self.taken(event);
        effects.extend(crate::state::run::log::follow(&mut self.state));
        effects
    }

    fn taken(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Quit => vec![Effect::Quit],
            Event::Key(chord) => self.pressed(chord),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Paste(text) => self.paste(&text),
            Event::Resize(columns, rows) => {
                self.state.size = crate::state::layout::Size { columns, rows };
                if *self.state.nav.page() == Page::Logs {
                    crate::state::logs::motion::settle(&mut self.state);
                }
                self.state.settle();
                Vec::new()
            }
            Event::Tick => self.tick(),
            Event::Logs(batch) => stream::take(&mut self.state, batch),
            Event::Batch(batch) => self.state.observe(batch),
            Event::Setup(setup) => self.setup(setup),
            Event::SetupRefused(failure) => self.overlay(Overlay::Failure(failure)),
            Event::Ask(request, question) => self.ask(request, question),
            Event::Withdrawn(request) => self.withdraw(request),
            Event::Past(news) => actions::metrics::open::news(&mut self.state, news),
            Event::Unfinished(app, runs) => actions::operate::news::unfinished(&mut self.state, &app, runs),
            Event::Waiting(app, all) => actions::operate::news::waiting(&mut self.state, &app, all),
            Event::Reply(request, reply) => self.reply(request, reply),
        }
    }

    /// Brings verdicts and rows up to date with all that was observed; to be called before a frame. What
    /// follows from time alone does with the next tick.
    pub fn settle(&mut self, now: Timestamp) {
        self.state.now = now;
        self.state.fleet.refresh_changed(now);
        self.state.settle();
    }

    /// Draws the whole screen and says where the cursor stands, if it is to be seen.
    pub fn draw(&self, buf: &mut Buffer) -> Option<Position> {
        let theme = self.wardrobe.theme(&self.state.theme)?;
        views::draw(&self.state, theme, buf)
    }

    /// A terminal sends Esc and the key right behind it as it does that key with alt. Where nothing is
    /// bound to the two together, it was one after the other.
    fn pressed(&mut self, chord: Chord) -> Vec<Effect> {
        let scope = self.state.scope();
        let both = chord.alt
            && (self.state.keymap.action(scope, chord).is_none() || !self.state.overlays.is_empty());
        if !both {
            return self.key(chord);
        }
        let mut effects = self.key(Chord::plain(Key::Esc));
        effects.extend(self.key(Chord { alt: false, ..chord }));
        effects
    }

    fn key(&mut self, chord: Chord) -> Vec<Effect> {
        self.state.notice = None;
        if let Some(mut top) = self.state.overlays.pop() {
            return match top.key(chord, self.state.now) {
                Outcome::Stay => self.overlay(top),
                Outcome::Close => self.uncover(Vec::new()),
                Outcome::Do(effects) => self.uncover(effects),
                Outcome::Choose(selected) => self.choose(&top, selected),
                Outcome::Theme(name) => {
                    self.state.theme = name;
                    self.overlay(top)
                }
                Outcome::LeaveExec(request) => {
                    let effects = self.state.leave_exec(request);
                    self.uncover(effects)
                }
                Outcome::Answered(answered) => {
                    let effects = actions::operate::answers::take(&mut self.state, answered);
                    self.uncover(effects)
                }
                Outcome::ThemeTaken(name) => {
                    self.state.theme = name;
                    Vec::new()
                }
            };
        }
        if *self.state.nav.page() == Page::Metrics
            && let Some(effects) = actions::metrics::keys::key(&mut self.state, chord)
        {
            return effects;
        }
        if let Some(effects) = self.typed(chord) {
            return effects;
        }
        let scope = self.state.scope();
        match self.state.keymap.action(scope, chord).and_then(actions::find) {
            Some(action) => palette::choose(&mut self.state, palette::Choice::Action(action)),
            None => Vec::new(),
        }
    }

    /// A filter that is being typed takes the keys before any binding does.
    fn typed(&mut self, chord: Chord) -> Option<Vec<Effect>> {
        if *self.state.nav.page() == Page::Logs {
            return actions::logs::keys::key(&mut self.state, chord);
        }
        let filter = self.state.filter_mut().filter(|filter| filter.editing)?;
        match chord.key {
            Key::Enter => filter.editing = false,
            Key::Esc => *filter = Filter::default(),
            Key::Up | Key::Down => {
                filter.editing = false;
                return None;
            }
            _ => {
                filter.input.key(chord);
            }
        }
        self.state.settle();
        Some(Vec::new())
    }

    fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        if !self.state.overlays.is_empty() {
            return self.scroll_overlay(mouse.gesture);
        }
        if *self.state.nav.page() == Page::Logs {
            return actions::logs::mouse::gesture(&mut self.state, mouse);
        }
        if *self.state.nav.page() == Page::Metrics {
            return actions::metrics::mouse::gesture(&mut self.state, mouse);
        }
        match mouse.gesture {
            Gesture::ScrollDown(n) => self.state.wheel(mouse.at, 3 * n.cast_signed() as isize),
            Gesture::ScrollUp(n) => self.state.wheel(mouse.at, -3 * n.cast_signed() as isize),
            Gesture::Press => self.state.click(mouse.at),
            Gesture::Drag | Gesture::Release => Vec::new(),
        }
    }

    /// What lies above a page takes the wheel as arrow keys; clicks do nothing, so that none that was
    /// meant for the page is an answer.
    fn scroll_overlay(&mut self, gesture: Gesture) -> Vec<Effect> {
        let (key, notches) = match gesture {
            Gesture::ScrollDown(n) => (Key::Down, n),
            Gesture::ScrollUp(n) => (Key::Up, n),
            _ => return Vec::new(),
        };
        (0..notches).flat_map(|_| self.key(Chord::plain(key))).collect()
    }

    /// A question that comes to light is read from now on.
    fn uncover(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        if let Some(Overlay::Question { since, .. }) = self.state.overlays.last_mut() {
            *since = self.state.now;
        }
        effects
    }

    fn choose(&mut self, overlay: &Overlay, selected: usize) -> Vec<Effect> {
        let Overlay::Palette { input, .. } = overlay else { return Vec::new() };
        let mut offers = palette::candidates(&self.state, input.text());
        if offers.is_empty() {
            return Vec::new();
        }
        let offer = offers.swap_remove(selected.min(offers.len() - 1));
        palette::choose(&mut self.state, offer.choice)
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(top) = self.state.overlays.last_mut() {
            top.paste(text);
        } else if *self.state.nav.page() == Page::Metrics {
            return actions::metrics::keys::paste(&mut self.state, text);
        } else if let Some(filter) = self.state.filter_mut().filter(|filter| filter.editing) {
            filter.input.insert(text);
            self.state.settle();
        } else if *self.state.nav.page() == Page::Logs {
            return actions::logs::keys::paste(&mut self.state, text);
        }
        Vec::new()
    }

    fn tick(&mut self) -> Vec<Effect> {
        if self.state.notice.as_ref().is_some_and(|notice| notice.until <= self.state.now) {
            self.state.notice = None;
        }
        narrow::forget_dropped(&mut self.state);
        self.state.fleet.refresh(self.state.now.whole_second());
        Vec::new()
    }

    fn setup(&mut self, setup: Setup) -> Vec<Effect> {
        let (keymap, mistakes) = actions::keymap(&setup.keys);
        self.state.keymap = keymap;
        self.state.theme.clone_from(&setup.theme);
        self.state.fleet.configure(&setup);
        self.state.setup = setup;
        self.settle(self.state.now);
        if let Some(first) = mistakes.first() {
            self.state.refuse(first.clone());
        }
        let mut effects = vec![self.state.watch()];
        let setup = &self.state.setup;
        let datastores = setup.datastores.iter().map(|it| AppId::from(it.id.as_str()));
        let with_runs: BTreeSet<AppId> = setup.changeable.keys().cloned().chain(datastores).collect();
        effects.extend(with_runs.into_iter().map(Effect::LookUnfinished));
        effects
    }

    fn ask(&mut self, request: RequestId, question: Question) -> Vec<Effect> {
        let since = self.state.now;
        let overlay = Overlay::Question { request, question, input: TextInput::default(), since };
        // Below what is already open: it must not catch keys that were meant for that.
        self.state.overlays.insert(0, overlay);
        Vec::new()
    }

    fn withdraw(&mut self, request: RequestId) -> Vec<Effect> {
        self.state.overlays.retain(
            |overlay| !matches!(overlay, Overlay::Question { request: held, .. } if *held == request),
        );
        Vec::new()
    }

    fn reply(&mut self, request: RequestId, reply: Reply) -> Vec<Effect> {
        let reply = match actions::operate::news::reply(&mut self.state, request, reply) {
            Ok(effects) => return effects,
            Err(reply) => reply,
        };
        let reply = match self.state.browsed(request, reply) {
            Ok(()) => return Vec::new(),
            Err(reply) => reply,
        };
        let reply = match reply {
            Reply::Kept(kept) => {
                actions::metrics::open::offered(&mut self.state, request, kept);
                return Vec::new();
            }
            Reply::Past(past) => {
                actions::metrics::open::answered(&mut self.state, request, Ok(past));
                return Vec::new();
            }
            Reply::Failed(failure)
                if actions::metrics::open::answered(&mut self.state, request, Err(failure.clone()))
                    || actions::metrics::open::not_offered(&mut self.state, request) =>
            {
                return Vec::new();
            }
            reply => reply,
        };
        match reply {
            Reply::Found { segments, done } => {
                return narrow::found(&mut self.state, request, segments, done);
            }
            Reply::Done(text) => self.state.say(text),
            Reply::Failed(failure) => self.state.overlays.push(Overlay::Failure(failure)),
            // Taken above.
            _ => {}
        }
        Vec::new()
    }

    fn overlay(&mut self, overlay: Overlay) -> Vec<Effect> {
        self.state.overlays.push(overlay);
        Vec::new()
    }
}
