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
