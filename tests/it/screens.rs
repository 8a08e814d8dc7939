//! What a screen must say however small it is: the worst first, why and how to mend it, every check, and
//! nothing of what nobody counted.

use std::collections::BTreeSet;
use std::time::Duration;

use midwatch::app::App;
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::link::Link;
use midwatch::domain::quantity::{Bytes, Percent};
use midwatch::domain::time::Timestamp;
use midwatch::domain::vitals::{CpuUse, DiskIo, Pressure, Vitals};
use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::state::page::Page;

use crate::pages::{console, frame, press, text};

fn shown(app: &mut App, now: Timestamp) -> String {
    text(&frame(app, now))
}

fn observed(app: &mut App, server: &str, now: Timestamp, observation: Observation) {
    app.handle(Event::Batch(Batch { server: server.into(), at: now, observation }), now);
    app.settle(now);
}

/// The way to a server fails, as it does where its key changed.
fn lose(app: &mut App, server: &str, now: Timestamp) -> Failure {
    let why = "the host key of [127.0.0.1]:2201 changed: ssh-ed25519 \
               SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU is not the one in \
               /home/operator/.ssh/known_hosts.changed:1";
    let failure = Failure::new(FailureKind::HostKey, format!("connect to {server}"), why).hint(
        "someone may be in between; if the server was set up anew: `ssh-keygen -R '[127.0.0.1]:2201' -f \
         /home/operator/.ssh/known_hosts.changed`",
    );
    let down = Link::Down { failure: failure.clone(), next_try: None };
    observed(app, server, now, Observation::Link(down));
    failure
}

/// Problems come one after another, the mild ones first; who touched nothing sees the worst.
#[test]
fn the_worst_problems_are_in_sight_from_the_start() {
    let (mut app, now) = console(60, 15);
    for (n, server) in ["stage-web", "stage-db", "cache-1", "web-2", "web-1"].into_iter().enumerate() {
        lose(&mut app, server, now + Duration::from_secs(n as u64));
    }
    let problems = app.state.fleet.problems();
    assert!(problems.len() > 4, "{problems:?}");
    let worst = problems[0].id.clone();
    let screen = shown(&mut app, now);
    let head = screen.lines().find(|row| row.contains("PROBLEMS")).unwrap();
    assert!(head.contains("below") && !head.contains("above"), "{screen}");
    assert_eq!((app.state.overview.problems.first, &app.state.overview.problem_rows[0]), (0, &worst));
    // Who goes there keeps what is selected, wherever it goes.
    press(&mut app, now, "shift-tab down");
    let chosen = app.state.overview.problems.selected.clone();
    let later = now + Duration::from_secs(9);
    observed(&mut app, "stage-web", later, Observation::Link(Link::Up));
    assert_eq!(app.state.overview.problems.selected, chosen);
}

/// The rows of a frame joined: what is wrapped reads as one text.
fn joined(screen: &str) -> String {
    let inside = screen.lines().filter_map(|row| row.split('│').nth(1));
    inside.map(|row| row.trim_end_matches(['┃', ' ']).trim_start()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_changed_host_key_is_told_whole_with_what_to_do() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let (mut app, now) = console(columns, rows);
        let failure = lose(&mut app, "web-1", now);
        press(&mut app, now, "i");
        let all = joined(&shown(&mut app, now));
        for told in ["known_hosts.changed:1", "ssh-keygen -R '[127.0.0.1]:2201'", "what to do"] {
            assert!(all.contains(told), "no {told} at {columns}x{rows}:\n{}", shown(&mut app, now));
        }
        // All of it, and no mark of a cut.
        assert!(!all.contains('…'), "{all}");
        let words = failure.why[0].split(' ').chain(failure.hint.as_deref().unwrap().split(' '));
        for word in words.filter(|word| word.len() < 40) {
            assert!(all.contains(word), "no {word} at {columns}x{rows}: {all}");
        }
    }
}

#[test]
fn what_a_person_may_not_read_is_told_with_the_command_that_mends_it() {
    let (mut app, now) = console(80, 24);
    let failure = Failure::new(
        FailureKind::Permission,
        "read the containers of db-1",
        "ops may not use /var/run/docker.sock, which belongs to the group docker",
    )
    .hint("`sudo usermod -aG docker ops`, then connect anew");
    let subject = midwatch::message::batch::Subject::Containers;
    observed(&mut app, "db-1", now, Observation::Failed(subject, failure));
    press(&mut app, now, "/ d b - 1 enter i");
    let all = joined(&shown(&mut app, now));
    assert!(all.contains("sudo usermod -aG docker ops"), "{all}");
}

/// A check that passes and belongs to no app and no server's page is found all the same.
#[test]
fn every_check_is_listed_and_found_by_its_name() {
    let (mut app, now) = console(80, 24);
    let made = app.state.fleet.checks().map(|(id, _)| id.clone());
    let known: BTreeSet<_> = app.state.setup.checks.iter().cloned().chain(made).collect();
    press(&mut app, now, "c");
    assert_eq!(*app.state.nav.page(), Page::Checks);
    let screen = shown(&mut app, now);
    assert!(
        screen.contains(&format!("CHECKS {}", known.len())) && screen.contains("worst first"),
        "{screen}"
    );
    for id in &known {
        assert!(screen.contains(id.as_str()), "no {id} in\n{screen}");
    }
    assert!(screen.contains(" here ") && screen.contains("answered 502"), "{screen}");
    // The worst first, then by name.
    let health = |id| app.state.fleet.check_verdict(id, now).health;
    assert!(app.state.checks.rows.windows(2).all(|pair| health(&pair[0]) >= health(&pair[1])));
    // Opened, filtered, and back.
    press(&mut app, now, "/ o r d e r s enter");
    assert_eq!(app.state.checks.rows.iter().map(ToString::to_string).collect::<Vec<_>>(), ["orders-db"]);
    press(&mut app, now, "enter");
    let screen = shown(&mut app, now);
    assert!(screen.contains("check orders-db") && screen.contains("seen from"), "{screen}");
    press(&mut app, now, "esc esc esc");
    assert_eq!(*app.state.nav.page(), Page::Overview);
    // By its name, from anywhere.
    press(&mut app, now, ": c h e c k o u t");
    let screen = shown(&mut app, now);
    assert!(screen.contains("go to check shop-checkout"), "{screen}");
    press(&mut app, now, "enter");
    let screen = shown(&mut app, now);
    assert!(screen.contains("check shop-checkout") && screen.contains("last made"), "{screen}");
}

fn vitals_of(app: &App, server: &str) -> Vitals {
    app.state.fleet.server(&server.into()).unwrap().vitals.value().unwrap().clone()
}

/// Rates are known from the second look on.
#[test]
fn what_nobody_counted_is_no_zero() {
    let (mut app, now) = console(120, 40);
    let mut vitals = vitals_of(&app, "db-1");
    (vitals.disk_io, vitals.networks) = (Vec::new(), Vec::new());
    observed(&mut app, "db-1", now, Observation::Vitals(vitals.clone()));
    let overview = shown(&mut app, now);
    let row = overview.lines().find(|row| row.contains("▲ db-1")).unwrap_or_else(|| panic!("{overview}"));
    assert!(!row.contains(" 0B"), "{row}");
    press(&mut app, now, "/ d b - 1 enter enter");
    let traffic = |app: &mut App| {
        let screen = shown(app, now);
        screen
            .lines()
            .find(|row| row.contains("disk read"))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(traffic(&mut app), "disk read - write - busy - net in - out -");
    let idle = DiskIo { device: "vda".into(), read: Bytes(0), written: Bytes(0), busy: Percent(0.0) };
    vitals.disk_io = vec![idle];
    observed(&mut app, "db-1", now, Observation::Vitals(vitals));
    assert_eq!(traffic(&mut app), "disk read 0B/s write 0B/s busy 0% net in - out -");
}

/// Figures change with every sample; nothing else on their row does.
#[test]
fn nothing_moves_on_a_servers_page_while_figures_change() {
    let (mut app, now) = console(120, 40);
    press(&mut app, now, "/ d b - 1 enter enter");
    let mut sample = |share: f32, files: u64, clock: i64, bytes: u64| {
        let mut vitals = vitals_of(&app, "db-1");
        let share = Percent(share);
        vitals.cpu = Some(CpuUse { busy: share, iowait: share, steal: share });
        vitals.pressure = Some(Pressure { cpu: share, memory: share, io: share });
        vitals.files = Some((files, u64::MAX));
        vitals.clock_offset_ms = Some(clock);
        vitals.load = [share.0; 3];
        let io = DiskIo { device: "vda".into(), read: Bytes(bytes), written: Bytes(bytes), busy: share };
        vitals.disk_io = vec![io];
        observed(&mut app, "db-1", now, Observation::Vitals(vitals));
        let screen = shown(&mut app, now);
        let labels = [
            "load",
            "stalled: cpu",
            "memory ",
            " io",
            "steal",
            "iowait",
            "files",
            "write",
            "busy",
            "net in",
            "clock",
            "Debian",
        ];
        let machine: Vec<&str> = screen.lines().take(7).collect();
        let column = |label: &str| {
            let rows = machine.iter().enumerate();
            let mut found = rows.filter_map(|(y, row)| {
                Some((y, row.split(label).next().filter(|it| it.len() < row.len())?.chars().count()))
            });
            found.next_back().unwrap_or_else(|| panic!("no {label} in\n{screen}"))
        };
        labels.map(column)
    };
    let small = sample(0.0, 7, 0, 0);
    assert_eq!(small, sample(0.2, 4022, -12, 1000));
    assert_eq!(small, sample(63.0, 123_456, 999, 123_456_789));
    assert_eq!(small, sample(100.0, 99, -600_000, 12));
}

/// The kernel's word for no limit is a number of nineteen digits.
#[test]
fn no_limit_is_told_as_none() {
    let (mut app, now) = console(120, 40);
    let mut vitals = vitals_of(&app, "db-1");
    vitals.files = Some((4022, 9_223_372_036_854_775_807));
    observed(&mut app, "db-1", now, Observation::Vitals(vitals));
    press(&mut app, now, "/ d b - 1 enter i");
    let screen = shown(&mut app, now);
    assert!(screen.contains("4022, no limit") && !screen.contains("922337"), "{screen}");
}

#[test]
fn help_and_quit_stay_in_the_footer_of_every_page() {
    for columns in [60, 80, 120] {
        for keys in ["", "enter", "tab enter", "c", "l", "m"] {
            let (mut app, now) = console(columns, 24);
            press(&mut app, now, keys);
            let screen = shown(&mut app, now);
            let footer = screen.lines().last().unwrap();
            assert!(footer.contains("? help") && footer.contains("q quit"), "{columns} {keys}: {footer}");
        }
    }
}

#[test]
fn what_has_no_key_is_named_for_the_palette() {
    let (mut app, now) = console(120, 60);
    press(&mut app, now, "?");
    assert!(shown(&mut app, now).contains(": adopt"), "{}", shown(&mut app, now));
}
