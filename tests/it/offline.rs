//! The demo needs nothing but itself: it opens no connection to anywhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::pty::Start;

/// The sockets that a process holds, by their kernel's number.
fn sockets(process: u32) -> BTreeSet<String> {
    let files = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let links = files.filter_map(|entry| fs::read_link(entry.path()).ok());
    links
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect()
}

/// Those of them that are of another kind than between two ends in one machine.
fn of_the_network(process: u32, held: &BTreeSet<String>) -> BTreeSet<String> {
    let unix = fs::read_to_string(PathBuf::from(format!("/proc/{process}/net/unix"))).unwrap_or_default();
    let unix: BTreeSet<&str> = unix.lines().filter_map(|row| row.split_whitespace().nth(6)).collect();
    held.iter().filter(|number| !unix.contains(number.as_str())).cloned().collect()
}

#[test]
fn the_demo_opens_no_connection() {
    let mut console = Start::new(&["demo", "--speed", "40"]).spawn();
    let (process, ends) = (console.id(), Arc::new(AtomicBool::new(false)));
    let watcher = std::thread::spawn({
        let ends = Arc::clone(&ends);
        move || {
            let (mut all, mut network, mut looks) = (BTreeSet::new(), BTreeSet::new(), 0);
            while !ends.load(Ordering::SeqCst) {
                let held = sockets(process);
                network.extend(of_the_network(process, &held));
                all.extend(held);
                looks += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            (all, network, looks)
        }
    });
    console.wait_for("SERVERS").wait_for("shop");
    for (keys, seen) in [("\r", "CONTAINERS"), ("l", "sources"), ("\x1b", "CONTAINERS"), ("m", "earlier")] {
        console.press(keys).wait_for(seen);
    }
    console
        .press("\x1b")
        .wait_for("CONTAINERS")
        .press("\x1b")
        .wait_for("APPS")
        .press("?")
        .wait_for("EVERYWHERE");
    ends.store(true, Ordering::SeqCst);
    let (all, network, looks) = watcher.join().unwrap();
    assert!(looks > 20, "{looks} looks");
    assert!(network.is_empty(), "sockets of the network: {network:?}");
    // Two pairs of ends within the process, by which signals come to its loops.
    assert!(all.len() <= 4, "{all:?}");
    console.press("\x1b").press("q");
    assert_eq!(console.exit_code(Duration::from_secs(10)), 0);
}
