//! The link, the engine and the room failing at every step of a deploy: it ends as it says it ended.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::project::Project;
use super::site::{Kind, Site};
use super::table::Table;

/// What a deploy said that was struck while a step went on.
pub(super) struct Struck {
    pub(super) step: String,
    pub(super) code: i32,
    pub(super) text: String,
}

/// Deploys, and does something as soon as the `nth` step has begun of those with these words; nothing where
/// there is no such step.
pub(super) fn struck_at(
    app: &Project,
    tag: &str,
    nth: usize,
    words: &str,
    strike: impl FnOnce(),
) -> Option<Struck> {
    struck_in(app, &["deploy", &app.name, "--tag", tag, "--yes"], nth, words, strike)
}

/// The same of any change.
fn struck_in(app: &Project, args: &[&str], nth: usize, words: &str, strike: impl FnOnce()) -> Option<Struck> {
    let mut child = app.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut text, mut line, mut begun, mut step) = (String::new(), String::new(), 0, None);
    let mut strike = Some(strike);
    while out.read_line(&mut line).unwrap() > 0 {
        if let Some(title) = line.strip_prefix("  …").filter(|title| title.contains(words)) {
            begun += 1;
            if begun == nth {
                step = Some(title.trim().to_owned());
                strike.take().unwrap()();
            }
        }
        text.push_str(&line);
        line.clear();
    }
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    step.map(|step| Struck { step, code, text })
}

/// What is said of a deploy is what stands on the server.
#[track_caller]
fn is_honest(app: &Project, struck: &Struck, from: &str, to: &str) -> &'static str {
    let versions = app.versions("web-2");
    match struck.code {
        0 => {
            assert_eq!(versions, [to], "{}", struck.text);
            "done"
        }
        1 => {
            assert_eq!(versions, [from], "{}", struck.text);
            "put back"
        }
        code => panic!("exit {code} at {}: {}", struck.step, struck.text),
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_connection_cut_at_any_step_ends_nothing_fault() {
    let app = Project::up(
        "bravo-one",
        &["web-2"],
        "[[apps.bravo-one.hooks]]\nwhen = \"before\"\nname = \"count\"\ncommand = [\"sh\", \"-c\", \"echo >>count; sleep 1\"]\n",
    );
    // From here on every plan has the same steps.
    app.run(&["deploy", "bravo-one", "--tag", "1.1", "--yes"]).ends(0);
    app.everywhere("rm ~/bravo-one/count");
    let mut table = Table::new("The connection is cut while a step goes on");
    for nth in 1.. {
        let (from, to) = if nth % 2 == 0 { ("1.0", "1.1") } else { ("1.1", "1.0") };
        let strike = || drop(app.lab.fault("kill-connections", "web-2", &[]));
        let Some(struck) = struck_at(&app, to, nth, "", strike) else { break };
        assert_eq!(is_honest(&app, &struck, from, to), "done", "{}", struck.text);
        assert_eq!(app.on("web-2", "wc -l <count; rm count"), "1", "the hook ran once: {}", struck.step);
        table.row(&struck.step, "connected again, what became of the step looked up, done");
    }
    table.check(6);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_engine_restarted_at_any_step_leaves_what_is_said_fault() {
    let app = Project::up("bravo-two", &["web-2"], "");
    let mut table = Table::new("The server's engine is restarted while a step goes on");
    app.run(&["deploy", "bravo-two", "--tag", "1.1", "--yes"]).ends(0);
    let mut stands = "1.1";
    for nth in 1.. {
        let to = if stands == "1.0" { "1.1" } else { "1.0" };
        let strike = || drop(app.lab.fault("restart-engine", "web-2", &[]));
        let Some(struck) = struck_at(&app, to, nth, "", strike) else { break };
        let said = is_honest(&app, &struck, stands, to);
        if said == "done" {
            stands = to;
        }
        table.row(&struck.step, "done, or the release before put back; what is said is what stands");
    }
    table.check(5);
}

/// Goes back from one release to the other, struck at the `nth` step: it is done, or told as what it is, since
/// what is replaced in its place has no way back of its own, and going there again does it.
fn gone_back(app: &Project, nth: usize, strike: impl FnOnce(), settle: impl FnOnce()) -> Option<Struck> {
    let (to, from, version) = if nth % 2 == 1 { ("1", "1.1", "1.0") } else { ("2", "1.0", "1.1") };
    let args = ["rollback", &app.name, "--to", to, "--yes"];
    let struck = struck_in(app, &args, nth, "", strike)?;
    settle();
    if struck.code == 4 {
        assert!(struck.text.contains("web-2: in between"), "{}", struck.text);
    } else {
        is_honest(app, &struck, from, version);
    }
    if struck.code != 0 {
        app.run(&[&args[..], &["--reason", "once more"]].concat()).ends(0);
    }
    assert_eq!(app.versions("web-2"), [version], "{}", struck.text);
    app.run(&["runs"]).ends(0);
    Some(struck)
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_connection_cut_during_a_rollback_ends_nothing_fault() {
    let app = Project::up("bravo-six", &["web-2"], "");
    app.run(&["deploy", "bravo-six", "--tag", "1.1", "--yes"]).ends(0);
    let mut table = Table::new("The connection is cut while a step of a rollback goes on");
    for nth in 1.. {
        let (to, from, version) = if nth % 2 == 1 { ("1", "1.1", "1.0") } else { ("2", "1.0", "1.1") };
        let strike = || drop(app.lab.fault("kill-connections", "web-2", &[]));
        let args = ["rollback", "bravo-six", "--to", to, "--yes"];
        let Some(struck) = struck_in(&app, &args, nth, "", strike) else { break };
        assert_eq!(is_honest(&app, &struck, from, version), "done", "{}", struck.text);
        app.run(&["runs"]).ends(0);
        table.row(&struck.step, "connected again, what became of the step looked up, done");
    }
    table.check(3);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_engine_restarted_during_a_rollback_leaves_what_is_said_fault() {
    let app = Project::up("bravo-seven", &["web-2"], "");
    app.run(&["deploy", "bravo-seven", "--tag", "1.1", "--yes"]).ends(0);
    let mut table = Table::new("The server's engine is restarted while a step of a rollback goes on");
    for nth in 1.. {
        let strike = || drop(app.lab.fault("restart-engine", "web-2", &[]));
        let Some(struck) = gone_back(&app, nth, strike, || ()) else { break };
        table.row(&struck.step, "done, or told as in between, and done by going there again");
    }
    table.check(3);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_engine_restarted_during_a_rollback_beside_leaves_what_is_said_fault() {
    let site = Site::up("bravo-eight", Kind::Nginx, "start-first", 18216, "");
    let app = &site.app;
    app.run(&["deploy", "bravo-eight", "--tag", "1.1", "--yes"]).ends(0);
    let (mut stands, mut struck_steps) = ("1.1", 0);
    // Every second step: each takes a quarter of a minute, in which nothing else can be tested.
    for nth in (1..).step_by(2) {
        let (to, version) = if stands == "1.1" { ("1", "1.0") } else { ("2", "1.1") };
        let strike = || drop(app.lab.fault("restart-engine", "web-2", &[]));
        let args = ["rollback", "bravo-eight", "--to", to, "--yes"];
        let Some(struck) = struck_in(app, &args, nth, "", strike) else { break };
        // Done, put back, or done with an old container left behind: what is said is what is served.
        match struck.code {
            0 => stands = version,
            4 => {
                let held = struck.text.contains("done and verified, but something was left behind");
                assert!(held || struck.text.contains("in between"), "{}", struck.text);
                if !held {
                    app.run(&["rollback", "bravo-eight", "--to", to, "--yes", "--reason", "once more"])
                        .ends(0);
                }
                stands = version;
            }
            1 => {}
            code => panic!("exit {code} at {}: {}", struck.step, struck.text),
        }
        assert_eq!(site.served(), stands, "{}: {}", struck.step, struck.text);
        app.run(&["runs"]).ends(0);
        struck_steps += 1;
    }
    assert!(struck_steps > 2, "the plan had fewer steps than it should");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_rebooted_at_any_step_leaves_what_is_said_fault() {
    let app = Project::up("bravo-five", &["web-2"], "");
    let mut table = Table::new("The server is reset while a step goes on, and boots again");
    app.run(&["deploy", "bravo-five", "--tag", "1.1", "--yes"]).ends(0);
    let mut stands = "1.1";
    for nth in 1.. {
        let to = if stands == "1.0" { "1.1" } else { "1.0" };
        // It is dead, and boots, while the deploy looks for it.
        let mut booting = None;
        let strike = || {
            let lab = crate::lab::Lab::get();
            booting = Some(thread::spawn(move || drop(lab.fault("reboot", "web-2", &[]))));
        };
        let struck = struck_at(&app, to, nth, "", strike);
        if let Some(booting) = booting {
            booting.join().unwrap();
        }
        let Some(struck) = struck else { break };
        let said = is_honest(&app, &struck, stands, to);
        if said == "done" {
            stands = to;
        }
        println!("{}: {said}\n{}", struck.step, struck.text);
        table.row(&struck.step, "done, or the release before put back; what is said is what stands");
    }
    table.check(5);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_rebooted_during_a_rollback_leaves_what_is_said_fault() {
    let app = Project::up("bravo-nine", &["web-2"], "");
    app.run(&["deploy", "bravo-nine", "--tag", "1.1", "--yes"]).ends(0);
    let mut table = Table::new("The server is reset while a step of a rollback goes on, and boots again");
    for nth in 1.. {
        let booting = RefCell::new(None);
        let strike = || {
            let lab = crate::lab::Lab::get();
            booting.replace(Some(thread::spawn(move || drop(lab.fault("reboot", "web-2", &[])))));
        };
        let settle = || booting.take().into_iter().for_each(|it| it.join().unwrap());
        let struck = gone_back(&app, nth, strike, settle);
        let Some(struck) = struck else { break };
        table.row(&struck.step, "done, or told as in between, and done by going there again");
    }
    table.check(3);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn without_room_nothing_is_changed_fault() {
    let app = Project::up("bravo-three", &["web-2"], "");
    // The app's folder is on a small file system, which is full.
    app.everywhere("sudo cp -a ~/bravo-three /srv/small/ && sudo chown ops: /srv/small");
    app.replace("/home/ops/bravo-three/compose.yaml", "/srv/small/bravo-three/compose.yaml");
    let full = app.lab.fault("fill-disk", "web-2", &[]);
    let before = app.on("web-2", "docker compose ps -q");
    let told = app.run(&["deploy", "bravo-three", "--tag", "1.1", "--yes", "--reason", "no"]).ends(2);
    assert!(told.text().contains("no room left for a release"), "{}", told.text());
    assert_eq!(app.on("web-2", "docker compose ps -q"), before);
    drop(full);

    // Full in between: a few bytes may still fit. Where they do not, it cannot be written down how it ended,
    // which is what is said.
    let mut full = None;
    let strike = || full = Some(app.lab.fault("fill-disk", "web-2", &[]));
    let struck = struck_at(&app, "1.1", 1, "wait until web", strike).unwrap();
    drop(full);
    if struck.code == 4 {
        let told = app.run(&["runs"]).ends(1);
        let run = told.text().split_whitespace().find(|word| word.len() > 24).unwrap().to_owned();
        app.run(&["resume", &run, "finish"]).ends(0);
        assert_eq!(app.versions("web-2"), ["1.1"]);
    } else {
        is_honest(&app, &struck, "1.0", "1.1");
        app.run(&["runs"]).ends(0);
    }
    app.everywhere("rm -rf /srv/small/bravo-three");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_that_dies_during_rolling_leaves_the_rest_as_it_was_fault() {
    let app = Project::up("bravo-four", &["web-2", "web-1"], "strategy = \"rolling\"");
    let before = app.on("web-1", "docker compose ps -q");
    // It is dead for longer than a run waits for a connection, and back for the way back.
    let mut mending = None;
    let strike = || {
        let dead = app.lab.fault("cut", "web-2", &[]);
        mending = Some(thread::spawn(move || {
            thread::sleep(Duration::from_secs(95));
            drop(dead);
        }));
    };
    let struck = struck_at(&app, "1.1", 1, "replace web", strike).unwrap();
    mending.unwrap().join().unwrap();
    assert_eq!(is_honest(&app, &struck, "1.0", "1.1"), "put back", "{}", struck.text);
    assert!(struck.text.contains("web-1: as before: nothing was changed"), "{}", struck.text);
    assert_eq!(app.on("web-1", "docker compose ps -q"), before);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_whose_old_container_cannot_be_removed_is_good_all_the_same_fault() {
    let site = Site::up("bravo-five", Kind::Nginx, "start-first", 18096, "");
    let mut stopped = None;
    let strike = || stopped = Some(site.app.lab.fault("stop-engine", "web-2", &[]));
    let struck = struck_at(&site.app, "1.1", 1, "drain and remove", strike).unwrap();
    drop(stopped);
    assert_eq!(struck.code, 4, "{}", struck.text);
    assert!(struck.text.contains("done and verified, but something was left behind"), "{}", struck.text);
    assert_eq!(site.app.outcomes("web-2"), ["2 good", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_disk_that_is_full_during_the_pull_leaves_the_release_before_fault() {
    let app = Project::up("bravo-six", &["web-2"], "");
    let stood = app.on("web-2", "docker compose ps -q web");
    // It is not on the server, so that it has to come.
    let gone = "i=$(docker images -q registry:5000/shop:slow); [ -z \"$i\" ] || docker rmi -f $i";
    app.everywhere(gone);
    let full = app.lab.fault("fill-images", "web-2", &[]);
    let told = app.run(&["deploy", "bravo-six", "--tag", "slow", "--yes"]);
    drop(full);
    let text = told.ends(1).text();
    assert!(
        text.contains("NO  web-2: pull registry:5000/shop:slow") && text.contains("no space left"),
        "{text}"
    );
    assert!(text.contains("make room: docker system df"), "{text}");
    assert!(text.contains("web-2: as before: nothing was changed"), "{text}");
    assert_eq!(app.on("web-2", "docker compose ps -q web"), stood);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.ledger("web-2")["current"], 1);
    // With room again nothing is in the way.
    app.run(&["deploy", "bravo-six", "--tag", "slow", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["slow"]);
    app.everywhere("cd ~/bravo-six && docker compose down -t 1 2>&1");
    app.everywhere(gone);
}
