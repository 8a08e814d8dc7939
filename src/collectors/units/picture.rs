//! What several answers add up to: each unit as it was last shown, and which of them flap. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::parse::{Answer, Shown};
use crate::domain::ids::UnitName;
use crate::domain::time::Timestamp;
use crate::domain::unit::{Timer, Unit, Units};

/// Restarts are counted over this long.
const WINDOW: Duration = Duration::from_secs(600);
/// So many restarts within it are flapping; one alone may have been meant.
const FLAPPING: u32 = 2;
/// One that entered its state so lately, and was restarted as often before, is at it now.
const LATELY: Duration = Duration::from_secs(60);
/// The most units that are shown anew for one changed list.
const MOST_AT_ONCE: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Picture {
    system: String,
    /// When the machine booted, by its own clock.
    booted: Option<Timestamp>,
    /// When it was last looked.
    looked: Timestamp,
    known: BTreeMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    shown: Shown,
    /// Count of restarts at the looks of the window, one entry for each change.
    restarts: VecDeque<(Timestamp, u32)>,
    /// When it was last seen to flap. Kept, so that it does not come and go with the state that it is met in.
    flapped: Option<Timestamp>,
}

impl Known {
    /// `there` is the server's own clock.
    fn count(&mut self, now: Timestamp, there: Option<Timestamp>) {
        while self.restarts.len() > 1 && self.restarts[1].0.age(now) > WINDOW {
            self.restarts.pop_front();
        }
        let count = self.shown.restarts;
        let before = self.restarts.back().map(|(_, before)| *before);
        if before.is_some_and(|before| before > count) {
            // Started anew by hand, which begins the count again.
            self.restarts.clear();
            self.flapped = None;
        }
        if before != Some(count) {
            self.restarts.push_back((now, count));
        }
        let rose = count.saturating_sub(self.restarts.front().map_or(count, |(_, first)| *first));
        let lately = self.shown.since.zip(there).is_some_and(|(since, there)| since.age(there) < LATELY);
        let at_it = lately || self.shown.sub.starts_with("auto-restart");
        if rose >= FLAPPING || (at_it && count >= FLAPPING) {
            self.flapped = Some(now);
        }
    }

    fn is_flapping(&self, now: Timestamp) -> bool {
        self.flapped.is_some_and(|at| at.age(now) < WINDOW)
    }
}

impl Picture {
    /// Takes an answer, and says which units are to be shown next: those that look different in its list
    /// than they were shown, or where it showed any, what the timers among them start.
    pub(super) fn take(&mut self, answer: &Answer, now: Timestamp) -> Vec<String> {
        self.looked = now;
        self.system.clone_from(&answer.system);
        self.booted = answer.now.map(|(now, up)| now - up).or(self.booted);
        for shown in &answer.shown {
            let known = self.known.entry(shown.name.clone()).or_default();
            known.shown = shown.clone();
            known.count(now, answer.now.map(|(there, _)| there));
        }
        let listed: BTreeSet<&str> = answer.listed.iter().map(|unit| unit.name.as_str()).collect();
        self.known.retain(|name, _| listed.contains(name.as_str()));
        let mut changed = Vec::new();
        for unit in &answer.listed {
            let known = self.known.entry(unit.name.clone()).or_default();
            if known.shown.active != unit.active || known.shown.sub != unit.sub {
                known.shown.name.clone_from(&unit.name);
                known.shown.active.clone_from(&unit.active);
                known.shown.sub.clone_from(&unit.sub);
                known.shown.description.clone_from(&unit.description);
                changed.push(unit.name.clone());
            }
        }
        if !answer.shown.is_empty() {
            changed = started_by(answer);
        }
        changed.truncate(MOST_AT_ONCE);
        changed
    }

    /// The picture as it is shown.
    pub(super) fn units(&self) -> Units {
        let of_kind =
            |kind: &'static str| self.known.values().filter(move |known| known.shown.name.ends_with(kind));
        let failed = self.known.values().filter(|known| known.shown.active == "failed");
        let flapping = of_kind(".service")
            .filter(|known| known.shown.active != "failed" && known.is_flapping(self.looked));
        // Those that were never started are of no interest to anyone.
        let ran = |known: &&Known| known.shown.active != "inactive" || known.shown.since.is_some();
        Units {
            system: self.system.clone(),
            failed: failed.map(|known| unit(&known.shown)).collect(),
            flapping: flapping.map(|known| unit(&known.shown)).collect(),
            timers: of_kind(".timer").map(|known| self.timer(&known.shown)).collect(),
            services: of_kind(".service").filter(ran).map(|known| unit(&known.shown)).collect(),
        }
    }

    fn timer(&self, shown: &Shown) -> Timer {
        let by_uptime = shown.next_uptime.and_then(|span| Some(self.booted? + span));
        let started = self.known.get(&shown.activates).map(|known| &known.shown);
        // One that did not run since it was loaded says `success` all the same.
        let ended = started.filter(|unit| unit.ended.is_some() || unit.active == "failed");
        Timer {
            name: UnitName::from(shown.name.as_str()),
            activates: UnitName::from(shown.activates.as_str()),
            last: shown.last,
            next: [shown.next, by_uptime].into_iter().flatten().min(),
            result: ended.map(|unit| unit.result.clone()).unwrap_or_default(),
        }
    }
}

/// What the timers of an answer start, where it was not shown with them: a job that has ended is shown by
/// its name only, and not by a pattern.
fn started_by(answer: &Answer) -> Vec<String> {
    let shown = |name: &str| answer.shown.iter().any(|unit| unit.name == name);
    // Only a timer starts anything.
    let started =
        answer.shown.iter().map(|unit| &unit.activates).filter(|name| !name.is_empty() && !shown(name));
    started.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

fn unit(shown: &Shown) -> Unit {
    Unit {
        name: UnitName::from(shown.name.as_str()),
        active: shown.active.clone(),
        sub: shown.sub.clone(),
        result: shown.result.clone(),
        restarts: shown.restarts,
        since: shown.since,
        description: shown.description.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::Listed;
    use super::*;

    fn answer(name: &str, active: &str, sub: &str, restarts: Option<u32>) -> Answer {
        let (name, active, sub) = (name.to_owned(), active.to_owned(), sub.to_owned());
        let shown = restarts.map(|restarts| Shown {
            name: name.clone(),
            active: active.clone(),
            sub: sub.clone(),
            restarts,
            ..Shown::default()
        });
        Answer {
            listed: vec![Listed { name, active, sub, description: String::new() }],
            shown: shown.into_iter().collect(),
            ..Answer::default()
        }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn a_unit_flaps_when_it_was_restarted_twice_within_ten_minutes() {
        let mut picture = Picture::default();
        let mut flaps = |restarts, secs| {
            picture.take(&answer("a.service", "active", "running", Some(restarts)), at(secs));
            !picture.units().flapping.is_empty()
        };
        assert!(!flaps(40, 0), "restarts of long ago do not count");
        assert!(!flaps(41, 60));
        assert!(flaps(42, 120));
        assert!(flaps(42, 600));
        assert!(!flaps(42, 1300), "it has been calm since");
        assert!(!flaps(0, 1310), "started anew by hand");
    }

    #[test]
    fn one_that_was_just_restarted_once_more_flaps_at_the_first_look_and_stays_so() {
        let mut picture = Picture::default();
        let mut one = answer("a.service", "active", "running", Some(900));
        one.now = Some((at(10_000), Duration::from_secs(1000)));
        one.shown[0].since = Some(at(9_995));
        picture.take(&one, at(0));
        assert_eq!(picture.units().flapping.len(), 1);
        picture.take(&answer("a.service", "active", "running", Some(900)), at(15));
        assert_eq!(picture.units().flapping.len(), 1, "it is not forgotten at the next look");
        picture.take(&answer("a.service", "active", "running", Some(900)), at(700));
        assert!(picture.units().flapping.is_empty(), "it has been calm since");
    }

    #[test]
    fn what_changed_in_the_list_is_asked_for() {
        let mut picture = Picture::default();
        assert!(picture.take(&answer("a.service", "active", "running", Some(0)), at(0)).is_empty());
        assert_eq!(picture.take(&answer("a.service", "failed", "failed", None), at(10)), ["a.service"]);
        assert_eq!(picture.units().failed.len(), 1, "the list alone tells that it failed");
        assert!(picture.take(&answer("b.service", "active", "running", Some(0)), at(20)).is_empty());
        assert!(picture.units().failed.is_empty(), "a unit that is gone is gone");
    }

    #[test]
    fn what_a_timer_starts_is_shown_by_its_name_and_tells_how_it_ended() {
        let mut picture = Picture::default();
        let mut both = answer("dump.timer", "active", "waiting", Some(0));
        both.shown[0].activates = "dump.service".to_owned();
        both.shown[0].last = Some(at(50));
        both.listed.extend(answer("dump.service", "inactive", "dead", None).listed);
        assert_eq!(picture.take(&both, at(60)), ["dump.service"], "a pattern shows none that has ended");
        let result = |picture: &Picture| picture.units().timers[0].result.clone();
        assert_eq!(result(&picture), "", "not known is not success");
        let mut job = answer("dump.service", "inactive", "dead", Some(0));
        job.listed.extend(both.listed.clone());
        job.shown[0].result = "success".to_owned();
        assert!(picture.take(&job, at(61)).is_empty());
        assert_eq!(result(&picture), "", "what did not run since the machine booted says so by itself");
        job.shown[0].ended = Some(at(55));
        picture.take(&job, at(62));
        assert_eq!(result(&picture), "success");
        job.shown[0].result = "exit-code".to_owned();
        picture.take(&job, at(63));
        assert_eq!(result(&picture), "exit-code");
    }

    #[test]
    fn a_timer_that_counts_from_boot_has_a_time() {
        let mut picture = Picture::default();
        let mut one = answer("a.timer", "active", "waiting", Some(0));
        one.now = Some((at(10_000), Duration::from_secs(1000)));
        one.shown[0].next_uptime = Some(Duration::from_secs(2000));
        picture.take(&one, at(0));
        assert_eq!(picture.units().timers[0].next, Some(at(11_000)));
    }
}
