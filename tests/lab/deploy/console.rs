//! Changes from the keyboard: the real console on a real terminal, and what then stands on the servers.

use std::time::Duration;

use rustix::process::Signal;

use super::project::Project;
use crate::pty::Console;

/// How long a run may take here, on a machine that others use too.
const RUN: Duration = Duration::from_secs(90);
/// In this environment a key confirms.
const BY_KEY: &str = "environment = \"staging\"";

/// A console that shows the app's page.
pub fn on_the_app(app: &Project) -> Console {
    let console = app.console().spawn();
    // The row of the app among the apps, which comes with its containers.
    console.wait_until("the app", |screen| {
        screen.split(" APPS ").nth(1).is_some_and(|apps| apps.contains(&app.name))
    });
    console.press(":").wait_for("go to, do");
    console.press(&format!("go to app {}", app.name)).wait_for(&format!("go to app {}", app.name));
    console.press("\r").wait_for(&format!("app {}", app.name)).wait_for("CONTAINERS");
    console
}

/// Plans a deploy of a tag, to where the plan can be read.
fn plan(console: &Console, tag: &str) {
    console.press("d").wait_for("version:");
    console.press(tag).wait_for(&format!("version: {tag}"));
    console.press("\r").wait_for("STEPS");
}

/// Presses Enter until it is taken: in a plan's first moment it does not count.
pub fn enter_until(console: &Console, what: &str) {
    console.wait_until(what, |screen| {
        if screen.contains(what) {
            return true;
        }
        if screen.contains("Enter carries it out") {
            console.press("\r");
            std::thread::sleep(Duration::from_millis(150));
        }
        false
    });
}

fn over(console: &Console, how: &str) {
    console.wait_at_most(RUN, how, |screen| screen.contains(how));
}

/// What an app's containers run, by their engine.
fn images(app: &Project, server: &str) -> String {
    app.on(server, "docker inspect -f '{{.Config.Image}}' $(docker compose ps -q web)")
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_version_is_picked_from_what_the_registry_has() {
    let app = Project::up("tango", &["web-2"], BY_KEY);
    let console = on_the_app(&app);
    console.press("d").wait_for("version:").wait_for("tags of registry:5000/shop, asked from web-2");
    console.wait_until("what runs", |screen| {
        screen.lines().any(|line| line.contains("1.0") && line.contains("runs now"))
    });
    console.press("1").wait_for("version: 1");
    // Down twice: of 1.2, 1.1 and 1.0, by their dates.
    console.press("\x1b[B\x1b[B").press("\r").wait_for("STEPS").wait_for("shop:1.1");
    console.press("\x1b");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_deploy_by_keys_and_back_with_three() {
    let app = Project::up("cdalfa", &["web-1", "web-2"], BY_KEY);
    let mut console = on_the_app(&app);
    plan(&console, "1.1");
    let screen = console.screen_text();
    for part in ["web.image", "shop:1.0", "shop:1.1", "INTERRUPTS", "UNDONE", "nothing is changed yet"] {
        assert!(screen.contains(part), "no {part}\n{screen}");
    }
    assert!(!screen.contains("hush"), "a secret\n{screen}");
    assert_eq!(app.versions("web-1"), ["1.0"], "changed before it was confirmed");
    enter_until(&console, "esc detach");
    over(&console, "done and verified");
    for server in ["web-1", "web-2"] {
        assert!(console.screen_text().contains(&format!("{server}: deploy: done and verified")));
        assert!(images(&app, server).contains("shop:1.1@sha256:"), "{}", images(&app, server));
        assert_eq!((app.versions(server), app.outcomes(server)[0].as_str()), (vec!["1.1".into()], "2 good"));
    }
    // r, Enter, Enter.
    console.press("\x1b").wait_for("CONTAINERS");
    console.press("r").wait_for("in place").wait_for("ran before");
    console.press("\r").wait_for("roll cdalfa back to release 1");
    enter_until(&console, "esc detach");
    over(&console, "done and verified");
    for server in ["web-1", "web-2"] {
        assert_eq!(app.versions(server), ["1.0"]);
        assert!(images(&app, server).contains("shop:1.0@sha256:"), "{}", images(&app, server));
    }
    console.press("\x1b").wait_for("rolled back");
    app.run(&["journal", "verify"]).ends(0);
    assert!(!String::from_utf8_lossy(&console.written()).contains("hush"), "a secret on the screen");
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_run_goes_on_while_nobody_looks_and_quitting_asks() {
    let app = Project::up("cdbravo", &["web-2"], BY_KEY);
    let mut console = on_the_app(&app);
    plan(&console, "1.1");
    enter_until(&console, "esc detach");
    console.press("\x1b").wait_for("goes on; w shows it").wait_for("CONTAINERS");
    console.wait_for("▸ deploy cdbravo");
    console.press("q").wait_for("are you sure").wait_for("The next start names the run");
    console.press("n").wait_gone("are you sure");
    console.press("w").wait_for("esc detach");
    // Its log beside it.
    console.press("l").wait_for("shop 1.1 listening");
    console.press("\x1b").wait_for("esc detach");
    over(&console, "done and verified");
    assert_eq!(app.versions("web-2"), ["1.1"]);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_that_fails_is_said_to_be_put_back_and_is() {
    let app = Project::up("cdcharlie", &["web-2"], BY_KEY);
    let mut console = on_the_app(&app);
    plan(&console, "crash");
    enter_until(&console, "esc detach");
    over(&console, "failed, and put back");
    console.wait_for("keeps restarting").wait_for("no DATABASE_URL").wait_for("web-2: as before");
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
    // What is refused says so, and a typed reason overrides it.
    console.press("\x1b").wait_for("CONTAINERS");
    plan(&console, "1.0");
    console.wait_for("it is refused").wait_for("this is what runs already");
    std::thread::sleep(Duration::from_millis(500));
    console.press("\r").wait_for("Why is it to be done all the same?");
    console.press("the record is to be new\r").wait_for("because: the record is to be new");
    console.wait_for("Enter carries it out");
    enter_until(&console, "esc detach");
    over(&console, "done and verified");
    assert!(app.journal().contains("the record is to be new"));
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_run_is_cancelled_at_a_safe_point_and_what_was_changed_is_put_back() {
    let app = Project::up("cddelta", &["web-2"], BY_KEY);
    let mut console = on_the_app(&app);
    plan(&console, "unhealthy");
    enter_until(&console, "esc detach");
    console
        .wait_until("the gate", |screen| screen.contains("is not healthy yet") || screen.contains("healthy"));
    // What the new container says stands beside the steps, and nothing of what the old one said.
    console.wait_for("LOG of web-2/cddelta-web-1").wait_for("shop unhealthy listening");
    assert!(!console.screen_text().contains("shop 1.0 listening"), "{}", console.screen_text());
    console.press("l").wait_for("shop unhealthy listening").wait_gone("esc detach");
    console.press("\x1b").wait_for("esc detach").wait_for("shop unhealthy listening");
    // On a small screen below them.
    console.resize(80, 24);
    console.wait_until("the log below", |screen| {
        let row = |text: &str| screen.lines().position(|row| row.contains(text));
        row("wait until web is good").is_some_and(|step| row("shop unhealthy listening") > Some(step + 1))
    });
    console.press("c").wait_for("are you sure");
    std::thread::sleep(Duration::from_millis(500));
    console.press("y").wait_gone("are you sure");
    console.wait_at_most(RUN * 2, "an end", |screen| screen.contains("everything stands as before"));
    assert_eq!(app.versions("web-2"), ["1.0"]);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_console_killed_in_a_run_names_it_at_its_next_start_and_finishes_it() {
    // In production the app's name is typed.
    let app = Project::up("cdecho", &["web-1", "web-2"], "environment = \"production\"");
    let mut console = on_the_app(&app);
    plan(&console, "1.1");
    std::thread::sleep(Duration::from_millis(500));
    console.press("\r").wait_for("name:");
    console.press("wrong\r").wait_for("type cdecho, or leave");
    console.press("\x15cdecho\r").wait_for("esc detach");
    console.wait_until("something replaced", |screen| {
        screen.contains("wait until web is good") && screen.contains("goes on")
    });
    console.signal(Signal::KILL);
    assert_eq!(console.exit_code(Duration::from_secs(10)), -9);
    let told = app.run(&["runs"]).ends(1);
    assert!(told.text().contains("NO END"), "{}", told.text());

    let mut console = on_the_app(&app);
    console.wait_for("interrupted, u ends it");
    console.press("\x1b").wait_for("PROBLEMS");
    console.wait_until("the problem", |screen| {
        screen.lines().any(|row| row.contains("app cdecho") && row.contains("interrupted"))
    });
    console.press("u").wait_for("WHAT STANDS").wait_for("WAYS ON");
    console.press("f").wait_for("name:");
    console.press("cdecho\r").wait_for("esc detach");
    over(&console, "done and verified");
    for server in ["web-1", "web-2"] {
        assert_eq!(app.versions(server), ["1.1"]);
        assert_eq!(app.outcomes(server), ["2 good", "1 good"]);
    }
    app.run(&["runs"]).ends(0);
    app.run(&["journal", "verify"]).ends(0);
    console.press("\x1b").wait_for("PROBLEMS");
    console.wait_until("no problem any more", |screen| !screen.contains("interrupted"));
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn containers_are_restarted_by_a_key_and_a_console_that_is_read_only_changes_nothing() {
    let app = Project::up("cdfoxtrot", &["web-2"], BY_KEY);
    let started = "docker inspect -f '{{.Id}} {{.State.StartedAt}}' $(docker compose ps -aq web)";
    let before = app.on("web-2", started);
    let mut console = on_the_app(&app);
    console.press("B").wait_for("STEPS").wait_for("restart web, worker");
    enter_until(&console, "esc detach");
    over(&console, "done and verified");
    let after = app.on("web-2", started);
    assert_eq!(before.split(' ').next(), after.split(' ').next(), "it is the same container");
    assert_ne!(before, after, "it was started again");
    console.quit();
    let mut console = {
        let start = app.console().args(&["--read-only"]);
        let console = start.spawn();
        console.wait_until("the app", |screen| {
            screen.split(" APPS ").nth(1).is_some_and(|apps| apps.contains(&app.name))
        });
        console.press(":").wait_for("go to, do");
        console.press("go to app cdfoxtrot").wait_for("go to app cdfoxtrot");
        console.press("\r").wait_for("CONTAINERS");
        console
    };
    plan(&console, "1.1");
    std::thread::sleep(Duration::from_millis(500));
    console.press("\r").wait_for("--read-only");
    assert_eq!(app.on("web-2", started), after);
    console.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_pull_is_of_the_services_that_are_chosen() {
    let app = Project::up("cdpull", &["web-2"], BY_KEY);
    app.everywhere("cd ~/cdpull && sed -i 's/shop:json/shop:none-such/' compose.yaml");
    let mut console = on_the_app(&app);
    console.wait_for("cdpull-worker-1");
    console.press("P").wait_for("pull the images of cdpull").wait_for("none-such");
    // What cannot be had is of the other one.
    console.press("o").wait_for("services: all 2").press(" ").wait_for("web only");
    console.press("\r").wait_for("STEPS");
    assert!(!console.screen_text().contains("none-such"), "{}", console.screen_text());
    enter_until(&console, "esc detach");
    over(&console, "done and verified");
    console.quit();
}
