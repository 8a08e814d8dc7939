//! A Compose file that lies here and is sent: to a server that has nothing of the app yet, over one that a
//! person edited there, and back.

use std::fs;

use super::project::{COMPOSE, Project};

/// An app whose Compose file lies here; nothing of it is on the server but what Compose started.
fn sent(name: &str, more: &str) -> (Project, std::path::PathBuf) {
    let app = Project::up(name, &["web-2"], "");
    let file = app.scratch("compose.yaml");
    fs::write(&file, COMPOSE).unwrap();
    app.replace(
        "services = [\"web\"]",
        &format!("services = [\"web\"]\nsend = \"{}\"{more}", file.display()),
    );
    (app, file)
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_file_that_is_sent_makes_the_app_where_there_is_nothing_of_it() {
    let (app, file) = sent("adhotel", "");
    app.everywhere("cd ~/adhotel && docker compose down -t 1 2>&1; cd; rm -rf ~/adhotel");
    let plan = app.run(&["deploy", "adhotel", "--tag", "1.0", "--dry-run"]).ends(0);
    assert!(plan.text().contains("/home/ops/adhotel is made"), "{}", plan.text());
    assert!(!plan.text().contains("hush"), "{}", plan.text());
    assert_eq!(app.on("web-2", "ls ~ | grep -x adhotel"), "", "a look made something");
    app.run(&["deploy", "adhotel", "--tag", "1.0", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.on("web-2", "cat compose.yaml").trim(), COMPOSE.trim());

    // Another file, with another version; what it changes is in the plan, and no secret.
    let louder = COMPOSE.replace("LINES_PER_SECOND: \"1\"", "LINES_PER_SECOND: \"2\"");
    fs::write(&file, &louder).unwrap();
    let plan = app.run(&["deploy", "adhotel", "--tag", "1.1", "--dry-run"]).ends(0);
    assert!(plan.text().contains("worker.environment.LINES_PER_SECOND"), "{}", plan.text());
    app.run(&["deploy", "adhotel", "--tag", "1.1", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.1"]);
    assert_eq!(app.on("web-2", "cat compose.yaml").trim(), louder.trim());
    // Back: the containers and the file.
    app.run(&["rollback", "adhotel", "--yes"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.on("web-2", "cat compose.yaml").trim(), COMPOSE.trim());
    let lines = "docker inspect -f '{{.Config.Env}}' $(docker compose ps -q worker)";
    assert!(app.on("web-2", lines).contains("LINES_PER_SECOND=1"));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_was_edited_on_the_server_is_told_kept_and_only_then_replaced() {
    let (app, file) = sent("adindia", "");
    app.run(&["deploy", "adindia", "--tag", "1.1", "--yes"]).ends(0);
    app.everywhere(
        "cd ~/adindia && sed -i 's/MODE: .*/MODE: by-hand/' compose.yaml && chmod 640 compose.yaml",
    );
    let plan = app.run(&["deploy", "adindia", "--tag", "1.2", "--dry-run"]).ends(0);
    let text = plan.text();
    assert!(text.contains("was edited there since its release"), "{text}");
    assert!(text.contains("web.environment.MODE") && !text.contains("by-hand"), "{text}");
    app.run(&["deploy", "adindia", "--tag", "1.2", "--yes"]).ends(0);
    assert_eq!(app.on("web-2", "cat compose.yaml").trim(), COMPOSE.trim());
    assert_eq!(app.on("web-2", "stat -c %a compose.yaml"), "640");
    assert!(app.on("web-2", "cat .midwatch/releases/0003/replaced/compose.yaml").contains("by-hand"));

    // A release that fails leaves the file as it is.
    fs::write(&file, COMPOSE.replace("LINES_PER_SECOND: \"1\"", "LINES_PER_SECOND: \"9\"")).unwrap();
    app.run(&["deploy", "adindia", "--tag", "crash", "--yes"]).ends(1);
    assert_eq!(app.on("web-2", "cat compose.yaml").trim(), COMPOSE.trim());
    assert_eq!(app.versions("web-2"), ["1.2"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_is_not_sent_has_to_be_on_the_server() {
    let (app, file) = sent("adjuliet", "");
    let config = "      MODE: x\n    volumes: [\"./page.html:/page.html\"]\n";
    let text = COMPOSE
        .replace("      MODE: ${MODE:-plain}\n", "")
        .replace("      API_TOKEN: ${API_TOKEN:-hush-hush}\n", config);
    fs::write(&file, &text).unwrap();
    fs::write(app.scratch("page.html"), "hello").unwrap();
    let told = app.run(&["deploy", "adjuliet", "--tag", "1.1", "--dry-run"]).ends(2);
    assert!(told.text().contains("a volume of web needs /home/ops/adjuliet/page.html"), "{}", told.text());
    assert!(told.text().contains("the Compose file alone is sent"), "{}", told.text());
    app.everywhere("echo hello >~/adjuliet/page.html");
    app.run(&["deploy", "adjuliet", "--tag", "1.1", "--dry-run"]).ends(0);
    // A file that Compose does not take, and one that is not there.
    fs::write(&file, "services: {web: {imagine: no}}").unwrap();
    app.run(&["deploy", "adjuliet", "--tag", "1.1", "--dry-run"]).ends(2);
    fs::remove_file(&file).unwrap();
    let told = app.run(&["deploy", "adjuliet", "--tag", "1.1", "--dry-run"]).ends(2);
    assert!(told.text().contains("see `send` of the app's configuration"), "{}", told.text());
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_environment_that_lies_here_is_sent_for_its_owner_alone_and_goes_back_too() {
    let app = Project::up("adlima", &["web-2"], "");
    let file = app.scratch("prod.env");
    app.replace("gate.steady = \"3s\"", "gate.steady = \"1s\"");
    app.replace("services = [\"web\"]", &format!("services = [\"web\"]\nsend_env = \"{}\"", file.display()));
    let inside = || app.on("web-2", "docker inspect -f '{{.Config.Env}}' $(docker compose ps -q web)");
    fs::write(&file, "MODE=first\nAPI_TOKEN=hush-one\n").unwrap();
    let plan = app.run(&["deploy", "adlima", "--tag", "1.1", "--dry-run"]).ends(0);
    assert!(plan.text().contains("the server has no .env yet"), "{}", plan.text());
    assert_eq!(app.on("web-2", "ls -A; ls /dev/shm"), "compose.yaml", "a look left something");
    app.run(&["deploy", "adlima", "--tag", "1.1", "--yes"]).ends(0);
    assert!(inside().contains("MODE=first") && inside().contains("API_TOKEN=hush-one"), "{}", inside());
    let kept = "stat -c %a .env .midwatch/releases/000*/source/.env";
    assert_eq!(app.on("web-2", kept), "600\n600");

    fs::write(&file, "MODE=second\nAPI_TOKEN=hush-two\n").unwrap();
    let plan = app.run(&["deploy", "adlima", "--tag", "1.2", "--dry-run"]).ends(0);
    assert!(plan.text().contains("takes the place of .env, which is another one"), "{}", plan.text());
    assert!(plan.text().contains("web.environment.API_TOKEN"), "{}", plan.text());
    let shell = app.run(&["deploy", "adlima", "--tag", "1.2", "--dry-run", "--shell"]).ends(0);
    assert!(!plan.text().contains("hush") && !shell.text().contains("hush"), "{}", shell.text());
    app.run(&["deploy", "adlima", "--tag", "1.2", "--yes"]).ends(0);
    assert!(inside().contains("MODE=second") && inside().contains("API_TOKEN=hush-two"), "{}", inside());
    // Back: the containers and the file.
    app.run(&["rollback", "adlima", "--yes"]).ends(0);
    assert!(inside().contains("MODE=first") && inside().contains("API_TOKEN=hush-one"), "{}", inside());
    assert_eq!(app.on("web-2", "cat .env; stat -c %a .env"), "MODE=first\nAPI_TOKEN=hush-one\n600");
    assert!(!app.journal().contains("hush"), "a secret in the journal");
    assert_eq!(app.on("web-2", "grep -rl hush .midwatch/runs"), "", "a secret beside a run");
    // What a service reads by itself is read where it lies: that would not be what is sent.
    app.everywhere(
        "cd ~/adlima && sed -i 's/    environment:/    env_file: .env\\n    environment:/' compose.yaml",
    );
    let told = app.run(&["deploy", "adlima", "--tag", "1.2", "--dry-run"]).ends(2);
    assert!(told.text().contains("hands .env to a service"), "{}", told.text());
}
