//! What every subcommand begins with: the configuration, found, read and layered.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use super::args::Args;
use crate::actions;
use crate::config::layers::{Overrides, resolve};
use crate::config::locate::{self, Location};
use crate::config::{Config, LoadError, Loaded, Options};
use crate::domain::failure::{Failure, FailureKind};

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// Where it is looked for.
    pub location: Location,
    overrides: Overrides,
}

/// Reads the configuration that the arguments name, or the one in the usual place. Its mistakes are
/// printed whole.
pub fn load(args: &Args) -> Result<Context, Failure> {
    let location = Location::find(args.config.as_deref(), |name| std::env::var_os(name));
    let environment = Overrides::from_env(|name| std::env::var(name).ok()).map_err(|bad| {
        let why: Vec<String> = bad.iter().map(ToString::to_string).collect();
        Failure { why, ..Failure::new(FailureKind::Invalid, "read the environment", "") }
    })?;
    let said = Overrides { theme: args.theme.clone(), ..Overrides::default() };
    let mut context = Context { config: Config::default(), location, overrides: said.over(environment) };
    match context.read() {
        Ok(loaded) => {
            for line in loaded.warnings.lines() {
                eprintln!("midwatch: {line}");
            }
            context.config = loaded.config;
            Ok(context)
        }
        Err(error) => {
            let told = error.report().map(|report| {
                eprintln!("{}", report.render(std::io::stderr().is_terminal()));
                "mend what is underlined above: that is every mistake there is"
            });
            let mut failure = error.into_failure();
            // All of it was just told, and no other command tells more.
            failure.hint = told.map(str::to_owned).or(failure.hint);
            Err(failure)
        }
    }
}

impl Context {
    /// A configuration that stands in no file.
    pub fn of(config: Config) -> Self {
        let location = Location { path: None, origin: locate::Origin::Usual };
        Self { config, location, overrides: Overrides::default() }
    }

    /// Reads the configuration as it is now.
    pub fn read(&self) -> Result<Loaded, LoadError> {
        let actions: Vec<&str> = actions::all().map(|action| action.id).collect();
        let home = locate::home();
        let options = Options { home: home.as_deref(), themes: None, actions: &actions };
        let mut loaded = self.location.load(options)?;
        loaded.config = resolve(self.overrides.clone(), Overrides::default(), loaded.config);
        Ok(loaded)
    }

    /// The file that was read; `None` where there is none, and this machine alone is shown.
    pub fn source(&self) -> Option<PathBuf> {
        self.location.path.clone().filter(|path| path.exists())
    }

    /// The folder of the user's own themes, where there is one.
    pub fn themes(&self) -> Option<PathBuf> {
        let folder = self.location.path.as_ref()?.parent()?.join("themes");
        folder.is_dir().then_some(folder)
    }
}
