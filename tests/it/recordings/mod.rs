//! Recordings of earlier versions: `first.jsonl` has one line of each kind from the first that was made,
//! `rare.jsonl` what it has not, in the fields that there were then. And recordings that are damaged.

mod damaged;
mod earlier;

use std::collections::BTreeSet;
use std::path::Path;

use midwatch::domain::container::RestartPolicy;
use midwatch::domain::health::Health;
use midwatch::domain::link::Link;
use midwatch::message::batch::{Observation, Subject};
use midwatch::message::event::Event;
use midwatch::runtime::recording::{Entry, Losses, from_file};
use serde_json::Value;

const FIRST: &str = include_str!("first.jsonl");
const RARE: &str = include_str!("rare.jsonl");

fn entries(text: &str) -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.jsonl");
    std::fs::write(&path, text).unwrap();
    assert_eq!(from_file(&path).unwrap().verify().unwrap(), Losses::default());
    from_file(Path::new(&path)).unwrap().map(Result::unwrap).collect()
}

/// Puts a field that nobody knows into every event, and every observation.
fn with_more(line: &str) -> String {
    let mut value: Value = serde_json::from_str(line).unwrap();
    value["unheard_of"] = Value::from(1);
    for kind in ["setup", "batch"] {
        if let Some(event) = value["event"].get_mut(kind) {
            event["unheard_of"] = serde_json::json!({ "a": [1] });
        }
    }
    value.to_string()
}

#[test]
fn the_first_recording_is_still_read_whole() {
    assert_eq!(entries(FIRST).len(), FIRST.lines().count() - 1);
}

#[test]
fn fields_of_later_versions_are_passed_over() {
    for text in [FIRST, RARE] {
        let more: String = text.lines().map(|line| with_more(line) + "\n").collect();
        assert_ne!(more, text);
        assert_eq!(entries(&more), entries(text));
    }
}

#[test]
fn rarer_events_are_read_without_the_fields_that_came_later() {
    let entries = entries(RARE);
    assert_eq!(entries.len(), RARE.lines().count() - 1);
    let observed = || {
        entries.iter().filter_map(|entry| match &entry.event {
            Event::Batch(batch) => Some(&batch.observation),
            _ => None,
        })
    };
    for entry in &entries {
        match &entry.event {
            Event::Setup(setup) => {
                assert_eq!((setup.checks.len(), setup.background), (0, 0));
                assert_eq!(setup.apps[0].checks.len(), 1);
            }
            Event::Batch(_) | Event::Logs(_) | Event::SetupRefused(_) => {}
            other => panic!("{other:?} is no part of a recording"),
        }
    }
    let containers = observed().find_map(|it| match it {
        Observation::Containers(containers) => Some(containers),
        _ => None,
    });
    let judged: Vec<_> =
        containers.unwrap().iter().map(|it| (it.restart_policy, it.verdict().health)).collect();
    let unknown = RestartPolicy::Unknown;
    assert_eq!(judged, [(unknown, Health::Up), (unknown, Health::Down), (unknown, Health::Up)]);
}

/// A kind that is added without a line here fails to compile or fails the test.
#[test]
fn the_old_recordings_have_every_kind_that_there_was() {
    let mut seen = BTreeSet::new();
    for entry in entries(FIRST).iter().chain(&entries(RARE)) {
        let Event::Batch(batch) = &entry.event else { continue };
        seen.insert(match &batch.observation {
            Observation::Link(link) => match link {
                Link::Idle => "idle",
                Link::Connecting => "connecting",
                Link::Asking => "asking",
                Link::Up => "up",
                Link::Down { .. } => "down",
            },
            Observation::Facts(_) => "facts",
            Observation::Vitals(_) => "vitals",
            Observation::Containers(_) => "containers",
            Observation::Usage(_) => "usage",
            Observation::Units(_) => "units",
            Observation::Access(_) => "access",
            Observation::Check(_) => "check",
            Observation::Samples(_) => "samples",
            Observation::Mark(_) => "mark",
            // Of a later version; it is read as it is written, so it has no older form yet.
            Observation::Earlier(_)
            | Observation::Backups(..)
            | Observation::Drills(_)
            | Observation::Maintenance(_)
            | Observation::Archived(..)
            | Observation::Checked(_) => continue,
            Observation::Failed(subject, _) => match subject {
                Subject::Vitals => "no vitals",
                Subject::Containers => "no containers",
                Subject::Usage => "no usage",
                Subject::Units => "no units",
                Subject::Logs(_) => "no logs",
                Subject::Access(_) => "no access",
                Subject::Samples(_) => "no samples",
                Subject::Repository(_) | Subject::Drills | Subject::Maintenance | Subject::Archive(_) => {
                    continue;
                }
            },
        });
    }
    assert_eq!(seen.len(), 21, "{seen:?}");
}
