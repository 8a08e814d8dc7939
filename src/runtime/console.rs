//! The loop: input first, then data in short slices, then a frame if one is due.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::clock::{monotonic, on_core};
use super::effects::Perform;
use super::pacing::{Pacing, SLICE, Urgency};
use super::screen::{Screen, Sink};
use super::terminal;
use crate::app::App;
use crate::domain::clock::Clock;
use crate::domain::ids::RequestId;
use crate::domain::setup::Setup;
use crate::domain::time::Timestamp;
use crate::message::effect::Effect;
use crate::message::event::Event;
use crate::message::inbox::Inbox;
use crate::state::exec::Exec;

/// How often the time on the screen is looked at.
const TICK: Duration = Duration::from_secs(1);
/// A turn or a frame that takes longer than this is written to the log as a defect: no key may wait
/// longer. `own` there is what this thread had a core for; the rest is the wait for one.
const SLOW: Duration = Duration::from_millis(8);

/// Sees an event and its time.
pub type Witness = Box<dyn FnMut(&Event, Timestamp)>;

/// Looks at an event before the core does, and says whether it was meant for itself.
pub type Before = Box<dyn FnMut(&Event, &mut App) -> bool>;

/// What the loop works with.
pub struct Console<W: Sink> {
    /// The core.
    pub app: App,
    /// What the terminal shows.
    pub screen: Screen<W>,
    /// Where events come from.
    pub inbox: Arc<Inbox>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// When to draw.
    pub pacing: Pacing,
    /// Carries out what the core asks for.
    pub effects: Box<dyn Perform>,
    /// Sees each event with its time before the core does (recording).
    pub witness: Option<Witness>,
    /// Takes an event for itself where it says so; the core then does not see it (the keys of a
    /// replay).
    pub before: Option<Before>,
    /// Whether the terminal is another's for a while.
    pub lent: Lent,
}

/// Whose the terminal is. While it is another's nothing is drawn, and all else goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lent {
    /// Ours.
    #[default]
    No,
    /// It is to be given away as soon as it took what was sent.
    Soon(RequestId),
    /// A program's elsewhere.
    Yes,
}

impl<W: Sink> Console<W> {
    /// Takes the configuration and shows the first frame, before anything is connected to.
    pub fn open(&mut self, setup: Setup) -> std::io::Result<()> {
        // Nothing in a configuration asks to quit.
        let _ = self.feed(Event::Setup(setup))?;
        self.draw()
    }

    /// Runs until the core asks to quit, or the terminal cannot be written to any more.
    pub fn run(&mut self) -> std::io::Result<()> {
        let mut next_tick = monotonic() + TICK;
        loop {
            self.screen.go_on()?;
            if let Lent::Soon(request) = self.lent
                && !self.screen.is_held_up()
            {
                self.lent = Lent::Yes;
                self.effects.perform(Effect::Lend(request));
            }
            let until_tick = next_tick.saturating_duration_since(monotonic());
            match self.due_in() {
                _ if !self.inbox.is_empty() => {}
                None => self.inbox.wait(Some(until_tick)),
                Some(due) => self.inbox.wait_input(due.min(until_tick)),
            }
            if self.drain()?.is_break() {
                return Ok(());
            }
            if monotonic() >= next_tick {
                next_tick = monotonic() + TICK;
                self.pacing.want(Urgency::Data);
                if self.feed(Event::Tick)?.is_break() {
                    return Ok(());
                }
            }
            if self.due_in().is_some_and(|due| due.is_zero()) {
                self.draw()?;
            }
        }
    }

    /// How long until the next frame is due. None is while the terminal has not taken the last one: it
    /// then gets the newest, and all else goes on.
    fn due_in(&self) -> Option<Duration> {
        if self.screen.is_held_up() || self.lent != Lent::No { None } else { self.pacing.due_in(monotonic()) }
    }

    /// Takes all input that waits, and data for one slice.
    fn drain(&mut self) -> std::io::Result<ControlFlow<()>> {
        let start = monotonic();
        while let Some(event) = self.inbox.take() {
            let input =
                matches!(event, Event::Key(_) | Event::Mouse(_) | Event::Paste(_) | Event::Resize(..));
            // What a person asked for is answered as soon as it is known, not at data's pace.
            let urgent = input || matches!(event, Event::Reply(..));
            self.pacing.want(if urgent { Urgency::Input } else { Urgency::Data });
            if self.feed(event)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if !self.inbox.has_input() && (input || start.elapsed() >= SLICE) {
                break;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn feed(&mut self, event: Event) -> std::io::Result<ControlFlow<()>> {
        let now = self.clock.now();
        if let Some(witness) = &mut self.witness {
            witness(&event, now);
        }
        if let Event::Resize(columns, rows) = event {
            self.screen.resize(columns, rows);
        }
        if self.before.as_mut().is_some_and(|before| before(&event, &mut self.app)) {
            return Ok(ControlFlow::Continue(()));
        }
        let (start, on_core_before) = (monotonic(), on_core());
        let name = std::mem::discriminant(&event);
        for effect in self.app.handle(event, now) {
            match effect {
                Effect::Quit => return Ok(ControlFlow::Break(())),
                Effect::Lend(request) => {
                    let says = self.app.state.exec.as_ref().map(Exec::invites).unwrap_or_default();
                    self.screen.send(terminal::lend(&says))?;
                    self.lent = Lent::Soon(request);
                }
                Effect::TakeBack => {
                    self.screen.send(terminal::take_back())?;
                    self.screen.forget();
                    self.lent = Lent::No;
                }
                effect => {
                    if let Some(bytes) = self.effects.perform(effect)
                        && !self.screen.send(bytes)?
                    {
                        self.app.state.refuse("not copied: the terminal takes nothing");
                    }
                }
            }
        }
        if start.elapsed() > SLOW {
            let own = on_core().saturating_sub(on_core_before);
            tracing::warn!(?name, took = ?start.elapsed(), ?own, "a slow turn");
        }
        Ok(ControlFlow::Continue(()))
    }

    fn draw(&mut self) -> std::io::Result<()> {
        let (start, on_core_before) = (monotonic(), on_core());
        // Ages are told in seconds: counted from whole ones they all change in one frame, and a frame
        // that something else brings leaves them alone.
        self.app.settle(self.clock.now().whole_second());
        let app = &self.app;
        self.screen.draw(|buf| app.draw(buf))?;
        self.pacing.drawn(monotonic());
        if start.elapsed() > SLOW {
            let own = on_core().saturating_sub(on_core_before);
            tracing::warn!(took = ?start.elapsed(), ?own, "a slow frame");
        }
        Ok(())
    }
}
