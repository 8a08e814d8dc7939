//! `kind = "container"`: whether containers are there, run, and call themselves healthy.

use crate::config::amounts::Count;
use crate::config::mistake::Mistake;
use crate::config::table::Table;
use crate::domain::ids::{AppId, ServerId};

/// A container, or all of an app's, or of one of its services.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerCheck {
    /// The servers it must run on; empty for the app's, or wherever it is found.
    pub server: Vec<ServerId>,
    /// The app, which is also the check's.
    pub app: Option<AppId>,
    /// The Compose service.
    pub service: Option<String>,
    /// The container's name.
    pub name: Option<String>,
    /// How many must run on each server, at least one.
    pub min_running: u32,
}

impl ContainerCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let server: Vec<ServerId> = t.opt("server").unwrap_or_default();
        let app: Option<AppId> = t.peek("app").map(AppId::from);
        let service: Option<String> = t.opt("service");
        let name: Option<String> = t.opt("name");
        let min_running = t.or("min_running", Count::new(1)).get();
        if !t.has("app") && !t.has("service") && !t.has("name") {
            t.report(Mistake::error(t.span(), "one of `app`, `service` and `name` is missing"));
            return None;
        }
        Some(Self { server, app, service, name, min_running })
    }

    pub(super) fn target(&self) -> String {
        let parts = [self.app.as_ref().map(AppId::as_str), self.service.as_deref(), self.name.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join("/")
    }
}
