//! The lists of the pages: the keys go to each of them, each is sorted, and nothing that has no room is
//! left out without a word.

use std::time::Duration;

use midwatch::app::App;
use midwatch::domain::quantity::{Bytes, Percent};
use midwatch::domain::time::Timestamp;
use midwatch::domain::vitals::DiskUse;
use midwatch::keys::mouse::{Cell, Gesture, Mouse};
use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::state::app_page::Pane as AppPane;
use midwatch::state::overview::Pane;
use midwatch::state::page::Page;
use midwatch::state::server::Pane as ServerPane;

use crate::pages::{console, frame, press, text};

fn shown(app: &mut App, now: Timestamp) -> String {
    text(&frame(app, now))
}

/// The heading of a pane.
fn heading(app: &mut App, now: Timestamp, title: &str) -> String {
    let screen = shown(app, now);
    let row = screen.lines().find(|row| row.trim_start().starts_with(title));
    row.unwrap_or_else(|| panic!("no {title} in\n{screen}")).to_owned()
}

/// A server's page, with so many disks, of which the last one is the fullest.
fn with_disks(columns: u16, rows: u16, disks: usize) -> (App, Timestamp) {
    let (mut app, now) = console(columns, rows);
    press(&mut app, now, "/ d b - 1 enter enter");
    disks_come(&mut app, now, &(0..disks).map(|n| n as f32).collect::<Vec<_>>());
    (app, now)
}

fn disks_come(app: &mut App, now: Timestamp, used: &[f32]) {
    let mut vitals = app.state.fleet.server(&"db-1".into()).unwrap().vitals.value().unwrap().clone();
    let disk = |(n, used): (usize, &f32)| DiskUse {
        mount: format!("/srv/{n:02}"),
        device: format!("/dev/vd{n}"),
        total: Bytes(1_000_000 * (1 + n as u64 % 5)),
        used: Bytes((f64::from(*used) * 10_000.0) as u64 * (1 + n as u64 % 5)),
        available: Bytes(((100.0 - f64::from(*used)) * 10_000.0) as u64 * (1 + n as u64 % 5)),
        inodes_used: Some(Percent(n as f32)),
    };
    vitals.disks = used.iter().enumerate().map(disk).collect();
    let observation = Observation::Vitals(vitals);
    app.handle(Event::Batch(Batch { server: "db-1".into(), at: now, observation }), now);
    app.settle(now);
}

#[test]
fn disks_take_the_keys_and_are_scrolled() {
    let (mut app, now) = with_disks(80, 24, 30);
    let screen = shown(&mut app, now);
    assert!(screen.contains("/srv/29") && !screen.contains("/srv/00"), "{screen}");
    let head = heading(&mut app, now, "DISKS");
    assert!(head.contains("30, ") && head.contains(" below"), "{head}");
    press(&mut app, now, "tab");
    assert_eq!(app.state.server.pane, ServerPane::Disks, "units have no rows");
    press(&mut app, now, "G");
    let (screen, head) = (shown(&mut app, now), heading(&mut app, now, "DISKS"));
    assert!(screen.contains("/srv/00") && !screen.contains("/srv/29"), "{screen}");
    assert!(head.contains(" above") && !head.contains(" below"), "{head}");
    // One is told of whole, copied by its name, and opened as a chart of its own.
    press(&mut app, now, "enter");
    let screen = shown(&mut app, now);
    assert!(screen.contains("db-1 /srv/00") && screen.contains("/dev/vd0"), "{screen}");
    press(&mut app, now, "esc m");
    assert_eq!(*app.state.nav.page(), Page::Metrics);
    assert!(shown(&mut app, now).contains("/srv/00"), "{}", shown(&mut app, now));
    press(&mut app, now, "esc shift-tab");
    assert_eq!(app.state.server.pane, ServerPane::Containers);
    // The wheel and a click give it the keys too.
    let panes = app.state.server.panes();
    let mouse = |row, gesture| Event::Mouse(Mouse { at: Cell { column: 5, row }, gesture });
    app.handle(mouse(panes.disks.y + 2, Gesture::Press), now);
    assert_eq!(app.state.server.pane, ServerPane::Disks);
}

#[test]
fn the_keys_go_through_the_panes_of_an_app_and_back() {
    use AppPane::{Changes, Checks, Containers, Requests};
    let (mut app, now) = console(80, 24);
    press(&mut app, now, "tab enter");
    assert!(matches!(app.state.nav.page(), Page::App(_)));
    let mut panes = Vec::new();
    for key in ["tab", "tab", "tab", "shift-tab", "shift-tab", "shift-tab"] {
        press(&mut app, now, key);
        panes.push(app.state.app.pane);
    }
    assert_eq!(panes, [Checks, Changes, Requests, Changes, Checks, Containers]);
    // Down past the end of one goes on in the next, and up again.
    press(&mut app, now, "G down down");
    assert_eq!((app.state.app.pane, app.state.app.checks.index()), (Checks, Some(1)));
    press(&mut app, now, "up up");
    assert_eq!(app.state.app.pane, Containers);
    // What is done is done to what is selected there.
    press(&mut app, now, "tab G enter");
    let screen = shown(&mut app, now);
    assert!(screen.contains("check orders-db") && screen.contains("postgres"), "{screen}");
    press(&mut app, now, "esc tab enter");
    assert_eq!(*app.state.nav.page(), Page::Server("db-1".into()), "where it changed");
    press(&mut app, now, "esc ?");
    let mut help = String::new();
    for _ in 0..8 {
        help += &shown(&mut app, now);
        press(&mut app, now, "pagedown");
    }
    // The keys, and what the short headings mean.
    for words in ["give the keys to the next pane", "SIGNS AND HEADINGS", "ctrs", "containers that run"] {
        assert!(help.contains(words), "no {words} in {help}");
    }
}

#[test]
fn access_logs_take_the_keys() {
    let (mut app, now) = console(120, 40);
    let mut setup = app.state.setup.clone();
    for server in &mut setup.servers {
        server.log_files = vec![("caddy".to_owned(), "/var/log/caddy/access.log".to_owned())];
    }
    app.handle(Event::Setup(setup), now);
    app.settle(now);
    press(&mut app, now, "tab enter shift-tab");
    assert_eq!(app.state.app.pane, AppPane::Requests);
    press(&mut app, now, "down");
    let selected = app.state.app.requests.selected().cloned().expect("one of two is selected");
    assert_eq!((selected.server.as_str(), selected.label.as_str()), ("web-2", "caddy"));
    assert_eq!(app.state.selected_servers().as_slice(), std::slice::from_ref(&selected.server));
    press(&mut app, now, "i");
    let screen = shown(&mut app, now);
    for word in ["web-2 caddy", "time to answer", "problem from", "errors 5%, p95 500"] {
        assert!(screen.contains(word), "no {word} in\n{screen}");
    }
    press(&mut app, now, "esc m");
    assert_eq!(*app.state.nav.page(), Page::Metrics);
    assert!(shown(&mut app, now).contains("requests"), "{}", shown(&mut app, now));
    press(&mut app, now, "esc enter");
    assert_eq!(*app.state.nav.page(), Page::Logs);
    let screen = shown(&mut app, now);
    assert!(
        screen.contains("web-2/caddy") || screen.contains("/var/log/caddy/access.log"),
        "the file itself:\n{screen}"
    );
    // What the filter leaves out is told, not taken for a server without a log.
    press(&mut app, now, "esc / w e b - 1 enter");
    let head = heading(&mut app, now, "REQUESTS");
    assert!(head.contains("1 of 2"), "{head}");
    press(&mut app, now, "esc / z z z z enter");
    let screen = shown(&mut app, now);
    assert!(screen.contains("no access log passes the filter"), "{screen}");
}

/// Each order that a list has: its words in the heading, and an arrow at the column that it is by.
fn orders(app: &mut App, now: Timestamp, title: &str, expected: &[(&str, &str)]) {
    for (words, column) in expected {
        press(app, now, "s");
        let head = heading(app, now, title);
        let told = head.trim_end_matches(['─', ' ']).rsplit('─').next().unwrap_or_default().trim().to_owned();
        let told = if head.contains('─') && !head.ends_with('─') { told } else { String::new() };
        assert_eq!(&told, words, "{title}: {head}");
        if !column.is_empty() {
            let screen = shown(app, now);
            assert!(screen.contains(column), "{title} {words}: no {column} in\n{screen}");
        }
    }
}

#[test]
fn every_list_is_sorted_and_says_by_what() {
    let (mut app, now) = console(120, 40);
    press(&mut app, now, "shift-tab");
    assert_eq!(app.state.overview.pane, Pane::Problems);
    orders(&mut app, now, "PROBLEMS", &[("newest first", ""), ("by name", ""), ("", "")]);
    press(&mut app, now, "tab");
    orders(
        &mut app,
        now,
        "SERVERS",
        &[
            ("worst first", "health↓"),
            ("by cpu", "cpu↓"),
            ("by memory", "mem↓"),
            ("by disk", "disk↓"),
            ("by name", "server↑"),
            ("", ""),
        ],
    );
    press(&mut app, now, "tab");
    orders(
        &mut app,
        now,
        "APPS",
        &[
            ("worst first", "health↓"),
            ("by cpu", "cpu↓"),
            ("by memory", "mem↓"),
            ("by restarts", "rst↓"),
            ("", ""),
        ],
    );
    press(&mut app, now, "tab");
    orders(
        &mut app,
        now,
        "DATASTORES",
        &[
            ("worst first", "health↓"),
            ("oldest first", "backup↓"),
            ("by size", "size↓"),
            ("by name", "datastore↑"),
            ("", ""),
        ],
    );
    press(&mut app, now, "tab");
    assert_eq!(app.state.overview.pane, Pane::Changes);
    orders(&mut app, now, "CHANGED", &[("by server", ""), ("most often first", ""), ("", "")]);

    let (mut app, now) = with_disks(120, 40, 6);
    let containers = [
        ("by cpu", "cpu↓"),
        ("by memory", "mem↓"),
        ("by restarts", "rst↓"),
        ("newest first", "up↑"),
        ("by name", "container↑"),
        ("", ""),
    ];
    orders(&mut app, now, "CONTAINERS", &containers);
    press(&mut app, now, "tab");
    orders(
        &mut app,
        now,
        "DISKS",
        &[("by inodes", "inodes↓"), ("by size", "size↓"), ("by name", "mount↑"), ("", "used↓")],
    );
    press(&mut app, now, "tab");
    orders(
        &mut app,
        now,
        "CHECKS SEEN FROM db-1",
        &[("worst first", "health↓"), ("slowest first", "took↓"), ("", "")],
    );

    let (mut app, now) = console(120, 40);
    press(&mut app, now, "tab enter");
    orders(&mut app, now, "CONTAINERS", &containers);
    press(&mut app, now, "tab");
    orders(&mut app, now, "CHECKS", &[("worst first", "health↓"), ("slowest first", "took↓"), ("", "")]);
    press(&mut app, now, "tab");
    orders(&mut app, now, "CHANGED ON", &[("by server", ""), ("most often first", ""), ("", "")]);
    press(&mut app, now, "tab");
    orders(
        &mut app,
        now,
        "REQUESTS",
        &[
            ("most often first, over the last minute", "req/s↓"),
            ("by errors, over the last minute", "errors↓"),
            ("slowest first, over the last minute", "p95↓"),
            ("over the last minute", ""),
        ],
    );
}

#[test]
fn sorted_rows_stand_still_while_their_numbers_tremble() {
    let (mut app, now) = with_disks(120, 40, 0);
    let mounts = |app: &App| app.state.server.disk_rows.clone();
    disks_come(&mut app, now, &[50.0, 50.3, 10.0]);
    assert_eq!(mounts(&app), ["/srv/01", "/srv/00", "/srv/02"]);
    disks_come(&mut app, now, &[50.4, 50.1, 10.0]);
    assert_eq!(mounts(&app), ["/srv/01", "/srv/00", "/srv/02"]);
    disks_come(&mut app, now, &[53.0, 50.1, 10.0]);
    assert_eq!(mounts(&app), ["/srv/00", "/srv/01", "/srv/02"]);
    // By size they are in another order, and the selection stays on its row.
    press(&mut app, now, "tab");
    let selected = app.state.server.disks.selected.clone();
    press(&mut app, now, "s s");
    assert_eq!(mounts(&app), ["/srv/02", "/srv/01", "/srv/00"]);
    assert_eq!(app.state.server.disks.selected, selected);
}

#[test]
fn sorting_is_offered_where_there_is_a_list_and_nowhere_else() {
    let (mut app, now) = console(120, 40);
    let offered = |app: &mut App| {
        let screen = shown(app, now);
        screen.lines().last().unwrap().contains("s sort")
    };
    assert!(offered(&mut app));
    press(&mut app, now, "enter");
    assert!(offered(&mut app), "a server's page");
    press(&mut app, now, "m");
    assert!(!offered(&mut app), "charts");
    press(&mut app, now, "l");
    assert!(!offered(&mut app), "logs");
}

/// What a small screen has no room for is named, and one key away.
#[test]
fn nothing_is_left_out_without_a_word() {
    let (mut app, now) = console(60, 15);
    let screen = shown(&mut app, now);
    let rest = screen.lines().rev().nth(2).unwrap().to_owned();
    assert!(rest.contains("no room for") && rest.contains("DATASTORES 2"), "{screen}");
    assert!(rest.contains("tab goes there"), "{screen}");
    for n in 0..5 {
        let screen = shown(&mut app, now);
        for title in ["PROBLEMS", "SERVERS", "APPS", "DATASTORES", "CHANGED"] {
            assert!(screen.contains(title), "after {n} times tab there is no {title}:\n{screen}");
        }
        press(&mut app, now, "tab");
    }
    // The one with the keys has rows.
    press(&mut app, now, "shift-tab shift-tab");
    assert_eq!(app.state.overview.pane, Pane::Changes);
    assert!(shown(&mut app, now).contains("restarted"), "{}", shown(&mut app, now));
    for (page, titles) in [
        ("/ d b - 1 enter enter", ["CONTAINERS", "UNITS", "DISKS", "CHECKS"].as_slice()),
        ("tab enter", ["CONTAINERS", "CHECKS", "CHANGED"].as_slice()),
    ] {
        let (mut app, now) = console(60, 15);
        press(&mut app, now, page);
        assert_ne!(*app.state.nav.page(), Page::Overview);
        for _ in 0..4 {
            let screen = shown(&mut app, now);
            for title in titles {
                assert!(screen.contains(title), "no {title} on {page}:\n{screen}");
            }
            press(&mut app, now, "tab");
        }
    }
    // Where all has room, there is no such row.
    let (mut app, now) = console(120, 40);
    assert!(!shown(&mut app, now).contains("no room for"));
}

/// The labels of the configuration, as `name=value`, name or value.
#[test]
fn servers_are_filtered_by_their_labels() {
    let (mut app, now) = console(120, 40);
    let mut setup = app.state.setup.clone();
    for server in &mut setup.servers {
        let role = if server.id.as_str().contains("db") { "database" } else { "web" };
        server.labels = [("role".to_owned(), role.to_owned())].into();
    }
    app.handle(Event::Setup(setup), now);
    app.settle(now);
    let rows = |app: &App| app.state.overview.server_rows.iter().map(ToString::to_string).collect::<Vec<_>>();
    press(&mut app, now, "/ r o l e = d a t a b a s e enter");
    assert_eq!(rows(&app), ["db-1", "stage-db"]);
    press(&mut app, now, "esc / ! d a t a b a s e enter");
    assert_eq!(rows(&app), ["web-1", "web-2", "cache-1", "stage-web"]);
    press(&mut app, now, "esc");
    assert_eq!(rows(&app).len(), 6);
    let later = now + Duration::from_secs(1);
    app.settle(later);
    assert_eq!(rows(&app).len(), 6);
}
