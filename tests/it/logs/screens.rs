//! How the page looks, at the three sizes.

use std::collections::BTreeMap;
use std::time::Duration;

use midwatch::app::App;
use midwatch::domain::failure::{Failure, FailureKind, Retry};
use midwatch::domain::link::Link;
use midwatch::domain::log_source::LogSource;
use midwatch::domain::setup::{ServerSetup, Setup};
use midwatch::domain::thresholds::Thresholds;
use midwatch::message::batch::{Batch, Observation, Subject};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;

use super::lines::{at, chunk, console, container, filled, keys, screen, sources};

#[test]
fn following() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(format!("following-{columns}"), screen(&mut filled(columns, rows, "dark")));
    }
}

/// How the page looks at the three sizes after these keys.
fn looks(name: &str, chords: &str) {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut app = filled(columns, rows, "dark");
        keys(&mut app, chords);
        insta::assert_snapshot!(format!("{name}-{columns}"), screen(&mut app));
    }
}

#[test]
fn a_trace_unfolded_and_whole() {
    looks("trace", "k k z");
    looks("detail", "k k z enter");
}

#[test]
fn the_fields_of_a_line_whole() {
    looks("fields", "k k k k enter");
}

#[test]
fn paused_with_lines_marked() {
    looks("paused", "k k space k space");
}

#[test]
fn only_some_lines_with_words_colored() {
    looks("filtered", "& s t a t u s > = 5 0 0 enter * c a r t enter");
}

#[test]
fn a_line_that_is_typed() {
    looks("typed", "/ c a r t");
}

#[test]
fn the_choice_of_sources() {
    looks("picker", "o s h o p");
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

#[test]
fn a_lost_connection_is_told_until_the_log_begins_again() {
    let mut app = console(120, 24, "dark");
    let link = |app: &mut App, link: Link, seconds: f64| {
        let batch = Batch { server: "web-1".into(), at: at(seconds), observation: Observation::Link(link) };
        app.handle(Event::Batch(batch), at(seconds));
    };
    let configured = ["web-1", "web-2"].map(|id| ServerSetup {
        id: id.into(),
        address: String::new(),
        environment: None,
        labels: BTreeMap::new(),
        thresholds: Thresholds::default(),
        interval: Duration::from_secs(2),
        log_files: Vec::new(),
        access_logs: Vec::new(),
    });
    app.handle(Event::Setup(Setup { servers: configured.into(), ..Setup::default() }), at(100.0));
    let [web, worker, caddy] = <[_; 3]>::try_from(sources()).unwrap();
    let come = |app: &mut App, source: &LogSource, seconds: f64, text: &[(f64, &str)]| {
        app.handle(Event::Logs(LogBatch::new(source.clone(), chunk(text), 0)), at(seconds));
    };
    for source in [&web, &worker, &caddy] {
        come(&mut app, source, 101.0, &[]);
    }
    let gone = Failure::new(FailureKind::Timeout, "keep the connection to web-1", "no answer for 9 s")
        .retry(Retry::Now);
    let down = |seconds| Link::Down { failure: gone.clone(), next_try: Some(at(seconds)) };
    link(&mut app, down(112.0), 110.0);
    // What was read before it was lost comes a little later.
    come(&mut app, &web, 110.1, &[(109.0, "INFO  the last one")]);
    link(&mut app, Link::Connecting, 112.0);
    link(&mut app, down(116.0), 114.0);
    app.state.now = at(120.0);
    let told = screen(&mut app);
    for name in ["web-1/shop-web-1", "web-1//var/log/caddy/access.log"] {
        assert!(told.contains(&format!("{name} reconnecting for 10s: no answer for 9 s")), "{told}");
    }
    assert!(!told.contains("worker-1 reconnecting") && told.contains("● following"), "{told}");
    // One that is opened meanwhile says so too.
    let other = container("web-1", "other");
    midwatch::state::logs::open::open(&mut app.state, vec![other.clone()]);
    assert!(screen(&mut app).contains("nothing comes"), "{}", screen(&mut app));
    // The log may begin before the news that the connection stands.
    come(&mut app, &other, 121.0, &[]);
    link(&mut app, Link::Up, 121.0);
    let told = screen(&mut app);
    assert!(told.contains("● following") && !told.contains("reconnecting"), "{told}");
}
