//! Marks of what happened, for the time axis, and how they are read off two looks in a row.

use std::collections::{HashMap, VecDeque};

use crate::domain::container::{Container, ContainerState};
use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;
use crate::domain::vitals::Vitals;

/// How many marks are kept over all servers; the oldest goes first.
const ROOM: usize = 4096;

/// The latest marks in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    ring: VecDeque<EventMark>,
    pushed: usize,
}

impl Marks {
    /// Adds one.
    pub fn push(&mut self, mark: EventMark) {
        if self.ring.len() >= ROOM {
            self.ring.pop_front();
        }
        self.ring.push_back(mark);
        self.pushed = self.pushed.wrapping_add(1);
    }

    /// How many were ever added.
    pub fn pushed(&self) -> usize {
        self.pushed
    }

    /// Adds several.
    pub fn extend(&mut self, marks: impl IntoIterator<Item = EventMark>) {
        for mark in marks {
            self.push(mark);
        }
    }

    /// All marks, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &EventMark> {
        self.ring.iter()
    }

    /// The marks of some servers within a span of time, oldest first.
    pub fn between<'a>(
        &'a self,
        servers: &'a [ServerId],
        from: Timestamp,
        to: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &'a EventMark> {
        self.ring
            .iter()
            .filter(move |mark| mark.at >= from && mark.at <= to && servers.contains(&mark.server))
    }
}

/// What happened to containers between two lists, by name: a new image is a deploy, a new start or
/// a counted restart is a restart. What is in one list only came or went, and is no mark.
pub fn container_marks(
    server: &ServerId,
    before: &[Container],
    after: &[Container],
    at: Timestamp,
) -> Vec<EventMark> {
    let known: HashMap<&str, &Container> = before.iter().map(|c| (c.name.as_str(), c)).collect();
    let mark = |kind, text| EventMark { at, server: server.clone(), kind, text };
    let mut marks = Vec::new();
    for new in after {
        let Some(old) = known.get(new.name.as_str()) else { continue };
        let deployed = match (&old.digest, &new.digest) {
            (Some(a), Some(b)) => a != b,
            _ => old.image != new.image,
        };
        let restarted = new.restarts > old.restarts
            || (new.started_at > old.started_at && new.started_at.is_some() && old.started_at.is_some());
        if new.oom_killed && (!old.oom_killed || restarted) {
            marks.push(mark(MarkKind::OutOfMemory, format!("{} was killed for memory", new.name)));
        }
        if deployed {
            marks.push(mark(MarkKind::Deploy, format!("{} now runs {}", new.name, new.image)));
        } else if restarted {
            let why = old.exit_code.filter(|_| old.state != ContainerState::Running);
            let why = why.map_or_else(String::new, |code| format!(" (exit {code})"));
            marks.push(mark(MarkKind::Restart, format!("{} restarted{why}", new.name)));
        }
    }
    marks
}

/// What happened to a machine between two looks: less uptime is a boot, more kills are kills.
pub fn machine_marks(server: &ServerId, before: &Vitals, after: &Vitals, at: Timestamp) -> Vec<EventMark> {
    let mark = |kind, text| EventMark { at, server: server.clone(), kind, text };
    if after.uptime < before.uptime {
        return vec![mark(MarkKind::Boot, format!("{server} booted"))];
    }
    let kills = after.oom_kills.zip(before.oom_kills).map_or(0, |(new, old)| new.saturating_sub(old));
    let text = match kills {
        0 => return Vec::new(),
        1 => format!("the kernel of {server} killed a process for memory"),
        n => format!("the kernel of {server} killed {n} processes for memory"),
    };
    vec![mark(MarkKind::OutOfMemory, text)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::fleet::rules::sample::container;

    const AT: Timestamp = Timestamp::from_secs(100);

    fn kinds(before: &Container, after: &Container) -> Vec<MarkKind> {
        let (before, after) = (std::slice::from_ref(before), std::slice::from_ref(after));
        container_marks(&"web-1".into(), before, after, AT).into_iter().map(|mark| mark.kind).collect()
    }

    #[test]
    fn a_new_image_is_a_deploy_even_in_a_new_container() {
        let old = Container { digest: Some("sha256:1".into()), ..container("shop-web-1") };
        let new = Container {
            id: "other".into(),
            digest: Some("sha256:2".into()),
            started_at: Some(AT),
            ..old.clone()
        };
        assert_eq!(kinds(&old, &new), [MarkKind::Deploy]);
    }

    #[test]
    fn a_new_start_or_a_counted_one_is_a_restart() {
        let old = container("shop-web-1");
        let started = Container { started_at: Some(AT), ..old.clone() };
        let counted = Container { restarts: 1, oom_killed: true, ..old.clone() };
        assert_eq!(kinds(&old, &started), [MarkKind::Restart]);
        assert_eq!(kinds(&old, &counted), [MarkKind::OutOfMemory, MarkKind::Restart]);
        assert_eq!(kinds(&old, &old), []);
    }

    #[test]
    fn less_uptime_is_a_boot() {
        let before = Vitals { uptime: Duration::from_secs(99), oom_kills: Some(3), ..Vitals::default() };
        let booted = Vitals { uptime: Duration::from_secs(2), oom_kills: Some(0), ..Vitals::default() };
        let killed = Vitals { oom_kills: Some(5), ..before.clone() };
        let kind = |after| machine_marks(&"web-1".into(), &before, after, AT).first().map(|mark| mark.kind);
        assert_eq!((kind(&booted), kind(&killed)), (Some(MarkKind::Boot), Some(MarkKind::OutOfMemory)));
        assert_eq!(kind(&before), None);
    }

    #[test]
    fn the_ring_is_bounded() {
        let mut marks = Marks::default();
        for n in 0..ROOM + 5 {
            marks.push(EventMark { at: AT, server: "a".into(), kind: MarkKind::Boot, text: n.to_string() });
        }
        assert_eq!(marks.iter().count(), ROOM);
        assert_eq!(marks.iter().next().map(|mark| mark.text.as_str()), Some("5"));
    }
}
