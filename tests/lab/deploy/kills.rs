//! The console killed at every step: what stands is named, and can be finished or undone.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::project::Project;
use super::site::{Kind, Site};
use super::table::Table;

/// A command that leaves a line each time it runs, so that what runs twice is seen.
const HOOKS: &str = "[[apps.NAME.hooks]]\nwhen = \"before\"\nname = \"count before\"\n\
    command = [\"sh\", \"-c\", \"echo before >>count\"]\n\n\
    [[apps.NAME.hooks]]\nwhen = \"after\"\nname = \"count after\"\n\
    command = [\"sh\", \"-c\", \"echo after >>count\"]\n";

/// Runs the program until it has begun its `nth` step, and kills it there. The run's name and the step; nothing
/// where it was over before.
pub(super) fn killed_at(app: &Project, args: &[&str], nth: usize) -> Option<(String, String)> {
    let mut child = app.command(args).stdout(Stdio::piped()).spawn().unwrap();
    let mut run = None;
    let mut begun = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(name) = line.strip_prefix("run ") {
            run = Some(name.to_owned());
        }
        let Some(step) = line.strip_prefix("  …") else { continue };
        begun += 1;
        if begun == nth {
            child.kill().unwrap();
            child.wait().unwrap();
            return run.map(|run| (run, step.trim().to_owned()));
        }
    }
    child.wait().unwrap();
    None
}

/// How often each of the two commands ran since the last time it was asked.
fn counted(app: &Project) -> (usize, usize) {
    let text = app.on("web-2", "cat count 2>/dev/null; rm -f count");
    let times = |word: &str| text.lines().filter(|line| *line == word).count();
    (times("before"), times("after"))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_deploy_killed_at_any_step_can_be_finished_and_nothing_runs_twice() {
    let app = Project::up("kilo", &["web-2"], &HOOKS.replace("NAME", "kilo"));
    // From here on every plan has the same steps.
    app.run(&["deploy", "kilo", "--tag", "1.2", "--yes"]).ends(0);
    counted(&app);
    let tags = ["1.2", "1.1"];
    let mut table = Table::new("The console is killed while a step goes on, and the run is finished");
    for nth in 1.. {
        let tag = tags[nth % 2];
        let Some((run, step)) = killed_at(&app, &["deploy", "kilo", "--tag", tag, "--yes"], nth) else {
            table.check(8);
            break;
        };
        let told = app.run(&["runs"]).ends(1);
        assert!(told.text().contains(&run) && told.text().contains("NO END"), "{}", told.text());
        let told = app.run(&["resume", &run]).ends(1);
        assert!(told.text().contains("finish it"), "{}", told.text());
        // Nobody else gets in between.
        let told = app.run(&["deploy", "kilo", "--tag", "1.0", "--yes", "--reason", "no"]).ends(2);
        assert!(told.text().contains("holds the lock"), "{}", told.text());
        app.run(&["resume", &run, "finish"]).ends(0);
        assert_eq!(app.versions("web-2"), [tag], "killed at step {nth}");
        assert_eq!(counted(&app), (1, 1), "killed at step {nth}");
        app.run(&["runs"]).ends(0);
        app.run(&["journal", "verify"]).ends(0);
        table.row(&step, "named at the next start; nobody else gets in between; done, and nothing ran twice");
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_deploy_killed_at_any_step_can_be_undone() {
    let app = Project::up("lima", &["web-2"], "");
    let mut table = Table::new("The console is killed while a step goes on, and the run is undone");
    // What runs is recorded first, so the first three steps are of another plan than those after them.
    for nth in 1..=3 {
        let args = ["deploy", "lima", "--tag", "1.1", "--yes"];
        let (run, _) = killed_at(&app, &args, nth).expect("the plan had fewer steps than it should");
        let told = app.run(&["resume", &run, "undo"]);
        assert!(told.text().contains("cancelled after"), "killed at step {nth}: {}", told.text());
        assert_eq!(app.versions("web-2"), ["1.0"], "killed at step {nth}");
    }
    app.run(&["deploy", "lima", "--tag", "1.2", "--yes"]).ends(0);
    app.run(&["rollback", "lima", "--yes"]).ends(0);
    for nth in 1.. {
        let Some((run, step)) = killed_at(&app, &["deploy", "lima", "--tag", "1.1", "--yes"], nth) else {
            break;
        };
        let told = app.run(&["resume", &run, "undo"]);
        if told.text().contains("it is in place") {
            // Nothing but tidying up was left, and that had begun: there is no way back but a rollback.
            assert!(step.contains("keep the images"), "{step}: {}", told.text());
            app.run(&["resume", &run, "finish"]).ends(0);
            app.run(&["rollback", "lima", "--yes"]).ends(0);
            continue;
        }
        assert!(told.text().contains("cancelled after"), "killed at step {nth}: {}", told.text());
        assert_eq!(
            app.versions("web-2"),
            ["1.0"],
            "killed at step {nth}: {}{}",
            told.text(),
            app.run(&["journal", "show", &run]).text()
        );
        assert_eq!(app.on("web-2", "ls .midwatch | grep -v key"), "releases\nruns", "killed at step {nth}");
        app.run(&["runs"]).ends(0);
        if !step.contains("keep the images") {
            table.row(&step, "named at the next start; the release before stands, verified");
        }
    }
    table.check(5);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_rollback_killed_at_any_step_can_be_finished() {
    let app = Project::up("mike", &["web-2"], "");
    app.run(&["deploy", "mike", "--tag", "1.1", "--yes"]).ends(0);
    for nth in 1.. {
        let to = if nth % 2 == 1 { ("1", "1.0") } else { ("2", "1.1") };
        let Some((run, _)) = killed_at(&app, &["rollback", "mike", "--to", to.0, "--yes"], nth) else {
            assert!(nth > 3, "the plan had fewer steps than it should");
            break;
        };
        app.run(&["resume", &run, "finish"]).ends(0);
        assert_eq!(app.versions("web-2"), [to.1], "killed at step {nth}");
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_is_left_is_told_as_partial() {
    let app = Project::up("november", &["web-2"], "");
    let (run, _) = killed_at(&app, &["deploy", "november", "--tag", "1.1", "--yes"], 5).expect("it was over");
    app.run(&["resume", &run, "leave"]).ends(4);
    assert_eq!(app.outcomes("web-2"), ["2 failed", "1 good"]);
    app.run(&["resume", &run, "finish"]).ends(4);
    app.run(&["deploy", "november", "--tag", "1.2", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.2"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_switch_killed_at_any_step_can_be_finished_or_undone() {
    let site = Site::up("kilo-two", Kind::Nginx, "start-first", 18096, "");
    let app = &site.app;
    let mut stands = "1.0";
    for nth in 1.. {
        let tag = if stands == "1.0" { "1.1" } else { "1.0" };
        let Some((run, step)) = killed_at(app, &["deploy", "kilo-two", "--tag", tag, "--yes"], nth) else {
            assert!(nth > 8, "the plan had fewer steps than it should");
            break;
        };
        let tidying = ["keep the images", "drain and remove"].iter().any(|words| step.contains(words));
        if nth % 2 == 0 || tidying {
            app.run(&["resume", &run, "finish"]).ends(0);
            stands = tag;
        } else {
            let told = app.run(&["resume", &run, "undo"]);
            assert!(told.text().contains("cancelled after"), "{step}: {}", told.text());
        }
        assert_eq!(
            (site.served(), app.versions("web-2")),
            (stands.to_owned(), vec![stands.to_owned()]),
            "{step}"
        );
    }
}
