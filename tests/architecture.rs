//! Holds the rooms and the arrows between them (DESIGN and ARCHITECTURE.md, "Rooms"), and the
//! shape of files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it should be")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms by floor. A room uses rooms on lower floors only.
const FLOORS: &[&[&str]] = &[
    &["domain"],
    &["keys", "theme", "store", "operations", "runbooks"],
    &["config", "widgets", "message"],
    &["transports", "http", "history", "state"],
    &["providers", "repository", "actions"],
    &["collectors", "engine", "views"],
    &["app"],
    &["runtime"],
    &["cli"],
];

/// Lines past which a file has to be split.
const LONGEST: usize = 500;

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// The room of a file: the first name under `src`.
fn room(path: &Path) -> String {
    let under = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = under.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The part of a file before its tests, which may use whatever shows them what they need.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]").next().unwrap_or(text)
}

/// The rooms that a text names by `crate::room` or in a list `crate::{a, b}`.
fn named(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut rooms = Vec::new();
    for line in code {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            assert!(!rest.starts_with('{'), "write one `use crate::room` a line: {line}");
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
}

#[test]
fn arrows_run_down_the_floors_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let from = room(&path);
        if from == "lib" || from == "main" {
            continue;
        }
        let from_floor = floor(&from).unwrap_or_else(|| panic!("{from} is in no floor"));
        for to in named(without_tests(&text)) {
            match floor(&to) {
                _ if to == from => {}
                Some(to_floor) if to_floor < from_floor => {}
                Some(_) => wrong.push(format!("{}: {from} uses {to}", path.display())),
                None => wrong.push(format!("{}: crate::{to} is no room", path.display())),
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_file_says_what_it_is_and_none_is_too_long() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{} has {lines} lines", path.display()));
        }
        let test_file = path.file_stem().is_some_and(|name| {
            let name = name.to_string_lossy();
            name == "tests" || name.ends_with("_tests")
        });
        if !text.starts_with("//!") && !test_file {
            wrong.push(format!("{} does not say what it is", path.display()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_color_is_a_role() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if room(&path) != "theme" && without_tests(&text).lines().any(names_a_color) {
            wrong.push(path.display().to_string());
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Whether a line brings the terminal library's colors in.
fn names_a_color(line: &str) -> bool {
    line.contains("style::Color") || (line.contains("style::{") && line.contains("Color"))
}

#[test]
fn pure_rooms_do_nothing_outside() {
    // `thread::scope` is no way out: the store's search divides its work with it and is back before
    // it returns.
    const PURE: &[&str] = &["domain", "keys", "store", "state", "widgets", "views", "actions", "operations"];
    const OUTSIDE: &[&str] =
        &["std::fs", "std::net", "std::process", "std::env", "thread::spawn", "tokio::", "Instant::now"];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !PURE.contains(&room(&path).as_str()) {
            continue;
        }
        for line in without_tests(&text).lines().filter(|line| !line.trim_start().starts_with("//")) {
            if OUTSIDE.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn one_file_alone_quotes_for_a_shell() {
    let mut quoting: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| without_tests(text).contains("r\"'\\''\""))
        .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    quoting.sort();
    assert_eq!(quoting, ["shell.rs"]);
}

#[test]
fn the_median_file_is_short() {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    let all = sources();
    for (_, text) in &all {
        *sizes.entry(text.lines().count()).or_default() += 1;
    }
    let mut seen = 0;
    let median = sizes
        .iter()
        .find(|(_, n)| {
            seen += **n;
            seen * 2 >= all.len()
        })
        .map_or(0, |(size, _)| *size);
    assert!(median <= 150, "the median file has {median} lines");
}
