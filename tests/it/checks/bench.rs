//! A configuration's checks run once, and servers that say what they are told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use midwatch::collectors::checks::{Means, Servers, run_once, tasks};
use midwatch::config::{Config, Options, parse};
use midwatch::domain::check::CheckResult;
use midwatch::domain::clock::{Clock, FixedClock};
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::ids::ServerId;
use midwatch::domain::time::Timestamp;
use midwatch::transports::{Local, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// `box` is this machine as a server; no other server is there.
pub struct Machines;

#[async_trait]
impl Servers for Machines {
    async fn transport(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        match server.as_str() {
            "box" => Ok(Arc::new(Local)),
            _ => Err(Failure::new(FailureKind::Unreachable, "connect", "nothing answers at 192.0.2.1:22")),
        }
    }
}

/// The day on which all of these tests happen.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(FixedClock(now()))
}

pub fn now() -> Timestamp {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap())
}

pub fn config(checks: &str) -> Config {
    let text = format!("[servers.box]\naddress = \"b\"\n[servers.gone]\naddress = \"g\"\n{checks}");
    match parse(&text, "test", Options::default()) {
        Ok(loaded) => loaded.config,
        Err(error) => panic!("{}\n{text}", error.report().map(|it| it.render(false)).unwrap_or_default()),
    }
}

pub fn means(config: &Config) -> Arc<Means> {
    Arc::new(Means::new(Arc::new(Machines), clock(), config))
}

/// Runs the checks of a configuration once, by name.
pub async fn run(checks: &str) -> BTreeMap<String, CheckResult> {
    let config = config(checks);
    let results = run_once(tasks(&config).into_values(), &means(&config)).await;
    results.into_iter().map(|result| (result.check.to_string(), result)).collect()
}

/// Runs one check of this kind, with a short deadline.
pub async fn one(kind: &str, rest: &str) -> CheckResult {
    let text = format!("[checks.it]\nkind = \"{kind}\"\ninterval = \"1s\"\ndeadline = \"600ms\"\n{rest}\n");
    run(&text).await.remove("it").unwrap()
}

/// `health: reason` of a result.
pub fn verdict(result: &CheckResult) -> String {
    let verdict = &result.verdict;
    format!("{}: {}", verdict.health, verdict.reason)
}

pub fn fact<'a>(result: &'a CheckResult, label: &str) -> &'a str {
    result.facts.iter().find(|(known, _)| known == label).map_or("", |(_, value)| value)
}

/// What came in, connection by connection.
pub type Heard = Arc<Mutex<Vec<String>>>;

/// A server on a free port: `answer` gives the bytes for what it heard first; then it hangs up, or
/// where the bytes end with `HOLD`, keeps the connection open and says nothing more.
pub async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let (answer, log) = (Arc::new(answer), Arc::clone(&heard));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, Arc::clone(&answer), Arc::clone(&log)));
        }
    });
    (port, heard)
}

pub const HOLD: &[u8] = b"\0HOLD\0";

pub async fn converse<S, F>(mut stream: S, answer: Arc<F>, heard: Heard)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(&str) -> Vec<u8>,
{
    let mut buf = vec![0; 64 * 1024];
    loop {
        let Ok(n) = stream.read(&mut buf).await else { return };
        if n == 0 {
            return;
        }
        let said = String::from_utf8_lossy(&buf[..n]).into_owned();
        heard.lock().unwrap().push(said.clone());
        let bytes = answer(&said);
        let (bytes, hold) = bytes.strip_suffix(HOLD).map_or((&bytes[..], false), |bytes| (bytes, true));
        if stream.write_all(bytes).await.is_err() {
            return;
        }
        let _ = stream.flush().await;
        if hold {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        if said.contains("HTTP/1.1") {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// An HTTP answer.
pub fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

/// A port on which nothing listens.
pub async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}
