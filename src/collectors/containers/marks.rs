//! What happened between two looks at the containers, for the time axis of charts. Pure.

use std::collections::BTreeMap;

use crate::domain::container::{Container, ContainerState};
use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::ids::{ContainerId, ServerId};
use crate::domain::time::Timestamp;

/// A container that dies again and again is told of this often, in milliseconds.
const QUIET_MS: i64 = 30_000;
/// The most names that are remembered for that.
const MOST: usize = 4096;

/// Remembers what was told lately, so that a crash loop does not flood.
#[derive(Debug, Default)]
pub(super) struct Marks {
    told: BTreeMap<(String, MarkWord), Timestamp>,
}

type MarkWord = &'static str;

impl Marks {
    /// What of the change from `before` to `after` is worth a mark.
    pub(super) fn between(
        &mut self,
        server: &ServerId,
        before: &BTreeMap<ContainerId, Container>,
        after: &BTreeMap<ContainerId, Container>,
        now: Timestamp,
    ) -> Vec<EventMark> {
        self.told.retain(|_, at| at.age(now).as_millis() < QUIET_MS.unsigned_abs().into());
        let mut marks = Vec::new();
        for container in after.values() {
            let happened = match before.get(&container.id) {
                Some(earlier) => same_container(earlier, container),
                None => new_container(before, container),
            };
            let Some((kind, word, text)) = happened else { continue };
            let key = (container.name.clone(), word);
            if self.told.contains_key(&key) || self.told.len() >= MOST {
                continue;
            }
            self.told.insert(key, now);
            marks.push(EventMark { at: now, server: server.clone(), kind, text });
        }
        marks
    }
}

fn same_container(before: &Container, now: &Container) -> Option<(MarkKind, MarkWord, String)> {
    let name = &now.name;
    let ended = now.finished_at.is_some() && now.finished_at != before.finished_at;
    if now.oom_killed && ended {
        return Some((MarkKind::OutOfMemory, "oom", format!("{name} was killed for memory")));
    }
    let started =
        now.started_at.is_some() && before.started_at.is_some() && now.started_at != before.started_at;
    if started || now.restarts > before.restarts {
        let how =
            before.exit_code.or(now.exit_code).map(|code| format!(" (exit {code})")).unwrap_or_default();
        return Some((MarkKind::Restart, "restart", format!("{name} restarted{how}")));
    }
    None
}

/// A container that takes the place of one with the same name, or of the same Compose service, and
/// runs another image, is a deploy.
fn new_container(
    before: &BTreeMap<ContainerId, Container>,
    now: &Container,
) -> Option<(MarkKind, MarkWord, String)> {
    let runs = matches!(now.state, ContainerState::Running | ContainerState::Restarting);
    let service = |one: &Container| one.project.clone().zip(one.service.clone());
    let place = before.values().find(|earlier| {
        earlier.name == now.name || (service(now).is_some() && service(earlier) == service(now))
    })?;
    if !runs {
        return None;
    }
    let another = match (&place.digest, &now.digest) {
        (Some(earlier), Some(now)) => earlier != now,
        _ => place.image != now.image,
    };
    let name = &now.name;
    Some(if another {
        (MarkKind::Deploy, "deploy", format!("{name} runs {} (was {})", now.image, place.image))
    } else {
        (MarkKind::Restart, "restart", format!("{name} was made anew"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::container::{ContainerHealth, RestartPolicy};

    fn container(id: &str, image: &str, started: i64, restarts: u32) -> Container {
        Container {
            id: id.into(),
            name: "shop-web-1".into(),
            project: Some("shop".into()),
            service: Some("web".into()),
            image: image.into(),
            digest: None,
            state: ContainerState::Running,
            health: ContainerHealth::None,
            restarts,
            restart_policy: RestartPolicy::default(),
            oom_killed: false,
            exit_code: None,
            started_at: Some(Timestamp::from_secs(started)),
            finished_at: None,
            ports: Vec::new(),
        }
    }

    fn map(container: Container) -> BTreeMap<ContainerId, Container> {
        BTreeMap::from([(container.id.clone(), container)])
    }

    fn kinds(marks: &[EventMark]) -> Vec<MarkKind> {
        marks.iter().map(|mark| mark.kind).collect()
    }

    #[test]
    fn a_restart_is_told_once_and_a_crash_loop_only_now_and_then() {
        let mut marks = Marks::default();
        let mut at = |n: u32, now: i64| {
            let (before, after) =
                (container("a", "x", i64::from(n), n), container("a", "x", i64::from(n) + 1, n + 1));
            kinds(&marks.between(&"web-1".into(), &map(before), &map(after), Timestamp::from_secs(now)))
        };
        assert_eq!(at(1, 100), [MarkKind::Restart]);
        assert_eq!(at(2, 101), []);
        assert_eq!(at(3, 140), [MarkKind::Restart]);
    }

    #[test]
    fn another_image_in_the_same_place_is_a_deploy() {
        let mut marks = Marks::default();
        let (before, after) = (map(container("a", "shop:1", 1, 0)), map(container("b", "shop:2", 9, 0)));
        let told = marks.between(&"web-1".into(), &before, &after, Timestamp::from_secs(10));
        assert_eq!(kinds(&told), [MarkKind::Deploy]);
        assert_eq!(told[0].text, "shop-web-1 runs shop:2 (was shop:1)");
        let none = marks.between(&"web-1".into(), &BTreeMap::new(), &after, Timestamp::from_secs(10));
        assert_eq!(kinds(&none), []);
    }

    #[test]
    fn a_kill_for_memory_is_told() {
        let before = container("a", "x", 1, 0);
        let after =
            Container { oom_killed: true, finished_at: Some(Timestamp::from_secs(5)), ..before.clone() };
        let told =
            Marks::default().between(&"web-1".into(), &map(before), &map(after), Timestamp::from_secs(6));
        assert_eq!(kinds(&told), [MarkKind::OutOfMemory]);
    }
}
