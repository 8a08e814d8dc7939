//! What a console holds here and on a server goes back to where it was, when what it showed is left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use super::logs::processes;
use super::quit::leave;
use super::{assert_keys_react, follow, is_up, one_server_and, over_one};
use crate::lab::Lab;
use crate::pty::{Console, Start};

/// A line for each session of the user but the one that asks: its process, how many it started, how
/// many files and sockets it holds, how many of these lead to the engine's socket (whose end of such
/// a connection has the inode that the session's end names as its peer).
const SESSIONS: &str = r#"all=$(sudo ss -xpn)
engine=$(echo "$all" | awk '$2 == "ESTAB" && $5 ~ /docker.sock$/ { print $6 }')
for session in $(pgrep -u ops -f '^sshd-session: ops@'); do
    [ "$session" != "$PPID" ] || continue
    led=$(echo "$all" | grep "pid=$session," | awk '{ print $8 }' | grep -cxF "$engine")
    echo "$session $(pgrep -P "$session" | wc -l) $(sudo ls "/proc/$session/fd" | wc -l) $led"
done"#;
/// What is counted: children, files and engine's connections of the session; files and threads here.
pub(super) type Counts = [usize; 5];

/// The sessions on web-2 by their process.
fn sessions(lab: &Lab) -> BTreeMap<u32, [usize; 3]> {
    let told = lab.ssh("web-2", SESSIONS);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let rows = told.lines().filter_map(|line| {
        let words: Vec<usize> = line.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [session, children, files, engine] = words[..] else { return None };
        Some((u32::try_from(session).ok()?, [children, files, engine]))
    });
    rows.collect()
}

fn counts(lab: &Lab, session: u32, console: &Console) -> Counts {
    let here = |what| fs::read_dir(format!("/proc/{}/{what}", console.id())).unwrap().count();
    let [children, files, engine] = *sessions(lab).get(&session).expect("the session ended");
    [children, files, engine, here("fd"), here("task")]
}

/// The least and the most of each that was seen in some seconds in which nothing was done: what is
/// read now and then comes and goes.
fn at_rest(lab: &Lab, session: u32, console: &Console, looks: usize) -> [Counts; 2] {
    let seen: Vec<Counts> = (0..looks)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(500));
            counts(lab, session, console)
        })
        .collect();
    let of = |pick: fn(usize, usize) -> usize| {
        seen.iter().copied().reduce(|a, b| std::array::from_fn(|n| pick(a[n], b[n]))).unwrap()
    };
    [of(usize::min), of(usize::max)]
}

/// The sessions on web-2 before a console that is to be watched there.
pub(super) struct Before<'a> {
    lab: &'a Lab,
    sessions: BTreeSet<u32>,
}

impl<'a> Before<'a> {
    /// To be called before the console is started.
    pub(super) fn console(lab: &'a Lab) -> Self {
        Self { lab, sessions: sessions(lab).into_keys().collect() }
    }

    fn ours(&self) -> Vec<u32> {
        sessions(self.lab).into_keys().filter(|it| !self.sessions.contains(it)).collect()
    }

    /// The most that is held while nothing is done.
    pub(super) fn floor(&self, console: &Console) -> Counts {
        let [session] = self.ours()[..] else { panic!("one session is to be seen: {:?}", self.ours()) };
        let [_, mut floor] = at_rest(self.lab, session, console, 8);
        floor[4] += POOLED;
        floor
    }

    /// Fails where more than that is held after a fault, or the session of a lost connection stays.
    pub(super) fn assert_back_at(&self, floor: &Counts, console: &Console) {
        let start = Instant::now();
        let session = loop {
            match self.ours()[..] {
                [session] => break session,
                ref several => {
                    assert!(start.elapsed() < Duration::from_secs(25), "not one session: {several:?}");
                }
            }
            std::thread::sleep(Duration::from_millis(300));
        };
        assert_back_at(floor, self.lab, session, console, UNUSED);
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_is_held_here_and_there_is_at_its_floor_after_fifty_visits_fault() {
    let lab = Lab::get();
    let before = sessions(&lab);
    let mut console = over_one(&lab, "web-2");
    console.wait_until("web-2, read", |screen| is_up(screen, "web-2"));
    let session = *sessions(&lab).keys().find(|it| !before.contains_key(it)).expect("no session is seen");
    let visit = |container| {
        follow(&console, "web-2", container);
        leave(&console);
        console.press("m").wait_gone("SERVERS");
        leave(&console);
    };
    let [fresh, _] = at_rest(&lab, session, &console, 10);
    // A log goes on behind other pages until another one takes its place.
    visit("shop-web-1");
    let [least, floor] = at_rest(&lab, session, &console, 10);
    assert!(least[2] > fresh[2], "no log is seen there, so this shows nothing: {fresh:?}, {least:?}");
    for n in 0..50 {
        visit(["shop-web-2", "shop-web-1"][n % 2]);
    }
    assert_keys_react(&console);
    eprintln!("{fresh:?}, with a log {least:?}");
    assert_back_at(&floor, &lab, session, &console, SOON);
    console.quit();
}

/// Fails where what is held does not go back to what it was before.
fn assert_back_at(floor: &Counts, lab: &Lab, session: u32, console: &Console, within: Duration) {
    let start = Instant::now();
    loop {
        let now = counts(lab, session, console);
        if now.iter().zip(floor).all(|(now, floor)| now <= floor) {
            eprintln!("{now:?} is at the floor {floor:?} after {:?}", start.elapsed());
            return;
        }
        assert!(start.elapsed() < within, "{now:?} is above {floor:?}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// How soon what is held has to be at its floor.
const SOON: Duration = Duration::from_secs(25);
/// The same after a burst of questions to the engine: connections to it that were needed for that are kept
/// for half a minute without use, and looked through every half a minute.
const UNUSED: Duration = Duration::from_secs(65);

/// How many threads may come and go: the runtime keeps those that did what blocks for ten seconds, and the
/// collectors have such work every few seconds. One that leaked with each loss would be ten more.
const POOLED: usize = 3;

/// What the user of consoles runs on web-2, a process a line, without sessions of others that come and
/// go and what asks.
fn commands(lab: &Lab) -> BTreeSet<String> {
    let all = processes(lab, "web-2").into_iter();
    all.filter(|line| !["sshd", "systemd", "(sd-pam)", "ps -u"].iter().any(|word| line.contains(word)))
        .collect()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_is_held_here_and_there_is_at_its_floor_after_ten_lost_connections_fault() {
    let lab = Lab::get();
    let (before, idle) = (sessions(&lab), commands(&lab));
    let more = "logs = [{ path = \"/var/log/nginx/access.log\" }]\n";
    let mut console = one_server_and(&lab, Start::new(&[]), "web-2", &lab.path("/known_hosts"), more);
    // A log of each kind: over the engine, and by two kinds of command.
    follow(&console, "web-2", "shop-web-1");
    console.press("o").wait_for("1 marked").press("journal").wait_for("> journal").press("\t");
    console.wait_for("2 marked").press("\x15").press("access.log").wait_for("> access.log").press("\t");
    console.wait_for("3 marked").press("\r").wait_for("3 sources").wait_for("following");
    let ours = || sessions(&lab).into_keys().filter(|it| !before.contains_key(it)).collect::<Vec<_>>();
    let [first] = ours()[..] else { panic!("one session is to be seen: {:?}", ours()) };
    let [least, mut floor] = at_rest(&lab, first, &console, 4);
    floor[4] += POOLED;
    let mut started: BTreeSet<String> = commands(&lab).difference(&idle).cloned().collect();
    assert!(
        started.len() > 2,
        "too little is seen there, so this shows nothing: {started:#?}\n{}",
        console.screen_text()
    );

    leave(&console);
    let mut ours_now = first;
    let fault = lab.fault("kill-connections", "web-2", &[]);
    for round in 0..10 {
        if round > 0 {
            fault.run("kill-connections", &[]);
        }
        console.wait_until("the loss", |screen| !is_up(screen, "web-2") || screen.contains("unreachable"));
        // The first try after many losses would be long in coming.
        let start = Instant::now();
        ours_now = loop {
            console.press("\x12");
            std::thread::sleep(Duration::from_millis(300));
            // The logs go on behind this page, on each connection anew.
            let now = sessions(&lab);
            match ours()[..] {
                [session] if session != ours_now && now.get(&session).is_some_and(|it| it[0] >= least[0]) => {
                    break session;
                }
                _ => assert!(start.elapsed() < Duration::from_secs(10), "{now:?} after {ours_now}"),
            }
        };
        if round % 3 == 0 {
            started.extend(commands(&lab).difference(&idle).cloned());
        }
    }
    drop(fault);
    assert_keys_react(&console);
    assert_eq!(ours(), [ours_now], "sessions of lost connections stay");
    assert_back_at(&floor, &lab, ours_now, &console, SOON);
    console.quit();
    let start = Instant::now();
    loop {
        let left: Vec<String> = commands(&lab).intersection(&started).cloned().collect();
        if left.is_empty() {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "left behind: {left:#?}");
        std::thread::sleep(Duration::from_millis(300));
    }
    eprintln!("{} commands were started, none is left", started.len());
}
