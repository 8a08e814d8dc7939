//! What the shipped themes promise: everything can be read on every ground, and health can be told apart by
//! those who do not see red or green. Contrast is WCAG 2's; how colors are seen without one kind of cone is
//! after Viénot, Brettel and Mollon (1999).

use midwatch::theme::file::ThemeFile;
use midwatch::theme::{Depth, Role, Theme};
use ratatui::style::Color;

const GROUNDS: [Role; 4] = [Role::Ground, Role::Surface, Role::Selection, Role::SelectionFaint];
const HEALTH: [Role; 4] = [Role::Up, Role::Degraded, Role::Down, Role::Unknown];

fn theme(name: &str) -> Theme {
    Theme::new(&ThemeFile::shipped(name).unwrap(), Depth::True, false)
}

/// A role's color as light, each part from 0 to 1.
fn light(theme: &Theme, role: Role) -> [f64; 3] {
    let Color::Rgb(r, g, b) = theme.color(role) else { panic!("{role:?} is no color of its own") };
    [r, g, b].map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.039_28 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

fn contrast(theme: &Theme, one: Role, other: Role) -> f64 {
    let luminance = |role| {
        let [r, g, b] = light(theme, role);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn everything_can_be_read_on_every_ground() {
    for (name, text, health, rest) in [
        ("dark", 7.0, 4.0, 3.0),
        ("light", 7.0, 4.0, 3.0),
        ("color-blind", 7.0, 4.0, 3.0),
        ("high-contrast", 10.0, 5.0, 5.0),
    ] {
        let theme = theme(name);
        for ground in GROUNDS {
            let held = |role, least: f64| {
                let found = contrast(&theme, role, ground);
                assert!(found >= least, "{name}: {role:?} on {ground:?} is {found:.2}, under {least}");
            };
            held(Role::Text, text);
            for role in HEALTH.into_iter().chain([Role::Key]) {
                held(role, health);
            }
            for role in [Role::Muted, Role::Stale, Role::Accent] {
                held(role, rest);
            }
        }
    }
}

#[test]
fn health_is_told_apart_without_red_or_green() {
    let theme = theme("color-blind");
    // What is seen without the cones for long waves, and without those for middle ones.
    let seen = |[r, g, b]: [f64; 3]| {
        let red = 0.112_38 * r + 0.887_62 * g;
        let green = 0.292_75 * r + 0.707_25 * g;
        [[red, 0.004_01 * r - 0.004_01 * g + b], [green, -0.022_34 * r + 0.022_34 * g + b]]
    };
    for (n, one) in HEALTH.into_iter().enumerate() {
        for other in HEALTH.into_iter().skip(n + 1) {
            let (a, b) = (seen(light(&theme, one)), seen(light(&theme, other)));
            for (a, b) in a.iter().zip(&b) {
                let apart = (a[0] - b[0]).hypot(a[1] - b[1]);
                assert!(apart >= 0.2, "{one:?} and {other:?} are {apart:.2} apart");
            }
        }
    }
}
