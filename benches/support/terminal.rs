//! A program in a real pseudo-terminal, with the time of each of its bytes.

use std::io::{Read as _, Write as _};
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use super::Outcome;
use super::process::Cost;

/// Output that pauses for so long has come to the end of a frame.
const PAUSE: Duration = Duration::from_millis(2);
/// An answer that takes longer is told by itself.
const SLOW: Duration = Duration::from_millis(20);
/// How long an answer to a key may take.
const ANSWER: Duration = Duration::from_millis(400);

/// A program in a terminal of 120×40, with a home of its own. Dropping it ends it. The terminal does
/// not answer when it is asked what it can do; some programs wait two seconds for that.
pub struct Running {
    child: Child,
    pty: Arc<Pty>,
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    home: tempfile::TempDir,
    /// When it was started.
    pub started: Instant,
    /// The bytes that were taken until now.
    pub bytes: usize,
}

impl Running {
    /// Starts it.
    pub fn start(program: &str, args: &[&str]) -> Outcome<Self> {
        let (pty, pts) = open()?;
        pty.resize(Size::new(40, 120))?;
        let home = tempfile::tempdir()?;
        let mut command = Command::new(program).args(args).env("TERM", "xterm-256color");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command = command.env(name, home.path());
        }
        let started = Instant::now();
        let child = command.spawn(pts)?;
        let pty = Arc::new(pty);
        let (send, output) = sync_channel(65_536);
        let reader = Arc::clone(&pty);
        std::thread::spawn(move || {
            let mut buf = vec![0; 65_536];
            // The other end closed where this is an error.
            while let Ok(n @ 1..) = (&*reader).read(&mut buf) {
                if send.send((Instant::now(), buf[..n].to_vec())).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(40, 120, 0);
        Ok(Self { child, pty, output, screen, home, started, bytes: 0 })
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it costs until now.
    pub fn cost(&self) -> Outcome<Cost> {
        Cost::of(self.pid())
    }

    /// The next bytes within this time, shown on the screen, and when they came.
    fn take(&mut self, within: Duration) -> Option<Instant> {
        match self.output.recv_timeout(within) {
            Ok((at, bytes)) => {
                self.bytes += bytes.len();
                self.screen.process(&bytes);
                Some(at)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(within.min(Duration::from_millis(10)));
                None
            }
        }
    }

    /// Takes what comes for so long.
    pub fn rest(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.take(left);
        }
    }

    /// When the last byte came of the frame that is under way.
    fn end_of_frame(&mut self, mut last: Instant) -> Instant {
        while let Some(at) = self.take(PAUSE) {
            last = at;
        }
        last
    }

    /// How long after the start the frame was whole that made the screen so.
    pub fn until(&mut self, within: Duration, is: impl Fn(&str) -> bool) -> Option<Duration> {
        let end = Instant::now() + within;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            if let Some(at) = self.take(left)
                && is(&self.screen.screen().contents())
            {
                return Some(at - self.started);
            }
        }
        None
    }

    /// How long after the start its first frame was whole: text in at least five rows.
    pub fn first_frame(&mut self) -> Option<Duration> {
        let text = |screen: &str| screen.lines().filter(|line| !line.trim().is_empty()).count() >= 5;
        let at = self.until(Duration::from_secs(5), text)?;
        Some(self.end_of_frame(self.started + at) - self.started)
    }

    /// From a key to the last byte of the frame that answers it. `None` where nothing did.
    pub fn key(&mut self, key: &str) -> Outcome<Option<Duration>> {
        // Not into the middle of a frame.
        let now = Instant::now();
        self.end_of_frame(now);
        let start = Instant::now();
        (&*self.pty).write_all(key.as_bytes())?;
        let first = self.take(ANSWER);
        Ok(first.map(|at| self.end_of_frame(at) - start))
    }

    /// Presses keys in turn, so many times, with a pause between them.
    pub fn keys(&mut self, keys: &[&str], times: usize) -> Outcome<Vec<Duration>> {
        let mut all = Vec::with_capacity(times);
        for key in keys.iter().cycle().take(times) {
            self.rest(Duration::from_millis(20));
            let time = self.key(key)?;
            if let Some(time) = time.filter(|time| *time > SLOW) {
                println!("    {key:?} took {}", super::millis(time));
            }
            all.extend(time);
        }
        Ok(all)
    }

    /// Presses keys one after the other and waits for what they do.
    pub fn press(&mut self, keys: &[&str]) -> Outcome<()> {
        for key in keys {
            self.key(key)?;
            self.rest(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The turns and frames that midwatch's own log calls slow: over 8 ms, so that a key waited.
    pub fn slow(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.home.path().join("midwatch/midwatch.log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("a slow ")).map(str::to_owned).collect()
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Percent of a core, MiB, and bytes a second to the terminal, over a time in which no key is
    /// pressed.
    pub fn idle(&mut self, over: Duration) -> Outcome<(f64, f64, f64)> {
        let (before, bytes, start) = (self.cost()?, self.bytes, Instant::now());
        self.rest(over);
        let (after, time) = (self.cost()?, start.elapsed());
        let rate = (self.bytes - bytes) as f64 / time.as_secs_f64();
        Ok((after.percent_since(&before, time), after.resident, rate))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program is there.
pub fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(program).is_file()))
}
