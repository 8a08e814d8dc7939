//! The small daily ones: scale and pull.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::project::Project;
use super::site::Site;

fn count(app: &Project, server: &str, service: &str) -> usize {
    app.on(server, &format!("docker compose ps -q {service}")).lines().count()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_service_is_scaled_and_the_releases_after_keep_it() {
    let app = Project::up("scaled", &["web-1", "db-1"], "");
    let before = app.on("web-1", "docker compose ps -q web");
    app.run(&["scale", "scaled", "web=3", "--yes"]).ends(0);
    for server in ["web-1", "db-1"] {
        assert_eq!(app.versions(server), ["1.0"; 3]);
    }
    assert!(app.on("web-1", "docker compose ps -q web").contains(&before), "what ran was left alone");
    // A deploy, a rollback, and what is typed by hand from the plan.
    let told = app.run(&["deploy", "scaled", "--tag", "1.1", "--yes"]).ends(0);
    assert!(told.text().contains("web stays at 3 containers"), "{}", told.text());
    assert_eq!(app.versions("db-1"), ["1.1"; 3]);
    // It is not taken for another release than it is.
    let again = app.run(&["deploy", "scaled", "--tag", "1.1", "--yes"]).ends(2);
    assert!(again.text().contains("this is what runs already"), "{}", again.text());
    app.run(&["rollback", "scaled", "--yes"]).ends(0);
    assert_eq!(app.versions("web-1"), ["1.0"; 3]);
    // One server only, by a release's own file; then back to the file's number, of which nothing is kept.
    app.run(&["scale", "scaled", "web=2", "worker=2", "--server", "db-1", "--yes"]).ends(0);
    assert_eq!((count(&app, "web-1", "web"), count(&app, "db-1", "web")), (3, 2));
    assert_eq!(count(&app, "db-1", "worker"), 2);
    assert_eq!(app.on("db-1", "sort .midwatch/scale"), "web 2\nworker 2");
    let shown = app.run(&["scale", "scaled", "web=1", "worker=1", "--dry-run", "--shell"]).ends(0);
    assert!(shown.text().contains("--scale web=1"), "{}", shown.text());
    app.run(&["scale", "scaled", "web=1", "worker=1", "--yes"]).ends(0);
    for server in ["web-1", "db-1"] {
        assert_eq!((count(&app, server, "web"), count(&app, server, "worker")), (1, 1));
        assert_eq!(
            app.on(server, "ls .midwatch/scale 2>&1 | tail -c 27"),
            "No such file or directory\n".trim()
        );
    }
    // Nothing to do is no failure.
    app.run(&["scale", "scaled", "web=1", "--yes"]).ends(0);
    app.run(&["journal", "verify"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_there_can_be_only_one_of_is_not_scaled() {
    let app = Project::up("single", &["web-2"], "");
    app.everywhere(
        "cd ~/single && sed -i 's/^  worker:/&\\n    container_name: single-the-worker/; \
         s/^    restart: unless-stopped/&\\n    ports: [\"127.0.0.1:18190:8080\"]/' compose.yaml && docker compose up -d 2>&1",
    );
    for (service, why) in [
        ("web", "takes 127.0.0.1:18190 of the server"),
        ("worker", "has a container_name"),
        ("nobody", "has no service nobody"),
    ] {
        let told = app
            .run(&["scale", "single", &format!("{service}=2"), "--reason", "all the same", "--yes"])
            .ends(2);
        assert!(told.text().contains(why), "{}", told.text());
    }
    let told = app.run(&["scale", "single", "web=0", "--yes"]).ends(2);
    assert!(told.text().contains("midwatch stop single --service web"), "{}", told.text());
    app.run(&["scale", "single", "web", "--yes"]).ends(2);
    assert_eq!(app.on("web-2", "ls -a | grep -c midwatch"), "0", "nothing was written");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_scale_that_is_not_good_is_taken_back() {
    let app = Project::up("flop", &["web-1"], "gate.deadline = \"15s\"");
    let before = app.on("web-1", "docker compose ps -q web");
    // The third one cannot be made: its name is taken.
    app.everywhere("docker run -d --name flop-web-3 registry:5000/shop:1.0 >/dev/null");
    let told = app.run(&["scale", "flop", "web=3", "--yes"]);
    app.everywhere("docker rm -f flop-web-3 >/dev/null");
    let told = told.ends(1);
    assert!(told.text().contains("flop-web-3"), "{}", told.text());
    assert_eq!(app.on("web-1", "docker compose ps -aq web"), before);
    assert_eq!(app.on("web-1", "ls .midwatch"), "releases\nruns", "no number is kept");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_proxy_is_told_of_new_containers_and_before_old_ones_go() {
    let more = "strategy = \"start-first\"\n[apps.spread.proxy]\nkind = \"nginx\"\nfile = \"/home/ops/spread/upstream.conf\"\n\
                service = \"web\"\nport = 8080\ndrain = \"1s\"\ntest = [\"true\"]\n\
                reload = [\"sh\", \"-c\", \"cat upstream.conf >>told; docker ps -q --filter name=spread-web | wc -l >>told\"]";
    let app = Project::up("spread", &["web-1"], more);
    app.everywhere("cd ~/spread && echo 'upstream spread { server spread-web-1:8080; }' >upstream.conf");
    app.run(&["scale", "spread", "web=3", "--yes"]).ends(0);
    let told = |app: &Project| app.on("web-1", "sed '/^#/d; s/^ *//' told; rm told");
    let servers = |names: &[u8]| {
        let lines: Vec<String> = names.iter().map(|n| format!("server spread-web-{n}:8080;")).collect();
        format!("upstream spread {{\n{}\n}}\n", lines.join("\n"))
    };
    assert_eq!(told(&app), format!("{}3", servers(&[1, 2, 3])));
    app.run(&["scale", "spread", "web=2", "--yes"]).ends(0);
    assert_eq!(told(&app), format!("{}3", servers(&[1, 2])), "it is told before the third goes");
    assert_eq!(count(&app, "web-1", "web"), 2);
    // A deploy beside makes as many, with names that go on, and tells the proxy of them.
    app.run(&["deploy", "spread", "--tag", "1.1", "--yes"]).ends(0);
    assert_eq!(app.versions("web-1"), ["1.1", "1.1"]);
    assert_eq!(told(&app), format!("{}4", servers(&[3, 4])));
    app.run(&["rollback", "spread", "--yes"]).ends(0);
    assert_eq!(app.versions("web-1"), ["1.0", "1.0"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_pull_brings_the_images_and_changes_nothing_that_runs() {
    let app = Project::up("bring", &["web-2"], "");
    let before = app.on("web-2", "docker compose ps -q | sort");
    app.everywhere(
        "cd ~/bring && sed -i 's/shop:1.0/shop:noisy/' compose.yaml && docker rmi -f registry:5000/shop:noisy; true",
    );
    let told = app.run(&["pull", "bring", "--dry-run"]).ends(0);
    assert!(told.text().contains("pull registry:5000/shop:noisy"), "{}", told.text());
    let gone = "docker image inspect registry:5000/shop:noisy >/dev/null 2>&1 && echo there || echo gone";
    assert_eq!(app.on("web-2", gone), "gone");
    app.run(&["pull", "bring", "--yes"]).ends(0);
    assert_eq!(app.on("web-2", gone), "there");
    assert_eq!(app.on("web-2", "docker compose ps -q | sort"), before);
    let told = app.run(&["pull", "bring", "--yes"]).ends(0);
    assert!(told.text().contains("the images are on the server"), "{}", told.text());
    // Of one service only: what another one names is not asked for.
    app.everywhere("cd ~/bring && sed -i 's/shop:json/shop:none-such/' compose.yaml");
    app.run(&["pull", "bring", "--yes"]).ends(2);
    app.run(&["pull", "bring", "--service", "web", "--yes"]).ends(0);
    app.everywhere("cd ~/bring && sed -i 's/shop:noisy/shop:none-such/' compose.yaml");
    app.run(&["pull", "bring", "--service", "web", "--yes"]).ends(2);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_scale_that_was_killed_is_finished_or_undone() {
    let app = Project::up("halfway", &["web-1"], "");
    for (way, n) in [("undo", 1), ("finish", 3)] {
        let mut child = app
            .command(&["scale", "halfway", "web=3", "--yes"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while count(&app, "web-1", "web") < 2 && start.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(100));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let runs = app.run(&["runs", "--json"]).json();
        let open = runs["runs"].as_array().unwrap().iter().find(|it| it["outcome"].is_null());
        let run = open.and_then(|it| it["run"].as_str()).unwrap_or_else(|| panic!("{runs}")).to_owned();
        app.run(&["resume", &run, way]);
        assert_eq!(count(&app, "web-1", "web"), n, "{way}");
        let noted = app.on("web-1", "cat .midwatch/scale 2>/dev/null");
        assert_eq!(noted, if n == 3 { "web 3" } else { "" }, "{way}");
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_real_proxy_is_told_of_what_is_scaled_and_no_request_is_lost() {
    let site = Site::by_names("spread2");
    let app = &site.app;
    // Caddy asks from outside the containers' network: what each of them was asked is in its own log.
    let asked = |n: u32| {
        let count = format!("docker logs spread2-web-{n} 2>&1 | grep -c 172.30.77.1");
        app.on("web-1", &count).parse::<u32>().unwrap()
    };
    let load = site.load("/version", 10);
    app.run(&["scale", "spread2", "web=3", "--yes"]).ends(0);
    for _ in 0..30 {
        assert_eq!(site.served(), "1.0");
    }
    assert!(asked(2) > 0 && asked(3) > 0, "{} {}", asked(2), asked(3));
    app.run(&["scale", "spread2", "web=1", "--yes"]).ends(0);
    load.lost_nothing();
    assert_eq!(site.served(), "1.0");
    assert_eq!(app.on("web-1", "tail -1 /etc/caddy/apps/spread2.conf"), "to spread2-web-1:8080");
    assert_eq!(app.versions("web-1"), ["1.0"]);
}
