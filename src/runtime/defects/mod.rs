//! Midwatch's own log: what went wrong inside, for the one who mends it. A file beside the journal,
//! since the screen belongs to the console; what was typed, and secrets, are not in it. Nobody who
//! says something waits for a disk.

mod queue;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use directories::ProjectDirs;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::clock::SystemClock;
use crate::domain::clock::Clock;
use queue::Queue;

/// What says how much is written: `warn` without it, `debug` or `midwatch::transports=debug` with it.
pub const VARIABLE: &str = "MIDWATCH_LOG";
/// A file longer than this is set aside as `midwatch.log.1` at the next start.
const LONGEST: u64 = 4 << 20;
/// How long the end of the process waits for what is not written yet.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// The one of this process.
static LINES: OnceLock<Queue> = OnceLock::new();

/// Begins to write, once in a process. Where the file cannot be had nothing is written: there is no
/// better place to say so, and nothing depends on it.
pub fn begin() {
    let Some(path) = usual_place() else { return };
    let Ok(lines) = open(&path).and_then(|file| Queue::start(file, || SystemClock.now())) else { return };
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Lines(LINES.get_or_init(|| lines).clone()));
    // A test may have one of its own already.
    let _ = log.try_init();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        flush();
    }));
}

/// Waits a moment for what was said and is not in the file yet: before the process ends.
pub fn flush() {
    // A disk that hangs keeps its last words for itself.
    let _ = LINES.get().is_none_or(|lines| lines.flush(LAST_WORDS));
}

/// Where the file is: in the user's directory for state, or for data where there is none.
pub fn usual_place() -> Option<PathBuf> {
    let places = ProjectDirs::from("", "", "midwatch")?;
    Some(places.state_dir().unwrap_or_else(|| places.data_local_dir()).join("midwatch.log"))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if std::fs::metadata(path).is_ok_and(|file| file.len() > LONGEST) {
        std::fs::rename(path, path.with_extension("log.1"))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Puts whole lines into the queue.
struct Lines(Queue);

/// One line under way.
struct Line<'a> {
    queue: &'a Queue,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;
    fn make_writer(&'a self) -> Line<'a> {
        Line { queue: &self.0, text: Vec::new() }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.queue.put(std::mem::take(&mut self.text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_set_aside_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/midwatch.log");
        drop(open(&path).unwrap());
        std::fs::write(&path, vec![b'x'; LONGEST as usize + 1]).unwrap();
        let file = open(&path).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 0);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(path.with_extension("log.1").exists());
    }

    #[test]
    fn a_secret_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("midwatch.log");
        let queue = Queue::start(open(&path).unwrap(), || SystemClock.now()).unwrap();
        let lines = Lines(queue.clone());
        lines.make_writer().write_all(b"could not log in: password=hunter2 refused\n").unwrap();
        assert!(queue.flush(Duration::from_secs(10)));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("could not log in") && !text.contains("hunter2"), "{text}");
    }
}
