//! A log that grows faster than it can be read by anybody, full of what terminals obey.

use std::time::{Duration, Instant};

use midwatch::widgets::histogram::short;

use super::floors::Before;
use super::logs::{assert_harmless, numbers, saved};
use super::{assert_keys_react, one_server_and};
use crate::lab::Lab;
use crate::pty::{Console, Start};

const LINES: u64 = 1_500_000;
const PATH: &str = "/tmp/e2e-flood.log";
/// Writes the lines in bursts of ten thousand, and prints when it began and when it was done.
const WRITER: &str = r#"date +%s.%N
for burst in $(seq 0 149); do
    awk -v from="$burst" 'BEGIN {
        rest = " \033[2J\033[H\033]0;owned\007\033]52;c;b3duZWQ=\007\033[31mred \007\b\b\r\v\f\177 \377\376\300\200 \302\233" \
            "2J \342\200\256rtl \033P1$q\033\\ end"
        for (n = from * 10000 + 1; n <= (from + 1) * 10000; n++) print "line " n rest
    }' >>/tmp/e2e-flood.log
    sleep 0.05
done
date +%s.%N
wc -l </tmp/e2e-flood.log"#;

/// The log, removed when the test ends, however it does.
struct Flood<'a>(&'a Lab);

impl<'a> Flood<'a> {
    fn empty(lab: &'a Lab) -> Self {
        assert!(lab.ssh("web-2", &format!(": >{PATH}")).status.success());
        Self(lab)
    }
}

impl Drop for Flood<'_> {
    fn drop(&mut self) {
        self.0.ssh("web-2", &format!("rm -f {PATH}"));
    }
}

/// How many lines are held and how many older ones are gone, as the page of logs says.
fn counted(screen: &str) -> Option<(usize, String)> {
    screen.lines().find_map(|row| {
        let (held, rest) = row.split_once(" lines, ")?;
        let held = held.rsplit(' ').next()?.replace(',', "").parse().ok()?;
        Some((held, rest.split_once(" older dropped")?.0.to_owned()))
    })
}

/// Follows the log alone.
fn follow(console: &Console) {
    super::follow(console, "web-2", "shop-web-1");
    // What is shown leaves the choice, the file comes into it.
    console.press("o").wait_for("1 marked").press("shop-web-1").wait_for("> shop-web-1").press("\t");
    console.wait_gone("1 marked").press("\x15").press("e2e-flood").wait_for("> e2e-flood").press("\r");
    console.wait_gone("> e2e-flood").wait_for("following").wait_for("e2e-flood");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_hundred_thousand_hostile_lines_a_second_hold_up_no_key_and_what_is_dropped_is_counted_fault() {
    let lab = Lab::get();
    let _flood = Flood::empty(&lab);
    let more = format!("logs = [{{ path = {PATH:?} }}]\n[logs]\nmemory = \"32MiB\"\n");
    let before = Before::console(&lab);
    let mut console = one_server_and(&lab, Start::new(&[]), "web-2", &lab.path("/known_hosts"), &more);
    follow(&console);
    let floor = before.floor(&console);
    let at = Instant::now();
    let writer = std::thread::spawn(|| Lab::get().ssh("web-2", WRITER));
    let (mut last, mut looks) = (0, 0);
    while last < LINES {
        assert_keys_react(&console);
        looks += 1;
        last = numbers(&console.screen_text()).last().copied().unwrap_or(last);
        assert!(at.elapsed() < Duration::from_secs(80), "line {last} after {:?}", at.elapsed());
    }
    let shown = at.elapsed();
    let source = writer.join().unwrap();
    let source: Vec<f64> =
        String::from_utf8_lossy(&source.stdout).lines().map(|line| line.parse().unwrap()).collect();
    let [began, done, count] = source[..] else { panic!("{source:?}") };
    let rate = count / (done - began);
    eprintln!("{rate:.0} lines a second at the source, shown to the end in {shown:?}, {looks} looks at keys");
    assert_eq!(count as u64, LINES);
    assert!(rate >= 100_000.0, "only {rate:.0} lines a second at the source");

    console.wait_until("what was dropped, counted", |screen| counted(screen).is_some());
    let (held, dropped) = counted(&console.screen_text()).unwrap();
    let kept = numbers(&saved(&console));
    let first = LINES - held as u64 + 1;
    assert!(kept.iter().copied().eq(first..=LINES), "{held} are said to be held, not {}", kept.len());
    assert_eq!(dropped, short(u32::try_from(first - 1).unwrap()), "{held} held");
    before.assert_back_at(&floor, &console);
    console.quit();
    assert_harmless(&console);
}
