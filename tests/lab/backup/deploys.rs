//! A deploy asks whether the app's data is backed up.

use crate::deploy::project::{Project, Told};

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_deploy_asks_for_a_backup_that_is_young_enough() {
    let app = Project::up("guarded", &["web-1"], "datastores = [\"guarded-files\"]\nbackup_max_age = \"1h\"");
    let password = app.scratch("password");
    std::fs::write(&password, "four bells\n").unwrap();
    assert!(std::process::Command::new("chmod").arg("600").arg(&password).status().unwrap().success());
    let at = app.scratch("repository");
    app.configure(&format!(
        "\n[repositories.test]\npath = \"{}\"\npassword = {{ file = \"{}\" }}\n\n[datastores.guarded-files]\n\
         kind = \"files\"\nserver = \"web-1\"\nrepository = \"test\"\npaths = [\"/etc/hostname\"]\n",
        at.display(),
        password.display()
    ));
    let deploy = ["deploy", "guarded", "--tag", "1.1", "--dry-run"];
    let told = app.run(&deploy).ends(2).text();
    assert!(told.contains("there is no repository in"), "{told}");
    assert!(told.contains("midwatch backup guarded-files; or --reason TEXT"), "{told}");
    Told(app.bare(&["backup", "guarded-files", "--init", "--yes"]).output().unwrap()).ends(0);
    let told = app.run(&deploy).ends(0).text();
    assert!(told.contains("the last backup of guarded-files is"), "{told}");

    app.replace("backup_max_age = \"1h\"", "backup_max_age = \"1ms\"");
    let told = app.run(&deploy).ends(2).text();
    assert!(told.contains("of at most 0s"), "{told}");
    let told = app.run(&[&deploy[..], &["--reason", "the data does not matter"]].concat()).ends(0).text();
    assert!(told.contains("over backup"), "{told}");
    let clean = "rm -rf ~/.local/state/midwatch/datastores/guarded-files";
    app.everywhere(clean);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_app_is_backed_up_as_one_set_with_its_release() {
    let app = Project::up("settled", &["web-1"], "datastores = [\"settled-a\", \"settled-b\"]");
    let password = app.scratch("password");
    std::fs::write(&password, "four bells\n").unwrap();
    assert!(std::process::Command::new("chmod").arg("600").arg(&password).status().unwrap().success());
    let at = app.scratch("repository");
    app.configure(&format!(
        "\n[repositories.test]\npath = \"{}\"\npassword = {{ file = \"{}\" }}\n",
        at.display(),
        password.display()
    ));
    for (name, server) in [("settled-a", "web-1"), ("settled-b", "db-1")] {
        app.configure(&format!(
            "[datastores.{name}]\nkind = \"files\"\nserver = \"{server}\"\nrepository = \"test\"\npaths = [\"/etc/hostname\"]\n"
        ));
    }
    app.everywhere("cd ~/settled && echo MODE=plain >.env && chmod 640 .env");
    let backup = |args: &[&str]| Told(app.bare(&[&["backup"], args].concat()).output().unwrap());
    backup(&["settled-a", "settled-b", "--init", "--yes"]).ends(0);
    app.run(&["deploy", "settled", "--tag", "1.1", "--yes"]).ends(0);
    let told = backup(&["settled", "--yes"]).ends(0).text();
    assert!(told.contains("settled-a, settled-b, settled.release"), "{told}");

    let restic = |args: &[&str]| {
        let mut command = std::process::Command::new("restic");
        command.args(["--no-cache", "--repo"]).arg(&at).arg("--password-file").arg(&password).args(args);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let all: serde_json::Value = serde_json::from_slice(&restic(&["snapshots", "--json"])).unwrap();
    let tag = |it: &serde_json::Value, start: &str| {
        let tags = it["tags"].as_array().unwrap();
        tags.iter().find_map(|tag| tag.as_str().unwrap().strip_prefix(start).map(str::to_owned))
    };
    let set: Vec<_> = all.as_array().unwrap().iter().filter(|it| tag(it, "set:").is_some()).collect();
    assert_eq!(set.len(), 3, "{all}");
    assert!(set.iter().all(|it| tag(it, "set:") == tag(set[0], "run:")), "{all}");
    assert!(set.iter().all(|it| tag(it, "release:").as_deref() == Some("settled/2")), "{all}");
    // The environment with its permissions, and what the release was.
    let tar = restic(&["dump", "--tag", "datastore:settled.release", "latest", "/settled.release/files.tar"]);
    let archive = app.scratch("files.tar");
    std::fs::write(&archive, tar).unwrap();
    let list = std::process::Command::new("tar").arg("-tvf").arg(&archive).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let has =
        |mode: &str, name: &str| list.lines().any(|line| line.starts_with(mode) && line.ends_with(name));
    assert!(has("-rw-r-----", "home/ops/settled/.env"), "{list}");
    assert!(
        has("-rw", "settled/compose.yaml") && has("-rw", "settled/.midwatch/releases/0002/release.json"),
        "{list}"
    );
    let _ = app.lab.ssh("db-1", "rm -rf ~/.local/state/midwatch/datastores/settled*");
    app.everywhere("rm -rf ~/.local/state/midwatch/datastores/settled*");
}
