//! `[ui]`: how the console looks and listens.

use super::amounts::Whole;
use super::mistake::{Mistake, excerpt};
use super::table::Table;
use super::walk::nearest;
use super::words::words;
use crate::theme::file::SHIPPED;

words! {
    /// Which glyphs are drawn.
    Glyphs {
        /// What a terminal with a common font shows.
        Unicode = "unicode",
        /// Nothing beyond ASCII.
        Ascii = "ascii",
    }
}

words! {
    /// Whether colors are used.
    Color {
        /// Where the terminal has them and `NO_COLOR` is not set.
        Auto = "auto",
        /// Always.
        Always = "always",
        /// Never.
        Never = "never",
    }
}

/// How the console looks and listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiConfig {
    /// The theme's name.
    pub theme: String,
    /// Which glyphs are drawn.
    pub glyphs: Glyphs,
    /// Whether colors are used.
    pub color: Color,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// How often at most new data is drawn, in frames a second, 1 to 60. Keys are drawn at once.
    pub fps: u8,
}

impl Default for UiConfig {
    fn default() -> Self {
        Self { theme: "dark".to_owned(), glyphs: Glyphs::Unicode, color: Color::Auto, mouse: true, fps: 15 }
    }
}

impl UiConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Self {
        let base = Self::default();
        let ui = Self {
            theme: t.or("theme", base.theme),
            glyphs: t.or("glyphs", base.glyphs),
            color: t.or("color", base.color),
            mouse: t.or("mouse", base.mouse),
            fps: u8::try_from(t.or("fps", Whole::<1, 60>(i64::from(base.fps))).0).unwrap_or(base.fps),
        };
        judge_theme(&ui.theme, t);
        ui
    }
}

/// A theme is in the binary, or a file in the user's folder.
fn judge_theme(name: &str, t: &Table<'_>) {
    let shipped = SHIPPED.map(|(name, _)| name);
    let own = t.walk().options.themes.map(|folder| folder.join(format!("{name}.toml")));
    let plain = !name.contains(['/', '\\']);
    if shipped.contains(&name) || plain && own.as_ref().is_some_and(|path| path.is_file()) {
        return;
    }
    let mut mistake = Mistake::error(t.span_of("theme"), format!("there is no theme {:?}", excerpt(name)));
    if let Some(near) = nearest(name, shipped) {
        mistake = mistake.label(format!("did you mean {near:?}?"));
    }
    let own = own.map(|path| format!(", or your own in {}", path.display())).unwrap_or_default();
    t.report(mistake.help(format!("there are {}{own}", shipped.join(", "))));
}
