//! How soon traffic is back on the release before, from the key that confirms: a blue-green app behind
//! nginx, rolled back in the real console. `cargo bench --bench rollback` with `MIDWATCH_LAB` set.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::lab::Lab;
use support::terminal::Running;
use support::{Outcome, millis, quantile, row};

const APP: &str = "midwatch-back";
const SERVER: &str = "web-2";
const ROUNDS: usize = 5;
const OURS: &str = env!("CARGO_BIN_EXE_midwatch");

const COMPOSE: &str =
    "services:\n  web:\n    image: registry:5000/shop:1.0\n    ports: [\"127.0.0.1:18098:8080\"]\n";
const SITE: &str = "include /etc/nginx/apps/midwatch-back.conf;\nserver { listen 80; server_name midwatch-back.lab; location / { proxy_pass http://midwatch-back; } }\n";

/// The version that answers through the proxy now.
fn served(address: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /version HTTP/1.0\r\nHost: midwatch-back.lab\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.rsplit("\r\n\r\n").next().unwrap_or_default().trim().to_owned())
}

fn deploy(config: &Path, tag: &str) -> Outcome<()> {
    let mut command = Command::new(OURS);
    command.args(["deploy", APP, "--tag", tag, "--yes", "--config"]).arg(config);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(String::from_utf8_lossy(&said).into_owned().into());
    }
    Ok(())
}

/// Waits until the screen is so; what it is instead is the error.
fn wait(console: &mut Running, what: &str, is: impl Fn(&str) -> bool) -> Outcome<()> {
    match console.until(Duration::from_secs(90), is) {
        Some(_) => Ok(()),
        None => Err(format!("no {what}:\n{}", console.text()).into()),
    }
}

/// From the confirming key to the first answer of the release before, and to the end of the run.
fn back(config: &Path, address: &str) -> Outcome<(Duration, Duration)> {
    let mut console = Running::start(OURS, &["--config", &config.display().to_string()])?;
    wait(&mut console, "app", |screen| screen.split(" APPS ").nth(1).is_some_and(|apps| apps.contains(APP)))?;
    console.press(&[":", &format!("go to app {APP}")])?;
    console.press(&["\r"])?;
    console.rest(Duration::from_secs(1));
    console.press(&["r"])?;
    wait(&mut console, "releases", |screen| screen.contains("ran before"))?;
    console.press(&["\r"])?;
    wait(&mut console, "plan", |screen| screen.contains("Enter carries it out"))?;
    // In a plan's first moment a key does not count.
    console.rest(Duration::from_millis(600));
    let start = Instant::now();
    console.key("\r")?;
    while served(address)? != "1.0" {
        if start.elapsed() > Duration::from_secs(60) {
            return Err(format!("traffic did not come back:\n{}", console.text()).into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let served = start.elapsed();
    wait(&mut console, "end", |screen| screen.contains("done and verified"))?;
    Ok((served, start.elapsed()))
}

fn main() -> Outcome<()> {
    let Some(lab) = Lab::get("how soon traffic is back after a rollback") else { return Ok(()) };
    let address = lab.path("/http/web-2")?.display().to_string();
    let address = address.trim_start_matches("http://").to_owned();
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("config.toml");
    let text = lab.config(&[SERVER])?
        + &format!(
            "environment = 'staging'\n[environments.staging]\n[history]\npath = '{}/history.db'\n[apps.{APP}]\nservers = ['{SERVER}']\n\
             compose = '/home/ops/{APP}/compose.yaml'\nservices = ['web']\nwatch = '1ms'\n\
             strategy = 'blue-green'\n[apps.{APP}.proxy]\nkind = 'nginx'\nfile = '/etc/nginx/apps/{APP}.conf'\n\
             service = 'web'\nport = 8080\nports = [18098, 18099]\n",
            folder.path().display()
        );
    std::fs::write(&config, text)?;
    lab.run(
        SERVER,
        &format!(
            "mkdir -p {APP} && cd {APP} && printf '{}' >compose.yaml && docker compose up -d --wait --quiet-pull 2>&1 && \
             echo 'upstream {APP} {{ server 127.0.0.1:18098; }}' >/etc/nginx/apps/{APP}.conf && \
             printf '{SITE}' | sudo tee /etc/nginx/sites-enabled/{APP} >/dev/null && sudo nginx -s reload",
            COMPOSE.replace('\n', "\\n")
        ),
    )?;
    let measured = measure(&config, &address);
    lab.run(
        SERVER,
        &format!(
            "cd {APP} && docker compose down -t 1 2>&1; cd; rm -rf {APP}; \
             sudo rm -f /etc/nginx/sites-enabled/{APP} /etc/nginx/apps/{APP}.conf*; sudo nginx -s reload"
        ),
    )?;
    measured
}

fn measure(config: &Path, address: &str) -> Outcome<()> {
    let (mut traffic, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        deploy(config, "1.1")?;
        let (served, ended) = back(config, address)?;
        traffic.push(served);
        whole.push(ended);
    }
    let each: Vec<String> = traffic.iter().copied().map(millis).collect();
    row(
        "from the confirming key to the first answer",
        &millis(quantile(&traffic, 0.5)),
        &format!("of the release before; median of {}; want 1 s", each.join(", ")),
    );
    row("to the end, all verified and written down", &millis(quantile(&whole, 0.5)), "");
    Ok(())
}
