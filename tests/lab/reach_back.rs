//! Going back in a real log further than what is held: what the server is asked for and sends, counted.

use midwatch::collectors::logs::LogRange;
use midwatch::domain::clock::Clock;
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::time::Timestamp;
use midwatch::message::effect::Effect;
use midwatch::message::log_batch::{LogBatch, Part};
use midwatch::runtime::clock::SystemClock;
use midwatch::state::State;
use midwatch::state::logs::{open, stream};
use midwatch::store::logs::Cursor;

use crate::collectors::{Temporary, Watch, assert_numbered, container};
use crate::lab::Lab;

/// How many lines are held at first.
const HELD: u32 = 1_000;

/// A console's state that follows a log, and how many lines came of each part.
struct Reader {
    watch: Watch,
    state: State,
    source: LogSource,
    taken: usize,
    followed: usize,
    earlier: usize,
}

impl Reader {
    /// Opens a log and takes its last lines.
    async fn open(watch: Watch, stream: LogStream) -> Self {
        let mut state = State::new(120, 40, 64 << 20);
        state.now = SystemClock.now();
        let source = LogSource { server: watch.server.clone(), stream: stream.clone() };
        open::open(&mut state, vec![source.clone()]);
        let mut reader = Self { watch, state, source, taken: 0, followed: 0, earlier: 0 };
        let _following = reader.watch.follow(stream, LogRange::follow(HELD));
        let wanted = HELD as usize;
        reader
            .watch
            .out
            .until_logs(20, |logs| (crate::collectors::count(logs) >= wanted).then_some(()))
            .await;
        reader.take().await;
        reader
    }

    /// Takes what came since the last time.
    async fn take(&mut self) {
        let all: Vec<LogBatch> = self.watch.out.until_logs(1, |logs| Some(logs.to_vec())).await;
        for batch in all.into_iter().skip(std::mem::take(&mut self.taken)) {
            match batch.part {
                Part::Followed => self.followed += batch.chunk.len(),
                _ => self.earlier += batch.chunk.len(),
            }
            stream::take(&mut self.state, batch);
        }
    }

    /// Goes back to a time as the console does, and waits until what is missing came.
    async fn reach(&mut self, to: Timestamp) {
        let before = self.watch.out.until_logs(1, |logs| Some(logs.len())).await;
        self.taken = before;
        let effects = open::reach_back(&mut self.state, to);
        let [Effect::Reach { source, from, until }] = &effects[..] else { panic!("{effects:?}") };
        let mut reading = self.watch.supervisor.reach(source.clone(), *from, *until).unwrap();
        reading.ended().await.unwrap();
        self.watch
            .out
            .until_logs(20, |logs| {
                logs.iter().any(|it| matches!(it.part, Part::EarlierEnd(None))).then_some(())
            })
            .await;
        self.take().await;
    }

    fn lines(&self) -> Vec<String> {
        let id = self.state.logs.id(&self.source).unwrap();
        let view = self.state.logs.merged(&[id], None);
        view.forward(Cursor::START).map(|entry| entry.line.text.to_owned()).collect()
    }

    /// How many of the lines held stand within the overlap, which is read twice.
    fn overlap(&self, begins: Timestamp) -> usize {
        let id = self.state.logs.id(&self.source).unwrap();
        let view = self.state.logs.merged(&[id], None);
        let until = begins + midwatch::store::logs::OVERLAP;
        view.forward(Cursor::at_time(begins)).take_while(|entry| entry.line.time <= until).count()
    }

    fn begins(&self) -> Timestamp {
        self.state.logs.sources().next().unwrap().span.unwrap().0
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn of_a_containers_log_only_what_is_missing_is_read() {
    const LINES: usize = 20_000;
    let lab = Lab::get();
    let start = SystemClock.now();
    let arguments = format!("-e LINES={LINES} -e PER_SECOND=4000 -e KIND=text registry:5000/shop:noisy");
    let noisy = Temporary::run(&lab, "web-2", "reachback", &arguments);
    let written = format!("until [ $(docker logs reachback | wc -l) -ge {LINES} ]; do sleep 0.5; done");
    assert!(lab.ssh("web-2", &written).status.success());

    let watch = Watch::new(&lab, "web-2", |_| {});
    let mut reader = Box::pin(Reader::open(watch, container(&noisy.name))).await;
    assert_eq!((reader.lines().len(), reader.followed), (HELD as usize, HELD as usize));
    let begins = reader.begins();
    let overlap = reader.overlap(begins);
    reader.reach(start).await;

    let lines = reader.lines();
    assert_eq!(lines.len(), LINES);
    assert_numbered(&lines);
    assert_eq!(reader.followed, HELD as usize, "what was held was read again");
    assert_eq!(reader.earlier, LINES - HELD as usize + overlap, "more was sent than was missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn of_the_journal_only_what_is_missing_is_read() {
    const LINES: usize = 4_000;
    let lab = Lab::get();
    let start = SystemClock.now();
    let script =
        format!("seq -f 'n %.0f' {LINES} | sudo -n systemd-cat -t reach-test; sudo -n journalctl --sync");
    assert!(lab.ssh("web-2", &script).status.success());

    let watch = Watch::new(&lab, "web-2", |_| {});
    let mut reader = Box::pin(Reader::open(watch, LogStream::Journal { unit: None })).await;
    let held = reader.followed;
    let begins = reader.begins();
    let overlap = reader.overlap(begins);
    reader.reach(start).await;

    let mine = |line: &String| line.strip_prefix("reach-test: ").map(str::to_owned);
    let lines: Vec<String> = reader.lines().iter().filter_map(mine).collect();
    assert_eq!(lines.len(), LINES);
    assert_numbered(&lines);
    // Others write to the journal too; what was sent is what is held now and was not before.
    let new = reader.lines().len() - held;
    assert!(new >= LINES - held, "{new}");
    assert!(
        reader.earlier <= new + overlap,
        "{} were sent, {new} were missing, {overlap} stand near",
        reader.earlier
    );
}
