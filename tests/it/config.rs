//! The configuration from the outside: the folders of good and bad ones, and the example.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use midwatch::config::{LoadError, Options, load, parse};

fn options() -> Options<'static> {
    // The actions that there are: what the example names is one of them.
    static ACTIONS: LazyLock<Vec<&str>> =
        LazyLock::new(|| midwatch::actions::all().map(|action| action.id).collect());
    Options { home: Some(Path::new("/home/watch")), themes: None, actions: &ACTIONS }
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    let mut cases: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
    cases.retain(|path| path.extension().is_some_and(|it| it == "toml"));
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

#[test]
fn good_configurations_load_without_a_word() {
    for path in cases("valid") {
        let text = fs::read_to_string(&path).unwrap();
        match parse(&text, &path.display().to_string(), options()) {
            Ok(loaded) => assert!(loaded.warnings.mistakes().is_empty(), "{}", loaded.warnings.render(false)),
            Err(error) => panic!("{}", error.report().map(|it| it.render(false)).unwrap_or_default()),
        }
    }
}

/// Each bad configuration has its report beside it; `UPDATE=1` writes them anew.
#[test]
fn bad_configurations_are_reported_as_reviewed() {
    for path in cases("invalid") {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Err(LoadError::Mistakes(report)) = parse(&text, name, options()) else {
            panic!("{name} was taken");
        };
        let reviewed = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&reviewed, report.render(false)).unwrap();
        }
        let wanted = fs::read_to_string(&reviewed).unwrap_or_default();
        assert_eq!(report.render(false), wanted, "the report on {name} changed; UPDATE=1 writes it anew");
    }
}

#[test]
fn a_literal_secret_in_a_file_that_others_read_is_refused_and_not_shown() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, "[checks.db]\nkind = \"postgres\"\npassword = \"hunter2\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = load(&path, options()).unwrap_err();
    let text = error.report().unwrap().render(false);
    assert!(text.contains(&format!("chmod 600 {}", path.display())), "{text}");
    assert!(!format!("{text}{error:?}").contains("hunter2"), "{text}");

    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let loaded = load(&path, options()).unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
}

const EXAMPLE: &str = midwatch::config::EXAMPLE;

/// The example with every key that is commented out (`#key`, where text is `# text`) in force.
fn whole_example() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"') => key.to_owned(),
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_loads_as_it_is_and_whole() {
    for text in [EXAMPLE.to_owned(), whole_example()] {
        match parse(&text, "config.example.toml", options()) {
            Ok(loaded) => assert!(loaded.warnings.mistakes().is_empty(), "{}", loaded.warnings.render(false)),
            Err(error) => panic!("{}", error.report().map(|it| it.render(false)).unwrap_or_default()),
        }
    }
}

#[test]
fn the_example_has_every_key_with_its_default() {
    let used = midwatch::config::used_keys(&whole_example());
    let known = midwatch::config::known_keys();
    assert!(known.len() > 100);
    let mut missing = Vec::new();
    for key in &known {
        let values: Vec<_> =
            used.iter().filter(|it| it.path == key.path).map(|it| it.value.as_str()).collect();
        // The one default that depends on a name.
        let default = key.default.as_deref().filter(|default| !default.contains("NAME"));
        if values.is_empty() || default.is_some_and(|default| !values.contains(&default)) {
            missing.push(format!("{} = {}", key.path, key.default.as_deref().unwrap_or("…")));
        }
    }
    assert!(missing.is_empty(), "config.example.toml does not have:\n{}", missing.join("\n"));
}

#[test]
fn what_is_commented_out_changes_nothing_outside_of_named_tables() {
    let plain = parse(EXAMPLE, "plain", options()).unwrap().config;
    let bare = parse("", "empty", options()).unwrap().config;
    assert_eq!((plain.ui, plain.intervals, plain.history), (bare.ui, bare.intervals, bare.history));
    assert_eq!((plain.ssh, plain.logs, plain.thresholds), (bare.ssh, bare.logs, bare.thresholds));
}

#[test]
fn the_documentation_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let made = midwatch::config::markdown();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == made, "docs/configuration.md is not what the code makes; UPDATE=1 writes it anew");
}

/// The lab fills its template in on the machine it runs on; the keys must be right before that.
#[test]
fn the_lab_s_configuration_loads() {
    let template = include_str!("../lab/config.toml.in");
    let filled: String = template
        .split('@')
        .enumerate()
        .map(|(n, part)| match (n % 2 == 1, part.starts_with("port ")) {
            (true, true) => format!("22{n:02}"),
            (true, false) => "/lab".to_owned(),
            _ => part.to_owned(),
        })
        .collect();
    if let Err(error) = parse(&filled, "tests/lab/config.toml.in", options()) {
        panic!("{}", error.report().map(|it| it.render(false)).unwrap_or_default());
    }
}
