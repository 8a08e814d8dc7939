//! Chords and the keymap: what a hand does, and which action that names.
//!
//! Lives here: reading and writing chords, looking them up. Not here: what an action does, or the
//! terminal library's own key types (the runtime translates those).

pub mod chord;
pub mod keymap;
pub mod mouse;
