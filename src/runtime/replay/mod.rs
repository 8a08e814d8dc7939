//! Playing a recording to the same core that once was told it: the recorded time is the clock,
//! nothing is connected to, and what a reader opens comes from the recording.

mod clock;
mod doubt;
mod effects;
mod held;
mod player;

pub use clock::ReplayClock;
pub use doubt::Told;
pub use effects::ReplayEffects;
pub use player::{Order, Player};
