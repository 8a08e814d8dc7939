//! What benches set up on a server of the lab; each thing is taken away when it is dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::Outcome;
use super::lab::Lab;

/// The server.
pub const SERVER: &str = "web-1";
const PATIENCE: Duration = Duration::from_secs(20);

/// A file and a container's log on a server of the lab, removed at the end.
pub struct There<'a> {
    lab: &'a Lab,
    /// The container's name.
    pub container: &'static str,
    /// How many lines the log has.
    pub lines: usize,
}

impl<'a> There<'a> {
    /// Makes both, and waits until they are whole.
    pub fn new(lab: &'a Lab, lines: usize) -> Outcome<Self> {
        let this = Self { lab, container: "midwatch-bench", lines };
        lab.run(SERVER, &format!("docker rm -f {} 2>/dev/null; true", this.container))?;
        lab.run(
            SERVER,
            &format!(
                "docker run -d --name {name} -e LINES={lines} -e KIND=text registry:5000/shop:noisy >/dev/null && \
                 until docker logs --tail 1 {name} 2>&1 | grep -q 'line {lines} '; do sleep 0.5; done; \
                 docker stop -t 0 {name} >/dev/null; docker logs {name} >/tmp/midwatch-bench.log 2>&1",
                name = this.container
            ),
        )?;
        Ok(this)
    }
}

impl Drop for There<'_> {
    fn drop(&mut self) {
        // What is left behind is named for what it is.
        let _ =
            self.lab.run(SERVER, &format!("docker rm -f {}; rm -f /tmp/midwatch-bench.log", self.container));
    }
}

/// The engine's socket of the server, forwarded to here by the OpenSSH client until it is dropped.
pub struct Forwarded {
    ssh: Child,
    /// Where it is here.
    pub socket: PathBuf,
}

impl Forwarded {
    /// Starts the client, and waits until the socket is there.
    pub fn new(folder: &Path, lab: &Lab) -> Outcome<Self> {
        let socket = folder.join("engine.sock");
        let mut ssh = Command::new("ssh");
        ssh.arg("-nNF").arg(lab.path("/ssh_config")?).args(["-o", "BatchMode=yes", "-L"]);
        ssh.arg(format!("{}:/var/run/docker.sock", socket.display())).arg(SERVER);
        let this = Self { ssh: ssh.spawn()?, socket };
        let start = Instant::now();
        while !this.socket.exists() {
            if start.elapsed() > PATIENCE {
                return Err("ssh did not forward the engine's socket".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(this)
    }
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}

/// A container of the lab that waits a while and then writes as fast as its engine takes it.
pub struct Flood<'a>(&'a Lab);

impl<'a> Flood<'a> {
    /// Its name.
    pub const NAME: &'static str = "midwatch-bench-flood";
    /// How many lines it writes.
    pub const LINES: usize = 1_000_000;

    /// Starts it; it writes after twelve seconds.
    pub fn new(lab: &'a Lab) -> Outcome<Self> {
        let this = Self(lab);
        lab.run(
            SERVER,
            &format!(
                "docker rm -f {name} 2>/dev/null; docker run -d --name {name} -e LINES={lines} -e KIND=text \
                 --entrypoint sh registry:5000/shop:noisy -c 'sleep 12; exec /app/noisy' >/dev/null",
                name = Self::NAME,
                lines = Self::LINES
            ),
        )?;
        Ok(this)
    }
}

impl Drop for Flood<'_> {
    fn drop(&mut self) {
        // What is left behind is named for what it is.
        let _ = self.0.run(SERVER, &format!("docker rm -f {}", Self::NAME));
    }
}

/// So many quiet containers beside the lab's own.
pub struct Quiet<'a> {
    lab: &'a Lab,
    count: usize,
}

impl<'a> Quiet<'a> {
    /// Starts them.
    pub fn new(lab: &'a Lab, count: usize) -> Outcome<Self> {
        let this = Self { lab, count };
        lab.run(
            SERVER,
            &format!(
                "for n in $(seq {count}); do docker rm -f midwatch-quiet-$n 2>/dev/null; \
                 docker run -d --no-healthcheck --name midwatch-quiet-$n --entrypoint sleep \
                 registry:5000/shop:1.0 100000 >/dev/null || exit 1; done"
            ),
        )?;
        Ok(this)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // What is left behind is named for what it is.
        let remove = format!("for n in $(seq {}); do docker rm -f midwatch-quiet-$n; done", self.count);
        let _ = self.lab.run(SERVER, &remove);
    }
}
