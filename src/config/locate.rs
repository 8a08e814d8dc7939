//! Where the configuration is, and where the console may keep its own things.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use super::load::{LoadError, Loaded, Options, load};

/// The environment variable that names the configuration file.
pub const VARIABLE: &str = "MIDWATCH_CONFIG";

/// Who said where the configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The option `--config`.
    Option,
    /// [`VARIABLE`].
    Variable,
    /// Nobody: it is looked for where this system keeps such files, and need not be there.
    Usual,
}

/// Where the configuration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file; `None` where this system has no place for such files.
    pub path: Option<PathBuf>,
    /// Who said so.
    pub origin: Origin,
}

impl Location {
    /// The file that is named by the option, else by the variable, else the usual one. `var` reads
    /// an environment variable; an empty one counts as not set.
    pub fn find(option: Option<&Path>, var: impl Fn(&str) -> Option<OsString>) -> Self {
        if let Some(path) = option {
            return Self { path: Some(path.to_owned()), origin: Origin::Option };
        }
        if let Some(path) = var(VARIABLE).filter(|path| !path.is_empty()) {
            return Self { path: Some(path.into()), origin: Origin::Variable };
        }
        let usual = dirs().map(|dirs| dirs.config_dir().join("config.toml"));
        Self { path: usual, origin: Origin::Usual }
    }

    /// Loads it. Where nobody named a file and the usual one is not there, this machine alone is
    /// the configuration.
    pub fn load(&self, options: Options<'_>) -> Result<Loaded, LoadError> {
        let Some(path) = &self.path else { return Ok(Loaded::default()) };
        match load(path, options) {
            Err(LoadError::Read { source, .. })
                if self.origin == Origin::Usual && source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(Loaded::default())
            }
            loaded => loaded,
        }
    }
}

/// The user's home, for `~/`.
pub fn home() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.home_dir().to_owned())
}

/// Where the embedded database is kept when the configuration does not say.
pub fn history_path() -> Option<PathBuf> {
    dirs().map(|dirs| dirs.data_local_dir().join("history.db"))
}

fn dirs() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "midwatch")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_goes_before_the_variable_before_the_usual_place() {
        let var = |name: &str| (name == VARIABLE).then(|| OsString::from("/b.toml"));
        let both = Location::find(Some(Path::new("/a.toml")), var);
        assert_eq!((both.path.as_deref(), both.origin), (Some(Path::new("/a.toml")), Origin::Option));
        let one = Location::find(None, var);
        assert_eq!((one.path.as_deref(), one.origin), (Some(Path::new("/b.toml")), Origin::Variable));
        let empty = Location::find(None, |_| Some(OsString::new()));
        assert_eq!(empty.origin, Origin::Usual);
    }

    #[test]
    fn a_file_that_was_named_must_be_there_and_the_usual_one_need_not() {
        let missing = Some(PathBuf::from("/no/such/config.toml"));
        let usual = Location { path: missing.clone(), origin: Origin::Usual };
        assert_eq!(usual.load(Options::default()).unwrap(), Loaded::default());
        let named = Location { path: missing, origin: Origin::Variable };
        assert!(matches!(named.load(Options::default()), Err(LoadError::Read { .. })));
    }
}
