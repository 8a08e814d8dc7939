//! One SSH server: from nothing to its values beside the time of its connection, and what being
//! observed costs it. `cargo bench --bench server` with `MIDWATCH_LAB` set.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use midwatch::config::Config;
use support::lab::Lab;
use support::sink::{self, What, watch};
use support::{Outcome, millis, quantile, row};

const SERVER: &str = "web-1";
const ROUNDS: usize = 10;
/// How long the server is watched.
const WATCHED: Duration = Duration::from_secs(60);

/// To the connection, to the first values, to the first values with rates.
fn first(config: &Config) -> Outcome<[Duration; 3]> {
    let watching = watch(config)?;
    let kinds: [fn(&What) -> bool; 3] = [
        |what| *what == What::Up,
        |what| matches!(what, What::Vitals { .. }),
        |what| *what == What::Vitals { rates: true },
    ];
    let mut times = [Duration::ZERO; 3];
    for (time, kind) in times.iter_mut().zip(kinds) {
        let came =
            watching.taker.wait(Duration::from_secs(10), |came| came.first(watching.began, SERVER, kind));
        *time = came.ok_or("the server did not answer")? - watching.began;
    }
    Ok(times)
}

/// Every process: its number, its parent's, what it and those it waited for took of the processor in
/// ticks, and its name.
const PROCESSES: &str = r#"cat /proc/[0-9]*/stat 2>/dev/null | awk '{
    n = $1; name = $0; sub(/^[^(]*\(/, "", name); sub(/\) .*/, "", name); gsub(/ /, "_", name)
    rest = $0; sub(/.*\) /, "", rest); split(rest, f, " ")
    print n, f[2], f[12] + f[13] + f[14] + f[15], name
}'"#;

/// What one process said of itself.
struct Process {
    id: u32,
    parent: u32,
    ticks: u64,
    name: String,
}

/// All processes of a server at one time.
struct Look {
    at: Instant,
    all: Vec<Process>,
}

impl Look {
    fn take(lab: &Lab) -> Outcome<Self> {
        let said = lab.run(SERVER, PROCESSES)?;
        let one = |line: &str| {
            let mut words = line.split(' ');
            let mut number = || words.next()?.parse::<u64>().ok();
            let (id, parent, ticks) = (number()? as u32, number()? as u32, number()?);
            Some(Process { id, parent, ticks, name: words.next()?.to_owned() })
        };
        Ok(Self { at: Instant::now(), all: said.lines().filter_map(one).collect() })
    }

    /// A process and all below it.
    fn tree(&self, root: u32) -> Vec<&Process> {
        let mut found: Vec<&Process> = self.all.iter().filter(|it| it.id == root).collect();
        let mut next = 0;
        while let Some(parent) = found.get(next).map(|it| it.id) {
            found.extend(self.all.iter().filter(|it| it.parent == parent));
            next += 1;
        }
        found
    }

    /// The sessions: what the server's sshd began for a connection each.
    fn sessions(&self) -> Vec<u32> {
        let listens = |id: u32| self.all.iter().any(|it| it.id == id && it.name == "sshd");
        let begun = |it: &&Process| it.name == "sshd-session" && listens(it.parent);
        self.all.iter().filter(begun).map(|it| it.id).collect()
    }

    /// Percent of a core that what is picked took since an earlier look.
    fn since(&self, before: &Self, pick: impl Fn(&Self) -> u64) -> f64 {
        let ticks = pick(self).saturating_sub(pick(before)) as f64;
        let each = rustix::param::clock_ticks_per_second() as f64;
        ticks / each / (self.at - before.at).as_secs_f64() * 100.0
    }
}

/// All that a session took, those that ended in it too.
fn session(root: u32) -> impl Fn(&Look) -> u64 {
    move |look| look.tree(root).iter().map(|it| it.ticks).sum()
}

/// All that programs of these names took.
fn named(names: &'static [&'static str]) -> impl Fn(&Look) -> u64 {
    move |look| look.all.iter().filter(|it| names.contains(&it.name.as_str())).map(|it| it.ticks).sum()
}

/// The memory of a session in MiB: what is its own, and its share of what it has with others.
fn memory(lab: &Lab, look: &Look, root: u32) -> Outcome<f64> {
    let files: Vec<String> =
        look.tree(root).iter().map(|it| format!("/proc/{}/smaps_rollup", it.id)).collect();
    // Processes that ended meanwhile have none.
    let command = format!(
        "sudo cat {} 2>/dev/null | awk '/^Pss:/ {{ sum += $2 }} END {{ print sum + 0 }}'",
        files.join(" ")
    );
    let kib: f64 = lab.run(SERVER, &command)?.trim().parse()?;
    Ok(kib / 1024.0)
}

fn main() -> Outcome<()> {
    let Some(lab) = Lab::get("an SSH server's first values and costs") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("config.toml");
    std::fs::write(&path, lab.config(&[SERVER])?)?;
    let config = sink::config(&path)?;

    let (mut peer, mut steps) = (Vec::new(), [const { Vec::new() }; 3]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        lab.ssh(SERVER, "true")?.stdin(Stdio::null()).output()?;
        peer.push(start.elapsed());
        for (all, time) in steps.iter_mut().zip(first(&config)?) {
            all.push(time);
        }
    }
    let median = |times: &[Duration]| quantile(times, 0.5);
    row(&format!("ssh {SERVER} true"), &millis(median(&peer)), &format!("median of {ROUNDS}, as all below"));
    row("from nothing to the connection", &millis(median(&steps[0])), "");
    for (what, times) in [("first values", &steps[1]), ("first values with rates", &steps[2])] {
        let after = median(times).saturating_sub(median(&steps[0]));
        let beside = format!("{} after the connection; want 150 ms", millis(after));
        row(&format!("from nothing to the {what}"), &millis(median(times)), &beside);
    }

    cost(&lab, &config)
}

/// What the session takes in which the server is observed, beside one that does nothing; and what the
/// engine and systemd take more than in as long a time without.
fn cost(lab: &Lab, config: &Config) -> Outcome<()> {
    const ENGINE: &[&str] = &["dockerd", "containerd", "containerd-shim"];
    const SYSTEMD: &[&str] = &["systemd", "dbus-daemon"];
    let before = Look::take(lab)?;
    std::thread::sleep(WATCHED);
    let without = Look::take(lab)?;

    let mut idle = lab.ssh(SERVER, "sleep 600")?.stdin(Stdio::null()).spawn()?;
    std::thread::sleep(Duration::from_secs(3));
    let known = Look::take(lab)?;
    let new = |look: &Look, than: &Look| -> Vec<u32> {
        look.sessions().into_iter().filter(|id| !than.sessions().contains(id)).collect()
    };
    let its = new(&known, &without);
    let watching = watch(config)?;
    let ready =
        |came: &sink::Came| came.first(watching.began, SERVER, |what| *what == What::Vitals { rates: true });
    watching.taker.wait(Duration::from_secs(10), ready).ok_or("the server did not answer")?;
    std::thread::sleep(Duration::from_secs(5));
    let begin = Look::take(lab)?;
    std::thread::sleep(WATCHED);
    let end = Look::take(lab)?;
    let stayed = |all: Vec<u32>| -> Vec<u32> {
        all.into_iter().filter(|id| begin.sessions().contains(id) && end.sessions().contains(id)).collect()
    };
    // The bench's own looks come and go; a session of somebody else that came meanwhile would be one more.
    let (its, ours) = (stayed(its), stayed(new(&begin, &known)));
    let measured = match (&its[..], &ours[..]) {
        (&[its], &[ours]) => Some((its, ours)),
        _ => None,
    };
    if let Some((its, ours)) = measured {
        let (percent, nothing) = (end.since(&begin, session(ours)), end.since(&begin, session(its)));
        let beside = format!("of a core; an idle ssh session {nothing:.2} %; want 1 %");
        row("on the server: the session that observes", &format!("{percent:.2} %"), &beside);
        let beside = format!("an idle ssh session {:.1} MiB; want 8 MiB", memory(lab, &end, its)?);
        row("its memory", &format!("{:.1} MiB", memory(lab, &end, ours)?), &beside);
    } else {
        println!("NOT MEASURED: sessions of others came to {SERVER} meanwhile");
    }
    drop(watching);
    idle.kill()?;
    idle.wait()?;
    std::thread::sleep(Duration::from_secs(3));
    let again = Look::take(lab)?;
    std::thread::sleep(WATCHED);
    let after = Look::take(lab)?;
    for (what, names) in [("the engine", ENGINE), ("systemd", SYSTEMD)] {
        let with = end.since(&begin, named(names));
        let less = [without.since(&before, named(names)), after.since(&again, named(names))];
        let beside =
            format!("of a core; {:.2} and {:.2} % in the minutes before and after", less[0], less[1]);
        row(&format!("on the server: {what}"), &format!("{with:.2} %"), &beside);
    }
    Ok(())
}
