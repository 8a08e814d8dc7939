//! What a release does beside its containers: migrations, what the ledger keeps of its environment, the
//! images that are kept for the way back.

use super::project::Project;

/// An app whose image migrates into a folder of the server.
fn migrating(name: &str, down: &str) -> Project {
    let app = Project::up(
        name,
        &["web-2"],
        &format!(
            "[[apps.{name}.hooks]]\nwhen = \"migrate\"\nname = \"add a column\"\nservice = \"web\"\n\
             command = [\"sh\", \"-c\", \"echo up >>/data/schema\"]\n{down}"
        ),
    );
    app.everywhere(&format!(
        "cd ~/{name} && mkdir data && sed -i '/image: registry:5000.shop:1.0/a\\    volumes: [\"./data:/data\"]' compose.yaml && \
         docker compose up -d --wait web 2>&1"
    ));
    app.run(&["deploy", name, "--tag", "1.1", "--yes"]).ends(0);
    assert_eq!(app.on("web-2", "cat data/schema"), "up");
    app
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_rollback_takes_the_migration_back_where_it_can_be() {
    let app = migrating("whiskey", "down = [\"sh\", \"-c\", \"echo down >>/data/schema\"]");
    let told = app.run(&["rollback", "whiskey", "--yes"]).ends(0);
    assert!(told.text().contains("is taken back by its `down`"), "{}", told.text());
    assert_eq!(app.on("web-2", "cat data/schema"), "up\ndown");
    assert_eq!(app.versions("web-2"), ["1.0"]);
    // What was taken back once is not taken back again.
    let release = app.ledger("web-2")["releases"][0].clone();
    assert_eq!(release["migrations"][0]["taken_back"], true, "{release}");
    app.run(&["deploy", "whiskey", "--tag", "1.2", "--yes"]).ends(0);
    app.run(&["rollback", "whiskey", "--to", "1", "--yes"]).ends(0);
    assert_eq!(app.on("web-2", "cat data/schema"), "up\ndown\nup\ndown");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_rollback_across_a_migration_that_nothing_takes_back_has_to_be_accepted() {
    let app = migrating("xray", "");
    let told = app.run(&["rollback", "xray", "--yes"]).ends(2);
    assert!(told.text().contains("nothing is known to take it back"), "{}", told.text());
    assert_eq!(app.versions("web-2"), ["1.1"]);
    app.run(&["rollback", "xray", "--yes", "--reason", "the column is not read by anyone"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.on("web-2", "cat data/schema"), "up");
    assert!(app.journal().contains("the column is not read by anyone"));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_ledger_tells_what_changed_in_the_environment_without_holding_it() {
    let app = Project::up("yankee", &["web-2"], "keep = 2");
    app.run(&["deploy", "yankee", "--tag", "1.1", "--yes"]).ends(0);
    app.everywhere("cd ~/yankee && printf 'API_TOKEN=two words: \"odd\"\\n' >.env");
    app.run(&["deploy", "yankee", "--tag", "1.2", "--yes"]).ends(0);
    let of = |release: &str| app.on("web-2", &format!("cat .midwatch/releases/{release}/environment"));
    let (before, after) = (of("0002"), of("0003"));
    let line = |text: &str, name: &str| {
        text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert_eq!(line(&before, "web MODE "), line(&after, "web MODE "));
    assert_ne!(line(&before, "web API_TOKEN "), line(&after, "web API_TOKEN "));
    assert_eq!(line(&after, "web API_TOKEN ").rsplit(' ').next().unwrap().len(), 64);
    assert!(
        !before.contains("hush") && !after.contains("odd") && !after.contains("plain"),
        "{before}{after}"
    );
    assert_eq!(app.on("web-2", "stat -c %a .midwatch/key .midwatch/releases/0003/environment"), "600\n600");

    // The images of the last two releases have a name that keeps them.
    let kept = "docker image ls --format '{{.Tag}}' midwatch-keep/yankee | sort";
    assert_eq!(app.on("web-2", kept), "0002-web\n0003-web");
}
