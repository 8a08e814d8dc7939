//! Releases that go well: what is in place afterwards, and what is written down of it.

use super::project::Project;

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_is_deployed_everywhere_and_rolled_back() {
    let app = Project::up("alpha", &["web-1", "web-2"], "");
    let before = app.on("web-1", "docker compose ps -q worker");
    app.run(&["deploy", "alpha", "--tag", "1.1", "--yes", "--reason", "the test wants it"]).ends(0);
    for server in ["web-1", "web-2"] {
        assert_eq!(app.versions(server), ["1.1"]);
        assert_eq!(app.outcomes(server), ["2 good", "1 good"]);
        assert_eq!(app.ledger(server)["current"], 2);
    }
    // What the release does not change is not touched.
    assert_eq!(app.on("web-1", "docker compose ps -q worker"), before);
    let image = app.on("web-1", "docker inspect -f '{{.Config.Image}}' $(docker compose ps -q web)");
    assert!(image.contains("shop:1.1@sha256:"), "{image}");

    app.run(&["rollback", "alpha", "--yes"]).ends(0);
    for server in ["web-1", "web-2"] {
        assert_eq!(app.versions(server), ["1.0"]);
        assert_eq!(app.ledger(server)["current"], 1);
        assert_eq!(app.outcomes(server), ["2 rolled-back", "1 good"]);
    }
    app.run(&["journal", "verify"]).ends(0);
    assert!(app.journal().contains("the test wants it"));
    // Nothing is held any more.
    assert_eq!(app.on("web-1", "ls .midwatch"), "key\nreleases\nruns");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_rollback_brings_the_environment_back_and_needs_no_registry() {
    let app = Project::up("bravo", &["web-2"], "");
    app.run(&["deploy", "bravo", "--tag", "1.1", "--yes"]).ends(0);
    app.everywhere("cd ~/bravo && printf 'MODE=fancy\\nAPI_TOKEN=other-secret\\n' >.env");
    let told = app.run(&["deploy", "bravo", "--tag", "1.2", "--yes"]).ends(0);
    let plan = told.text();
    assert!(
        plan.contains("web.environment.MODE: changed") && plan.contains("web.environment.API_TOKEN"),
        "{plan}"
    );
    let mode = "docker compose exec -T web sh -c 'echo $MODE $API_TOKEN'";
    assert_eq!(app.on("web-2", mode), "fancy other-secret");
    // The registry cannot be found any more; the images are still there.
    let cut =
        "sudo cp /etc/hosts /tmp/hosts.kept && sudo sh -c \"sed '/registry/d' /tmp/hosts.kept >/etc/hosts\"";
    app.everywhere(cut);
    let told = app.run(&["rollback", "bravo", "--yes"]);
    app.everywhere("sudo sh -c 'cat /tmp/hosts.kept >/etc/hosts'");
    told.ends(0);
    assert_eq!(app.versions("web-2"), ["1.1"]);
    assert_eq!(app.on("web-2", mode), "plain hush-hush");
    // No secret is anywhere but on the server.
    for secret in ["hush-hush", "other-secret"] {
        assert!(!app.journal().contains(secret) && !plan.contains(secret));
    }
    assert_eq!(app.on("web-2", "stat -c %a .midwatch/releases/0003/compose.yaml"), "600");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn one_server_only_and_one_service_only() {
    let app = Project::up("charlie", &["web-1", "web-2"], "");
    app.run(&["deploy", "charlie", "--tag", "1.1", "--server", "web-2", "--yes"]).ends(0);
    assert_eq!((app.versions("web-1"), app.versions("web-2")), (vec!["1.0".into()], vec!["1.1".to_owned()]));
    let told = app.run(&["deploy", "charlie", "--tag", "1.1", "--server", "db-1", "--yes"]).ends(2);
    assert!(told.text().contains("the app is not on that server"), "{}", told.text());
    app.run(&["rollback", "charlie", "--server", "web-2", "--service", "web", "--to", "1", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.0"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_dry_run_changes_nothing_and_what_it_shows_can_be_typed() {
    let app = Project::up("delta", &["web-2"], "");
    let before = app.on("web-2", "docker compose ps -aq | sort; find . | sort");
    let told = app.run(&["deploy", "delta", "--tag", "1.1", "--dry-run", "--json"]).ends(0);
    let plan = told.json();
    assert_eq!(plan["stages"][0]["lanes"][0]["steps"][0]["act"]["kind"], "render");
    assert_eq!(app.on("web-2", "docker compose ps -aq | sort; find . | sort"), before);
    let shell = app.run(&["deploy", "delta", "--tag", "1.1", "--dry-run", "--shell"]).ends(0).text();
    let output = app.lab.ssh("web-2", &shell);
    assert!(output.status.success(), "{shell}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(app.versions("web-2"), ["1.1"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_app_that_does_not_run_yet_is_deployed_and_gone_again_where_it_fails() {
    let app = Project::up("oscar", &["web-2"], "");
    app.everywhere("cd ~/oscar && docker compose down -t 1");
    app.run(&["deploy", "oscar", "--tag", "crash", "--yes"]).ends(1);
    assert_eq!(app.on("web-2", "docker compose ps -aq web"), "");
    app.run(&["deploy", "oscar", "--tag", "1.2", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.2"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn containers_are_restarted_stopped_and_started_as_they_are() {
    let app = Project::up("papa", &["web-2"], "");
    let started = "docker inspect -f '{{.Id}} {{.State.StartedAt}}' $(docker compose ps -aq web)";
    let before = app.on("web-2", started);
    app.run(&["restart", "papa", "--service", "web", "--yes"]).ends(0);
    let after = app.on("web-2", started);
    assert_eq!(before.split(' ').next(), after.split(' ').next(), "it is the same container");
    assert_ne!(before, after, "it was started again");
    app.run(&["stop", "papa", "--yes"]).ends(0);
    assert_eq!(app.on("web-2", "docker compose ps -q"), "");
    app.run(&["start", "papa", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.0"]);
}
