//! A datastore's page and what is asked from it: restores, drills and undoing, over the demo's recording.

use midwatch::app::App;
use midwatch::domain::backup::Backup;
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::file_list::{FileEntry, FileKind, FileList, FoundFile, FoundFiles};
use midwatch::domain::quantity::Bytes;
use midwatch::domain::time::Timestamp;
use midwatch::keys::chord::Chord;
use midwatch::message::batch::{Batch, Observation, Subject};
use midwatch::message::change::{Otherwise, Wanted};
use midwatch::message::effect::Effect;
use midwatch::message::event::{Event, Reply};
use midwatch::state::overview::Pane;
use midwatch::state::page::Page;

use crate::pages::{SIZES, console, frame, press, text};

/// The console on the page of a datastore.
fn on(datastore: &str, columns: u16, rows: u16) -> (App, Timestamp) {
    let (mut app, now) = console(columns, rows);
    app.state.open(Page::Datastore(datastore.into()));
    app.settle(now);
    (app, now)
}

fn shown(app: &mut App, now: Timestamp) -> String {
    text(&frame(app, now))
}

fn looks(name: &str, keys: &str) {
    for (columns, rows) in SIZES {
        let (mut app, now) = on("orders", columns, rows);
        press(&mut app, now, keys);
        insta::assert_snapshot!(format!("{name}-{columns}"), shown(&mut app, now));
    }
}

fn pressed(app: &mut App, now: Timestamp, key: &str) -> Vec<Effect> {
    let effects = app.handle(Event::Key(key.parse::<Chord>().unwrap()), now);
    app.settle(now);
    effects
}

/// What is to be planned by these effects, and of what.
fn planned(effects: &[Effect]) -> (String, Wanted) {
    let asked = effects.iter().find_map(|it| match it {
        Effect::Plan(_, asked) => Some((asked.app.to_string(), asked.what.clone())),
        _ => None,
    });
    asked.unwrap_or_else(|| panic!("{effects:?}"))
}

fn observed(app: &mut App, now: Timestamp, observation: Observation) {
    app.handle(Event::Batch(Batch { server: "local".into(), at: now, observation }), now);
    app.settle(now);
}

#[test]
fn a_datastore_with_its_backups() {
    looks("datastore", "down");
}

#[test]
fn a_backup_and_its_place_are_chosen() {
    looks("restore", "down R");
}

#[test]
fn it_is_opened_from_its_row_and_one_goes_back() {
    let (mut app, now) = console(120, 40);
    press(&mut app, now, "/ o r d e r s enter");
    app.state.overview.pane = Pane::Datastores;
    app.settle(now);
    press(&mut app, now, "enter");
    assert_eq!(*app.state.nav.page(), Page::Datastore("orders".into()));
    assert!(shown(&mut app, now).contains("BACKUPS 7"), "{}", shown(&mut app, now));
    press(&mut app, now, "esc");
    assert_eq!(*app.state.nav.page(), Page::Overview);
}

#[test]
fn the_selected_one_is_restored_where_a_person_says() {
    let (mut app, now) = on("orders", 120, 40);
    let ids: Vec<String> = app.state.datastore.rows.iter().map(ToString::to_string).collect();
    press(&mut app, now, "down down R tab");
    let restore = |n: usize, swap| Wanted::Restore { backup: Some(ids[n].as_str().into()), swap };
    let effects = pressed(&mut app, now, "enter");
    assert_eq!(planned(&effects), ("orders".into(), restore(2, true)));
    assert_eq!(*app.state.nav.page(), Page::Plan);
    // From its row among the others: the newest, beside.
    let (mut app, now) = console(120, 40);
    app.state.overview.pane = Pane::Datastores;
    app.settle(now);
    press(&mut app, now, "R");
    let effects = pressed(&mut app, now, "enter");
    assert_eq!(planned(&effects), ("orders".into(), restore(0, false)));
}

#[test]
fn what_is_restored_otherwise_is_said_in_the_words_of_the_command_line() {
    let (mut app, now) = on("orders", 120, 40);
    press(&mut app, now, "down O");
    let second = app.state.datastore.rows[1].clone();
    let seen = shown(&mut app, now);
    assert!(seen.contains(second.short()) && seen.contains("from OTHER"), "{seen}");
    // What makes no sense is told, and what was typed stays.
    press(&mut app, now, "a t space n o o n enter");
    assert!(shown(&mut app, now).contains("how long ago"), "{}", shown(&mut app, now));
    press(&mut app, now, "backspace backspace backspace backspace 2 5 m");
    let effects = pressed(&mut app, now, "enter");
    let at = now - std::time::Duration::from_secs(25 * 60);
    assert_eq!(planned(&effects), ("orders".into(), Wanted::Otherwise(Otherwise::At { at, swap: false })));
    press(&mut app, now, "esc O");
    press(&mut app, now, "o n l y space a , b");
    let effects = pressed(&mut app, now, "enter");
    let only = Otherwise::Only { what: "a,b".to_owned(), backup: Some(second) };
    assert_eq!(planned(&effects), ("orders".into(), Wanted::Otherwise(only)));
}

#[test]
fn how_else_it_is_restored_is_asked() {
    looks("otherwise", "down O");
}

#[test]
fn a_drill_is_of_the_selected_one_and_an_undo_of_the_last_restore() {
    let (mut app, now) = on("orders", 120, 40);
    press(&mut app, now, "down");
    let second = app.state.datastore.rows[1].clone();
    let effects = pressed(&mut app, now, "D");
    assert_eq!(planned(&effects), ("orders".into(), Wanted::Drill(Some(second))));
    press(&mut app, now, "esc");
    let effects = pressed(&mut app, now, "U");
    assert_eq!(planned(&effects), ("orders".into(), Wanted::Undo));
}

#[test]
fn a_set_of_an_app_is_chosen_on_its_page_and_restored_as_one() {
    for (columns, rows) in SIZES {
        let (mut app, now) = console(columns, rows);
        let backup = |id: &str, hours: u32, set: &str, release: u32| Backup {
            id: id.repeat(32),
            datastore: "orders".into(),
            at: now - std::time::Duration::from_secs(3600) * hours,
            bytes: Bytes(3 << 20),
            set: Some(set.to_owned()),
            release: Some(format!("shop/{release}")),
            ..Backup::default()
        };
        let alone = Backup { set: None, ..backup("c3", 1, "", 8) };
        let all = vec![alone, backup("b2", 5, "two", 8), backup("a1", 30, "one", 7)];
        observed(&mut app, now, Observation::Backups("main".into(), all));
        app.state.open(Page::App("shop".into()));
        app.settle(now);
        press(&mut app, now, "R tab down");
        insta::assert_snapshot!(format!("restore-set-{columns}"), shown(&mut app, now));
        let effects = pressed(&mut app, now, "enter");
        let chosen = Wanted::Restore { backup: Some("a1".repeat(32).as_str().into()), swap: true };
        assert_eq!(planned(&effects), ("shop".into(), chosen));
    }
    // Without datastores there is nothing to restore; who pressed it for a restart is told of that.
    let (mut app, now) = console(120, 40);
    let mut setup = app.state.setup.clone();
    setup.datastores.iter_mut().for_each(|it| it.apps.clear());
    app.handle(Event::Setup(setup), now);
    app.state.open(Page::App("shop".into()));
    assert!(pressed(&mut app, now, "R").is_empty());
    assert!(shown(&mut app, now).contains("no datastore of shop is configured"), "{}", shown(&mut app, now));
}

#[test]
fn rows_are_filtered_sorted_and_copied() {
    let (mut app, now) = on("orders", 120, 40);
    let oldest = app.state.datastore.rows.last().cloned().unwrap();
    press(&mut app, now, "s");
    assert_eq!(app.state.datastore.rows.first(), Some(&oldest));
    assert!(shown(&mut app, now).contains("oldest first"));
    let first = oldest.short().chars().next().unwrap();
    press(&mut app, now, &format!("/ {first} {} enter", oldest.short().chars().nth(1).unwrap()));
    assert_eq!((app.state.datastore.rows.len(), app.state.datastore.all), (1, 7));
    assert!(shown(&mut app, now).contains("BACKUPS 1 of 7"), "{}", shown(&mut app, now));
    let copied = pressed(&mut app, now, "y");
    assert!(matches!(&copied[..], [Effect::Copy(id)] if *id == oldest.to_string()), "{copied:?}");
    press(&mut app, now, "esc / x x x enter");
    assert!(shown(&mut app, now).contains("no backup passes the filter"));
}

#[test]
fn what_cannot_be_read_is_unknown_and_nothing_of_it_good() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let (mut app, now) = on("orders", columns, rows);
        let failure = Failure::new(
            FailureKind::Auth,
            "read the repository main",
            "no key of it is opened by the password",
        )
        .hint("see which password `password` leads to");
        observed(&mut app, now, Observation::Failed(Subject::Repository("main".into()), failure));
        let screen = shown(&mut app, now);
        for told in ["? unknown", "no key of it is opened by the password", "see which password", "as read"] {
            assert!(screen.contains(told), "no {told}\n{screen}");
        }
        assert!(!screen.contains("● up"), "{screen}");
    }
}

#[test]
fn an_empty_one_and_one_that_was_not_read_say_so() {
    let (mut app, now) = on("orders", 80, 24);
    observed(&mut app, now, Observation::Backups("main".into(), Vec::new()));
    let screen = shown(&mut app, now);
    assert!(
        screen.contains("there is none: b backs it up") && screen.contains("it was never backed up"),
        "{screen}"
    );

    let (mut app, now) = console(80, 24);
    let mut setup = app.state.setup.clone();
    setup.datastores[0].repository = "other".into();
    app.handle(Event::Setup(setup), now);
    app.state.open(Page::Datastore("orders".into()));
    let screen = shown(&mut app, now);
    assert!(
        screen.contains("the repository other was not read yet") && screen.contains("? unknown"),
        "{screen}"
    );
}

#[test]
fn a_thousand_backups_are_a_list_that_is_there_at_once() {
    let (mut app, now) = on("orders", 120, 40);
    let backup = |n: i64| Backup {
        id: format!("{n:064x}"),
        datastore: "orders".into(),
        at: now - std::time::Duration::from_secs(3600) * u32::try_from(n).unwrap(),
        bytes: Bytes(1 << 20),
        ..Backup::default()
    };
    observed(&mut app, now, Observation::Backups("main".into(), (0..1000).map(backup).collect()));
    let screen = shown(&mut app, now);
    assert!(screen.contains("the newest 1000"), "{screen}");
    press(&mut app, now, "G");
    assert_eq!(app.state.datastore.list.index(), Some(999));
}

/// The files of a backup, as an effect's answer.
fn listed(app: &mut App, now: Timestamp, effects: &[Effect]) {
    let request = effects.iter().find_map(|it| match it {
        Effect::Files(request, ..) => Some(*request),
        _ => None,
    });
    let mut list = FileList::default();
    let file = |path: &str, kind, bytes| FileEntry {
        path: path.to_owned(),
        kind,
        bytes: Bytes(bytes),
        at: Some(now),
    };
    for (path, kind, bytes) in [
        ("etc", FileKind::Folder, 0),
        ("etc/caddy", FileKind::Folder, 0),
        ("etc/caddy/Caddyfile", FileKind::File, 2048),
        ("etc/hosts", FileKind::File, 180),
        ("srv/shop/compose.yaml", FileKind::File, 900),
        ("srv/shop/prod.env", FileKind::Link("../prod.env".to_owned()), 0),
        ("README", FileKind::File, 12),
    ] {
        list.add(file(path, kind, bytes));
    }
    list.sort();
    app.handle(Event::Reply(request.unwrap(), Reply::Files(Box::new(list))), now);
    app.settle(now);
}

#[test]
fn the_files_of_a_backup_are_walked_through() {
    for (columns, rows) in SIZES {
        let (mut app, now) = on("orders", columns, rows);
        let effects = pressed(&mut app, now, "enter");
        assert!(shown(&mut app, now).contains("is read"), "{}", shown(&mut app, now));
        listed(&mut app, now, &effects);
        insta::assert_snapshot!(format!("files-{columns}"), shown(&mut app, now));
        press(&mut app, now, "enter");
        assert!(shown(&mut app, now).contains("/etc 2") && shown(&mut app, now).contains("hosts"));
        press(&mut app, now, "esc");
        assert_eq!(app.state.files.list.selected.as_deref(), Some("etc"));
        press(&mut app, now, "/ . e n v enter");
        let screen = shown(&mut app, now);
        assert!(screen.contains("srv/shop/prod.env") && screen.contains("FILES 1"), "{screen}");
        press(&mut app, now, "esc esc");
        assert_eq!(*app.state.nav.page(), Page::Datastore("orders".into()));
    }
}

#[test]
fn files_that_cannot_be_read_say_why_and_r_restores_the_backup_that_they_are_of() {
    let (mut app, now) = on("orders", 80, 24);
    let backup = app.state.datastore.rows[0].clone();
    let effects = pressed(&mut app, now, "enter");
    let Some(Effect::Files(request, ..)) = effects.last() else { panic!("{effects:?}") };
    let failure = Failure::new(
        FailureKind::Invalid,
        "list the files of backup 16f72646",
        "pack 3f2a: blob is not itself",
    );
    app.handle(Event::Reply(*request, Reply::Failed(failure)), now);
    assert!(shown(&mut app, now).contains("pack 3f2a: blob is not itself"));
    assert!(app.state.overlays.is_empty());
    press(&mut app, now, "R");
    let effects = pressed(&mut app, now, "enter");
    let restore = Wanted::Restore { backup: Some(backup), swap: false };
    assert_eq!(planned(&effects), ("orders".into(), restore));
}

#[test]
fn a_file_is_found_across_backups_and_its_folder_opened() {
    for (columns, rows) in SIZES {
        let (mut app, now) = on("orders", columns, rows);
        let backups = app.state.datastore.rows.clone();
        press(&mut app, now, "F e n v");
        let effects = pressed(&mut app, now, "enter");
        let Some(Effect::FindFiles(request, _, typed)) = effects.last() else { panic!("{effects:?}") };
        assert_eq!(typed, "env");
        assert!(shown(&mut app, now).contains("nothing is found yet"));
        let file = |path: &str| FileEntry {
            path: path.to_owned(),
            kind: FileKind::File,
            bytes: Bytes(900),
            at: Some(now),
        };
        let found =
            |n: usize| FoundFile { backup: backups[n].clone(), taken: now, file: file("srv/shop/prod.env") };
        let mut all = FoundFiles { looked: 2, of: 3, ..FoundFiles::default() };
        all.add(found(0));
        all.add(found(1));
        let tell = |app: &mut App, all: &FoundFiles, done| {
            app.handle(Event::Reply(*request, Reply::FoundFiles { found: Box::new(all.clone()), done }), now);
        };
        tell(&mut app, &all, false);
        assert!(shown(&mut app, now).contains("2 of 3 backups, for 0s"), "{}", shown(&mut app, now));
        all.looked = 3;
        all.unread.push((backups[2].clone(), "pack 3f2a: blob is not itself".to_owned()));
        tell(&mut app, &all, true);
        insta::assert_snapshot!(format!("found-{columns}"), shown(&mut app, now));
        press(&mut app, now, "down");
        let effects = pressed(&mut app, now, "enter");
        let asked = effects.iter().find_map(|it| match it {
            Effect::Files(_, _, backup, folder) => Some((backup.clone(), folder.clone())),
            _ => None,
        });
        assert_eq!(asked, Some((backups[1].clone(), "srv/shop".to_owned())));
        listed(&mut app, now, &effects);
        assert_eq!(app.state.files.list.selected.as_deref(), Some("srv/shop/prod.env"));
        press(&mut app, now, "esc");
        assert_eq!(*app.state.nav.page(), Page::Found("orders".into()));
    }
}
