//! SIGTERM, SIGHUP and SIGINT end the console in good order; if the loop hangs all the same
//! (in a write to a terminal that could not be opened for us alone), they end it too.

use std::io;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{defects, terminal};

/// How long the loop has to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long the terminal has to take what gives it back; one that nobody reads never takes it.
const FAREWELL: Duration = Duration::from_millis(500);

/// Listens on a thread of its own; `quit` asks the loop to end. Shells know a program that a signal
/// ended by 128 and the signal's number.
pub fn spawn(quit: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            quit();
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
            std::process::exit(128 + signal);
        }
    })?;
    Ok(())
}
