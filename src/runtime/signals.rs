//! SIGTERM, SIGHUP and SIGINT end the console, and what goes on without one until it is interrupted,
//! in good order; if its loop hangs all the same (in a write to a pipe that nobody reads), they end it
//! too.

use std::io;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{defects, terminal};

/// How long the loop has to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long the terminal has to take what gives it back; one that nobody reads never takes it.
const FAREWELL: Duration = Duration::from_millis(500);

/// What a program that a signal ended is known by in a shell: 128 and the signal's number.
pub const fn code(signal: i32) -> i32 {
    128 + signal
}

/// Listens on a thread of its own; `quit` asks the loop to end, and is told by which signal.
pub fn spawn(quit: impl Fn(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            quit(signal);
            // The process ends under this thread where all is well.
            std::thread::park_timeout(GRACE);
            let (done, given_back) = std::sync::mpsc::sync_channel(1);
            let giving = std::thread::Builder::new().name("farewell".to_owned()).spawn(move || {
                terminal::give_back();
                // Who waited may have ended the process.
                let _ = done.send(());
            });
            if giving.is_ok() {
                let _ = given_back.recv_timeout(FAREWELL);
            }
            defects::flush();
            std::process::exit(code(signal));
        }
    })?;
    Ok(())
}
