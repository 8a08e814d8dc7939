//! What a release has to answer: the app's own checks, and the question to containers without a health
//! check.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::project::Project;
use super::site::{Kind, Site};

/// Takes the health check from the app's containers, as an image without one has none.
const UNCHECKED: &str = "sed -i '0,/restart: unless-stopped/s//restart: unless-stopped\\n    healthcheck: {disable: true}/' compose.yaml && \
    docker compose up -d 2>&1";

/// An HTTP check of a site's app, seen from its server through its proxy.
fn check(site: &Site, name: &str, path: &str, more: &str) -> String {
    format!(
        "\n[checks.{name}]\nkind = \"http\"\napp = \"{}\"\nurl = \"{}{path}\"\nfrom = \"{}\"\nconnect = \"127.0.0.1:80\"\n{more}\n",
        site.app.name,
        site.address(),
        site.kind.server()
    )
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_healthy_release_whose_check_fails_is_put_back() {
    let site = Site::up("ckorder", Kind::Nginx, "start-first", 18220, "gate.deadline = \"8s\"");
    site.app.configure(&check(&site, "ckorder-order", "cgi-bin/order", ""));
    // One from the console's side, at the proxy's port here.
    let here = format!(
        "\n[checks.ckorder-here]\nkind = \"http\"\napp = \"ckorder\"\nurl = \"{}version\"\nconnect = \"{}\"\n",
        site.address(),
        site.app.lab.at("/http/web-2").trim_start_matches("http://")
    );
    site.app.configure(&here);
    let told = site.app.run(&["deploy", "ckorder", "--tag", "1.1", "--yes"]).ends(0).text();
    assert!(told.contains("ckorder-here, ckorder-order are up, and have to be afterwards"), "{told}");
    for name in ["ckorder-order", "ckorder-here"] {
        assert!(told.contains(&format!("ok  web-2: wait until the check {name} is up")), "{told}");
    }
    let shell = site.app.run(&["deploy", "ckorder", "--tag", "1.0", "--dry-run", "--shell"]).ends(0).text();
    assert!(shell.contains("# where midwatch is: midwatch check ckorder-order"), "{shell}");

    // Its containers are healthy; what it is there for it does not do.
    let told = site.app.run(&["deploy", "ckorder", "--tag", "errors", "--yes"]).ends(1).text();
    assert!(told.contains("ok  web-2: wait until web is good"), "{told}");
    assert!(told.contains("the check ckorder-order is down (it answers 500, not 2xx), after 7 s"), "{told}");
    assert!(told.contains("log-web.txt"), "{told}");
    assert_eq!(site.served(), "1.1");
    assert_eq!(site.app.outcomes("web-2"), ["3 rolled-back", "2 good", "1 good"]);
    let log = site.app.on("web-2", "cat .midwatch/releases/0003/log-web.txt");
    assert!(log.contains("shop errors listening"), "{log}");
    assert!(site.app.journal().contains("the check ckorder-order is down"));
    // The same by a rollback, which goes to what is there, and is asked the same.
    let told = site.app.run(&["rollback", "ckorder", "--to", "1", "--yes"]).ends(0).text();
    assert!(told.contains("ok  web-2: wait until the check ckorder-order is up"), "{told}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_check_that_was_red_before_is_told_and_holds_nothing_up() {
    let site = Site::up("ckred", Kind::Nginx, "recreate", 18222, "gate.deadline = \"8s\"");
    site.app.configure(&check(&site, "ckred-order", "cgi-bin/order", ""));
    site.app.configure(&check(&site, "ckred-gone", "gone", ""));
    let told = site.app.run(&["deploy", "ckred", "--tag", "1.1", "--yes"]).ends(0).text();
    let red = "ckred-gone is down before anything is changed (it answers 404, not 2xx): it cannot tell, and is not asked";
    assert!(told.contains(red), "{told}");
    assert!(told.contains("ok  web-2: wait until the check ckred-order is up"), "{told}");
    assert!(!told.contains("wait until the check ckred-gone"), "{told}");
    // A release that is bad already is deployed over, and gone back from.
    site.app.run(&["deploy", "ckred", "--tag", "errors", "--yes"]).ends(1);
    site.app.replace("app = \"ckred\"", "interval = \"60s\"");
    site.app.run(&["deploy", "ckred", "--tag", "errors", "--yes"]).ends(0);
    site.app.replace("interval = \"60s\"", "app = \"ckred\"");
    let told = site.app.run(&["rollback", "ckred", "--yes"]).ends(0).text();
    assert!(told.contains("ckred-order is down before anything is changed (it answers 500"), "{told}");
    assert_eq!(site.served(), "1.1");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_check_that_fails_while_the_release_is_watched_takes_it_back() {
    let site = Site::up("ckwatch", Kind::Nginx, "recreate", 18224, "watch = \"60s\"");
    site.app.everywhere(&format!("cd ~/ckwatch && {UNCHECKED}"));
    site.app.configure(&check(&site, "ckwatch-live", "healthz", "fail_after = 2"));
    // Well for twenty seconds.
    let told = site.app.run(&["deploy", "ckwatch", "--tag", "unhealthy", "--yes"]).ends(1).text();
    assert!(told.contains("ok  web-2: wait until the check ckwatch-live is up"), "{told}");
    let why = "the check ckwatch-live is down (it answers 404, not 2xx), 2 times in a row";
    assert!(told.contains(why), "{told}");
    assert_eq!(site.app.versions("web-2"), ["1.0"]);
    assert_eq!(site.app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_deploy_in_maintenance_is_not_judged_by_the_503() {
    let site = Site::up("ckmaint", Kind::Nginx, "start-first", 18226, "gate.deadline = \"8s\"");
    site.app.configure(&check(&site, "ckmaint-home", "", ""));
    site.app.run(&["maintenance", "ckmaint", "on", "--reason", "moving", "--yes"]).ends(0);
    let told = site.app.run(&["deploy", "ckmaint", "--tag", "1.1", "--yes"]).ends(0).text();
    assert!(told.contains("ckmaint-home is not asked: in maintenance since"), "{told}");
    site.app.run(&["maintenance", "ckmaint", "off", "--yes"]).ends(0);
    assert_eq!(site.served(), "1.1");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_run_is_finished_by_a_console_that_has_no_such_check_and_says_so() {
    let site = Site::up("cktaken", Kind::Nginx, "recreate", 18228, "");
    site.app.configure(&check(&site, "cktaken-slow", "cgi-bin/slow", ""));
    let mut child = site
        .app
        .command(&["deploy", "cktaken", "--tag", "1.1", "--yes"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut run = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        run = run.or(line.strip_prefix("run ").map(str::to_owned));
        if line.starts_with("  …") && line.contains("wait until the check cktaken-slow is up") {
            child.kill().unwrap();
            break;
        }
    }
    child.wait().unwrap();
    site.app.replace("[checks.cktaken-slow]", "[checks.another]");
    let told = site.app.run(&["resume", &run.unwrap(), "finish"]).ends(0).text();
    assert!(told.contains("cktaken-slow is passed over: it is not configured here"), "{told}");
    assert_eq!(site.app.versions("web-2"), ["1.1"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn without_a_health_check_a_container_is_asked_instead_of_staying_up() {
    let app = Project::up(
        "ckprobe",
        &["web-2"],
        "gate.port = 8080\ngate.path = \"/cgi-bin/order\"\ngate.deadline = \"10s\"",
    );
    app.everywhere(&format!("cd ~/ckprobe && {UNCHECKED}"));
    // An answer is enough: nobody waits a minute.
    app.replace("gate.steady = \"3s\"", "gate.steady = \"60s\"");
    let told = app.run(&["deploy", "ckprobe", "--tag", "1.1", "--service", "web", "--yes"]).ends(0).text();
    assert!(told.contains("wait until web is good (without a health check: :8080/cgi-bin/order)"), "{told}");
    assert_eq!(app.versions("web-2"), ["1.1"]);
    app.replace("gate.steady = \"60s\"", "gate.steady = \"2s\"");
    let told = app.run(&["deploy", "ckprobe", "--tag", "errors", "--yes"]).ends(1).text();
    assert!(told.contains("ckprobe-web-1 answers 500 to :8080/cgi-bin/order, after 9 s"), "{told}");
    assert_eq!(app.versions("web-2"), ["1.1"]);
    assert_eq!(app.outcomes("web-2"), ["3 rolled-back", "2 good", "1 good"]);
    // A port on which nobody answers says so.
    app.replace("gate.port = 8080", "gate.port = 8079");
    let told = app.run(&["deploy", "ckprobe", "--tag", "1.2", "--yes"]).ends(1).text();
    assert!(told.contains("ckprobe-web-1 does not answer :8079/cgi-bin/order"), "{told}");
    assert_eq!(app.versions("web-2"), ["1.1"]);
    // A release of before may not know the path: that it answers is enough.
    app.replace("gate.port = 8079", "gate.port = 8080");
    app.replace("/cgi-bin/order", "/of-a-later-one");
    app.run(&["deploy", "ckprobe", "--tag", "1.2", "--yes"]).ends(1);
    app.run(&["rollback", "ckprobe", "--to", "1", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    // What the plan is as shell, typed.
    let shell = app.run(&["deploy", "ckprobe", "--tag", "1.1", "--dry-run", "--shell"]).ends(0).text();
    let asks = shell.lines().find(|line| line.contains("curl")).unwrap();
    let typed = app.on("web-2", asks);
    assert!(typed.contains(" 404 "), "{asks}: {typed}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_container_that_stops_answering_while_it_is_watched_is_taken_back() {
    let app =
        Project::up("ckdeaf", &["web-2"], "gate.port = 8080\ngate.path = \"/healthz\"\nwatch = \"60s\"");
    app.everywhere(&format!("cd ~/ckdeaf && {UNCHECKED}"));
    let told = app.run(&["deploy", "ckdeaf", "--tag", "unhealthy", "--yes"]).ends(1).text();
    assert!(told.contains("ckdeaf-web-1 answers 404 to :8080/healthz, 3 times in a row"), "{told}");
    assert_eq!(app.versions("web-2"), ["1.0"]);
}
