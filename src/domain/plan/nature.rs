//! What may be done with an act: whether it changes what serves, may be left, or done again.

use super::Act;
use super::rewind::Does;
use crate::domain::ids::DatastoreId;

impl Act {
    /// The datastore that it is done with, where it is one.
    pub fn datastore(&self) -> Option<&DatastoreId> {
        match self {
            Self::BackUp { datastore, .. }
            | Self::Load { datastore, .. }
            | Self::Mask { datastore, .. }
            | Self::CompareData { datastore, .. }
            | Self::Assert { datastore, .. }
            | Self::Swap { datastore, .. }
            | Self::Unswap { datastore, .. }
            | Self::DropDatabases { datastore, .. } => Some(datastore),
            Self::Rewind(it) => Some(&it.datastore),
            _ => None,
        }
    }

    /// Whether something is otherwise once it has begun, so that there is something to put back.
    pub fn touches(&self) -> bool {
        if let Self::Units { act } = self {
            return act.touches();
        }
        if let Self::Rewind(it) = self {
            return it.touches();
        }
        matches!(
            self,
            Self::Up { .. }
                | Self::Scale { .. }
                | Self::Beside { .. }
                | Self::Route { .. }
                | Self::Maintain(_)
                | Self::Compose { .. }
                | Self::Halt { .. }
                | Self::Load { .. }
                | Self::Mask { .. }
                | Self::Swap { .. }
        )
    }

    /// Whether it is a command of the operator's, of which nobody knows what it changed.
    pub const fn is_theirs(&self) -> bool {
        matches!(self, Self::Hook { .. } | Self::Here { .. } | Self::Migrate { .. })
    }

    /// Whether it runs on the machine of the console.
    pub const fn is_here(&self) -> bool {
        matches!(self, Self::Here { .. })
    }

    /// The datastore in whose place something else is put (`true`), or what stood there again (`false`).
    pub fn exchanges(&self) -> Option<(&DatastoreId, bool)> {
        match self {
            Self::Swap { datastore, .. } => Some((datastore, true)),
            Self::Unswap { datastore, .. } => Some((datastore, false)),
            Self::Rewind(it) => match it.does {
                Does::Exchange(_) => Some((&it.datastore, true)),
                Does::Return(_) => Some((&it.datastore, false)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it can be given up in the middle, and everything stands as before.
    pub fn may_be_left(&self) -> bool {
        if let Self::Rewind(it) = self {
            return it.may_be_left();
        }
        matches!(
            self,
            Self::BackUp { .. }
                | Self::Load { .. }
                | Self::CompareData { .. }
                | Self::Assert { .. }
                | Self::CheckRepository { .. }
        )
    }

    /// Whether a cancel ends it in the middle.
    pub fn heeds_cancel(&self) -> bool {
        self.may_be_left() || self.is_here()
    }

    /// Whether it may be done again when it is not known how it ended: it then brings about the same.
    pub const fn repeatable(&self) -> bool {
        // What was masked half is brought anew first, by a run that is taken up.
        !self.is_theirs() && !matches!(self, Self::Mask { .. })
    }
}
