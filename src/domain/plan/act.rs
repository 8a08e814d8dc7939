//! What a step does: the engine has one performer for each, and `shell` says what a person would
//! type instead.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::image::ImageRef;
use crate::domain::release::ReleaseNumber;

/// What a step does on its server, in the app's folder there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Act {
    /// Writes a release's own Compose file: the app's file over these images, rendered by Compose.
    /// Refused where the result is not the one that the plan was made of.
    Render {
        /// Which release.
        release: ReleaseNumber,
        /// The images by service.
        pins: BTreeMap<String, ImageRef>,
        /// SHA-256 of what Compose rendered when the plan was made, in hex; `None` for what runs already,
        /// which the plan does not show.
        expects: Option<String>,
        /// Whether it tells of what runs already, so that there is something to go back to.
        adopts: bool,
    },
    /// Brings an image onto the server; nothing where it is there.
    Pull {
        /// Which, pinned.
        image: ImageRef,
    },
    /// Applies a release to these services.
    Up {
        /// Which release.
        release: ReleaseNumber,
        /// The services; others are left alone.
        services: Vec<String>,
        /// The containers that are replaced, by their ids when the plan was made: where others run by
        /// now, somebody was quicker.
        replaces: Vec<String>,
    },
    /// Waits until these services are good.
    Gate {
        /// The release that they are of, to which the last lines of what fails are attached.
        release: Option<ReleaseNumber>,
        /// The services.
        services: Vec<Expected>,
        /// How long a container without a health check has to stay up.
        steady: Duration,
    },
    /// Makes a release the current one.
    Point {
        /// Which release.
        release: ReleaseNumber,
    },
    /// A command of the operator's, by the server's shell in the app's folder; once.
    Hook {
        /// Its words.
        command: Vec<String>,
    },
    /// A command in a container of a release's image; once.
    Migrate {
        /// Whose image.
        release: ReleaseNumber,
        /// The service.
        service: String,
        /// The arguments.
        command: Vec<String>,
    },
    /// Compares for a while with how it was before.
    Watch {
        /// The release that they are of, likewise.
        release: Option<ReleaseNumber>,
        /// The services.
        services: Vec<Expected>,
        /// How long.
        window: Duration,
    },
    /// `docker compose` with these words (restart, stop, start).
    Compose {
        /// The words.
        words: Vec<String>,
    },
}

impl Act {
    /// Whether what serves is otherwise once it has begun, so that there is something to put back.
    pub const fn touches(&self) -> bool {
        matches!(self, Self::Up { .. } | Self::Compose { .. })
    }

    /// Whether it is a command of the operator's, of which nobody knows what it changed.
    pub const fn is_theirs(&self) -> bool {
        matches!(self, Self::Hook { .. } | Self::Migrate { .. })
    }

    /// Whether it may be done again when it is not known how it ended: it then brings about the same.
    pub const fn repeatable(&self) -> bool {
        !self.is_theirs()
    }
}

/// A service as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its name.
    pub service: String,
    /// How many containers.
    pub containers: u16,
    /// The image; `None` where any will do.
    pub image: Option<ImageRef>,
}
