//! What a console holds here and on a server goes back to where it was, when what it showed is left.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use super::quit::leave;
use super::{assert_keys_react, follow, is_up, over_one};
use crate::lab::Lab;
use crate::pty::Console;

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
type Counts = [usize; 5];

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
fn at_rest(lab: &Lab, session: u32, console: &Console) -> [Counts; 2] {
    let seen: Vec<Counts> = (0..10)
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
    let [fresh, _] = at_rest(&lab, session, &console);
    // A log goes on behind other pages until another one takes its place.
    visit("shop-web-1");
    let [least, floor] = at_rest(&lab, session, &console);
    assert!(least[2] > fresh[2], "no log is seen there, so this shows nothing: {fresh:?}, {least:?}");
    for n in 0..50 {
        visit(["shop-web-2", "shop-web-1"][n % 2]);
    }
    assert_keys_react(&console);
    let start = Instant::now();
    loop {
        let now = counts(&lab, session, &console);
        if now.iter().zip(&floor).all(|(now, floor)| now <= floor) {
            eprintln!("{fresh:?}, with a log {least:?} to {floor:?}; {now:?} after {:?}", start.elapsed());
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(25), "{now:?} is above {floor:?}");
        std::thread::sleep(Duration::from_millis(300));
    }
    console.quit();
}
