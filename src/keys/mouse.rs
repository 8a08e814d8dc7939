//! What the mouse does.

use serde::{Deserialize, Serialize};

/// A cell of the screen, from the top left, counted from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The column.
    pub column: u16,
    /// The row.
    pub row: u16,
}

/// What was done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gesture {
    /// The left button went down.
    Press,
    /// It moved with the left button down.
    Drag,
    /// The left button went up.
    Release,
    /// The wheel turned towards the user, by this many notches.
    ScrollDown(u16),
    /// The wheel turned away from the user, by this many notches.
    ScrollUp(u16),
}

/// One gesture somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mouse {
    /// Where.
    pub at: Cell,
    /// What.
    pub gesture: Gesture,
}
