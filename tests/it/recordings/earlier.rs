//! A log that was gone back in while it was recorded: what was read of before is recorded once, and a
//! reader of the replay gets it in the order of time.

use std::sync::Arc;

use midwatch::domain::level::Level;
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::setup::Setup;
use midwatch::domain::time::Timestamp;
use midwatch::message::event::Event;
use midwatch::message::inbox::Inbox;
use midwatch::message::log_batch::{LogBatch, Part};
use midwatch::message::publish::Publish;
use midwatch::runtime::recording::{Recorder, from_file};
use midwatch::runtime::replay::{Order, Player, ReplayClock, Told};
use midwatch::store::logs::{ChunkBuilder, Flags};
use tokio::sync::mpsc;

fn source() -> LogSource {
    LogSource { server: "web-1".into(), stream: LogStream::Container { name: "shop".to_owned() } }
}

fn batch(part: Part, times: &[i64]) -> Event {
    let mut builder = ChunkBuilder::default();
    for at in times {
        builder.push(&format!("at {at}"), Timestamp::from_secs(*at), Level::Info, Flags::NONE);
    }
    Event::Logs(LogBatch { part, ..LogBatch::new(source(), builder.take(), 0) })
}

#[tokio::test]
async fn what_was_read_of_before_is_there_for_who_goes_back_in_the_replay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.jsonl");
    let mut recorder = Recorder::create(&path).unwrap();
    let now = Timestamp::from_secs(200);
    let events = [
        Event::Setup(Setup::default()),
        batch(Part::Followed, &[]),
        batch(Part::Followed, &[100, 101]),
        batch(Part::Earlier, &[]),
        batch(Part::Earlier, &[50, 60]),
        batch(Part::Followed, &[102]),
        batch(Part::Earlier, &[70, 100]),
        batch(Part::EarlierEnd(None), &[]),
        batch(Part::Earlier, &[]),
        batch(Part::Earlier, &[20, 50]),
        batch(Part::EarlierEnd(None), &[]),
    ];
    for event in &events {
        recorder.take(event, now);
    }
    recorder.finish().unwrap();

    let mut recording = from_file(&path).unwrap();
    recording.next().unwrap().unwrap();
    let inbox = Arc::new(Inbox::default());
    let out: Arc<dyn Publish> = Arc::<Inbox>::clone(&inbox);
    let (orders, taken) = mpsc::channel(4);
    let clock = Arc::new(ReplayClock::new(now, 1000.0));
    let playing = tokio::spawn(Player::new(clock, out, taken, Told::default()).play(recording));
    // Asked for once all of it was played.
    while inbox.is_empty() {
        tokio::task::yield_now().await;
    }
    orders.send(Order::Follow(source())).await.unwrap();
    orders.send(Order::Reach(source())).await.unwrap();
    drop(orders);
    playing.await.unwrap();

    let (mut followed, mut earlier, mut ended) = (Vec::new(), Vec::new(), false);
    while let Some(event) = inbox.take() {
        let Event::Logs(batch) = event else { continue };
        let lines = batch.chunk.lines().map(|(_, at, ..)| at.as_millis() / 1000);
        match batch.part {
            Part::Followed => followed.extend(lines),
            Part::Earlier => earlier.extend(lines),
            Part::EarlierEnd(failure) => ended = failure.is_none(),
        }
    }
    assert_eq!((followed, earlier, ended), (vec![100, 101, 102], vec![20, 50, 60, 70], true));
}
