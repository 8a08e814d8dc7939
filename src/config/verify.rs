//! `midwatch config check`: every mistake as text, and the exit code.

use super::load::Options;
use super::locate::{Location, Origin};

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// For the terminal; ends with a line break.
    pub text: String,
    /// 0 where the configuration can be used, 2 where it cannot.
    pub code: u8,
}

/// Loads the configuration and says everything there is to say about it.
pub fn verify(location: &Location, options: Options<'_>, color: bool) -> Verified {
    let Some(path) = &location.path else {
        return Verified { text: "no configuration: this machine, and the defaults\n".to_owned(), code: 0 };
    };
    match location.load(options) {
        Ok(_) if location.origin == Origin::Usual && !path.exists() => {
            let text = format!("{}: not there; this machine, and the defaults\n", path.display());
            Verified { text, code: 0 }
        }
        Ok(loaded) if loaded.warnings.mistakes().is_empty() => {
            let config = &loaded.config;
            let text = format!(
                "{}: no mistakes; {} servers, {} apps, {} checks\n",
                path.display(),
                config.servers.len(),
                config.apps.len(),
                config.checks.len()
            );
            Verified { text, code: 0 }
        }
        Ok(loaded) => Verified { text: loaded.warnings.render(color), code: 0 },
        Err(error) => {
            let text = error.report().map(|report| report.render(color));
            Verified { text: text.unwrap_or_else(|| format!("{}\n", error.into_failure())), code: 2 }
        }
    }
}
