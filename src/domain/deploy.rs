//! How an app is deployed, as the configuration says it: what planning needs, and nothing of where
//! it was written.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::{AppId, DatastoreId, EnvironmentId, RepositoryId, ServerId};
use super::proxy::Proxy;
use super::setup::Guard;

/// Everything that is configured of an app, the defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSpec {
    /// Its name.
    pub id: AppId,
    /// Its Compose project.
    pub project: String,
    /// Its environment, where it has one.
    pub environment: Option<EnvironmentId>,
    /// How changes to it are confirmed.
    pub guard: Guard,
    /// Where it runs and the Compose file there, an absolute path; in the order in which it is deployed.
    pub places: BTreeMap<ServerId, Place>,
    /// The order of the servers.
    pub servers: Vec<ServerId>,
    /// The services whose image a deploy changes; empty for all, where they share a repository.
    pub services: Vec<String>,
    /// How servers and containers are replaced.
    pub strategy: Strategy,
    /// Servers that are changed at the same time where the strategy goes server by server.
    pub at_a_time: u16,
    /// When a service counts as good.
    pub gate: Gate,
    /// How long it is compared with before, after the last server.
    pub watch: Duration,
    /// Releases whose images are kept.
    pub keep: u16,
    /// The Compose file here that a deploy sends to the servers, where it is not theirs that counts.
    #[serde(default)]
    pub send: Option<String>,
    /// The environment file here that a deploy sends, likewise.
    #[serde(default)]
    pub send_env: Option<String>,
    /// What runs in between.
    pub hooks: Vec<Hook>,
    /// The folder of the configuration file, where what runs here begins.
    #[serde(default)]
    pub folder: Option<String>,
    /// The proxy before it, where a deploy switches one.
    pub proxy: Option<Proxy>,
    /// The steps of a canary.
    pub canary: Canary,
    /// The datastores whose last backup has to be young enough.
    #[serde(default)]
    pub backups: Vec<Backed>,
}

/// A datastore of an app, as far as a deploy asks for its backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backed {
    /// Which.
    pub datastore: DatastoreId,
    /// Where its backups are.
    pub repository: RepositoryId,
    /// How old the last good one may be.
    pub max_age: Duration,
}

impl AppSpec {
    /// What is known of something that is no app, but has a lock and runs in folders of its own.
    pub fn bare(id: AppId, places: BTreeMap<ServerId, Place>) -> Self {
        Self {
            project: id.to_string(),
            id,
            environment: None,
            guard: Guard::Confirm,
            servers: places.keys().cloned().collect(),
            places,
            services: Vec::new(),
            strategy: Strategy::default(),
            at_a_time: 1,
            gate: Gate::default(),
            watch: Duration::ZERO,
            keep: 0,
            send: None,
            send_env: None,
            hooks: Vec::new(),
            folder: None,
            proxy: None,
            canary: Canary::default(),
            backups: Vec::new(),
        }
    }
}

/// Where an app's files are on one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The Compose project.
    pub project: String,
    /// The folder of the Compose file, absolute; what is ours lies in `.midwatch` in it. Of a datastore, a
    /// folder of our own, from the home of the server's user.
    pub directory: String,
    /// The Compose file's name in it, or an absolute path.
    pub file: String,
    /// The environment file that Compose reads in place of `.env`, where one is configured.
    #[serde(default)]
    pub env_file: Option<String>,
}

impl Place {
    /// The folder that is ours.
    pub fn own(&self) -> String {
        format!("{}/.midwatch", self.directory)
    }

    /// The environment file that Compose reads, from the app's folder.
    pub fn env(&self) -> &str {
        self.env_file.as_deref().unwrap_or(".env")
    }

    /// Its name alone.
    pub fn env_name(&self) -> &str {
        self.env().rsplit('/').next().unwrap_or(".env")
    }
}

/// How an app's containers are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// All servers at once, each container stopped and made anew.
    #[default]
    Recreate,
    /// Likewise, but so many servers at a time, and no further after a failure.
    Rolling,
    /// The new containers beside the old ones; when they are good the proxy sends to them, and when they
    /// stayed good the old ones are drained and removed.
    StartFirst,
    /// Likewise, but the old ones go on running until the next deploy, for an instant return.
    BlueGreen,
    /// As start-first, but the proxy sends to the new ones in steps, each judged.
    Canary,
}

impl Strategy {
    /// Its word, as the configuration writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recreate => "recreate",
            Self::Rolling => "rolling",
            Self::StartFirst => "start-first",
            Self::BlueGreen => "blue-green",
            Self::Canary => "canary",
        }
    }

    /// All, in the order of the help.
    pub const ALL: [Self; 5] =
        [Self::Recreate, Self::Rolling, Self::StartFirst, Self::BlueGreen, Self::Canary];

    /// Whether new containers stand beside the old ones, so that a proxy has to be switched.
    pub const fn is_beside(self) -> bool {
        matches!(self, Self::StartFirst | Self::BlueGreen | Self::Canary)
    }
}

/// When a service counts as good after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// How long it may take.
    pub deadline: Duration,
    /// How long a container without a health check has to stay up.
    pub steady: Duration,
    /// What such a container is asked instead.
    #[serde(default)]
    pub probe: Option<HttpProbe>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(120), steady: Duration::from_secs(10), probe: None }
    }
}

impl Gate {
    /// The same for what was there before: an earlier release may not know the path, but it answers.
    #[must_use]
    pub fn of_earlier(&self) -> Self {
        let probe = self.probe.clone().map(|probe| HttpProbe { below: HttpProbe::ANSWERED, ..probe });
        Self { probe, ..self.clone() }
    }

    /// The same without a question: on the way back nobody knows what the release before answers.
    #[must_use]
    pub fn unasked(&self) -> Self {
        Self { probe: None, ..self.clone() }
    }
}

/// A question by HTTP to each container that has no health check of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpProbe {
    /// The service that is asked; all where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The port in the container.
    pub port: u16,
    /// The path.
    pub path: String,
    /// Statuses from 200 up to below this one are good.
    pub below: u16,
}

impl HttpProbe {
    /// What it takes for a new release: 2xx and 3xx.
    pub const GOOD: u16 = 400;
    /// What it takes for an earlier one: any answer that is no error of the server's.
    pub const ANSWERED: u16 = 500;

    /// Whether containers of this service are asked.
    pub fn asks(&self, service: &str) -> bool {
        self.service.as_deref().is_none_or(|only| only == service)
    }

    /// Whether an answer is good.
    pub const fn is_good(&self, status: u16) -> bool {
        200 <= status && status < self.below
    }

    /// Port and path, for the reader.
    pub fn says(&self) -> String {
        format!(":{}{}", self.port, self.path)
    }
}

/// How a canary goes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Percent of the requests that the new containers get, step by step; the last step is all of them.
    pub shares: Vec<u16>,
    /// How long new and old are compared at each.
    pub window: Duration,
    /// The path that both are asked for.
    pub path: String,
}

impl Default for Canary {
    fn default() -> Self {
        Self { shares: vec![5, 25, 50], window: Duration::from_secs(60), path: "/".to_owned() }
    }
}

/// A command that runs at a point of a deploy, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Its name, for the reader.
    pub name: String,
    /// When.
    pub when: HookPoint,
    /// The command, by the server's shell in the app's folder; for a migration the arguments in a
    /// container of the new image; of one that runs here its words, without a shell.
    pub command: Vec<String>,
    /// Whether it runs once for the app on the machine of the console, and not on each server.
    #[serde(default)]
    pub here: bool,
    /// The service whose new image runs it, for a migration.
    pub service: Option<String>,
    /// What takes it back, likewise; without it a rollback across it has to be accepted.
    pub down: Option<Vec<String>>,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookPoint {
    /// On each server, before anything of it is replaced; here, before anything is replaced anywhere.
    Before,
    /// Once for the app, in a container of the new image, before anything is replaced anywhere.
    Migrate,
    /// On each server, when its new containers are good; here, when they are on all servers.
    After,
}

impl HookPoint {
    /// Its word, as the configuration writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Migrate => "migrate",
            Self::After => "after",
        }
    }
}
