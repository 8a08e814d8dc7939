//! The themes that can be picked: those in the binary, and the user's own beside the configuration.

use std::io::Read;
use std::path::Path;

use crate::app::Wardrobe;
use crate::config::ui::Color;
use crate::domain::failure::{Failure, FailureKind};
use crate::theme::file::{SHIPPED, ThemeFile};
use crate::theme::{Depth, Theme};

/// The largest that a theme file may be, in bytes.
const MOST: u64 = 64 * 1024;

/// Reads all themes; `named` is the configured one, which must be among them. A theme of the user's
/// that cannot be read is told by its file and left out, unless it is the configured one.
pub fn open(
    folder: Option<&Path>,
    named: &str,
    color: Color,
    ascii: bool,
) -> Result<(Wardrobe, Vec<String>), Failure> {
    let depth = depth(color);
    let mut files = Vec::new();
    let mut troubles = Vec::new();
    for (name, _) in SHIPPED {
        let shipped = ThemeFile::shipped(name);
        files.push(shipped.map_err(|error| failed(FailureKind::Bug, "read the shipped themes", &error))?);
    }
    for path in folder.into_iter().flat_map(theme_files) {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let read = text(&path).and_then(|text| {
            ThemeFile::parse(&name, &text).map_err(|error| Failure::chain(&error).join(": "))
        });
        match read {
            Ok(file) => {
                files.retain(|held: &ThemeFile| held.name != file.name);
                files.push(file);
            }
            Err(why) if name == named => {
                return Err(Failure::new(FailureKind::Invalid, format!("use the theme {name}"), why));
            }
            Err(why) => troubles.push(format!("{}: {why}", path.display())),
        }
    }
    if !files.iter().any(|file| file.name == named) {
        let known: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let why = format!("there is none of that name; there are {}", known.join(", "));
        return Err(Failure::new(FailureKind::NotFound, format!("use the theme {named}"), why));
    }
    let themes = files.iter().map(|file| Theme::new(file, depth, ascii)).collect();
    Ok((Wardrobe { themes }, troubles))
}

fn theme_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .filter(|path| path.metadata().is_ok_and(|meta| meta.is_file()))
        .collect();
    files.sort();
    files
}

/// A file's text, or why it cannot be had.
fn text(path: &Path) -> Result<String, String> {
    let mut text = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > MOST => Err(format!("it is larger than {} KiB", MOST / 1024)),
        Ok(_) => String::from_utf8(text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn depth(color: Color) -> Depth {
    let var = |name: &str| std::env::var(name).ok();
    match color {
        Color::Never => Depth::None,
        Color::Auto => Depth::detect(var),
        Color::Always => match Depth::detect(|name| var(name).filter(|_| name != "NO_COLOR")) {
            Depth::None => Depth::Ansi16,
            depth => depth,
        },
    }
}

fn failed(kind: FailureKind, what: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure { why: Failure::chain(error), ..Failure::new(kind, what, "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_beside_the_configuration_is_there_and_a_broken_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let (_, dark) = SHIPPED.iter().find(|(name, _)| *name == "dark").unwrap();
        write("mine.toml", dark);
        write("broken.toml", "light = maybe");
        write("notes.txt", "no theme");
        write("vast.toml", &format!("{dark}\n# {}", "x".repeat(64 * 1024)));
        let open = |named| super::open(Some(folder.path()), named, Color::Always, false);
        let (wardrobe, troubles) = open("mine").unwrap();
        let names: Vec<&str> = wardrobe.themes.iter().map(|theme| theme.name.as_str()).collect();
        assert_eq!((names.len(), names.last()), (SHIPPED.len() + 1, Some(&"mine")));
        assert!(troubles.len() == 2 && troubles[0].contains("broken.toml"), "{troubles:?}");
        assert!(troubles[1].ends_with("vast.toml: it is larger than 64 KiB"), "{troubles:?}");
        assert!(open("vast").unwrap_err().reason().contains("larger than 64 KiB"));
        assert!(open("broken").unwrap_err().to_string().contains("use the theme broken"));
        assert!(open("none").unwrap_err().reason().contains("there are dark"));
    }
}
