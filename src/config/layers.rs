//! Which of several answers holds: the command line's before the environment's before the file's
//! before the default.

use std::path::PathBuf;

use thiserror::Error;

use super::Config;
use super::ui::{Color, Glyphs};

/// What the command line or the environment may say in place of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--theme`, `MIDWATCH_THEME`.
    pub theme: Option<String>,
    /// `--glyphs`, `MIDWATCH_GLYPHS`.
    pub glyphs: Option<Glyphs>,
    /// `--color`, `MIDWATCH_COLOR`.
    pub color: Option<Color>,
    /// `--mouse`, `MIDWATCH_MOUSE` (`true`, `false`).
    pub mouse: Option<bool>,
    /// `--fps`, `MIDWATCH_FPS`, 1 to 60.
    pub fps: Option<u8>,
    /// `--history`, `MIDWATCH_HISTORY`.
    pub history: Option<PathBuf>,
    /// `--ssh-config`, `MIDWATCH_SSH_CONFIG`.
    pub ssh_config: Option<PathBuf>,
}

/// An environment variable that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{variable} is {found:?}; expected {expected}")]
pub struct BadVariable {
    /// The variable.
    pub variable: &'static str,
    /// What stands in it.
    pub found: String,
    /// What may.
    pub expected: String,
}

impl Overrides {
    /// What the environment says; every variable that makes no sense is reported. `var` reads one;
    /// an empty one counts as not set.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<BadVariable>> {
        let mut bad = Vec::new();
        let text = &|name: &str| var(name).filter(|text| !text.is_empty());
        let complaints = &mut bad;
        let glyphs =
            judge("MIDWATCH_GLYPHS", "unicode or ascii", text, complaints, |it| word(it, Glyphs::WORDS));
        let color =
            judge("MIDWATCH_COLOR", "auto, always or never", text, complaints, |it| word(it, Color::WORDS));
        let mouse = judge("MIDWATCH_MOUSE", "true or false", text, complaints, |it| it.parse().ok());
        let fps = judge("MIDWATCH_FPS", "a whole number from 1 to 60", text, complaints, |it| {
            it.parse().ok().filter(|fps| (1..=60).contains(fps))
        });
        let it = Self {
            glyphs,
            color,
            mouse,
            fps,
            theme: text("MIDWATCH_THEME"),
            history: text("MIDWATCH_HISTORY").map(PathBuf::from),
            ssh_config: text("MIDWATCH_SSH_CONFIG").map(PathBuf::from),
        };
        if bad.is_empty() { Ok(it) } else { Err(bad) }
    }

    /// These, and those of `below` where these say nothing.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            theme: self.theme.or(below.theme),
            glyphs: self.glyphs.or(below.glyphs),
            color: self.color.or(below.color),
            mouse: self.mouse.or(below.mouse),
            fps: self.fps.or(below.fps),
            history: self.history.or(below.history),
            ssh_config: self.ssh_config.or(below.ssh_config),
        }
    }
}

/// The configuration that holds: command line, then environment, then file (which has the defaults
/// in it already).
pub fn resolve(cli: Overrides, env: Overrides, mut file: Config) -> Config {
    let said = cli.over(env);
    file.ui.theme = said.theme.unwrap_or(file.ui.theme);
    file.ui.glyphs = said.glyphs.unwrap_or(file.ui.glyphs);
    file.ui.color = said.color.unwrap_or(file.ui.color);
    file.ui.mouse = said.mouse.unwrap_or(file.ui.mouse);
    file.ui.fps = said.fps.unwrap_or(file.ui.fps);
    file.history.path = said.history.or(file.history.path);
    file.ssh.config = said.ssh_config.or(file.ssh.config);
    file
}

/// Reads one variable; what makes no sense is added to the complaints.
fn judge<T>(
    variable: &'static str,
    expected: &str,
    text: impl Fn(&str) -> Option<String>,
    complaints: &mut Vec<BadVariable>,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let found = text(variable)?;
    let value = parse(&found);
    if value.is_none() {
        complaints.push(BadVariable { variable, found, expected: expected.to_owned() });
    }
    value
}

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_goes_before_the_environment_before_the_file() {
        let cli = Overrides { fps: Some(30), ..Overrides::default() };
        let env = Overrides { fps: Some(5), theme: Some("light".to_owned()), ..Overrides::default() };
        let mut file = Config::default();
        file.ui.theme = "high-contrast".to_owned();
        file.ui.mouse = false;
        let config = resolve(cli, env, file);
        assert_eq!((config.ui.fps, config.ui.theme.as_str(), config.ui.mouse), (30, "light", false));
        assert_eq!(config.ui.glyphs, Glyphs::Unicode);
    }

    #[test]
    fn every_variable_that_makes_no_sense_is_named() {
        let var = |name: &str| match name {
            "MIDWATCH_FPS" => Some("99".to_owned()),
            "MIDWATCH_GLYPHS" => Some("emoji".to_owned()),
            "MIDWATCH_MOUSE" => Some("false".to_owned()),
            "MIDWATCH_THEME" => Some(String::new()),
            _ => None,
        };
        let bad = Overrides::from_env(var).unwrap_err();
        let named: Vec<_> = bad.iter().map(|it| it.variable).collect();
        assert_eq!(named, ["MIDWATCH_GLYPHS", "MIDWATCH_FPS"]);
        assert_eq!(bad[1].to_string(), r#"MIDWATCH_FPS is "99"; expected a whole number from 1 to 60"#);
    }
}
