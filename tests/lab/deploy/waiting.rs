//! Two operators at once: one gets the lock, the other sees who holds it, and can wait.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::project::{Project, Told};

/// A command here that takes its time in the first deploy, which so holds the lock.
fn up(name: &str) -> Project {
    let hook = format!(
        "[[apps.{name}.hooks]]\nwhen = \"before\"\nfrom = \"here\"\nname = \"take its time\"\n\
         command = [\"sh\", \"-c\", \"test $MIDWATCH_TAG != 1.1 || sleep 6\"]\n"
    );
    Project::up(name, &["web-2"], &hook)
}

/// A deploy that holds the lock.
fn begun(app: &Project) -> Child {
    let args = ["deploy", app.name.as_str(), "--tag", "1.1", "--yes"];
    let child = app.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let late = Instant::now() + Duration::from_secs(30);
    while app.on("web-2", "cat .midwatch/runs/*/alive 2>/dev/null").is_empty() {
        assert!(Instant::now() < late, "the first does not hold the lock");
        sleep(Duration::from_millis(50));
    }
    child
}

fn second(app: &Project, wait: &str) -> Child {
    let args = ["deploy", app.name.as_str(), "--tag", "1.2", "--yes", wait];
    app.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_second_of_two_deploys_waits_and_is_planned_anew() {
    let app = up("wlquebec");
    let mut first = begun(&app);
    // Without waiting it is refused at once, and told who.
    let told = app.run(&["deploy", "wlquebec", "--tag", "1.2", "--yes"]).ends(2);
    assert!(told.text().contains("holds the lock since"), "{}", told.text());
    let told = Told(second(&app, "--wait").wait_with_output().unwrap()).ends(0).text();
    assert!(first.wait().unwrap().success());
    let held = told.lines().next().unwrap_or_default();
    assert!(
        held.starts_with("the lock of wlquebec is held by ") && held.contains("deploy wlquebec"),
        "{told}"
    );
    assert_eq!(told.matches("(plan ").count(), 1, "the plan that was refused is not shown: {told}");
    assert!(
        told.contains("shop:1.1 (") || told.contains("shop:1.1@"),
        "it is planned over what is new: {told}"
    );
    assert_eq!(app.versions("web-2"), ["1.2"]);
    assert_eq!(app.outcomes("web-2"), ["3 good", "2 good", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn who_waits_can_give_up_and_nothing_is_changed() {
    let app = up("wlromeo");
    let mut first = begun(&app);
    let told = Told(second(&app, "--wait=1s").wait_with_output().unwrap()).ends(2);
    assert!(
        told.text().contains("it is held still") && told.text().contains("nothing was changed"),
        "{}",
        told.text()
    );
    let child = second(&app, "--wait");
    sleep(Duration::from_millis(1500));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let told = Told(child.wait_with_output().unwrap()).ends(2);
    assert!(
        told.text().contains("given up") && told.text().contains("nothing was changed"),
        "{}",
        told.text()
    );
    assert!(first.wait().unwrap().success());
    assert_eq!(app.versions("web-2"), ["1.1"]);
    assert_eq!(app.outcomes("web-2"), ["2 good", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_lock_that_nobody_will_give_back_is_told_and_not_waited_for() {
    let app = up("wlsierra");
    let mut first = begun(&app);
    first.kill().unwrap();
    first.wait().unwrap();
    let start = Instant::now();
    let told = Told(second(&app, "--wait").wait_with_output().unwrap()).ends(2);
    assert!(told.text().contains("no console carries that out any more"), "{}", told.text());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    let run = told.text().split("midwatch resume ").nth(1).unwrap().trim().to_owned();
    app.run(&["resume", &run, "undo"]);
    app.run(&["deploy", "wlsierra", "--tag", "1.2", "--yes", "--wait=10s"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.2"]);
}
