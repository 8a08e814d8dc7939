//! The real program on a real pseudo-terminal: its keys are pressed, and its screen is read as a
//! terminal would show it. Its home is a folder of its own. Waits for what is to be seen, never for
//! a time that should do.

#![allow(dead_code, reason = "the targets `it` and `lab` share it, and each needs a part")]

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

/// How long a thing on the screen may take that must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What is to be started.
pub struct Start {
    program: PathBuf,
    args: Vec<String>,
    size: (u16, u16),
    env: Vec<(String, String)>,
    home: Arc<tempfile::TempDir>,
}

impl Start {
    /// On 100 columns and 30 rows, in an empty home.
    pub fn new(args: &[&str]) -> Self {
        Self::other(Path::new(env!("CARGO_BIN_EXE_midwatch")), args)
    }

    /// Another program instead, with the same terminal and home.
    pub fn other(program: &Path, args: &[&str]) -> Self {
        Self {
            program: program.to_owned(),
            args: args.iter().map(ToString::to_string).collect(),
            size: (100, 30),
            env: Vec::new(),
            home: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    /// With further arguments, as they are known only once there is a home.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// In the home of another console.
    pub fn at_home_of(mut self, other: &Console) -> Self {
        self.home = Arc::clone(&other.home);
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a configuration into the home and starts with it.
    pub fn config(mut self, text: &str) -> Self {
        let path = self.home.path().join("midwatch.toml");
        fs::write(&path, text).unwrap();
        self.args.splice(0..0, ["--config".to_owned(), path.display().to_string()]);
        self
    }

    pub fn spawn(self) -> Console {
        let home = self.home.path();
        let (pty, pts) = open().unwrap();
        let (columns, rows) = self.size;
        pty.resize(Size::new(rows, columns)).unwrap();
        let mut command = Command::new(&self.program)
            .args(&self.args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("HOME", home)
            .current_dir(home);
        for (name, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command = command.env(name, home.join(folder));
        }
        for (name, value) in &self.env {
            command = command.env(name, value);
        }
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let seen = Arc::new(Seen {
            terminal: Mutex::new(vt100::Parser::new(rows, columns, 0)),
            bytes: Mutex::default(),
            count: AtomicUsize::new(0),
            paused: AtomicBool::new(false),
            blind: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let reader = std::thread::spawn({
            let (pty, seen) = (Arc::clone(&pty), Arc::clone(&seen));
            move || seen.read(&pty)
        });
        Console { child, pty: Some(pty), seen, reader: Some(reader), home: self.home }
    }
}

/// What came from the program.
struct Seen {
    terminal: Mutex<vt100::Parser>,
    bytes: Mutex<Vec<u8>>,
    count: AtomicUsize,
    paused: AtomicBool,
    blind: AtomicBool,
    closed: AtomicBool,
}

impl Seen {
    fn read(&self, pty: &Pty) {
        let mut buffer = vec![0; 64 * 1024];
        while !self.closed.load(Ordering::SeqCst) {
            if self.paused.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
                continue;
            }
            let soon = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
            let mut fds = [PollFd::from_borrowed_fd(pty.as_fd(), PollFlags::IN)];
            if !matches!(poll(&mut fds, Some(&soon)), Ok(1..)) {
                continue;
            }
            // The other end closed where this is an error.
            let Ok(length @ 1..) = (&*pty).read(&mut buffer) else { return };
            self.bytes.lock().unwrap().extend_from_slice(&buffer[..length]);
            if !self.blind.load(Ordering::SeqCst) {
                self.terminal.lock().unwrap().process(&buffer[..length]);
            }
            self.count.fetch_add(length, Ordering::SeqCst);
        }
    }
}

/// A console that runs, ended when dropped.
pub struct Console {
    child: Child,
    pty: Option<Arc<Pty>>,
    seen: Arc<Seen>,
    reader: Option<JoinHandle<()>>,
    home: Arc<tempfile::TempDir>,
}

impl Console {
    fn pty(&self) -> &Pty {
        self.pty.as_ref().expect("the terminal was closed")
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the terminal shows, a line a row.
    pub fn screen_text(&self) -> String {
        self.seen.terminal.lock().unwrap().screen().contents()
    }

    /// The row that holds this text, where there is one.
    pub fn row(&self, text: &str) -> Option<String> {
        self.screen_text().lines().find(|row| row.contains(text)).map(ToOwned::to_owned)
    }

    /// Looks at the terminal itself: its modes, its cells.
    pub fn terminal<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.seen.terminal.lock().unwrap().screen())
    }

    /// All that the program wrote until now.
    pub fn written(&self) -> Vec<u8> {
        self.seen.bytes.lock().unwrap().clone()
    }

    pub fn bytes_written(&self) -> usize {
        self.seen.count.load(Ordering::SeqCst)
    }

    /// Waits until the screen holds this text.
    pub fn wait_for(&self, text: &str) -> &Self {
        self.wait_until(text, |screen| screen.contains(text));
        self
    }

    /// Waits until the screen does not hold this text any more.
    pub fn wait_gone(&self, text: &str) -> &Self {
        self.wait_until(&format!("the end of {text}"), |screen| !screen.contains(text));
        self
    }

    /// Waits until the screen is as it should be, and says how long that took.
    pub fn wait_until(&self, what: &str, is: impl FnMut(&str) -> bool) -> Duration {
        self.wait_at_most(PATIENCE, what, is)
    }

    pub fn wait_at_most(&self, most: Duration, what: &str, mut is: impl FnMut(&str) -> bool) -> Duration {
        let start = Instant::now();
        loop {
            let screen = self.screen_text();
            if is(&screen) {
                return start.elapsed();
            }
            assert!(start.elapsed() < most, "not seen within {most:?}: {what}\n{screen}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends keys as a terminal does.
    pub fn press(&self, keys: &str) -> &Self {
        self.send(keys.as_bytes());
        self
    }

    pub fn send(&self, bytes: &[u8]) {
        self.pty().write_all(bytes).unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        if !self.seen.blind.load(Ordering::SeqCst) {
            self.seen.terminal.lock().unwrap().screen_mut().set_size(rows, columns);
        }
        self.pty().resize(Size::new(rows, columns)).unwrap();
    }

    /// Reads on, but does not follow what is shown: between two sizes it means nothing.
    pub fn stop_parsing(&self) {
        self.seen.blind.store(true, Ordering::SeqCst);
    }

    /// Follows again, at a size that the program is told of and draws anew for.
    pub fn parse_on(&self, columns: u16, rows: u16) {
        self.seen.blind.store(false, Ordering::SeqCst);
        self.resize(columns, rows);
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Reads nothing more of what the program writes.
    pub fn stop_reading(&self) {
        self.seen.paused.store(true, Ordering::SeqCst);
    }

    pub fn read_on(&self) {
        self.seen.paused.store(false, Ordering::SeqCst);
    }

    /// Closes the terminal, as a window that is closed or a connection that is lost does.
    pub fn close_terminal(&mut self) {
        self.seen.closed.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.pty = None;
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end and gives back the exit code; what a signal ended is minus its number.
    pub fn exit_code(&mut self, most: Duration) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < most, "still there after {most:?}\n{}", self.screen_text());
            std::thread::sleep(Duration::from_millis(5));
        };
        // What it wrote last is read to its end.
        if !self.seen.paused.load(Ordering::SeqCst)
            && let Some(reader) = self.reader.take()
        {
            reader.join().unwrap();
        }
        status.code().unwrap_or_else(|| -status.signal().unwrap())
    }

    /// Fails where what is typed does not go to a shell as it should.
    pub fn assert_modes_given_back(&self) {
        let modes = tcgetattr(self.pty()).unwrap().local_modes;
        for mode in [LocalModes::ICANON, LocalModes::ECHO, LocalModes::ISIG] {
            assert!(modes.contains(mode), "{mode:?} is still off");
        }
    }

    /// Fails where the terminal is not as a shell left it.
    pub fn assert_given_back(&self) {
        self.assert_modes_given_back();
        self.terminal(|screen| {
            assert!(!screen.alternate_screen(), "still on the alternate screen");
            assert!(!screen.hide_cursor(), "the cursor is still hidden");
            assert!(!screen.bracketed_paste(), "pastes are still bracketed");
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        });
        let written = String::from_utf8_lossy(&self.written()).into_owned();
        for mode in [1000, 1002, 1003, 1006, 1015, 1049, 2004] {
            let on = written.rfind(&format!("\x1b[?{mode}h"));
            let off = written.rfind(&format!("\x1b[?{mode}l"));
            assert!(off >= on, "mode {mode} was left on");
        }
    }

    /// Quits by its key.
    pub fn quit(&mut self) {
        self.press("q");
        assert_eq!(self.exit_code(Duration::from_secs(10)), 0);
        self.assert_given_back();
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.seen.closed.store(true, Ordering::SeqCst);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
