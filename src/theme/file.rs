//! Theme files: TOML with a name, whether it is light, and a color for every role.

use std::collections::BTreeMap;

use ratatui::style::Color;
use serde::Deserialize;

use super::role::Role;

/// The themes in the binary, name and text, in the order of the picker.
pub const SHIPPED: [(&str, &str); 5] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("color-blind", include_str!("../../themes/color-blind.toml")),
    ("terminal", include_str!("../../themes/terminal.toml")),
];

/// A theme as it stands in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct ThemeFile {
    /// Its name: the file's without `.toml`.
    pub name: String,
    /// Whether it is meant for a light background.
    pub light: bool,
    /// A color for every role.
    pub colors: BTreeMap<Role, Color>,
}

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// It is no TOML, or has keys that we do not know.
    #[error("theme `{name}` cannot be read")]
    Toml {
        /// The theme.
        name: String,
        /// What and where.
        #[source]
        source: toml::de::Error,
    },
    /// A color that is none.
    #[error(
        "theme `{name}`: `{color}` for `{role}` is no color; write `#rrggbb`, a name like `light-red`, 0 to 255, or `terminal`"
    )]
    Color {
        /// The theme.
        name: String,
        /// The role.
        role: String,
        /// What stands there.
        color: String,
    },
    /// Roles without a color.
    #[error("theme `{name}` has no color for {roles}")]
    Missing {
        /// The theme.
        name: String,
        /// The roles.
        roles: String,
    },
    /// No such theme.
    #[error("there is no theme `{name}`; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    light: bool,
    colors: BTreeMap<Role, String>,
}

impl ThemeFile {
    /// Reads a theme's text.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        let raw: Raw =
            toml::from_str(text).map_err(|source| ThemeError::Toml { name: name.to_owned(), source })?;
        let mut colors = BTreeMap::new();
        for (role, color) in raw.colors {
            let parsed = parse_color(&color).ok_or_else(|| ThemeError::Color {
                name: name.to_owned(),
                role: format!("{role:?}"),
                color: color.clone(),
            })?;
            colors.insert(role, parsed);
        }
        let missing: Vec<String> = Role::ALL
            .iter()
            .filter(|role| !colors.contains_key(role))
            .map(|role| format!("{role:?}"))
            .collect();
        if missing.is_empty() {
            Ok(Self { name: name.to_owned(), light: raw.light, colors })
        } else {
            Err(ThemeError::Missing { name: name.to_owned(), roles: missing.join(", ") })
        }
    }

    /// One of the themes in the binary.
    pub fn shipped(name: &str) -> Result<Self, ThemeError> {
        match SHIPPED.iter().find(|(known, _)| *known == name) {
            Some((name, text)) => Self::parse(name, text),
            None => Err(ThemeError::Unknown {
                name: name.to_owned(),
                known: SHIPPED.map(|(name, _)| name).join(", "),
            }),
        }
    }
}

fn parse_color(text: &str) -> Option<Color> {
    if text == "terminal" {
        return Some(Color::Reset);
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_names_every_role() {
        for (name, _) in SHIPPED {
            if let Err(error) = ThemeFile::shipped(name) {
                panic!("{}", crate::domain::failure::Failure::chain(&error).join(": "));
            }
        }
    }

    #[test]
    fn a_theme_that_lacks_a_role_says_which() {
        let error = ThemeFile::parse("mine", "[colors]\ntext = \"#ffffff\"").unwrap_err();
        assert!(error.to_string().starts_with("theme `mine` has no color for Ground, Surface, Muted"));
    }
}
