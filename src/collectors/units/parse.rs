//! Reads what `systemctl` writes, with `LC_ALL=C` and `TZ=UTC`. Pure and total.

use std::time::Duration;

use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::domain::unit::instant;

/// The most units that are read.
const MOST: usize = 2000;
/// The longest text of a field, in characters.
const LONGEST: usize = 200;

/// One answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// The manager's own word.
    pub(super) system: String,
    /// The server's clock, and how long it has been up.
    pub(super) now: Option<(Timestamp, Duration)>,
    /// The list.
    pub(super) listed: Vec<Listed>,
    /// What was shown of those that were asked for.
    pub(super) shown: Vec<Shown>,
}

/// A line of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) active: String,
    pub(super) sub: String,
    pub(super) description: String,
}

/// A unit in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) active: String,
    pub(super) sub: String,
    pub(super) description: String,
    pub(super) result: String,
    pub(super) restarts: u32,
    pub(super) since: Option<Timestamp>,
    /// When its last run ended.
    pub(super) ended: Option<Timestamp>,
    /// What a timer starts.
    pub(super) activates: String,
    /// When a timer last fired.
    pub(super) last: Option<Timestamp>,
    /// When it fires next, on the wall clock.
    pub(super) next: Option<Timestamp>,
    /// When it fires next, counted from boot.
    pub(super) next_uptime: Option<Duration>,
}

/// Reads an answer.
pub(super) fn answer(text: &str) -> Answer {
    let mut answer = Answer::default();
    let mut lines = text.lines();
    for line in lines.by_ref() {
        if let Some(system) = line.strip_prefix("@system ") {
            answer.system = tidy(system);
        } else if let Some(now) = line.strip_prefix("@now ") {
            answer.now = clock(now);
        } else if line == "@show" {
            break;
        } else if answer.listed.len() < MOST {
            answer.listed.extend(listed(line));
        }
    }
    let mut unit = Shown::default();
    for line in lines.chain(std::iter::once("")) {
        if let Some((key, value)) = line.split_once('=') {
            property(&mut unit, key, value);
        } else if line.is_empty() && !unit.name.is_empty() && answer.shown.len() < MOST {
            answer.shown.push(std::mem::take(&mut unit));
        }
    }
    answer
}

/// `UNIT LOAD ACTIVE SUB DESCRIPTION`; units that are only mentioned (`not-found`) are left out.
fn listed(line: &str) -> Option<Listed> {
    let mut words = line.split_ascii_whitespace();
    let (name, load, active, sub) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let known = matches!(name.rsplit_once('.'), Some((_, "service" | "timer")));
    let description = words.collect::<Vec<_>>().join(" ");
    let listed =
        Listed { name: tidy(name), active: tidy(active), sub: tidy(sub), description: tidy(&description) };
    (known && load != "not-found").then_some(listed)
}

fn property(unit: &mut Shown, key: &str, value: &str) {
    match key {
        "Id" => unit.name = tidy(value),
        "ActiveState" => unit.active = tidy(value),
        "SubState" => unit.sub = tidy(value),
        "Description" => unit.description = tidy(value),
        "Result" => unit.result = tidy(value),
        "NRestarts" => unit.restarts = value.parse().unwrap_or(0),
        "StateChangeTimestamp" => unit.since = instant(value),
        "ExecMainExitTimestamp" => unit.ended = instant(value),
        "Unit" => unit.activates = tidy(value),
        "LastTriggerUSec" => unit.last = instant(value),
        "NextElapseUSecRealtime" => unit.next = instant(value),
        "NextElapseUSecMonotonic" => unit.next_uptime = span(value),
        _ => {}
    }
}

fn tidy(text: &str) -> String {
    shorten(&clean(text.trim()), LONGEST).into_owned()
}

/// `1795216932 1339.90 1353.19`.
fn clock(text: &str) -> Option<(Timestamp, Duration)> {
    let mut words = text.split(' ');
    let now = Timestamp::from_secs(words.next()?.parse().ok()?);
    let up = words.next()?.parse::<f64>().ok()?;
    Some((now, Duration::try_from_secs_f64(up).ok()?))
}

/// `1h 35min 47.794250s`, systemd.time(7).
fn span(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    for word in text.split_ascii_whitespace() {
        let split = word.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = word.split_at(split);
        let seconds = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            "month" => 2_629_800.0,
            "y" => 31_557_600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
    }
    // Zero is how "never" is written, infinity how "unknown" is.
    Duration::try_from_secs_f64(total).ok().filter(|span| !span.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWER: &str = "@system degraded
@now 1795216932 1339.90 1353.19
broken.service  loaded    failed     failed       A job that fails at once
gone.service    not-found inactive   dead         gone.service
nightly.timer   loaded    active     waiting      The nightly dump, at three
@show
Id=broken.service
Description=A job that fails at once
ActiveState=failed
SubState=failed
StateChangeTimestamp=Sat 2026-11-21 00:20:45 UTC

Unit=nightly.service
NextElapseUSecRealtime=Sat 2026-11-21 03:00:00 UTC
NextElapseUSecMonotonic=1h 35min 47.500000s
LastTriggerUSec=
Result=exit-code
Id=nightly.timer
";

    #[test]
    fn an_answer_is_read() {
        let answer = answer(ANSWER);
        assert_eq!(answer.system, "degraded");
        assert_eq!(answer.now.unwrap().0, Timestamp::from_secs(1_795_216_932));
        let names: Vec<_> =
            answer.listed.iter().map(|unit| (unit.name.as_str(), unit.sub.as_str())).collect();
        assert_eq!(names, [("broken.service", "failed"), ("nightly.timer", "waiting")]);
        assert_eq!(answer.listed[1].description, "The nightly dump, at three");
        assert_eq!(answer.shown[0].since, Timestamp::parse_rfc3339("2026-11-21T00:20:45Z"));
        let timer = &answer.shown[1];
        assert_eq!((timer.activates.as_str(), timer.last), ("nightly.service", None));
        assert_eq!(timer.next, Timestamp::parse_rfc3339("2026-11-21T03:00:00Z"));
        assert_eq!(timer.next_uptime, Some(Duration::from_millis(5_747_500)));
    }

    #[test]
    fn a_span_that_is_none_has_none() {
        for none in ["", "0", "infinity", "12 parsecs", "9999999999999999999999y"] {
            assert_eq!(span(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn garbage_is_read(text in "(?s).{0,300}", cut in 0..ANSWER.len()) {
            let _ = answer(&text);
            let shown = answer(&[&ANSWER[..cut], &text].concat()).shown.len();
            prop_assert!(shown <= 3 + text.len());
        }
    }
}
