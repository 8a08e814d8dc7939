//! Compose projects that somebody started by hand become apps of the configuration, and nothing of them
//! is touched by that.

use std::fs;
use std::process::{Command, Output};
use std::time::Duration;

use super::console::{enter_until, on_the_app};
use super::project::Project;
use crate::lab::Lab;

/// The containers of a project, and since when they run.
const CONTAINERS: &str = "docker inspect -f '{{.Id}} {{.State.StartedAt}}' $(docker compose ps -aq) | sort";

/// Chooses the action in the palette until it is taken: not before all servers were read.
fn adopt(console: &crate::pty::Console) {
    console.wait_until("what would be added", |screen| {
        if screen.contains("IS ADDED") {
            return true;
        }
        if screen.contains("CONTAINERS") && !screen.contains("go to, do") {
            console.press(":").wait_for("go to, do");
            console.press("adopt: add the app").wait_for("adopt: add the app");
            console.press("\r").wait_gone("go to, do");
            std::thread::sleep(Duration::from_millis(300));
        }
        false
    });
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_app_started_by_hand_is_adopted_untouched_then_deployed_and_rolled_back() {
    let app = Project::up("adalfa", &["web-1", "web-2"], "");
    app.forget();
    let before: Vec<String> = app.servers.iter().map(|server| app.on(server, CONTAINERS)).collect();
    assert_eq!(before[0].lines().count(), 2, "{before:?}");
    let (configured, console) = (app.configuration(), on_the_app(&app));
    console.wait_until("both servers", |screen| screen.matches("-worker-1").count() > 1);
    adopt(&console);
    console.wait_for("IS ADDED").wait_for("[apps.adalfa]");
    console.wait_for("servers = [\"web-1\", \"web-2\"]").wait_for("/home/ops/adalfa/compose.yaml");
    assert_eq!(app.configuration(), configured, "nothing is written before it is confirmed");
    std::thread::sleep(Duration::from_millis(500));
    console.press("\r").wait_for("is in the configuration");
    assert!(app.configuration().starts_with(&configured));
    // The reload takes it up: it can be deployed.
    console.wait_until("that it can be deployed", |screen| {
        if screen.contains("version:") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(200));
        console.press("d");
        false
    });
    console.press("\x1b").wait_gone("version:");
    console.press(":").wait_for("go to, do");
    console.press("adopt: add the app").wait_for("adopt: add the app");
    console.press("\r").wait_for("[apps.adalfa] is in the configuration");
    for (server, before) in app.servers.iter().zip(&before) {
        assert_eq!(app.on(server, CONTAINERS), *before, "{server}: something was touched");
    }

    app.run(&["deploy", "adalfa", "--tag", "1.1", "--dry-run"]).ends(0);
    app.configure("watch = \"1s\"\ngate.steady = \"3s\"\n");
    app.run(&["deploy", "adalfa", "--tag", "1.1", "--yes"]).ends(0);
    assert_eq!(app.versions("web-1"), ["1.1"]);
    app.run(&["rollback", "adalfa", "--yes"]).ends(0);
    for server in &app.servers {
        assert_eq!(app.versions(server), ["1.0"]);
        assert_eq!(app.outcomes(server), ["2 rolled-back", "1 good"]);
    }
    // What midwatch itself deployed is adopted by another console all the same.
    app.forget();
    let console = on_the_app(&app);
    console.wait_until("both servers", |screen| screen.matches("-worker-1").count() > 1);
    adopt(&console);
    console.wait_for("IS ADDED").wait_for("compose = \"/home/ops/adalfa/compose.yaml\"");
    assert!(!console.screen_text().contains(".midwatch"), "{}", console.screen_text());
}

/// `init` in a home of its own that knows the lab's servers.
fn init(home: &std::path::Path, server: &str) -> Output {
    let lab = Lab::get();
    fs::create_dir_all(home.join(".ssh")).unwrap();
    fs::write(home.join(".ssh/config"), format!("Include {}\n", lab.path("/ssh_config").display())).unwrap();
    let config = home.join("new.toml");
    Command::new(env!("CARGO_BIN_EXE_midwatch"))
        .args(["init", "--server", server, "--config"])
        .arg(&config)
        .env("HOME", home)
        .output()
        .unwrap()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn init_writes_what_can_be_deployed_at_once_and_says_why_the_rest_cannot() {
    let good = Project::up("adbravo", &["web-2"], "");
    let several = Project::up("adcharlie", &["web-2"], "");
    several.everywhere("cd ~/adcharlie && echo 'services: {worker: {labels: {a: b}}}' >more.yaml && docker compose -f compose.yaml -f more.yaml up -d 2>&1");
    let gone = Project::up("addelta", &["web-2"], "");
    gone.everywhere("rm ~/addelta/compose.yaml");
    let moved = Project::up("adecho", &["web-2"], "");
    moved.everywhere("mv ~/adecho ~/adecho-moved");
    let named = Project::up("adfoxtrot", &["web-2"], "");
    named.everywhere(
        "cd ~/adfoxtrot && echo MODE=loud >prod.env && docker compose --env-file prod.env up -d 2>&1",
    );

    let home = tempfile::tempdir().unwrap();
    let told = init(home.path(), "web-2");
    let said = String::from_utf8_lossy(&told.stderr);
    assert_eq!(told.status.code(), Some(0), "{said}");
    let config = home.path().join("new.toml");
    let written = fs::read_to_string(&config).unwrap();
    let table: toml::Table = written.parse().unwrap();
    let app =
        |name: &str, key: &str| table["apps"][name].get(key).and_then(toml::Value::as_str).map(str::to_owned);
    assert_eq!(app("adbravo", "compose").as_deref(), Some("/home/ops/adbravo/compose.yaml"), "{written}");
    assert_eq!(app("adbravo", "env_file"), None);
    assert_eq!(app("adfoxtrot", "env_file").as_deref(), Some("/home/ops/adfoxtrot/prod.env"));
    for (name, why) in [
        ("adcharlie", "several Compose files"),
        ("addelta", "/home/ops/addelta/compose.yaml is not there any more"),
        ("adecho", "is gone or may not be entered"),
    ] {
        assert_eq!(app(name, "compose"), None, "{name}");
        let line = said.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {said}"));
        assert!(line.contains(why), "{line}");
        let words: String = written.replace("\n# ", " ");
        assert!(words.contains(why), "{name}: {written}");
    }
    let dry = |name: &str| {
        Command::new(env!("CARGO_BIN_EXE_midwatch"))
            .args(["deploy", name, "--tag", "1.1", "--dry-run", "--config"])
            .arg(&config)
            .env("HOME", home.path())
            .output()
            .unwrap()
    };
    for name in ["adbravo", "adfoxtrot"] {
        let plan = dry(name);
        let text = String::from_utf8_lossy(&plan.stdout);
        assert_eq!(plan.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&plan.stderr));
        assert!(text.contains("shop:1.1"), "{text}");
    }
    let refused = dry("addelta");
    assert_eq!(refused.status.code(), Some(2));
    moved.everywhere("mv ~/adecho-moved ~/adecho");
    drop((good, several, gone, named));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn one_server_and_one_service_are_chosen_in_the_prompts() {
    let app = Project::up("adgolf", &["web-1", "web-2"], "environment = \"staging\"");
    app.replace("services = [\"web\"]", "services = [\"web\", \"worker\"]");
    let mut console = on_the_app(&app);
    console.press("d").wait_for("version:").wait_for("services: all 2");
    console.press("1.1").wait_for("version: 1.1");
    // Strategy: rolling; servers: web-2; services: web.
    console.press("\t\x1b[B").wait_for("rolling, instead of recreate");
    console.press("\t\x1b[B ").wait_for("servers:  web-2 only");
    console.press("\t ").wait_for("services: web only");
    console.press("\r").wait_for("deploy web of adgolf with registry:5000/shop:1.1 to web-2");
    enter_until(&console, "esc detach");
    console.wait_at_most(Duration::from_secs(90), "an end", |screen| screen.contains("done and verified"));
    assert_eq!((app.versions("web-1"), app.versions("web-2")), (vec!["1.0".into()], vec!["1.1".into()]));
    let images = "docker compose ps --format '{{.Service}} {{.Image}}' | sort";
    let now = app.on("web-2", images);
    assert!(now.contains("worker registry:5000/shop:json"), "{now}");
    let release = app.ledger("web-2")["releases"][0].clone();
    assert!(release["images"]["worker"].as_str().unwrap().contains("shop:json@sha256:"), "{release}");
    // Back on that server, by the same choice.
    console.press("\x1b").wait_for("CONTAINERS");
    console.press("r").wait_for("in place").wait_for("ran before");
    console.press("j").press("o").wait_for("roll adgolf back to release 1");
    console.wait_for("strategy:").wait_for("as configured");
    console.press("\t\x1b[B ").wait_for("servers:  web-2 only");
    console.press("\r").wait_for("on web-2");
    enter_until(&console, "esc detach");
    console.wait_at_most(Duration::from_secs(90), "an end", |screen| screen.contains("done and verified"));
    assert_eq!(app.versions("web-2"), ["1.0"]);
    console.quit();
    // The same without a console.
    let told = app
        .run(&["deploy", "adgolf", "--tag", "1.1", "--service", "web", "--server", "web-1", "--dry-run"])
        .ends(0);
    assert!(
        told.text().contains("deploy web of adgolf with registry:5000/shop:1.1 to web-1"),
        "{}",
        told.text()
    );
    let told = app.run(&["deploy", "adgolf", "--tag", "1.1", "--service", "db", "--dry-run"]).ends(2);
    assert!(told.text().contains("those are web, worker"), "{}", told.text());
    let told = app
        .run(&[
            "rollback",
            "adgolf",
            "--server",
            "web-2",
            "--to",
            "2",
            "--service",
            "web",
            "--strategy",
            "rolling",
            "--dry-run",
        ])
        .ends(0);
    assert!(told.text().contains("roll web of adgolf back to release 2"), "{}", told.text());
}
