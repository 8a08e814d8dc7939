//! The console end to end: the real program on a pseudo-terminal, watching this machine alone.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::pty::{Console, Start};

/// How long an end may take that nothing holds up.
const SOON: Duration = Duration::from_secs(10);

/// A console without a configuration, that showed its first page.
fn started() -> Console {
    let console = Start::new(&[]).spawn();
    console.wait_for("SERVERS");
    console
}

/// A console that has read this machine, so that little changes any more.
fn settled() -> Console {
    let console = started();
    console.wait_gone("never");
    console
}

#[test]
fn starts_without_a_configuration_and_shows_this_machine() {
    let mut console = Start::new(&[]).spawn();
    console.wait_for("local").wait_for("none known");
    // Its vitals are read for real: the row says more than that nothing was read.
    console.wait_until("a reading of this machine", |screen| {
        screen.lines().any(|row| row.contains("local") && row.contains('%') && !row.contains("never"))
    });
    console.quit();
}

#[test]
fn help_palette_and_themes_open_and_escape_closes_them() {
    let mut console = started();
    for (key, title) in [("?", "EVERYWHERE"), (":", "go to, do"), ("T", "high-contrast")] {
        console.press(key).wait_for(title).press("\x1b").wait_gone(title);
    }
    console.wait_for("SERVERS");
    console.quit();
}

#[test]
fn a_theme_that_is_tried_on_is_put_back_by_escape() {
    let mut console = settled();
    let colors = |console: &Console| {
        console.terminal(|screen| {
            let (rows, columns) = screen.size();
            (0..rows)
                .flat_map(|row| (0..columns).map(move |column| (row, column)))
                .filter_map(|(row, column)| screen.cell(row, column).map(vt100::Cell::bgcolor))
                .map(|color| format!("{color:?}"))
                .collect::<std::collections::BTreeSet<_>>()
        })
    };
    let before = colors(&console);
    console.press("T").wait_for("high-contrast").press("j");
    console.wait_until("the colors of the next theme", |_| colors(&console).is_disjoint(&before));
    console.press("\x1b").wait_gone("high-contrast");
    // Not each of them: the color of a gauge follows the load of the machine.
    console.wait_until("the colors of before", |_| !colors(&console).is_disjoint(&before));
    console.quit();
}

#[test]
fn what_is_typed_into_the_palette_is_done() {
    let mut console = started();
    console.press(":").wait_for("go to, do").press("themes").wait_for("> themes").press("\r");
    console.wait_for("color-blind").press("\x1b").wait_gone("color-blind");
    console.quit();
}

#[test]
fn a_server_is_opened_and_left() {
    let mut console = settled();
    console.press("\t").press("\r").wait_gone("SERVERS").press("\x1b").wait_for("SERVERS");
    console.quit();
}

#[test]
fn escape_and_the_next_key_at_once_are_two_keys() {
    let mut console = settled();
    // One write, as a connection that carries keys in packets brings them: read as alt-q, it would
    // be no key at all.
    console.press("\t").press("\r").wait_gone("SERVERS").press("\x1b?").wait_for("EVERYWHERE");
    console.press("\x1b").wait_gone("EVERYWHERE").wait_for("SERVERS");
    console.press("\x1bq");
    assert_eq!(console.exit_code(SOON), 0);
    console.assert_given_back();
}

#[test]
fn signals_end_it_in_good_order() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let mut console = started();
        console.signal(signal);
        // The loop ends by itself, which is no failure; only one that hangs is ended by 128 + n.
        assert_eq!(console.exit_code(SOON), 0, "{signal:?}");
        console.assert_given_back();
    }
}

#[test]
fn control_c_as_a_key_quits() {
    let mut console = started();
    console.press("\x03");
    assert_eq!(console.exit_code(SOON), 0);
    console.assert_given_back();
}

#[test]
fn a_remapped_key_does_what_it_is_mapped_to_and_the_old_one_nothing() {
    let text = "[servers.me]\nlocal = true\n[keys]\nquit = [\"Q\"]\n[ui]\nmouse = false\n";
    let mut console = Start::new(&[]).config(text).spawn();
    console.wait_for("SERVERS").wait_for("Q quit");
    let mode = console.terminal(vt100::Screen::mouse_protocol_mode);
    assert_eq!(mode, vt100::MouseProtocolMode::None, "the mouse is left to the terminal");
    console.press("q").press("?").wait_for("EVERYWHERE");
    console.press("\x1b").wait_gone("EVERYWHERE").press("Q");
    assert_eq!(console.exit_code(SOON), 0);
}

/// Sizes that come out the same each time (a linear congruential generator).
fn sizes(count: usize) -> impl Iterator<Item = (u16, u16)> {
    let mut seed: u32 = 20_260_101;
    let mut next = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    (0..count).map(move |n| match n % 10 {
        0 => (1, 1),
        1 => (500, 200),
        2 => (1 + next(8) as u16, 1 + next(8) as u16),
        _ => (1 + next(300) as u16, 1 + next(100) as u16),
    })
}

#[test]
fn a_thousand_sizes_do_not_end_it() {
    let mut console = settled();
    console.stop_parsing();
    for (n, (columns, rows)) in sizes(1000).enumerate() {
        console.resize(columns, rows);
        if n % 7 == 0 {
            // Every page and overlay is drawn at some of them.
            console
                .press(["\r", "m", "\x1b", "?", "\x1b", "l", "\x1b", ":", "\x1b", "T", "\x1b"][n / 7 % 11]);
        }
        std::thread::sleep(Duration::from_millis(2));
        assert!(console.runs(), "ended at {columns}x{rows}");
    }
    console.parse_on(120, 40);
    console.press("\x1b");
    console.wait_until("the last size, drawn", |screen| screen.lines().count() >= 38);
    // However many pages the keys opened above each other, Esc leads back out of them.
    for _ in 0..200 {
        if console.screen_text().contains("SERVERS") {
            break;
        }
        console.press("\x1b");
        std::thread::sleep(Duration::from_millis(60));
    }
    console.wait_for("SERVERS");
    console.quit();
}

#[test]
fn too_small_is_said_and_enough_is_taken() {
    let mut console = Start::new(&[]).size(59, 14).spawn();
    console.wait_for("midwatch needs").wait_for("this is 59x14");
    console.resize(60, 15);
    console.wait_for("SERVERS");
    console.resize(59, 14);
    console.wait_for("this is 59x14");
    console.quit();
}

#[test]
fn a_terminal_that_is_closed_ends_it() {
    let mut console = started();
    console.close_terminal();
    let start = Instant::now();
    console.exit_code(Duration::from_secs(3));
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_megabyte_of_binary_is_pasted() {
    let mut console = started();
    console.press(":").wait_for("go to, do");
    let mut paste = b"\x1b[200~".to_vec();
    paste.extend((0..1_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
    paste.extend(b"\x1b[201~");
    console.send(&paste);
    // It may show nonsense, but takes keys.
    for _ in 0..3 {
        console.press("\x1b");
    }
    console.wait_gone("go to, do").wait_for("SERVERS");
    console.press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
    console.quit();
}

#[test]
fn no_color_sends_no_colors() {
    let mut console = Start::new(&[]).env("NO_COLOR", "1").spawn();
    console.wait_gone("never").wait_for("SERVERS").press("T").wait_for("high-contrast");
    console.press("\x1b").wait_gone("high-contrast");
    console.quit();
    let written = String::from_utf8_lossy(&console.written()).into_owned();
    let colors: Vec<&str> = sgr(&written).filter(|parameters| is_color(parameters)).collect();
    assert!(colors.is_empty(), "{colors:?}");
}

/// The theme of the terminal's own colors sends those sixteen alone, and one selected row is all of one.
#[test]
fn the_terminals_own_theme_sends_its_sixteen_colors_alone() {
    let start = Start::new(&[]).config("[servers.local]\n[ui]\ntheme = \"terminal\"\n");
    let mut console = start.spawn();
    console.wait_gone("never").wait_for("SERVERS").press("?").wait_for("EVERYWHERE").press("\x1b");
    console.wait_gone("EVERYWHERE").press("\r").wait_for("CONTAINERS");
    console.quit();
    let written = String::from_utf8_lossy(&console.written()).into_owned();
    let colors: Vec<&str> = sgr(&written).filter(|parameters| is_color(parameters)).collect();
    assert!(!colors.is_empty(), "it has colors");
    for parameters in colors {
        let mut numbers = parameters.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            if matches!(number, 38 | 48 | 58) {
                assert_eq!(numbers.next(), Some(5), "a color of its own: {parameters}");
                assert!(numbers.next().is_some_and(|index| index < 16), "{parameters}");
            }
        }
    }
}

/// The parameters of each `ESC [ … m`.
fn sgr(written: &str) -> impl Iterator<Item = &str> {
    written.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        rest[end..].starts_with('m').then(|| &rest[..end])
    })
}

/// Whether a color is set; 39, 49 and 59 put the terminal's own back.
fn is_color(parameters: &str) -> bool {
    parameters
        .split([';', ':'])
        .any(|number| matches!(number.parse(), Ok(30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)))
}

#[test]
fn a_dumb_terminal_works() {
    let mut console = Start::new(&[]).env("TERM", "dumb").spawn();
    console.wait_for("SERVERS").press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
    console.quit();
}

#[test]
fn ascii_glyphs_send_ascii_alone() {
    let mut console =
        Start::new(&[]).config("[ui]\nglyphs = \"ascii\"\n[servers.mine]\nlocal = true\n").spawn();
    console.wait_for("mine").wait_gone("never");
    for (key, title) in [("?", "EVERYWHERE"), (":", "go to, do"), ("T", "high-contrast")] {
        console.press(key).wait_for(title).press("\x1b").wait_gone(title);
    }
    console.press("\t").press("\r").wait_gone("SERVERS").press("\x1b").wait_for("SERVERS");
    console.press("m").wait_gone("SERVERS").press("\x1b").wait_for("SERVERS");
    console.quit();
    let text = String::from_utf8_lossy(&console.written()).into_owned();
    let others: std::collections::BTreeSet<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_broken_configuration_changes_nothing_and_a_mended_one_is_taken() {
    let mut console = Start::new(&[]).config("[servers.first]\nlocal = true\n").spawn();
    console.wait_for("first");
    let path = console.home().join("midwatch.toml");
    fs::write(&path, b"[servers.first\n\xff\xfe = = garbage").unwrap();
    console.wait_for("esc  dismiss").press("\x1b").wait_gone("esc  dismiss").wait_for("first");
    fs::write(&path, "[servers.second]\nlocal = true\n").unwrap();
    // What changed on it before may still be told below.
    console.wait_for("second").wait_until("no first among the servers", |screen| {
        let servers = screen.split(" SERVERS ").nth(1).and_then(|rest| rest.split(" APPS ").next());
        servers.is_some_and(|servers| !servers.contains("first"))
    });
    console.quit();
}

#[test]
fn two_consoles_share_a_home() {
    let mut one = settled();
    let mut two = Start::new(&[]).at_home_of(&one).spawn();
    two.wait_for("SERVERS").wait_gone("never");
    one.press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
    one.quit();
    two.press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
    two.quit();
}

#[test]
fn a_history_that_is_no_database_is_told_and_set_aside() {
    let start = Start::new(&[]);
    let folder = start.home().join("state/midwatch");
    fs::create_dir_all(&folder).unwrap();
    let garbage: Vec<u8> = (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(folder.join("history.db"), &garbage).unwrap();
    let mut console = start.spawn();
    console.wait_for("esc  dismiss").wait_for("history.db").press("\x1b").wait_gone("esc  dismiss");
    console.wait_for("SERVERS").wait_gone("never");
    console.press("?").wait_for("EVERYWHERE").press("\x1b").wait_gone("EVERYWHERE");
    console.quit();
    // What was there is kept somewhere: it may be worth a look.
    let kept = fs::read_dir(&folder)
        .unwrap()
        .any(|entry| fs::read(entry.unwrap().path()).is_ok_and(|bytes| bytes == garbage));
    assert!(kept, "the broken file was thrown away");
}

#[test]
fn an_unchanged_screen_is_quiet() {
    let mut console = settled();
    let (start, before) = (Instant::now(), console.bytes_written());
    std::thread::sleep(Duration::from_secs(5));
    let rate = (console.bytes_written() - before) as f64 / start.elapsed().as_secs_f64();
    assert!(rate < 600.0, "{rate} bytes a second");
    console.quit();
}

#[test]
fn without_a_terminal_it_says_so() {
    let home = tempfile::tempdir().unwrap();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_midwatch"))
        .env_clear()
        .env("HOME", home.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(!done.status.success());
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("terminal") && done.stdout.is_empty(), "{said}");
}
