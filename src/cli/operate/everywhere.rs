//! All that has runs, looked at side by side: the apps and the datastores, over one connection a server.

use futures_util::future::join_all;

use super::{Desk, Operating};
use crate::config::Config;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::Failure;
use crate::engine::unfinished::{Open, all};
use crate::runtime::deploying;

/// What goes on with an app or a datastore.
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Whether it is a datastore.
    pub datastore: bool,
    /// Where its runs are written down.
    pub spec: AppSpec,
    /// What has no end there, and what waits.
    pub open: Open,
}

impl Desk {
    /// Looks at all of them, or at those of one name.
    pub fn everywhere(&self, only: Option<&str>) -> Result<Vec<Standing>, Failure> {
        let config = &self.context.config;
        let mut named = all_named(config);
        if let Some(only) = only {
            named.retain(|(name, _)| name == only);
            if named.is_empty() {
                // It says what is missing.
                named.push((only.to_owned(), false));
            }
        }
        let specs = named.into_iter().map(|(name, datastore)| {
            let spec = deploying::whoever(config, &name, datastore)?;
            Ok((name, datastore, spec))
        });
        let specs: Vec<(String, bool, AppSpec)> = specs.collect::<Result<_, Failure>>()?;
        let looks = specs.iter().map(|(_, _, spec)| all(&self.engines, spec));
        let looked = self.headless.tasks.block_on(join_all(looks));
        let standing = specs.into_iter().zip(looked);
        Ok(standing.map(|((name, datastore, spec), open)| Standing { name, datastore, spec, open }).collect())
    }
}

impl Operating {
    /// With connections that stand already.
    pub fn over(desk: Desk, spec: AppSpec) -> Self {
        Self { desk, spec }
    }
}

/// The apps that have a ledger, which are those of which the Compose file is configured, and the datastores:
/// all that has runs in a folder that the configuration tells of, by name, and whether it is a datastore.
fn all_named(config: &Config) -> Vec<(String, bool)> {
    let apps = config.apps.keys().filter(|app| deploying::spec(config, app).is_ok());
    let apps = apps.map(|app| (app.as_str().to_owned(), false));
    apps.chain(config.datastores.keys().map(|id| (id.as_str().to_owned(), true))).collect()
}
