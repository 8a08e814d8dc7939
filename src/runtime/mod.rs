//! The loop and all that touches the machine on its behalf: terminal, keys, clock, signals, and the
//! carrying out of effects.
//!
//! The loop is synchronous and has a thread to itself; tokio has the others. Lives here: pacing,
//! translating the terminal library's types, starting and stopping what observes. Not here: what an
//! event means (app), or anything that is drawn (views).

mod app_checks;
pub mod asker;
pub mod clock;
pub mod console;
pub mod defects;
pub mod deploying;
pub mod effects;
pub mod excused;
pub mod input;
pub mod keeping;
pub mod manners;
pub mod observers;
pub mod outlet;
pub mod pacing;
mod pen;
mod porter;
pub mod recording;
pub mod reload;
pub mod replay;
pub mod screen;
pub mod setup;
pub mod shell;
pub mod signals;
pub mod tap;
pub mod terminal;
mod waking;
pub mod wardrobe;
