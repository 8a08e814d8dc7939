//! Nothing that matters is only to be had by a key more: what a row of a list has no room for stands below
//! it, and a page's heading takes the rows that it needs.

use std::time::Duration;

use midwatch::app::App;
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::link::Link;
use midwatch::domain::time::Timestamp;
use midwatch::message::batch::{Batch, Observation, Subject};
use midwatch::message::event::Event;

use crate::pages::{console, frame, press, text};

/// A reason that no row of a list has room for.
const WHY: &str = "the server closed the connection in the middle of the handshake, having sent \
                   `Exceeded MaxStartups` first";

fn shown(app: &mut App, now: Timestamp) -> String {
    text(&frame(app, now))
}

/// The rows as one text, however they are broken.
fn joined(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lose(app: &mut App, now: Timestamp, server: &str) {
    let failure = Failure::new(FailureKind::Unreachable, format!("connect to {server}"), WHY);
    let down = Link::Down { failure, next_try: Some(now + Duration::from_secs(30)) };
    app.handle(
        Event::Batch(Batch { server: server.into(), at: now, observation: Observation::Link(down) }),
        now,
    );
    app.settle(now);
}

#[test]
fn the_selected_problem_server_and_app_are_told_whole_on_the_overview() {
    let (mut app, now) = console(80, 24);
    lose(&mut app, now, "web-1");
    // A server, by its filter; then its problem.
    press(&mut app, now, "/ w e b - 1 enter");
    let screen = shown(&mut app, now);
    assert!(joined(&screen).contains(WHY), "{screen}");
    press(&mut app, now, "esc");
    let screen = shown(&mut app, now);
    assert!(screen.lines().last().unwrap().contains("^r reconnect now"), "{screen}");
    press(&mut app, now, "shift-tab");
    let screen = shown(&mut app, now);
    let whole = joined(&screen);
    assert!(
        whole.contains("severe db-1 disk /var/lib is full takes 5 with it") || whole.contains(WHY),
        "{screen}"
    );
    // The app, whose row has no column for its reason at this width.
    press(&mut app, now, "/ s h o p enter tab");
    let reason = app.state.fleet.app(&"shop".into()).unwrap().verdict.reason.clone();
    app.state.overview.pane = midwatch::state::overview::Pane::Apps;
    let screen = shown(&mut app, now);
    let strip = screen.lines().skip(21).take(2).collect::<Vec<_>>().join(" ");
    assert!(!reason.is_empty() && joined(&strip).contains(&format!("app shop {reason}")), "{screen}");
}

/// Who touched nothing reads the worst problem whole, with all that it takes with it.
#[test]
fn the_worst_problem_is_told_whole_where_what_is_selected_is_well() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let (mut app, now) = console(columns, rows);
        let worst = app.state.fleet.problems()[0].clone();
        let screen = shown(&mut app, now);
        let strip = screen.lines().rev().skip(1).take(2).collect::<Vec<_>>();
        let strip = joined(&strip.into_iter().rev().collect::<Vec<_>>().join(" "));
        assert!(strip.contains(&worst.cause), "{strip}\n{screen}");
        assert!(strip.contains(&format!("takes {} with it", worst.affects.len())), "{strip}\n{screen}");
        assert!(!strip.contains('…'), "{strip}");
    }
}

#[test]
fn the_heading_of_a_server_and_of_an_app_takes_the_rows_that_it_needs() {
    let (mut app, now) = console(80, 24);
    lose(&mut app, now, "web-1");
    press(&mut app, now, "/ w e b - 1 enter enter");
    let screen = shown(&mut app, now);
    let head = joined(screen.split("CONTAINERS").next().unwrap());
    assert!(head.contains(WHY), "{screen}");
    // Why its containers cannot be read, and what mends that, over the rows that the list leaves.
    let failure = Failure::new(FailureKind::Permission, "read the units of db-1", WHY).hint("mend it");
    let observation = Observation::Failed(Subject::Units, failure);
    let (mut app, now) = console(80, 24);
    app.handle(Event::Batch(Batch { server: "stage-web".into(), at: now, observation }), now);
    press(&mut app, now, "/ s t a g e - w e b enter enter");
    assert!(shown(&mut app, now).contains("UNITS"));
}

/// With every selection and every verdict the lists stand where they stood.
#[test]
fn nothing_moves_with_the_selection() {
    let (mut app, now) = console(80, 24);
    lose(&mut app, now, "web-2");
    app.settle(now);
    let heads = |app: &mut App| -> Vec<usize> {
        let screen = shown(app, now);
        let rows = screen.lines().enumerate();
        rows.filter(|(_, row)| row.contains("───")).map(|(n, _)| n).collect()
    };
    let first = heads(&mut app);
    for _ in 0..6 {
        press(&mut app, now, "down");
        if app.state.overview.pane != midwatch::state::overview::Pane::Servers {
            break;
        }
        assert_eq!(heads(&mut app), first);
    }
}
