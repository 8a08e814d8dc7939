//! Numbers with bounds or a unit: counts, ports, percentages, lengths of time, sizes.

use std::time::Duration;

use toml::de::DeValue;

use super::mistake::Mistake;
use super::value::{Read, Value, quoted};
use super::{duration, size};
use crate::domain::quantity::{Bytes, Percent};

/// A whole number within bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole<const MIN: i64, const MAX: i64>(pub(super) i64);

impl<const MIN: i64, const MAX: i64> Read for Whole<MIN, MAX> {
    fn expects() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }
    fn read(value: Value<'_>) -> Option<Self> {
        match value.integer() {
            Some(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            Some(number) => {
                value.bad(
                    Mistake::error(value.span(), format!("{number} is out of bounds"))
                        .label(format!("expected {}", Self::expects())),
                );
                None
            }
            None => {
                value.wrong(&Self::expects());
                None
            }
        }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    pub(super) fn from_usize(number: usize) -> Self {
        Self(i64::try_from(number).unwrap_or(MAX))
    }

    pub(super) fn usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }
}

/// A TCP or UDP port.
pub(super) type Port = Whole<1, 65_535>;

impl Port {
    pub(super) const fn new(port: i64) -> Self {
        Self(port)
    }

    pub(super) fn get(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }
}

/// A count from one up.
pub(super) type Count = Whole<1, 1_000_000>;

impl Count {
    pub(super) const fn new(count: i64) -> Self {
        Self(count)
    }

    pub(super) fn get(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl Read for Percent {
    fn expects() -> String {
        "a percentage from 0 to 100".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let number = match value.raw.get_ref() {
            DeValue::String(text) => {
                text.trim_end().strip_suffix('%').and_then(|n| n.trim_end().parse().ok())
            }
            _ => value.number(),
        };
        match number {
            Some(number) if (0.0..=100.0).contains(&number) => Some(Self(number as f32)),
            Some(number) => {
                value.bad(
                    Mistake::error(value.span(), format!("{number} is out of bounds"))
                        .label(format!("expected {}", Self::expects())),
                );
                None
            }
            None => {
                value.wrong(&Self::expects());
                None
            }
        }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Read for Duration {
    fn expects() -> String {
        "a duration such as \"30s\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        if let Some(number) = value.number() {
            value.bad(
                Mistake::error(value.span(), "a duration needs a unit")
                    .label(format!("did you mean \"{number}s\"?"))
                    .help("units are ms, s, m, h, d and w, as in \"500ms\", \"30s\" or \"1h30m\""),
            );
            return None;
        }
        let text = value.text(&Self::expects())?;
        match duration::parse(text) {
            Ok(duration) => Some(duration),
            Err(why) => {
                value.bad(
                    Mistake::error(value.span(), format!("this is not a duration: {why}"))
                        .help("units are ms, s, m, h, d and w, as in \"500ms\", \"30s\" or \"1h30m\""),
                );
                None
            }
        }
    }
    fn show(&self) -> String {
        quoted(&duration::show(*self))
    }
}

impl Read for Bytes {
    fn expects() -> String {
        "a size such as \"256MiB\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = value.text(&Self::expects())?;
        if let Some(bytes) = size::parse(text) {
            return Some(bytes);
        }
        value.bad(
            Mistake::error(value.span(), "this is not a size")
                .help("units are B, KiB, MiB, GiB and TiB, as in \"256MiB\""),
        );
        None
    }
    fn show(&self) -> String {
        quoted(&size::show(*self))
    }
}
