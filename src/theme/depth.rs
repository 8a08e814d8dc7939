//! How many colors a terminal shows, and the nearest of them to a color.

use ratatui::style::Color;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// No color at all (`NO_COLOR`, `TERM=dumb`).
    None,
    /// The sixteen that the terminal's user chose.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// 24 bits.
    True,
}

impl Depth {
    /// From the environment: `NO_COLOR` (no-color.org: any value but an empty one), `COLORTERM`
    /// and `TERM`.
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        if var("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        let term = var("TERM").unwrap_or_default();
        let colorterm = var("COLORTERM").unwrap_or_default();
        if colorterm.contains("truecolor") || colorterm.contains("24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") || term.contains("kitty") || term.contains("alacritty") {
            Self::Ansi256
        } else if term == "dumb" {
            Self::None
        } else {
            Self::Ansi16
        }
    }

    /// The nearest color that the terminal shows.
    pub fn fit(self, color: Color) -> Color {
        match (self, color) {
            (Self::None, _) => Color::Reset,
            (Self::Ansi256, Color::Rgb(r, g, b)) => Color::Indexed(nearest_256(r, g, b)),
            (Self::Ansi16, Color::Rgb(r, g, b)) => nearest_16(r, g, b),
            (Self::Ansi16, Color::Indexed(n)) if n >= 16 => {
                let (r, g, b) = xterm(n);
                nearest_16(r, g, b)
            }
            _ => color,
        }
    }
}

/// The levels of xterm's 6×6×6 cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn xterm(n: u8) -> (u8, u8, u8) {
    if n >= 232 {
        let gray = 8 + (n - 232) * 10;
        return (gray, gray, gray);
    }
    let n = n - 16;
    (CUBE[usize::from(n / 36)], CUBE[usize::from(n / 6 % 6)], CUBE[usize::from(n % 6)])
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let part = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    // Eyes see green best and blue worst.
    3 * part(a.0, b.0) + 4 * part(a.1, b.1) + 2 * part(a.2, b.2)
}

fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    (16..=255).min_by_key(|n| distance(xterm(*n), (r, g, b))).unwrap_or(15)
}

fn nearest_16(r: u8, g: u8, b: u8) -> Color {
    const TABLE: [(Color, (u8, u8, u8)); 16] = [
        (Color::Black, (0, 0, 0)),
        (Color::Red, (170, 0, 0)),
        (Color::Green, (0, 170, 0)),
        (Color::Yellow, (170, 140, 0)),
        (Color::Blue, (0, 0, 170)),
        (Color::Magenta, (170, 0, 170)),
        (Color::Cyan, (0, 170, 170)),
        (Color::Gray, (180, 180, 180)),
        (Color::DarkGray, (95, 95, 95)),
        (Color::LightRed, (255, 85, 85)),
        (Color::LightGreen, (85, 255, 85)),
        (Color::LightYellow, (255, 230, 85)),
        (Color::LightBlue, (95, 135, 255)),
        (Color::LightMagenta, (255, 85, 255)),
        (Color::LightCyan, (85, 255, 255)),
        (Color::White, (255, 255, 255)),
    ];
    TABLE.iter().min_by_key(|(_, rgb)| distance(*rgb, (r, g, b))).map_or(Color::Reset, |(color, _)| *color)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(vars: &[(&str, &str)]) -> Depth {
        Depth::detect(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn no_color_wins_over_all_else_unless_it_is_empty() {
        assert_eq!(detect(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::None);
        assert_eq!(detect(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")]), Depth::True);
    }

    #[test]
    fn an_unknown_terminal_gets_sixteen() {
        assert_eq!(detect(&[("TERM", "linux")]), Depth::Ansi16);
        assert_eq!(detect(&[("TERM", "xterm-256color")]), Depth::Ansi256);
        assert_eq!(detect(&[("TERM", "dumb")]), Depth::None);
    }

    #[test]
    fn colors_of_the_cube_are_themselves() {
        for n in 16..=231u8 {
            let (r, g, b) = xterm(n);
            let found = xterm(nearest_256(r, g, b));
            assert_eq!(found, (r, g, b));
        }
    }
}
