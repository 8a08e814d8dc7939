//! Commands of the operator's on the machine of the console: once for the app, stopped where it is safe, and
//! never twice.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::project::{Project, Told};

const BOTH: &[&str] = &["web-1", "web-2"];

/// A command here that notes that it ran, beside the configuration, then does what is said.
fn hook(name: &str, when: &str, then: &str) -> String {
    format!(
        "[[apps.{name}.hooks]]\nwhen = \"{when}\"\nfrom = \"here\"\nname = \"{when} it\"\n\
         command = [\"sh\", \"-c\", '''echo {when} $MIDWATCH_APP $MIDWATCH_TAG $MIDWATCH_RELEASE $MIDWATCH_SERVERS >>ran; {then}''']\n"
    )
}

/// What the commands noted, and forgets it.
fn ran(app: &Project) -> Vec<String> {
    let text = fs::read_to_string(app.scratch("ran")).unwrap_or_default();
    let _ = fs::remove_file(app.scratch("ran"));
    text.lines().map(str::to_owned).collect()
}

/// Deploys, and strikes when the command here goes on; what was told until then.
fn struck(app: &Project, tag: &str, signal: &str) -> Told {
    let args = ["deploy", app.name.as_str(), "--tag", tag, "--yes"];
    let mut command = app.command(&args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let late = Instant::now() + Duration::from_secs(60);
    while !app.scratch("slow").exists() {
        assert!(Instant::now() < late, "the command was not begun");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    Told(child.wait_with_output().unwrap())
}

/// The run's name, as it told it.
fn named(told: &Told) -> String {
    let text = told.text();
    text.lines().find_map(|line| line.strip_prefix("run ")).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_command_here_runs_once_for_all_servers() {
    // The command itself does not say the secret, which the plan and the journal would have then.
    let says = "t=hunter2; echo warming; printf '\\033[31mtoken=%s-and-more\\033[0m\\n' $t; echo warm";
    let app = Project::up("hkonce", BOTH, &(hook("hkonce", "before", says) + &hook("hkonce", "after", "")));
    let told = app.run(&["deploy", "hkonce", "--tag", "1.1", "--yes"]).ends(0).text();
    assert_eq!(ran(&app), ["before hkonce 1.1 2 web-1 web-2", "after hkonce 1.1 2 web-1 web-2"]);
    let at = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words}: {told}"));
    let told_warm =
        told.lines().any(|line| line.starts_with("  ok  here: before it (") && line.ends_with("s, warm)"));
    assert!(told_warm, "{told}");
    assert!(at("  ok  here: before it") < at("  …   web-1: replace web"), "{told}");
    assert!(at("  …   here: after it") > at("  ok  web-2: wait until web is good"), "{told}");
    // What the first server keeps of it, and the journal.
    let kept = app.on(
        "web-1",
        "cd .midwatch/runs/* && for s in steps/*/by; do d=${s%/by}; echo $(cat $d/by $d/exit); cat $d/out; done",
    );
    assert!(kept.contains(" 0\nwarming\n") && kept.contains("token=***\nwarm"), "{kept}");
    assert!(!(told + &kept + &app.journal()).contains("hunter2-and"), "{kept}");
    assert!(app.journal().contains("MIDWATCH_APP=hkonce"));
    app.run(&["journal", "verify"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_command_here_that_fails_stops_the_run_where_it_is_safe() {
    let hooks = ["before", "after"]
        .map(|when| hook("hkfail", when, &format!("test ! -e {when} || {{ echo {when} says no; exit 4; }}")));
    let app = Project::up("hkfail", BOTH, &hooks.concat());
    let stood = || BOTH.iter().map(|server| app.on(server, "docker compose ps -q web")).collect::<Vec<_>>();
    let before = stood();
    fs::write(app.scratch("before"), "").unwrap();
    let told = app.run(&["deploy", "hkfail", "--tag", "1.1", "--yes"]).ends(1);
    assert!(told.text().contains("before says no (exit 4)"), "{}", told.text());
    assert!(told.text().contains("`before it` ran, and what it did is not taken back"), "{}", told.text());
    assert_eq!(ran(&app).len(), 1);
    assert_eq!(stood(), before, "nothing was replaced");
    fs::remove_file(app.scratch("before")).unwrap();
    fs::write(app.scratch("after"), "").unwrap();
    let told = app.run(&["deploy", "hkfail", "--tag", "1.1", "--yes"]).ends(1);
    assert!(told.text().contains("after says no (exit 4)"), "{}", told.text());
    for server in BOTH {
        assert_eq!(app.versions(server), ["1.0"]);
        assert_eq!(app.outcomes(server)[0], "3 rolled-back");
    }
    assert_eq!(ran(&app).len(), 2);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_command_here_is_ended_by_a_cancel_with_all_it_started() {
    let slow = "(trap '' TERM; while :; do echo >>slow; sleep 0.05; done) & wait";
    let app = Project::up("hkstop", &["web-2"], &hook("hkstop", "before", slow));
    let told = struck(&app, "1.1", "-INT").ends(1);
    assert!(told.text().contains("cancelled after"), "{}", told.text());
    let beats = || fs::metadata(app.scratch("slow")).unwrap().len();
    let before = beats();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(beats(), before, "what it started goes on");
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.on("web-2", "cat .midwatch/runs/*/steps/*/exit | sort | tail -1"), "143");
    app.run(&["runs"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_command_here_whose_console_was_killed_is_told_and_not_run_again() {
    // It is not killed with its console; what became of it nobody can know.
    let slow = "echo >slow; sleep 2; echo over >>ran";
    let app = Project::up("hkkill", BOTH, &(hook("hkkill", "before", slow) + &hook("hkkill", "after", "")));
    let run = named(&struck(&app, "1.1", "-KILL"));
    let told = app.run(&["resume", &run]).ends(1).text();
    assert!(told.contains("`before it` was begun at ") && told.contains("left no word of its end"), "{told}");
    assert!(told.contains("not run yet: `after it`"), "{told}");
    let told = app.run(&["resume", &run, "finish"]).ends(1).text();
    assert!(told.contains("it was begun before, and left no word of its end"), "{told}");
    for server in BOTH {
        assert_eq!(app.versions(server), ["1.0"]);
    }
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(ran(&app), ["before hkkill 1.1 2 web-1 web-2", "over"], "it ran once");
    app.run(&["runs"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_run_left_on_another_machine_runs_its_commands_here_only_when_that_is_said() {
    let slow = "test $MIDWATCH_TAG != 1.1 || { echo >slow; sleep 1; }";
    let app =
        Project::up("hkmove", BOTH, &(hook("hkmove", "before", "true") + &hook("hkmove", "after", slow)));
    let run = named(&struck(&app, "1.1", "-KILL"));
    // After all servers were good: what was changed is put back.
    app.run(&["resume", &run, "undo"]).ends(1);
    for server in BOTH {
        assert_eq!(app.versions(server), ["1.0"]);
    }
    ran(&app);
    // Killed before any of its commands here, and taken up elsewhere: as its lock says, that was a laptop.
    let (run, _) = super::kills::killed_at(&app, &["deploy", "hkmove", "--tag", "1.2", "--yes"], 1).unwrap();
    app.everywhere(&format!(
        "sed -i 's/\"machine\":\"[^\"]*\"/\"machine\":\"a-laptop\"/' ~/{}/.midwatch/lock",
        app.name
    ));
    let told = app.run(&["resume", &run, "finish"]);
    assert!(told.text().contains("`before it`, `after it` would run on this machine"), "{}", told.text());
    assert!(
        told.text().contains("begun on a-laptop") && told.text().contains("--run-here"),
        "{}",
        told.text()
    );
    told.ends(1);
    assert_eq!(ran(&app).len(), 0);
    app.run(&["resume", &run, "finish", "--run-here"]).ends(0);
    assert_eq!(ran(&app).len(), 2);
    for server in BOTH {
        assert_eq!(app.versions(server), ["1.2"]);
    }
}
