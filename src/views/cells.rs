//! How values stand in cells: the same everywhere, with their color where a limit is passed, and
//! never as if they were fresh where they are not.

use std::time::Duration;

use ratatui::style::Style;

use crate::domain::health::{Health, Verdict};
use crate::domain::quantity::Percent;
use crate::domain::reading::Freshness;
use crate::domain::time::{Age, Timestamp};
use crate::theme::{Role, Theme};
use crate::widgets::table::Cell;

/// In place of what is not known.
pub const NOTHING: &str = "-";

/// Glyph, name, each in the color of the verdict or plain.
pub fn name<'a>(verdict: &Verdict, name: &str, theme: &Theme) -> Cell<'a> {
    let role = Theme::health(verdict.health);
    Cell::Pieces(vec![
        (theme.glyphs.health(verdict.health).into(), theme.style(role)),
        (" ".into(), Style::new()),
        (name.to_owned().into(), theme.style(Role::Text)),
    ])
}

/// The word of a verdict, in its color.
pub fn health<'a>(verdict: &Verdict, theme: &Theme) -> Cell<'a> {
    Cell::new(verdict.health.word(), theme.style(Theme::health(verdict.health)))
}

/// The same, but for what is in maintenance and no worse than that.
pub fn health_of<'a>(verdict: &Verdict, in_maintenance: bool, theme: &Theme) -> Cell<'a> {
    if in_maintenance && verdict.health == Health::Degraded {
        return Cell::new("maint.", theme.style(Role::Degraded));
    }
    health(verdict, theme)
}

/// The color of a value: stale, past its limit, or plain.
pub fn role(freshness: Freshness, over: bool) -> Role {
    match (freshness, over) {
        (Freshness::Fresh, true) => Role::Degraded,
        (Freshness::Fresh, false) => Role::Text,
        (Freshness::Stale(_) | Freshness::Never, _) => Role::Stale,
    }
}

/// A share against its limit.
pub fn share<'a>(value: Option<Percent>, limit: Percent, freshness: Freshness, theme: &Theme) -> Cell<'a> {
    match value {
        Some(value) => Cell::new(value.to_string(), theme.style(role(freshness, value.0 > limit.0))),
        None => Cell::new(NOTHING, theme.style(Role::Faint)),
    }
}

/// Any value without a limit.
pub fn value<'a>(value: Option<String>, freshness: Freshness, theme: &Theme) -> Cell<'a> {
    match value {
        Some(value) => Cell::new(value, theme.style(role(freshness, false))),
        None => Cell::new(NOTHING, theme.style(Role::Faint)),
    }
}

/// How long ago, quietly.
pub fn age<'a>(at: Timestamp, now: Timestamp, theme: &Theme) -> Cell<'a> {
    Cell::new(Age(at.age(now)).to_string(), theme.style(Role::Muted))
}

/// The age of what is stale, so that it is not taken for what is; nothing where it is fresh.
pub fn staleness<'a>(freshness: Freshness, theme: &Theme) -> Cell<'a> {
    match freshness {
        Freshness::Fresh => Cell::empty(),
        Freshness::Stale(age) => Cell::new(format!("{} old", Age(age)), theme.style(Role::Unknown)),
        Freshness::Never => Cell::new("never", theme.style(Role::Unknown)),
    }
}

/// An image without the registry's host, which is the same in most rows and hides what differs: the
/// part before the first slash where it has a dot or a port, or is `localhost`
/// (<https://docs.docker.com/reference/cli/docker/image/tag/>). Nor with a digest beside its tag: that
/// is told by itself.
pub fn image(reference: &str) -> &str {
    let reference = match reference.split_once('@') {
        Some((named, _)) if named.rsplit('/').next().is_some_and(|last| last.contains(':')) => named,
        _ => reference,
    };
    match reference.split_once('/') {
        Some((host, rest)) if host == "localhost" || host.contains(['.', ':']) => rest,
        _ => reference,
    }
}

/// A limit of the kernel's, where it is one: its word for none is the largest number there is.
pub fn limit(most: u64) -> Option<u64> {
    u32::try_from(most).ok().map(u64::from)
}

/// A span as people say it, for sentences: `3 min`, `2 h`.
pub fn spoken(span: Duration) -> String {
    match span.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86_400 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::image;

    #[test]
    fn an_image_is_shown_without_its_registry() {
        assert_eq!(image("ghcr.io/acme/shop:1.2"), "acme/shop:1.2");
        assert_eq!(image("registry:5000/shop:1.2"), "shop:1.2");
        assert_eq!(image("localhost/shop"), "shop");
        assert_eq!(image("acme/shop:1.2"), "acme/shop:1.2");
        assert_eq!(image("redis:7"), "redis:7");
        assert_eq!(image("registry:5000/shop:1.2@sha256:ab"), "shop:1.2");
        assert_eq!(image("registry:5000/shop@sha256:ab"), "shop@sha256:ab");
    }
}
