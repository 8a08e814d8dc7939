//! The app's own checks (`[checks.NAME] app = "…"`), as a change asks them: which there are, and what one
//! answers now. Who asks is elsewhere.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::health::Verdict;
use super::ids::{AppId, CheckId, ServerId};

/// A check of an app, as it looks from one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCheck {
    /// Its name; with the place (`shop@web-1`) where it looks from several.
    pub id: CheckId,
    /// The server that it looks from; `None` from the console.
    pub from: Option<ServerId>,
    /// Failing attempts in a row that make it fail.
    pub fail_after: u32,
}

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is up.
    Up,
    /// It met what visitors get while its app is in maintenance; how that is told.
    Excused(String),
    /// It is not up, or it is not known whether it is.
    Not(Verdict),
}

/// A check that a plan goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppCheck {
    /// Which.
    pub check: CheckId,
    /// Failing attempts in a row that make it fail while a release is watched.
    pub fail_after: u32,
}

/// Makes the checks of a console's configuration.
#[async_trait]
pub trait Checks: Send + Sync {
    /// Those of an app, in the order of their names.
    fn of(&self, app: &AppId) -> Vec<OwnCheck>;

    /// Makes one attempt; `None` where the configuration has none of that name. It ends in time by itself.
    async fn ask(&self, check: &CheckId) -> Option<Answer>;
}
