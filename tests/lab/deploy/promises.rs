//! What is asked for in one way or another, and what stands against it: each ends as the plan says.

use super::kills::killed_at;
use super::project::Project;

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_that_gets_unhealthy_after_a_minute_is_put_back_in_its_watch() {
    let app = Project::up("prmalade", &["web-2"], "watch = \"100s\"");
    let told = app.run(&["deploy", "prmalade", "--tag", "unhealthy", "--yes"]).ends(1);
    assert!(told.text().contains("health"), "{}", told.text());
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
    let log = app.on("web-2", "cat .midwatch/releases/0002/log-web.txt");
    assert!(log.contains("shop unhealthy listening"), "{log}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_digest_is_deployed_as_it_is() {
    let app = Project::up("prdigest", &["web-2"], "");
    let digest = app.on(
        "web-2",
        "docker pull -q registry:5000/shop:1.2 >/dev/null; docker inspect -f '{{index .RepoDigests 0}}' registry:5000/shop:1.2",
    );
    let digest = digest.split_once('@').unwrap().1;
    app.run(&["deploy", "prdigest", "--digest", digest, "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.2"]);
    let image = app.on("web-2", "docker inspect -f '{{.Config.Image}}' $(docker compose ps -q web)");
    assert!(image.ends_with(digest), "{image}");
    // One that nobody has is refused before anything is changed.
    let none = format!("sha256:{}", "ab".repeat(32));
    app.run(&["deploy", "prdigest", "--digest", &none, "--yes"]).ends(2);
    assert_eq!(app.versions("web-2"), ["1.2"]);
    // Where it all stands in the journal, for programs.
    let export = app.run(&["journal", "export"]).ends(0).text();
    assert!(export.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{export}");
    assert!(export.contains(digest));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_server_that_cannot_be_reached_is_named_and_nothing_is_changed() {
    let app = Project::up("prgone", &["web-2"], "");
    app.replace("servers = [\"web-2\"]\ncompose", "servers = [\"web-2\", \"gone\"]\ncompose");
    app.configure("\n[servers.gone]\naddress = \"127.0.0.1\"\nport = 9\n");
    let told = app.run(&["deploy", "prgone", "--tag", "1.1", "--yes"]).ends(3);
    assert!(told.text().contains("gone: "), "{}", told.text());
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.on("web-2", "ls -d .midwatch 2>/dev/null"), "");
    // The other one alone can be.
    app.run(&["deploy", "prgone", "--tag", "1.1", "--server", "web-2", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.1"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_port_that_is_taken_is_named_and_what_is_overridden_is_put_back() {
    let app = Project::up("prport", &["web-2"], "");
    // What there is to go back to wants no port.
    app.run(&["deploy", "prport", "--tag", "1.2", "--yes"]).ends(0);
    app.everywhere(
        "cd ~/prport && sed -i '/image: registry:5000.shop:1.0/a\\    ports: [\"127.0.0.1:18195:8080\"]' compose.yaml && \
         (nohup perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(LocalAddr => \"127.0.0.1\", LocalPort => 18195, \
         Listen => 1) or die; sleep 120' >/dev/null 2>&1 & echo $! >taker); sleep 0.5",
    );
    let told = app.run(&["deploy", "prport", "--tag", "1.1", "--yes"]).ends(2);
    assert!(told.text().contains("web wants port 18195, where something else listens"), "{}", told.text());
    assert_eq!(app.versions("web-2"), ["1.2"]);
    let told = app.run(&["deploy", "prport", "--tag", "1.1", "--yes", "--reason", "it will be gone"]);
    app.everywhere("kill $(cat ~/prport/taker)");
    assert!(told.text().contains("18195"), "{}", told.text());
    told.ends(1);
    assert_eq!(app.versions("web-2"), ["1.2"]);
    assert_eq!(app.outcomes("web-2"), ["3 rolled-back", "2 good", "1 good"]);
    assert!(app.journal().contains("it will be gone"));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_hook_that_fails_before_stops_the_run_and_one_after_takes_it_back() {
    let hook = |when: &str| {
        format!(
            "[[apps.prhook.hooks]]\nwhen = \"{when}\"\nname = \"{when} it\"\ncommand = [\"sh\", \"-c\", \"test ! -e {when} || {{ echo {when} says no; exit 4; }}\"]\n"
        )
    };
    let app = Project::up("prhook", &["web-2"], &(hook("before") + &hook("after")));
    let stood = app.on("web-2", "docker compose ps -q web");
    app.everywhere("touch ~/prhook/before");
    let told = app.run(&["deploy", "prhook", "--tag", "1.1", "--yes"]).ends(1);
    assert!(told.text().contains("before says no (exit 4)"), "{}", told.text());
    assert_eq!(app.on("web-2", "docker compose ps -q web"), stood, "nothing was replaced");
    app.everywhere("cd ~/prhook && rm before && touch after");
    let told = app.run(&["deploy", "prhook", "--tag", "1.1", "--yes"]).ends(1);
    assert!(told.text().contains("after says no (exit 4)"), "{}", told.text());
    assert_eq!(app.versions("web-2"), ["1.0"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_rollback_killed_on_its_way_is_as_it_was_or_told_as_partial_and_finished() {
    let app = Project::up("prundo", &["web-2"], "");
    app.run(&["deploy", "prundo", "--tag", "1.1", "--yes"]).ends(0);
    let (mut before, mut between) = (0, 0);
    for nth in 1.. {
        let Some((run, step)) = killed_at(&app, &["rollback", "prundo", "--to", "1", "--yes"], nth) else {
            break;
        };
        let told = app.run(&["resume", &run, "undo"]);
        if told.code() == 1 {
            // Nothing was changed yet.
            assert!(told.text().contains("cancelled after"), "{step}: {}", told.text());
            assert_eq!(app.versions("web-2"), ["1.1"], "{step}");
            before += 1;
        } else {
            // A rollback has no way back of its own: that is said, and another one goes where it is wanted.
            assert!(
                told.text().contains("in between") || told.text().contains("it is in place"),
                "{step}: {}",
                told.text()
            );
            if told.code() != 4 {
                app.run(&["resume", &run, "finish"]).ends(0);
            }
            app.run(&["rollback", "prundo", "--to", "2", "--yes", "--reason", "back to where it was"])
                .ends(0);
            assert_eq!(app.versions("web-2"), ["1.1"], "{step}");
            between += 1;
        }
        app.run(&["runs"]).ends(0);
    }
    assert!(before > 0 && between > 0, "{before} before, {between} in between");
    app.run(&["journal", "verify"]).ends(0);
}
