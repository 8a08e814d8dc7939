//! The versions that can be picked: from the lab's registry, and from one of the test's own that asks for
//! a login, on a server.

use std::time::{Duration, Instant};

use super::kills::killed_at;
use super::project::{COMPOSE, Project};

/// Where the test's own registry is, as its server sees it: the engine takes its own machine's for
/// insecure ones.
const OWN: &str = "127.0.0.1:5055";
/// That of another test, which may run beside.
const OTHER: &str = "127.0.0.1:5056";

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_registrys_tags_are_listed_with_their_dates() {
    let app = Project::up("quebec", &["web-2"], "");
    let told = app.run(&["tags", "quebec", "--json"]).ends(0).json();
    assert_eq!(told["repositories"][0], "registry:5000/shop");
    assert_eq!(
        (&told["server"], &told["whole"], &told["doubt"]),
        (&"web-2".into(), &true.into(), &().into())
    );
    let tags = told["tags"].as_array().unwrap();
    let is =
        |name: &str| tags.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("{name}: {told}"));
    for name in ["1.0", "1.1", "1.2", "crash", "json"] {
        assert!(is(name)["at"].as_str().is_some_and(|at| at.starts_with("20")), "{told}");
    }
    // The worker's `json` is of the same repository, but no deploy of ours changes it.
    let present: Vec<&str> =
        tags.iter().filter(|it| it["present"] == true).map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(present, ["1.0"]);
    let dates: Vec<&str> = tags.iter().map(|it| it["at"].as_str().unwrap()).collect();
    assert!(dates.is_sorted_by(|a, b| a >= b), "newest first: {dates:?}");
    // What the engine says the date is, by its own look at the image.
    let created = app.on("web-2", "docker inspect -f '{{.Created}}' registry:5000/shop:1.0");
    assert_eq!(is("1.0")["at"].as_str().unwrap()[..19], created[..19]);
    let text = app.run(&["tags", "quebec"]).ends(0).text();
    assert!(text.contains("* 1.0") && text.contains("ago"), "{text}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_repository_that_is_not_there_is_named() {
    let app = Project::up("romeo", &["web-2"], "");
    app.everywhere("cd ~/romeo && sed -i 's#shop:1.0#no-such-shop:1.0#' compose.yaml");
    let told = app.run(&["tags", "romeo"]).ends(2).text();
    assert!(told.contains("the registry has no repository no-such-shop"), "{told}");
    app.everywhere("cd ~/romeo && sed -i 's#registry:5000/#registry:5999/#' compose.yaml");
    let told = app.run(&["tags", "romeo"]).ends(3).text();
    assert!(told.contains("list the tags of registry:5999/no-such-shop from web-2"), "{told}");
}

/// A registry that asks for a login; gone with the value.
struct Guarded<'a>(&'a Project, &'static str);

impl<'a> Guarded<'a> {
    /// Starts it on web-2 and puts two versions of the shop there; the app's file then names them. The
    /// password is `midnight`.
    fn up(app: &'a Project, own: &'static str) -> Self {
        let guarded = Self(app, own);
        app.everywhere(&format!(
            "cd ~/{name} && cat >registry.yml <<'END'\nversion: 0.1\nlog: {{level: error}}\n\
             storage: {{filesystem: {{rootdirectory: /home/ops/{name}/kept}}}}\n\
             http: {{addr: '{own}'}}\nauth: {{htpasswd: {{realm: lab, path: /home/ops/{name}/htpasswd}}}}\nEND\n\
             echo 'ops:$2b$12$qkQd7zcNDVNIs1Zieg8vUOyiWNGyA47e4zrapVqY.xpmvQc7Fs4im' >htpasswd\n\
             setsid docker-registry serve registry.yml >registry.log 2>&1 </dev/null &\n\
             cd ~/{name}; echo $! >pid; \
             for n in $(seq 50); do curl -s -o /dev/null http://{own}/v2/ && break; sleep 0.1; done\n\
             export DOCKER_CONFIG=/home/ops/{name}/login; echo midnight | docker login -u ops --password-stdin {own} 2>&1\n\
             for v in 1.0 1.1; do docker pull -q registry:5000/shop:$v; docker tag registry:5000/shop:$v {own}/shop:$v; \
             docker push -q {own}/shop:$v; docker rmi {own}/shop:$v; done\n\
             sed -i '0,/registry:5000/s//{own}/' compose.yaml",
            name = app.name
        ));
        guarded
    }

    fn signal(&self, name: &str) {
        self.0.everywhere(&format!(
            "kill -{name} -$(cat ~/{0}/pid) || kill -{name} $(cat ~/{0}/pid)",
            self.0.name
        ));
    }
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        let end = format!(
            "kill -9 $(cat ~/{0}/pid); docker logout {1}; docker rmi -f {1}/shop:1.1",
            self.0.name, self.1
        );
        let _ = self.0.lab.ssh("web-2", &end);
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_registry_that_asks_for_a_login_gets_the_servers_or_ours() {
    assert!(COMPOSE.contains("registry:5000"));
    let app = Project::up("sierra", &["web-2"], "");
    let guarded = Guarded::up(&app, OWN);
    let told = app.run(&["tags", "sierra"]).ends(3).text();
    assert!(told.contains("does not accept anonymous requests"), "{told}");
    assert!(told.contains(&format!("docker login {OWN}")), "{told}");
    // The login of the server's user.
    app.everywhere(&format!("echo midnight | docker login -u ops --password-stdin {OWN} 2>&1"));
    let told = app.run(&["tags", "sierra"]).ends(0).text();
    assert!(told.contains("1.1 ") && told.contains("ago"), "{told}");
    app.everywhere(&format!("docker logout {OWN}"));
    // Ours, by reference: for the list, and for the pull as well.
    let secret = app.scratch("registry-password");
    std::fs::write(&secret, "midnight\n").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    app.configure(&format!(
        "\n[registries.own]\nhost = \"{OWN}\"\nuser = \"ops\"\npassword = {{ file = \"{}\" }}\n",
        secret.display()
    ));
    let told = app.run(&["tags", "sierra"]).ends(0).text();
    assert!(told.contains("1.1 ") && told.contains("ago"), "{told}");
    let told = app.run(&["deploy", "sierra", "--tag", "1.1", "--yes"]).ends(0).text();
    assert_eq!(app.versions("web-2"), ["1.1"]);
    assert!(!told.contains("midnight") && !app.journal().contains("midnight"));
    assert_eq!(
        app.on("web-2", "grep -r midnight .midwatch ~/.docker; cat ~/.docker/config.json | grep -c 5055"),
        "0"
    );
    // One that takes the connection and says nothing.
    guarded.signal("STOP");
    let begun = Instant::now();
    let told = app.run(&["tags", "sierra"]);
    guarded.signal("CONT");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let told = told.ends(3).text();
    assert!(told.contains("within 10000 ms"), "{told}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_registry_that_refuses_a_deploy_is_told_before_and_in_the_middle_with_what_mends_it() {
    let app = Project::up("tagsauth", &["web-2"], "");
    let _guarded = Guarded::up(&app, OTHER);
    let before = app.on("web-2", "docker compose ps -aq | sort");
    let login = format!("docker login {OTHER}");
    // One that the engine has never pulled: what it knows by its digest it takes from its own disk.
    let digest = app.on(
        "web-2",
        &format!(
            "export DOCKER_CONFIG=/home/ops/tagsauth/login; c=$(docker create registry:5000/shop:1.1) && \
             docker commit $c {OTHER}/shop:2.0 >/dev/null; docker rm $c >/dev/null; \
             docker push {OTHER}/shop:2.0 | grep -o 'sha256:[0-9a-f]*' | tail -1; docker rmi {OTHER}/shop:2.0 >/dev/null"
        ),
    );
    // Before anything is changed, by tag and by digest.
    let told = app.run(&["deploy", "tagsauth", "--tag", "2.0", "--yes"]).ends(2).text();
    assert!(told.contains("log in on the server, as the same user") && told.contains(&login), "{told}");
    let told = app.run(&["deploy", "tagsauth", "--digest", &digest, "--yes"]).ends(2).text();
    assert!(told.contains("the image of web cannot be had") && told.contains(&login), "{told}");
    assert_eq!(app.on("web-2", "docker compose ps -aq | sort; ls -d .midwatch 2>/dev/null"), before);

    // The login is gone between the plan and the pull.
    app.everywhere(&format!("echo midnight | {login} -u ops --password-stdin 2>&1"));
    let args = ["deploy", "tagsauth", "--tag", "2.0", "--yes"];
    let (run, step) = killed_at(&app, &args, 3).unwrap();
    assert!(step.contains("write release 2"), "{step}");
    app.everywhere(&format!("docker logout {OTHER}"));
    let told = app.run(&["resume", &run, "finish"]).ends(1).text();
    assert!(told.contains("NO  web-2: pull ") && told.contains(&login), "{told}");
    assert!(told.contains("web-2: as before: nothing was changed"), "{told}");
    assert_eq!(app.on("web-2", "docker compose ps -aq | sort"), before);
    assert_eq!(app.versions("web-2"), ["1.0"]);
}
