//! How an app is deployed: the keys of `[apps.NAME]` beside where it is.

use std::path::PathBuf;
use std::time::Duration;

use super::amounts::Whole;
use super::argv::Argv;
use super::mistake::Mistake;
use super::scalars::RemotePath;
use super::table::Table;
use super::words::words;
use super::{app_gate, app_proxy};
use crate::domain::deploy::{Canary, Gate, Hook, HookPoint, Strategy};
use crate::domain::proxy::Proxy;

words! {
    /// How containers are replaced.
    StrategyWord {
        /// All servers at once.
        Recreate = "recreate",
        /// Some servers at a time.
        Rolling = "rolling",
        /// New containers beside the old ones, which go when the new ones serve.
        StartFirst = "start-first",
        /// Likewise, but the old ones stay until the next deploy.
        BlueGreen = "blue-green",
        /// Requests go over in steps.
        Canary = "canary",
    }
}

words! {
    /// When a hook runs.
    PointWord {
        /// Before anything of a server is replaced.
        Before = "before",
        /// Once for the app.
        Migrate = "migrate",
        /// When a server's containers are good.
        After = "after",
    }
}

words! {
    /// Where a hook runs.
    FromWord {
        /// On the app's servers.
        Server = "server",
        /// On the machine of the console.
        Here = "here",
    }
}

/// What the configuration says of deploying an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployConfig {
    /// The services whose images a deploy changes; empty for all.
    pub services: Vec<String>,
    /// How containers are replaced.
    pub strategy: Strategy,
    /// Servers at a time.
    pub at_a_time: u16,
    /// When a service is good.
    pub gate: Gate,
    /// How long it is watched afterwards.
    pub watch: Duration,
    /// Releases whose images are kept.
    pub keep: u16,
    /// The Compose file here that a deploy sends.
    pub send: Option<PathBuf>,
    /// The environment file here that a deploy sends.
    pub send_env: Option<PathBuf>,
    /// The environment file in place of `.env`.
    pub env_file: Option<String>,
    /// Commands in between.
    pub hooks: Vec<Hook>,
    /// The proxy before it.
    pub proxy: Option<Proxy>,
    /// The steps of a canary.
    pub canary: Canary,
}

impl DeployConfig {
    pub(super) fn read(t: &mut Table<'_>, app: &str) -> Self {
        let strategy = match t.or("strategy", StrategyWord::Recreate) {
            StrategyWord::Recreate => Strategy::Recreate,
            StrategyWord::Rolling => Strategy::Rolling,
            StrategyWord::StartFirst => Strategy::StartFirst,
            StrategyWord::BlueGreen => Strategy::BlueGreen,
            StrategyWord::Canary => Strategy::Canary,
        };
        Self {
            services: t.opt("services").unwrap_or_default(),
            strategy,
            at_a_time: number(t.or("at_a_time", Whole::<1, 1000>(1))),
            gate: app_gate::read(t),
            watch: t.or("watch", Duration::from_secs(120)),
            keep: number(t.or("keep", Whole::<2, 1000>(5))),
            send: t.opt("send"),
            send_env: t.opt("send_env"),
            env_file: t.opt::<RemotePath>("env_file").map(|path| path.0),
            hooks: t.list("hooks", hook),
            proxy: app_proxy::read(t, app),
            canary: t.table("canary", canary),
        }
    }
}

fn number<const MIN: i64, const MAX: i64>(it: Whole<MIN, MAX>) -> u16 {
    u16::try_from(it.0).unwrap_or(u16::MAX)
}

fn canary(t: &mut Table<'_>) -> Canary {
    let usual = Canary::default();
    let shares: Option<Vec<Whole<1, 99>>> = t.opt("shares");
    let shares = shares.map_or(usual.shares, |all| all.into_iter().map(number).collect());
    if !shares.is_sorted() {
        t.report(Mistake::error(t.span_of("shares"), "the shares of a canary grow from step to step"));
    }
    Canary { shares, window: t.or("window", usual.window), path: t.or("path", usual.path) }
}

fn hook(t: &mut Table<'_>) -> Option<Hook> {
    let when: Option<PointWord> = t.need("when");
    let command: Option<Argv> = t.need("command");
    let name: Option<String> = t.opt("name");
    let service: Option<String> = t.opt("service");
    let down: Option<Argv> = t.opt("down");
    let here = t.or("from", FromWord::Server) == FromWord::Here;
    let (when, command) = (when?, command?.0);
    if when == PointWord::Migrate && service.is_none() {
        t.report(
            Mistake::error(t.span(), "a migration needs `service`: whose new image runs it")
                .help("add `service = \"web\"`"),
        );
        return None;
    }
    if when != PointWord::Migrate && (service.is_some() || down.is_some()) {
        t.report(Mistake::error(t.span(), "`service` and `down` belong to a migration"));
        return None;
    }
    if when == PointWord::Migrate && here {
        t.report(
            Mistake::error(
                t.span_of("from"),
                "a migration runs in a container of the new image, on a server",
            )
            .help("leave `from` away, or say `when = \"before\"`"),
        );
        return None;
    }
    let when = match when {
        PointWord::Before => HookPoint::Before,
        PointWord::Migrate => HookPoint::Migrate,
        PointWord::After => HookPoint::After,
    };
    let name = name.unwrap_or_else(|| command.join(" "));
    Some(Hook { name, when, command, here, service, down: down.map(|argv| argv.0) })
}
