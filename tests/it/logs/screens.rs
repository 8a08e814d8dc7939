//! How the page looks, at the three sizes.

use midwatch::domain::failure::{Failure, FailureKind, Retry};
use midwatch::message::batch::{Batch, Observation, Subject};
use midwatch::message::event::Event;

use super::lines::{at, console, filled, keys, screen, sources};

#[test]
fn following() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(format!("following-{columns}"), screen(&mut filled(columns, rows, "dark")));
    }
}

#[test]
fn a_trace_unfolded_and_whole() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "k k z");
    insta::assert_snapshot!("trace-80", screen(&mut app));
    keys(&mut app, "enter");
    insta::assert_snapshot!("detail-80", screen(&mut app));
}

#[test]
fn the_fields_of_a_line_whole() {
    let mut app = filled(120, 40, "dark");
    keys(&mut app, "k k k k enter");
    insta::assert_snapshot!("detail-120", screen(&mut app));
}

#[test]
fn the_choice_of_sources() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "o s h o p");
    insta::assert_snapshot!("picker-80", screen(&mut app));
}

#[test]
fn long_lines_wrapped_and_moved() {
    let mut app = filled(80, 24, "dark");
    keys(&mut app, "w");
    insta::assert_snapshot!("wrapped-80", screen(&mut app));
    keys(&mut app, "w l");
    insta::assert_snapshot!("moved-80", screen(&mut app));
}

#[test]
fn nothing_yet_and_trouble() {
    let mut app = console(80, 24, "dark");
    insta::assert_snapshot!("opening-80", screen(&mut app));
    let why =
        Failure::new(FailureKind::Permission, "read the log of shop-web-1 on web-1", "permission denied")
            .hint("sudo usermod -aG docker ops");
    let retried = why.clone().retry(Retry::Now);
    for (source, failure) in sources().into_iter().zip([why, retried]) {
        let observation = Observation::Failed(Subject::Logs(source.stream), failure);
        app.handle(Event::Batch(Batch { server: source.server, at: at(150.0), observation }), at(160.0));
    }
    insta::assert_snapshot!("trouble-80", screen(&mut app));
}
