//! Reading a configuration: from text, and from a file with a look at who may read it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::de::DeTable;

use super::mistake::{Mistake, Span};
use super::report::Report;
use super::secret::readable_by_others;
use super::table::Table;
use super::walk::{Used, Walk};
use super::{Config, masks, relations};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::shell::quote;

/// The most that a configuration may have, in bytes: thousands of servers fit.
const MOST: u64 = 8 << 20;

/// What loading needs to know beside the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The user's home, for `~/`.
    pub home: Option<&'a Path>,
    /// The folder of the user's own themes; `themes` beside a file that is loaded.
    pub themes: Option<&'a Path>,
    /// The ids of all actions, for `[keys]`; not judged where there are none.
    pub actions: &'a [&'a str],
}

/// A configuration that can be used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What looks wrong all the same; mostly empty.
    pub warnings: Report,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("{} could not be read", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has more than 8 MiB.
    #[error("{} is larger than 8 MiB", .0.display())]
    TooLarge(PathBuf),
    /// It has mistakes.
    #[error("{}", .0.summary())]
    Mistakes(Box<Report>),
}

impl LoadError {
    /// The mistakes, where it was read at all.
    pub const fn report(&self) -> Option<&Report> {
        match self {
            Self::Mistakes(report) => Some(report),
            Self::Read { .. } | Self::TooLarge(_) => None,
        }
    }

    /// For the screen: the first mistake in one line, and how to see all of them.
    pub fn into_failure(self) -> Failure {
        let kind = match &self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => FailureKind::NotFound,
            Self::Read { .. } => FailureKind::Permission,
            Self::TooLarge(_) | Self::Mistakes(_) => FailureKind::Invalid,
        };
        let mut failure = Failure::new(kind, "load the configuration", "");
        failure.why = Failure::chain(&self);
        if let Self::Mistakes(report) = &self {
            failure.why.extend(report.lines().into_iter().next());
            failure = failure.hint("midwatch config check");
        }
        failure
    }
}

/// Reads a configuration file.
pub fn load(path: &Path, options: Options<'_>) -> Result<Loaded, LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let exposed = readable_by_others(&file.metadata().map_err(failed)?);
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
    let name = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let mistake = Mistake::error(at..at + 1, "this is not UTF-8");
        let masks = masks::lines(&text);
        LoadError::Mistakes(Box::new(Report::new(&name, &text, &masks, vec![mistake])))
    })?;
    let themes = path.parent().map(|folder| folder.join("themes"));
    let options = Options { themes: options.themes.or(themes.as_deref()), ..options };
    let mut loaded = read(&text, &name, exposed, options)?;
    // Without a working folder there is none.
    loaded.config.folder = std::path::absolute(path).ok().and_then(|path| Some(path.parent()?.to_owned()));
    Ok(loaded)
}

/// Reads a configuration from text; `name` is what it is called in messages.
pub fn parse(text: &str, name: &str, options: Options<'_>) -> Result<Loaded, LoadError> {
    read(text, name, false, options)
}

fn read(text: &str, name: &str, exposed: bool, options: Options<'_>) -> Result<Loaded, LoadError> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk::new(text, options);
    walk.define(document.get_ref());
    for error in &errors {
        walk.report(syntax(text, error));
    }
    for mask in masks::values(document.get_ref()) {
        walk.mask(mask);
    }
    if !errors.is_empty() {
        for mask in masks::lines(text) {
            walk.mask(mask);
        }
    }
    let config = {
        let mut root = Table::root(&walk, Some(document.get_ref()));
        let config = Config::read(&mut root);
        root.finish();
        config
    };
    relations::judge(&config, &walk);
    if exposed {
        for span in walk.secrets() {
            walk.report(
                Mistake::error(span, "a secret stands in a file that others can read").help(format!(
                    "chmod 600 {}, or take it from env, file, keyring or command",
                    quote(name)
                )),
            );
        }
    }
    let masks = walk.masks();
    let (mut mistakes, _) = walk.finish();
    if !errors.is_empty() {
        let broken: BTreeSet<usize> =
            mistakes.iter().take(errors.len()).map(|it| line(text, &it.span)).collect();
        let mut left = errors.len();
        mistakes.retain(|it| {
            let syntactic = left > 0;
            left = left.saturating_sub(1);
            syntactic || !broken.contains(&line(text, &it.span))
        });
    }
    let report = Report::new(name, text, &masks, mistakes);
    if report.errors() > 0 {
        return Err(LoadError::Mistakes(Box::new(report)));
    }
    Ok(Loaded { config, warnings: report })
}

/// The line that a span begins on. On a line with broken syntax nothing else is worth saying.
fn line(text: &str, span: &Span) -> usize {
    text.get(..span.start).map_or(0, |before| before.matches('\n').count())
}

/// The keys that a text uses, with their values; nothing is judged.
pub(super) fn used_keys(text: &str) -> BTreeSet<Used> {
    let (document, _) = DeTable::parse_recoverable(text);
    let walk = Walk::tracing(text, Options::default());
    Config::read(&mut Table::root(&walk, Some(document.get_ref())));
    walk.traced()
}

fn syntax(text: &str, error: &toml::de::Error) -> Mistake {
    let end = text.trim_end().len();
    let span = error.span().unwrap_or(end..end);
    let mut message = error.message().to_owned();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    Mistake::error(span, message)
}
