//! What every subcommand begins with: the configuration, found and read.

use std::path::PathBuf;

use directories::ProjectDirs;

use super::args::Args;
use crate::actions;
use crate::config::{self, Config, Options};
use crate::domain::failure::Failure;

/// A configuration and where it came from.
#[derive(Debug)]
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// Its file; `None` where there is none, and this machine is shown.
    pub source: Option<PathBuf>,
}

/// Reads the configuration that the arguments name, or the one in the usual place. Its mistakes are
/// printed whole.
pub fn load(args: &Args) -> Result<Context, Failure> {
    let Some(path) = args.config.clone().or_else(usual_place) else {
        return Ok(Context { config: Config::default(), source: None });
    };
    let actions: Vec<&str> = actions::all().map(|action| action.id).collect();
    let home = std::env::home_dir();
    let options = Options { home: home.as_deref(), themes: None, actions: &actions };
    match config::load(&path, options) {
        Ok(loaded) => Ok(Context { config: loaded.config, source: Some(path) }),
        Err(error) => {
            if let Some(report) = error.report() {
                eprintln!("{}", report.render(false));
            }
            Err(error.into_failure())
        }
    }
}

/// The file in the user's configuration directory, if it is there.
fn usual_place() -> Option<PathBuf> {
    let path = ProjectDirs::from("", "", "midwatch")?.config_dir().join("config.toml");
    path.exists().then_some(path)
}
