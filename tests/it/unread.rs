//! A terminal that nobody reads: a window that hangs, a connection that stands still. The console goes
//! on, takes keys, ends when it is told to, and shows the newest when somebody reads again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::pty::{Console, Start};

/// How long an end may take: the terminal has 200 ms to take its farewell.
const SOON: Duration = Duration::from_secs(2);
/// Frames that are asked for while nobody reads: far more than a kernel holds for a terminal.
const FRAMES: u16 = 120;

/// Draws the whole screen anew in many sizes, the last of which is `columns` wide. Gives back how many
/// bytes the first of them took, while they were read.
fn redraw_unread(console: &Console, columns: u16) -> usize {
    let before = console.bytes_written();
    console.resize(columns + FRAMES + 1, 100);
    std::thread::sleep(Duration::from_millis(300));
    let frame = console.bytes_written() - before;
    assert!(frame > 2000, "a frame of {frame} bytes");
    console.stop_reading();
    for n in (0..FRAMES).rev() {
        console.resize(columns + n, 100);
        std::thread::sleep(Duration::from_millis(12));
    }
    frame
}

/// Reads on, and fails where the console was not held up at all: then nothing was shown by that.
fn read_on(console: &Console, most: usize) {
    let before = console.bytes_written();
    console.read_on();
    std::thread::sleep(Duration::from_millis(500));
    let read = console.bytes_written() - before;
    assert!(read < most, "{read} bytes came, so that no frame was left out");
}

#[test]
fn all_but_drawing_goes_on() {
    let start = Start::new(&["record", "tape"]);
    let tape = start.home().join("tape");
    let console = start.spawn();
    console.wait_for("SERVERS").wait_gone("never");
    let frame = redraw_unread(&console, 120);
    let length = || fs::metadata(&tape).unwrap().len();
    let (before, at) = (length(), Instant::now());
    while length() < before + 2000 {
        assert!(at.elapsed() < Duration::from_secs(30), "the loop stands still");
        std::thread::sleep(Duration::from_millis(50));
    }
    console.press("?");
    read_on(&console, frame * usize::from(FRAMES) / 2);
    console.wait_for("EVERYWHERE");
}

#[test]
fn a_key_and_every_signal_end_it() {
    for signal in [None, Some(Signal::TERM), Some(Signal::HUP), Some(Signal::INT)] {
        let mut console = Start::new(&[]).spawn();
        console.wait_for("SERVERS");
        redraw_unread(&console, 120);
        match signal {
            None => _ = console.press("q"),
            Some(signal) => console.signal(signal),
        }
        // The loop ended by itself: one that hangs is ended with 128 and the signal's number.
        assert_eq!(console.exit_code(SOON), 0, "{signal:?}");
        console.assert_modes_given_back();
    }
}

/// All that a person sees of the screen.
fn cells(console: &Console) -> Vec<String> {
    console.terminal(|screen| {
        let (rows, columns) = screen.size();
        let all = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        // Not the whole of a cell: what stood in it before is in there too, behind its length.
        all.filter_map(|(row, column)| {
            let it = screen.cell(row, column)?;
            let marks = (it.bold(), it.dim(), it.italic(), it.underline(), it.inverse());
            Some(format!(
                "{row} {column} {:?} {:?} {:?} {marks:?}",
                it.contents(),
                it.fgcolor(),
                it.bgcolor()
            ))
        })
        .collect()
    })
}

#[test]
fn what_is_read_again_is_the_newest_screen_whole() {
    let mut console = Start::new(&["demo"]).spawn();
    console.wait_for("web-1").press(" ").wait_for("paused");
    let before = console.bytes_written();
    console.press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
    let both = console.bytes_written() - before;
    console.stop_reading();
    let rounds = 600;
    for _ in 0..rounds {
        console.press("?");
        std::thread::sleep(Duration::from_millis(2));
        console.press("\x1b");
        // A key right behind it would be another key.
        std::thread::sleep(Duration::from_millis(2));
    }
    console.press("?");
    read_on(&console, both * rounds / 2);
    console.wait_for("EVERYWHERE");
    let bit_by_bit = cells(&console);
    console.resize(101, 30);
    console.resize(100, 30);
    std::thread::sleep(Duration::from_millis(300));
    console.wait_for("EVERYWHERE");
    assert_eq!(bit_by_bit, cells(&console));
    console.press("\x1b").wait_gone("EVERYWHERE");
    console.quit();
}

/// Starts a program where its terminal has no name that it may open, and does not control it: as
/// `su -c` leaves it, or a container without its devices.
const ELSEWHERE: &str = r#"if [ "$(id -u)" = 0 ]; then
    # Root may open whatever has a name: so it has none.
    exec unshare --mount sh -c 'mount -t tmpfs none /dev/pts && exec setsid --wait "$0" "$@"' "$0" "$@"
fi
chmod 0 "$(tty)" && exec setsid --wait "$0" "$@""#;

fn elsewhere(args: &[&str]) -> Start {
    let program = env!("CARGO_BIN_EXE_midwatch");
    Start::other(Path::new("/bin/sh"), &[&["-c", ELSEWHERE, program], args].concat())
}

/// Fails where the terminal was opened a second time, so that this shows nothing.
fn assert_shared(console: &Console) {
    // The log is written behind what is shown.
    let start = Instant::now();
    loop {
        let log = fs::read_to_string(console.home().join("state/midwatch/midwatch.log")).unwrap_or_default();
        if log.contains("no way to the terminal that does not block") {
            return;
        }
        assert!(start.elapsed() < SOON, "{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Opens the help and closes it so often that no kernel holds what is drawn; nobody reads it. There
/// are no signals of sizes here.
fn look_unread(console: &Console) -> usize {
    let before = console.bytes_written();
    console.press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
    let both = console.bytes_written() - before;
    console.stop_reading();
    let rounds = 200;
    for _ in 0..rounds {
        for key in ["?", "\x1b"] {
            console.press(key);
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    assert!(both * rounds > 300_000, "{both} bytes are too few to fill a terminal");
    both * rounds
}

#[test]
fn a_terminal_that_cannot_be_opened_again_holds_up_nothing_but_drawing() {
    let start = elsewhere(&["record", "tape"]);
    let tape = start.home().join("tape");
    let mut console = start.size(120, 60).spawn();
    console.wait_for("SERVERS").wait_gone("never");
    assert_shared(&console);
    let all = look_unread(&console);
    let length = || fs::metadata(&tape).unwrap().len();
    let (before, at) = (length(), Instant::now());
    while length() < before + 2000 {
        assert!(at.elapsed() < Duration::from_secs(10), "the loop stands still");
        std::thread::sleep(Duration::from_millis(50));
    }
    console.press("?");
    read_on(&console, all / 2);
    console.wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE").wait_for("SERVERS");
    look_unread(&console);
    console.press("q");
    assert_eq!(console.exit_code(SOON), 0);
    console.assert_modes_given_back();
}

#[test]
fn a_terminal_that_cannot_be_opened_again_is_given_back_and_left_on_a_signal() {
    let mut console = elsewhere(&[]).spawn();
    console.wait_for("SERVERS");
    console.quit();
    let mut console = elsewhere(&[]).size(120, 60).spawn();
    console.wait_for("SERVERS");
    assert_shared(&console);
    look_unread(&console);
    let children = format!("/proc/{0}/task/{0}/children", console.id());
    let child: i32 = fs::read_to_string(children).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(child).unwrap(), Signal::TERM).unwrap();
    assert_eq!(console.exit_code(SOON), 0);
    console.assert_modes_given_back();
}
