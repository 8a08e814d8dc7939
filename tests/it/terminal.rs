//! The terminal is taken and given back: what a panic leaves of it, and what is no terminal.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use midwatch::runtime::terminal;

use crate::pty::Start;

/// Set in the process that panics on purpose; its home is its own.
const CHILD: &str = "MIDWATCH_TEST_PANICS";

/// What the test below runs of itself on a terminal: a panic beside the console, then one in it.
fn child() {
    let _held = terminal::take(true).unwrap();
    let beside = std::thread::spawn(|| panic!("a collector fails on purpose"));
    assert!(beside.join().is_err());
    println!("still drawing");
    let mut key = [0];
    std::io::stdin().read_exact(&mut key).unwrap();
    panic!("the console fails on purpose");
}

#[test]
fn a_panic_gives_the_terminal_back_and_one_beside_it_does_not() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let this = std::env::current_exe().unwrap();
    let name = "terminal::a_panic_gives_the_terminal_back_and_one_beside_it_does_not";
    let mut console = Start::other(&this, &[name, "--exact", "--nocapture"]).env(CHILD, "1").spawn();
    console.wait_for("still drawing");
    assert!(console.terminal(vt100::Screen::alternate_screen), "a caught panic gave the terminal back");
    assert!(!console.screen_text().contains("on purpose"), "it wrote over the screen");
    console.press("x");
    // The test runner's own code for a failed test.
    assert_eq!(console.exit_code(Duration::from_secs(10)), 101);
    console.assert_given_back();
    let screen = console.screen_text();
    assert!(screen.contains("the console fails on purpose"), "the panic is not told\n{screen}");
}

#[test]
fn no_frame_goes_into_a_file() {
    for command in ["", "demo"] {
        let line = format!("{} {command} > written", env!("CARGO_BIN_EXE_midwatch"));
        let mut console = Start::other(Path::new("/bin/sh"), &["-c", &line]).spawn();
        assert_ne!(console.exit_code(Duration::from_secs(10)), 0, "{line}");
        assert_eq!(fs::read_to_string(console.home().join("written")).unwrap(), "", "{line}");
        console.assert_given_back();
        console.wait_for("no terminal").wait_for("midwatch status");
    }
}
