//! Lines that cannot be read: each is counted and the first is named, all others are played, and what a
//! lost one told of is unknown until it is told again.

use std::path::PathBuf;
use std::sync::Arc;

use midwatch::domain::health::Health;
use midwatch::domain::ids::{CheckId, ServerId};
use midwatch::domain::time::Timestamp;
use midwatch::message::event::{Event, Reply};
use midwatch::message::inbox::Inbox;
use midwatch::message::publish::Publish;
use midwatch::runtime::recording::{Entry, Losses, RecordingError, from_file};
use midwatch::runtime::replay::{Player, ReplayClock, Told};
use midwatch::state::State;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::FIRST;
use crate::pty::Start;

struct Damaged {
    _folder: TempDir,
    path: PathBuf,
}

impl Damaged {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("damaged.jsonl");
        std::fs::write(&path, text).unwrap();
        Self { _folder: folder, path }
    }

    fn verify(&self) -> Result<Losses, RecordingError> {
        from_file(&self.path)?.verify()
    }

    /// What is read of it, line for line.
    fn read(&self) -> Vec<Result<Entry, RecordingError>> {
        from_file(&self.path).unwrap().collect()
    }

    /// The state at its end, as the player leaves it, and how it says that it is over.
    async fn played(&self) -> (State, Reply) {
        let mut recording = from_file(&self.path).unwrap();
        let Some(Ok(Entry { at, event: Event::Setup(setup) })) = recording.next() else { panic!("no setup") };
        let mut state = State::new(120, 40, 64 << 20);
        state.now = at;
        state.fleet.configure(&setup);
        let told = Told::begin(&setup);
        state.setup = setup;
        let inbox = Arc::new(Inbox::default());
        let out: Arc<dyn Publish> = Arc::<Inbox>::clone(&inbox);
        let (orders, taken) = mpsc::channel(1);
        let clock = Arc::new(ReplayClock::new(at, 1000.0));
        let playing = tokio::spawn(Player::new(clock, out, taken, told).play(recording));
        drop(orders);
        playing.await.unwrap();
        let mut over = None;
        while let Some(event) = inbox.take() {
            match event {
                Event::Batch(batch) => {
                    state.now = state.now.max(batch.at);
                    state.observe(batch);
                }
                Event::Reply(_, reply) => over = Some(reply),
                _ => {}
            }
        }
        state.fleet.refresh(state.now);
        (state, over.expect("it does not say that it is over"))
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_143_600_000) + std::time::Duration::from_secs(seconds.unsigned_abs())
}

/// The first recording with one more line.
fn with(line: &str) -> Damaged {
    Damaged::new(format!("{FIRST}{line}\n"))
}

/// The line of the first recording that has this text.
fn line(text: &str) -> &'static str {
    FIRST.lines().find(|line| line.contains(text)).unwrap()
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_the_first_is_named() {
    let lines: Vec<&str> = FIRST.lines().collect();
    let long = "x".repeat((64 << 20) + 10);
    let damaged = Damaged::new(
        [&lines[..4], &["nonsense", "{\"at\":1}"], &lines[4..6], &["", &long], &lines[6..], &[""]]
            .concat()
            .join("\n"),
    );
    let losses = damaged.verify().unwrap();
    assert_eq!(losses.lines, 4);
    assert_eq!(losses.sentence().unwrap(), "4 lines could not be read, the first at line 5");
    assert!(losses.first.unwrap().1.starts_with("this is no event: "), "the reason is missing");
    assert!(!losses.cut);
    // What is whole is all there, in its order.
    let read: Vec<Entry> = damaged.read().into_iter().filter_map(Result::ok).collect();
    assert_eq!(read, super::entries(FIRST));
}

#[test]
fn a_last_line_that_was_being_written_is_no_loss() {
    for cut in [1, 2, 40] {
        let damaged = Damaged::new(&FIRST[..FIRST.len() - cut]);
        let losses = damaged.verify().unwrap();
        // Without its line break alone, a line is whole.
        let whole = cut == 1;
        assert_eq!((losses.lines, losses.cut), (0, !whole));
        let read = damaged.read();
        assert!(read.iter().all(Result::is_ok));
        assert_eq!(read.len(), super::entries(FIRST).len() - usize::from(!whole));
    }
}

#[test]
fn without_its_first_two_lines_it_is_refused() {
    let lines: Vec<&str> = FIRST.lines().collect();
    let cases = [
        (lines[1..].join("\n"), "line 1: this is not a recording"),
        (lines[0].to_owned() + "\n", "line 2: a recording begins with the configuration"),
        ([&lines[..1], &lines[2..]].concat().join("\n"), "line 2: a recording begins with the configuration"),
        ([&lines[..1], &["nonsense"], &lines[2..]].concat().join("\n"), "line 2: this is no event"),
    ];
    for (text, why) in cases {
        let error = Damaged::new(text).verify().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn what_a_lost_line_told_of_is_unknown_until_it_is_told_again() {
    let web = ServerId::from("web-1");
    let health = |state: &State, server: &str| {
        let live = state.fleet.server(&ServerId::from(server)).unwrap();
        (live.verdict().health, live.verdict().reason.clone())
    };
    // The last line of the first recording is 26 s after web-1's vitals; these are told again there.
    let again = |text: &str| line(text).replace("1795143600000", "1795143626000");
    let vitals = again("\"vitals\"");
    let good = with(&vitals);
    let (state, reply) = good.played().await;
    assert_eq!(health(&state, "web-1").0, Health::Up, "{:?}", health(&state, "web-1"));
    assert_eq!(reply, Reply::Done("the recording ends here; everything stays as it was then".to_owned()));

    for lost in [
        // Another version's vitals, its connection, and a line of which nothing can be seen.
        r#"{"at":1795143626000,"event":{"batch":{"server":"web-1","at":1,"observation":{"vitals":{"warp":9}}}}}"#,
        r#"{"at":1795143626000,"event":{"batch":{"server":"web-1","at":1,"observation":{"link":"warped"}}}}"#,
        r#"{"at":17951436260"#,
    ] {
        let (state, reply) = with(&format!("{vitals}\n{lost}")).played().await;
        let (health_then, reason) = health(&state, "web-1");
        assert_eq!(health_then, Health::Unknown, "{lost}");
        assert!(reason.ends_with(" cannot be read: line 14 of the recording could not be read"), "{reason}");
        let Reply::Done(told) = reply else { panic!("{reply:?}") };
        assert_eq!(told, "the recording ends here; 1 line could not be read: line 14");

        let told_again =
            format!("{vitals}\n{lost}\n{vitals}\n{}\n{}", again("\"units\":{"), again("\"containers\""));
        let (state, _) = with(&told_again).played().await;
        assert_eq!(health(&state, "web-1").0, Health::Up, "{lost}: {:?}", health(&state, "web-1"));
    }
    assert!(state.fleet.server(&web).is_some());
}

#[tokio::test]
async fn a_check_whose_result_is_lost_is_unknown() {
    let id = CheckId::from("shop-home");
    let now = at(1);
    let lost = r#"{"at":1795143601000,"event":{"batch":{"server":"local","at":1,"observation":{"check":{"check":"shop-home","kind":"telepathy"}}}}}"#;
    let before = Damaged::new(format!(
        "{}\n{}\n{}\n",
        FIRST.lines().next().unwrap(),
        line("\"setup\""),
        line("\"check\"")
    ));
    assert_eq!(before.played().await.0.fleet.check_verdict(&id, now).health, Health::Up);
    let text = std::fs::read_to_string(&before.path).unwrap();
    let (state, _) = Damaged::new(format!("{text}{lost}\n")).played().await;
    let verdict = state.fleet.check_verdict(&id, now);
    assert_eq!(verdict.health, Health::Unknown);
    assert_eq!(verdict.reason, "line 4 of the recording could not be read");
}

#[test]
fn the_header_of_a_replay_says_that_lines_are_missing() {
    let damaged = with("nonsense\nmore of it");
    let mut console = Start::new(&["replay", damaged.path.to_str().unwrap()]).size(80, 24).spawn();
    console.wait_for("2 lines unread");
    console.wait_for("2 lines could not be read, the first at line 13");
    // It stays when the notice goes, on every page.
    console.press("?").wait_gone("the first at line 13");
    console.wait_for("2 lines unread");
    console.press("\u{1b}q");
    assert_eq!(console.exit_code(std::time::Duration::from_secs(10)), 0);
    let after = console.screen_text();
    assert!(after.contains("2 lines could not be read, the first at line 13: this is no event"), "{after}");
}
