//! Logs with the real program on a real pseudo-terminal, without a lab: what is saved, and what the
//! charts lead to.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::pty::Start;

#[test]
fn what_is_saved_has_no_secrets_and_is_for_its_owner_alone() {
    let start = Start::new(&[]);
    let log = start.home().join("app.log");
    fs::write(
        &log,
        "2026-11-20T03:00:01Z INFO begin\n\
         2026-11-20T03:00:02Z ERROR login failed password=hunter2-swordfish user=ada\n\
         2026-11-20T03:00:03Z INFO end\n",
    )
    .unwrap();
    let config = format!(
        "[servers.me]\nlocal = true\ncollect = {{ containers = false, units = false, journal = false }}\n\
         [[servers.me.logs]]\npath = \"{}\"\nlabel = \"app\"\n",
        log.display()
    );
    let console = start.config(&config).spawn();
    console.wait_for("SERVERS").press("l").wait_for("sources");
    console.press("o").wait_for("app.log").press("app.log").wait_for("> app.log").press("\t");
    console.wait_for("marked").press("\r").wait_for("hunter2-swordfish");
    console.press("&login\r").wait_gone("INFO begin");
    let saved = console.home().join("saved.txt");
    console.press("S").wait_for("save to").press("\x15").wait_for("a new file's name");
    console.press("saved.txt\r").wait_for("saved");
    let text = fs::read_to_string(&saved).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("login failed password=*** user=ada"), "{text}");
    assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o777, 0o600);
    // What is there already is not written over.
    console.press("S").wait_for("save to").press("\x15saved.txt\r").wait_for("exists");
    assert_eq!(fs::read_to_string(&saved).unwrap(), text);
    console.press("\x1b").press("q");
}

#[test]
fn the_charts_lead_to_the_lines_of_the_time_at_the_cursor() {
    let mut console = Start::new(&["demo", "--speed", "40"]).size(120, 40).spawn();
    console.wait_for("SERVERS").wait_for("shop");
    console.press("m").wait_for("cpu").press("\x1b[D").press("\x1b[D").press("l").wait_for("paused");
    let screen = console.screen_text();
    assert!(screen.contains("since") && screen.contains("until"), "{screen}");
    assert!(!screen.contains("following"), "{screen}");
    console.press("\x1b").wait_for("cpu").press("\x1b").press("l").wait_for("following");
    console.press("q");
    assert_eq!(console.exit_code(std::time::Duration::from_secs(10)), 0);
}
