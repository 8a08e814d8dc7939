//! Recordings of earlier versions: `first.jsonl` has one line of each kind from the first that was made.

use std::path::Path;

use midwatch::runtime::recording::{Entry, from_file};
use serde_json::Value;

const FIRST: &str = include_str!("first.jsonl");

fn entries(text: &str) -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.jsonl");
    std::fs::write(&path, text).unwrap();
    let count = from_file(&path).unwrap().verify().unwrap();
    let entries: Vec<Entry> = from_file(Path::new(&path)).unwrap().map(Result::unwrap).collect();
    assert_eq!(count, entries.len());
    entries
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
    let more: String = FIRST.lines().map(|line| with_more(line) + "\n").collect();
    assert_ne!(more, FIRST);
    assert_eq!(entries(&more), entries(FIRST));
}
