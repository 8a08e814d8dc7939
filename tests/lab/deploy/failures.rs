//! Releases that go wrong: each ends in the state that its plan promised.

use super::project::Project;

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_that_crashes_is_put_back_and_its_log_is_kept() {
    let app = Project::up("echo", &["web-1", "web-2"], "");
    let told = app.run(&["deploy", "echo", "--tag", "crash", "--yes"]).ends(1);
    assert!(told.text().contains("keeps restarting"), "{}", told.text());
    assert!(told.text().contains("no DATABASE_URL"), "its last words are told: {}", told.text());
    for server in ["web-1", "web-2"] {
        assert_eq!(app.versions(server), ["1.0"]);
        assert_eq!(app.ledger(server)["current"], 1);
        assert_eq!(app.outcomes(server), ["2 rolled-back", "1 good"]);
    }
    let log = app.on("web-1", "cat .midwatch/releases/0002/log-web.txt");
    assert!(log.contains("FATAL") && !log.contains('\u{1b}'), "{log}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_rolling_deploy_stops_at_the_first_server_that_fails() {
    let app = Project::up("foxtrot", &["web-1", "web-2"], "strategy = \"rolling\"\ngate.deadline = \"30s\"");
    let second = app.on("web-2", "docker compose ps -q web");
    let told = app.run(&["deploy", "foxtrot", "--tag", "crash", "--yes"]).ends(1);
    assert!(told.text().contains("web-2: as before: nothing was changed"), "{}", told.text());
    assert_eq!(app.on("web-2", "docker compose ps -q web"), second, "the second server was not touched");
    assert_eq!(app.versions("web-1"), ["1.0"]);
    assert_eq!(app.outcomes("web-2"), ["2 unapplied", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_cannot_work_is_refused_before_anything_is_changed() {
    let app = Project::up("golf", &["web-2"], "");
    let before = app.on("web-2", "docker compose -p golf ps -aq | sort");
    let told = app.run(&["deploy", "golf", "--tag", "no-such-tag", "--yes"]);
    assert!(told.text().contains("manifest unknown"), "{}", told.text());
    told.ends(2);
    app.everywhere("cd ~/golf && sed -i 's/restart:/restrat:/' compose.yaml");
    let told = app.run(&["deploy", "golf", "--tag", "1.1", "--yes", "--reason", "it does not help"]);
    assert!(told.text().contains("restrat"), "{}", told.text());
    told.ends(2);
    assert_eq!(app.on("web-2", "docker compose -p golf ps -aq | sort; ls -d .midwatch"), before);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_migration_that_fails_stops_the_run_before_anything_is_replaced() {
    let app = Project::up(
        "hotel",
        &["web-1", "web-2"],
        "[[apps.hotel.hooks]]\nwhen = \"migrate\"\nname = \"migrate\"\nservice = \"web\"\n\
         command = [\"sh\", \"-c\", \"echo the table is locked; exit 3\"]",
    );
    let before = app.on("web-1", "docker compose ps -q web");
    let told = app.run(&["deploy", "hotel", "--tag", "1.1", "--yes"]);
    assert!(told.text().contains("the table is locked (exit 3)"), "{}", told.text());
    assert_eq!(app.on("web-1", "docker compose ps -q web"), before);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    told.ends(1);
}
