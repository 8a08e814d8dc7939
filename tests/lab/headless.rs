//! What goes on until it is interrupted, without a terminal: a script reads it line by line.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use midwatch::domain::clock::Clock as _;
use midwatch::domain::time::Timestamp;
use midwatch::runtime::clock::SystemClock;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::collectors::Temporary;
use crate::lab::Lab;

/// How long after it was interrupted it may still be there.
const SOON: Duration = Duration::from_secs(2);

/// The program, and what it prints: each line with when it came.
struct Script {
    child: Child,
    lines: Receiver<(String, Timestamp)>,
}

impl Script {
    fn start(lab: &Lab, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_midwatch"))
            .args(args)
            .args(["--config", &lab.at("/config")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = sync_channel(100_000);
        std::thread::spawn(move || {
            let mut line = String::new();
            // One that is cut off has no end, and is told as it is.
            while out.read_line(&mut line).is_ok_and(|length| length > 0) {
                if tell.send((std::mem::take(&mut line), SystemClock.now())).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    fn line(&self) -> (String, Timestamp) {
        self.lines.recv_timeout(Duration::from_secs(20)).expect("no line came")
    }

    /// Interrupts it, and gives back its exit code and what it still printed.
    fn interrupt(&mut self, signal: Signal) -> (Option<i32>, Vec<String>) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        (self.end(), self.lines.iter().map(|(line, _)| line).collect())
    }

    fn end(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < SOON, "still there after {:?}", start.elapsed());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One object on one line, with its end.
fn object(line: &str) -> Value {
    assert!(line.ends_with('\n'), "a line that is cut off: {line:?}");
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    assert!(value.is_object());
    value
}

fn time(value: &Value) -> Timestamp {
    Timestamp::parse_rfc3339(value.as_str().unwrap()).unwrap()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn followed_logs_come_as_they_are_written_until_they_are_interrupted() {
    let lab = Lab::get();
    let noisy =
        Temporary::run(&lab, "web-1", "e2e-headless", "-e LINES=0 -e PER_SECOND=50 registry:5000/shop:noisy");
    let target = format!("web-1/{}", noisy.name);
    let mut script = Script::start(&lab, &["logs", &target, "--follow", "--json"]);
    let mut numbers = Vec::new();
    let mut take = |line: &str| {
        let it = object(line);
        assert_eq!((&it["server"], &it["source"]), (&Value::from("web-1"), &Value::from("e2e-headless")));
        let number = it["text"].as_str().unwrap().split(' ').nth(1).unwrap();
        numbers.push(number.parse::<u64>().unwrap());
        time(&it["time"])
    };
    // What was there before comes at once, the rest a little after it was written.
    let (first, began) = script.line();
    take(&first);
    let mut late = Duration::ZERO;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        let (line, came) = script.line();
        let written = take(&line);
        if written > began {
            late = late.max(came.since(written));
        }
    }
    assert!(late > Duration::ZERO && late < Duration::from_secs(2), "{late:?} after it was written");
    let (code, rest) = script.interrupt(Signal::INT);
    for line in &rest {
        take(line);
    }
    assert_eq!(code, Some(130));
    assert!(numbers.len() > 100 && numbers.windows(2).all(|two| two[1] == two[0] + 1), "{numbers:?}");
    eprintln!("{} lines, at most {late:?} after they were written", numbers.len());

    // The same without JSON, ended by another signal.
    let mut plain = Script::start(&lab, &["logs", &target, "--follow"]);
    let (line, _) = plain.line();
    assert!(line.contains(" web-1/e2e-headless line ") && !line.contains('\x1b'), "{line:?}");
    let (code, rest) = plain.interrupt(Signal::TERM);
    assert!(rest.iter().all(|line| line.ends_with('\n')) && code == Some(143), "{code:?}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_watched_status_is_an_object_a_line_until_it_is_interrupted_or_not_read() {
    let lab = Lab::get();
    let mut script = Script::start(&lab, &["status", "--json", "--watch", "1"]);
    let looks: Vec<Value> = (0..3).map(|_| object(&script.line().0)).collect();
    for two in looks.windows(2) {
        let apart = time(&two[1]["as_of"]).since(time(&two[0]["as_of"]));
        assert!((900..3000).contains(&apart.as_millis()), "{apart:?} between two looks");
    }
    let servers = looks[2]["servers"].as_array().unwrap();
    assert!(servers.len() == 4 && servers.iter().all(|it| it["vitals"].is_object()), "{}", looks[2]);
    let (code, rest) = script.interrupt(Signal::INT);
    assert_eq!(code, Some(130));
    for line in &rest {
        object(line);
    }

    // `| head -1`: nobody reads the second.
    let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
    command.args(["status", "--watch", "1", "--config", &lab.at("/config")]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let (_, none) = sync_channel(1);
    let mut unread = Script { child, lines: none };
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(unread.end(), Some(1), "web-2 has a container that keeps restarting");
}
