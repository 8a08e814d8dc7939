//! How the pages look, at the three sizes: the demo's recording, taken to the middle of its outage
//! and drawn into a buffer.

use midwatch::app::{App, Wardrobe};
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::ids::RequestId;
use midwatch::domain::question::Question;
use midwatch::domain::time::Timestamp;
use midwatch::keys::chord::Chord;
use midwatch::keys::mouse::{Cell, Gesture, Mouse};
use midwatch::message::batch::{Batch, Observation, Subject};
use midwatch::message::event::Event;
use midwatch::runtime::recording;
use midwatch::state::State;
use midwatch::state::overview::Pane;
use midwatch::state::page::Page;
use midwatch::theme::file::ThemeFile;
use midwatch::theme::{Depth, Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// The three sizes that pages are laid out for.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// In the middle of the outage, seconds after the recording's start.
const OUTAGE: i64 = 60;

fn dark() -> Theme {
    Theme::new(&ThemeFile::shipped("dark").unwrap(), Depth::True, false)
}

/// A console that was told the recording up to the outage, and the time there.
pub fn console(columns: u16, rows: u16) -> (App, Timestamp) {
    console_at(columns, rows, OUTAGE)
}

/// The same so many seconds after the recording's start.
fn console_at(columns: u16, rows: u16, until: i64) -> (App, Timestamp) {
    let mut app = App::new(State::new(columns, rows, 64 << 20), Wardrobe { themes: vec![dark()] });
    let mut start = None;
    let mut now = Timestamp::from_secs(0);
    let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo.jsonl");
    for entry in recording::from_file(&demo).unwrap() {
        let entry = entry.unwrap();
        let start = *start.get_or_insert(entry.at);
        if entry.at.since(start).as_secs() > until.unsigned_abs() {
            break;
        }
        // A frame a second, as the console draws: what changed is noticed between two of them.
        if entry.at != now {
            app.settle(entry.at);
        }
        now = entry.at;
        app.handle(entry.event, now);
    }
    app.settle(now);
    (app, now)
}

pub fn press(app: &mut App, now: Timestamp, keys: &str) {
    for key in keys.split_whitespace() {
        app.handle(Event::Key(key.parse::<Chord>().unwrap()), now);
        app.settle(now);
    }
}

pub fn frame(app: &mut App, now: Timestamp) -> Buffer {
    app.settle(now);
    let size = app.state.size;
    let mut buf = Buffer::empty(Rect::new(0, 0, size.columns, size.rows));
    app.draw(&mut buf);
    buf
}

pub fn text(buf: &Buffer) -> String {
    let row = |y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>();
    (0..buf.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
}

fn looks(name: &str, keys: &str) {
    for (columns, rows) in SIZES {
        let (mut app, now) = console(columns, rows);
        press(&mut app, now, keys);
        insta::assert_snapshot!(format!("{name}-{columns}"), text(&frame(&mut app, now)));
    }
}

#[test]
fn the_overview() {
    looks("overview", "");
}

#[test]
fn a_server() {
    looks("server", "/ d b - 1 enter enter");
}

#[test]
fn containers_that_cannot_be_read_are_not_shown_as_well() {
    let (mut app, now) = console(120, 40);
    press(&mut app, now, "/ w e b - 1 enter enter");
    let glyph = |app: &mut App| {
        let screen = text(&frame(app, now));
        let row = screen.lines().find(|row| row.contains("shop-web-1")).unwrap_or_else(|| panic!("{screen}"));
        row.split("shop-web-1").next().unwrap().trim_start_matches('▌').trim().to_owned()
    };
    assert_eq!(glyph(&mut app), "●");
    let failure = Failure::new(FailureKind::Timeout, "read the containers of web-1", "no answer");
    let observation = Observation::Failed(Subject::Containers, failure);
    app.handle(Event::Batch(Batch { server: "web-1".into(), at: now, observation }), now);
    assert_eq!(glyph(&mut app), "?");
}

#[test]
fn an_app() {
    looks("app", "tab enter");
}

#[test]
fn metrics_of_two_servers() {
    looks("metrics", "space down space m");
}

#[test]
fn help() {
    looks("help", "?");
}

#[test]
fn the_palette() {
    looks("palette", ": l o g");
}

#[test]
fn the_choice_of_themes() {
    for (columns, rows) in SIZES {
        let (mut app, now) = console(columns, rows);
        app.state.themes =
            ["color-blind", "dark", "high-contrast", "light", "terminal"].map(str::to_owned).to_vec();
        press(&mut app, now, "T");
        insta::assert_snapshot!(format!("themes-{columns}"), text(&frame(&mut app, now)));
    }
}

#[test]
fn all_that_is_known_of_a_server_and_of_a_container() {
    looks("inspect", "/ d b - 1 enter i");
    looks("inspect-container", "/ d b - 1 enter enter i");
}

#[test]
fn a_host_key_that_is_not_known() {
    for (columns, rows) in SIZES {
        let (mut app, now) = console(columns, rows);
        let question = Question::UnknownHostKey {
            server: "web-1".into(),
            address: "[web-1.example]:2222".into(),
            algorithm: "ssh-ed25519".into(),
            fingerprint: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".into(),
            file: "/home/ops/.ssh/known_hosts".into(),
        };
        app.handle(Event::Ask(RequestId(7), question), now);
        insta::assert_snapshot!(format!("host-key-{columns}"), text(&frame(&mut app, now)));
    }
}

/// Nothing is well of which nothing is known: neither a server nor a check that nobody heard of yet.
#[test]
fn all_is_well_only_where_all_was_read() {
    let told = |until| {
        let (mut app, now) = console_at(80, 24, until);
        text(&frame(&mut app, now)).lines().nth(2).unwrap().trim().to_owned()
    };
    assert_eq!(told(0), "none known; 3 checks were not made yet, 2 datastores' backups are not read yet");
    assert_eq!(told(4), "none: everything that is watched was read, and is well");
}

/// The header's marker, by its role and reversed: it is seen in every theme and without colors.
#[test]
fn an_environment_is_marked_in_its_color_where_a_key_would_act() {
    for (server, name, role) in
        [("d b - 1", " production ", Role::Production), ("s t a g e - d b", " staging ", Role::Staging)]
    {
        let (mut app, now) = console(80, 24);
        press(&mut app, now, &format!("/ {server} enter enter"));
        let buf = frame(&mut app, now);
        let head: String = (0..80).map(|x| buf[(x, 0)].symbol()).collect();
        let at = u16::try_from(head.find(name).unwrap_or_else(|| panic!("{head}"))).unwrap();
        let cell = &buf[(at + 1, 0)];
        assert_eq!(cell.fg, dark().color(role), "{name}");
        assert!(cell.modifier.contains(Modifier::REVERSED), "{name}");
    }
}

#[test]
fn the_wheel_and_a_click_go_where_they_point() {
    let (mut app, now) = console(120, 40);
    let panes = app.state.overview.panes();
    let mut mouse = |row: u16, gesture| {
        app.handle(Event::Mouse(Mouse { at: Cell { column: 5, row }, gesture }), now);
        app.settle(now);
        (app.state.overview.pane, app.state.nav.page().clone(), app.state.selected())
    };
    let (keys, ..) = mouse(panes.problems.y + 1, Gesture::ScrollDown(1));
    assert_eq!(keys, Pane::Problems);
    let (keys, page, first) = mouse(panes.servers.y + 2, Gesture::Press);
    assert_eq!((keys, page), (Pane::Servers, Page::Overview));
    let (_, page, second) = mouse(panes.servers.y + 3, Gesture::Press);
    assert_eq!(page, Page::Overview, "a click on another row selects it");
    assert_ne!(first, second);
    // The wheel of the other pane leaves that as it is; a second click on a row opens it.
    mouse(panes.apps.y + 2, Gesture::ScrollUp(1));
    mouse(panes.servers.y + 3, Gesture::Press);
    let (_, page, _) = mouse(panes.servers.y + 3, Gesture::Press);
    assert!(matches!(page, Page::Server(_)), "{page:?}");
}

/// Of an access log that is not read any more, or never was, the figures are no figures of now.
#[test]
fn requests_that_are_not_read_any_more_say_so() {
    let (mut app, now) = console(120, 40);
    press(&mut app, now, "tab enter");
    let row = |app: &mut App, now: Timestamp, server: &str| {
        let screen = text(&frame(app, now));
        let requests = screen.split("REQUESTS 2").nth(1).and_then(|it| it.split("CONTAINERS").next());
        let row = requests.and_then(|rows| rows.lines().find(|row| row.trim_start().starts_with(server)));
        row.unwrap_or_else(|| panic!("{screen}")).to_owned()
    };
    let fresh = row(&mut app, now, "web-1");
    assert!(fresh.contains("44%") && !fresh.contains("old"), "{fresh}");
    let failure = Failure::new(FailureKind::Permission, "follow the log caddy of web-1", "permission denied");
    let observation = Observation::Failed(Subject::Access("caddy".to_owned()), failure);
    app.handle(Event::Batch(Batch { server: "web-1".into(), at: now, observation }), now);
    let failing = row(&mut app, now, "web-1");
    assert!(failing.contains("old: ") && failing.contains("permission denied"), "{failing}");
    assert!(!row(&mut app, now, "web-2").contains("old"));
    let later = now + std::time::Duration::from_secs(300);
    assert!(row(&mut app, later, "web-2").contains("5m old"), "{}", row(&mut app, later, "web-2"));
}
