//! Adds apps to a configuration that is there: what a person wrote stays as it is, byte for byte.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::app_text;
use super::names::Names;
use crate::config::{Config, LoadError, Options, parse};
use crate::domain::adoption::Entry;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::AppId;

/// Why nothing was added; the file is as it was.
#[derive(Debug, Error)]
pub enum AddError {
    /// The file could not be read or replaced.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has the app by now.
    #[error("it has [apps.{0}] already")]
    There(AppId),
    /// With what is added it would not load.
    #[error("with it the configuration would not load")]
    Mistakes(#[source] LoadError),
}

impl AddError {
    /// For the screen.
    pub fn into_failure(self, what: &str) -> Failure {
        let kind = match &self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                FailureKind::Permission
            }
            Self::Io { .. } => FailureKind::NotFound,
            Self::There(_) => FailureKind::Conflict,
            Self::Mistakes(_) => FailureKind::Invalid,
        };
        Failure { why: Failure::chain(&self), ..Failure::new(kind, what, "") }
    }
}

/// The app that a configuration has for one of these projects on one of their servers, if any; else the
/// names and the text to add.
pub fn addition(config: &Config, entries: &[Entry]) -> Result<(Vec<AppId>, String), AppId> {
    for entry in entries {
        let same = config.apps.iter().find(|(_, app)| {
            let here = app.servers.is_empty() || app.servers.iter().any(|it| entry.servers.contains(it));
            app.project == entry.project && here
        });
        if let Some((name, _)) = same {
            return Err(name.clone());
        }
    }
    let mut names = Names::beside(config.apps.keys().map(AppId::as_str));
    let mut text = String::new();
    let mut apps = Vec::new();
    for entry in entries {
        let name = names.app(&entry.project);
        text.push_str(&app_text::app(&name, entry));
        apps.push(AppId::from(name));
    }
    Ok((apps, text))
}

/// The text of these entries, whatever the configuration has: for a person to take from.
pub fn shown(entries: &[Entry]) -> String {
    entries.iter().map(|entry| app_text::app(&Names::default().app(&entry.project), entry)).collect()
}

/// Adds the text to the file's end where it then loads with these apps; the file is replaced in one go
/// and keeps its owner and who may read it. It blocks.
pub fn add(path: &Path, apps: &[AppId], text: &str, options: Options<'_>) -> Result<(), AddError> {
    let failed = |source| AddError::Io { path: path.to_owned(), source };
    // The file itself, where the path is a link to it.
    let file = fs::canonicalize(path).map_err(failed)?;
    let before = fs::read_to_string(&file).map_err(failed)?;
    let name = path.display().to_string();
    let now = parse(&before, &name, options).map_err(AddError::Mistakes)?.config;
    if let Some(there) = apps.iter().find(|app| now.apps.contains_key(*app)) {
        return Err(AddError::There(there.clone()));
    }
    let after = joined(&before, text);
    parse(&after, &name, options).map_err(AddError::Mistakes)?;
    replace(&file, &after).map_err(failed)
}

/// The one behind the other, with the ends of lines that the file has.
fn joined(before: &str, text: &str) -> String {
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let text = format!("{end}{text}");
    if before.contains("\r\n") {
        before.to_owned() + &text.replace('\n', "\r\n")
    } else {
        before.to_owned() + &text
    }
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let meta = fs::metadata(file)?;
    let folder = file.parent().unwrap_or_else(|| Path::new("/"));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = write_like(&new, text, &meta).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
        return written;
    }
    File::open(folder)?.sync_all()
}

/// A new file with owner and permissions of another.
fn write_like(new: &Path, text: &str, other: &Metadata) -> io::Result<()> {
    let mut it = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
    it.write_all(text.as_bytes())?;
    // Who may not give a file away has it himself afterwards.
    let _ = std::os::unix::fs::fchown(&it, Some(other.uid()), Some(other.gid()));
    it.set_permissions(Permissions::from_mode(other.permissions().mode() & 0o7777))?;
    it.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# mine\n[servers.web-1]\n\n[ui]\ntheme = \"dark\" # dark";

    fn entry() -> Entry {
        Entry {
            project: "shop".into(),
            servers: vec!["web-1".into()],
            compose: Some("/srv/shop/compose.yaml".into()),
            ..Entry::default()
        }
    }

    fn config(text: &str) -> Config {
        parse(text, "config.toml", Options::default()).unwrap().config
    }

    #[test]
    fn what_a_person_wrote_stays_and_the_app_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("mine.toml"), folder.path().join("config.toml"));
        fs::write(&file, BEFORE).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let (apps, text) = addition(&config(BEFORE), &[entry()]).unwrap();
        add(&link, &apps, &text, Options::default()).unwrap();
        let after = fs::read_to_string(&file).unwrap();
        assert!(after.starts_with(BEFORE));
        assert_eq!(
            config(&after).apps[&AppId::from("shop")].compose.as_deref(),
            Some("/srv/shop/compose.yaml")
        );
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
        // A second time it is there.
        assert!(matches!(add(&link, &apps, &text, Options::default()), Err(AddError::There(_))));
        assert_eq!(addition(&config(&after), &[entry()]), Err("shop".into()));
        assert_eq!(fs::read_to_string(&file).unwrap(), after);
    }

    #[test]
    fn a_name_that_another_project_has_gets_a_number() {
        let text = format!("{BEFORE}\n[apps.shop]\nproject = \"other\"\n");
        let (apps, text) = addition(&config(&text), &[entry()]).unwrap();
        assert_eq!(apps, ["shop-2".into()]);
        assert!(text.contains("project = \"shop\""));
    }

    #[test]
    fn a_file_that_would_not_load_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let odd = "apps = { other = { } }\n[servers.web-1]\n";
        fs::write(&file, odd).unwrap();
        let (apps, text) = addition(&config(odd), &[entry()]).unwrap();
        assert!(matches!(add(&file, &apps, &text, Options::default()), Err(AddError::Mistakes(_))));
        assert_eq!(fs::read_to_string(&file).unwrap(), odd);
    }

    #[test]
    fn the_ends_of_lines_are_as_they_were() {
        assert_eq!(joined("[ui]\r\n", "\n[apps.a]\n"), "[ui]\r\n\r\n[apps.a]\r\n");
        assert_eq!(joined("[ui]", "\n[apps.a]\n"), "[ui]\n\n[apps.a]\n");
    }
}
