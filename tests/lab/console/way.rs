//! A way to a server of the lab through this test, which can stop it or break it without touching
//! the server: others go on with theirs.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Bytes go both ways.
    Open,
    /// Connections stand and are taken, and nothing comes over them.
    Frozen,
    /// Connections break, and new ones at once.
    Cut,
}

/// See the module.
pub struct Way {
    port: u16,
    flow: Arc<Mutex<Flow>>,
}

impl Way {
    /// Leads to a port of this machine.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let flow = Arc::new(Mutex::new(Flow::Open));
        let shared = Arc::clone(&flow);
        std::thread::spawn(move || {
            for here in listener.incoming().flatten() {
                let Ok(there) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                for (from, to) in [(&here, &there), (&there, &here)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let flow = Arc::clone(&shared);
                    std::thread::spawn(move || carry(from, to, &flow));
                }
            }
        });
        Self { port, flow }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn set(&self, flow: Flow) {
        *self.flow.lock().unwrap() = flow;
    }
}

/// Carries bytes until an end closes or the way is cut.
fn carry(mut from: TcpStream, mut to: TcpStream, flow: &Mutex<Flow>) {
    from.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let now = *flow.lock().unwrap();
        match now {
            Flow::Cut => break,
            Flow::Frozen => std::thread::sleep(Duration::from_millis(20)),
            Flow::Open => match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    if to.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(_) => break,
            },
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
