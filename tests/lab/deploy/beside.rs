//! New containers beside the old ones: no request is lost, and going back is at once.

use std::time::Instant;

use super::site::{Kind, Site};

/// Deploys under load, and looks at what serves afterwards.
fn under_load(name: &str, kind: Kind, strategy: &str, tag: &str, port: u16, more: &str) -> Site {
    let site = Site::up(name, kind, strategy, port, more);
    assert_eq!(site.served(), "1.0");
    let load = site.load("/version", 25);
    site.app.run(&["deploy", name, "--tag", tag, "--yes"]).ends(0);
    assert_eq!(site.served(), tag);
    load.lost_nothing();
    site
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn start_first_behind_caddy_loses_no_request() {
    // Its new container takes ten seconds to listen: a request that came to it before would be lost.
    let site = under_load("victor", Kind::Caddy, "start-first", "slow", 18080, "");
    assert_eq!(site.app.versions("web-1"), ["slow"], "the old container is gone");
    // And on to the next, which takes the first port again.
    site.app.run(&["deploy", "victor", "--tag", "1.2", "--yes"]).ends(0);
    assert_eq!(site.served(), "1.2");
    let told = site.app.run(&["deploy", "victor", "--tag", "1.2", "--yes"]).ends(2);
    assert!(told.text().contains("this is what runs already"), "{}", told.text());
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn start_first_behind_nginx_loses_no_request() {
    let site = under_load("quebec", Kind::Nginx, "start-first", "1.1", 18082, "");
    assert_eq!(site.app.versions("web-2"), ["1.1"]);
    assert_eq!(site.app.outcomes("web-2"), ["2 good", "1 good"]);
    // The release before is made anew, since its container is gone.
    site.app.run(&["rollback", "quebec", "--yes"]).ends(0);
    assert_eq!(site.served(), "1.0");
    assert_eq!(site.app.versions("web-2"), ["1.0"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn blue_green_goes_back_at_once() {
    let site = under_load("romeo", Kind::Nginx, "blue-green", "1.1", 18084, "");
    assert_eq!(site.app.versions("web-2"), ["1.0", "1.1"], "the old container is kept");
    // The release before was started by hand, in the app's own project: it is warm the first time too.
    let stands = "docker compose ps -q web | sort";
    let before = site.app.on("web-2", stands);
    let load = site.load("/version", 4);
    let start = Instant::now();
    site.app.run(&["rollback", "romeo", "--yes"]).ends(0);
    println!("rollback, from the start of the program to its end: {:?}", start.elapsed());
    assert_eq!(site.served(), "1.0");
    assert_eq!(site.app.on("web-2", stands), before, "nothing was made or removed: only the proxy switched");
    load.lost_nothing();
    assert_eq!(site.app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
    // What stands by goes before the next stands beside.
    site.app.run(&["deploy", "romeo", "--tag", "1.2", "--yes"]).ends(0);
    assert_eq!(site.served(), "1.2");
    assert_eq!(site.app.versions("web-2"), ["1.0", "1.2"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_canary_that_answers_as_well_gets_all_requests() {
    let more = "[apps.sierra.canary]\nshares = [10, 50]\nwindow = \"3s\"\npath = \"/version\"\n";
    let site = under_load("sierra", Kind::Caddy, "canary", "1.1", 18086, more);
    assert_eq!(site.app.versions("web-1"), ["1.1"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_canary_behind_nginx_loses_no_request() {
    let more = "[apps.sierra2.canary]\nshares = [10, 50]\nwindow = \"3s\"\npath = \"/version\"\n";
    let site = under_load("sierra2", Kind::Nginx, "canary", "1.1", 18196, more);
    assert_eq!(site.app.versions("web-2"), ["1.1"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn blue_green_behind_caddy_loses_no_request_either_way() {
    let site = under_load("romeo2", Kind::Caddy, "blue-green", "1.1", 18198, "");
    let load = site.load("/version", 4);
    site.app.run(&["rollback", "romeo2", "--yes"]).ends(0);
    assert_eq!(site.served(), "1.0");
    load.lost_nothing();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_is_not_good_never_gets_a_request() {
    let site = Site::up("tango", Kind::Nginx, "start-first", 18088, "gate.deadline = \"20s\"");
    let before = site.app.on("web-2", "docker compose ps -q web; cat /etc/nginx/apps/tango.conf");
    let load = site.load("/version", 20);
    let told = site.app.run(&["deploy", "tango", "--tag", "crash", "--yes"]).ends(1);
    assert!(told.text().contains("no DATABASE_URL"), "its last words are told: {}", told.text());
    load.lost_nothing();
    assert_eq!(site.app.on("web-2", "docker compose ps -aq web; cat /etc/nginx/apps/tango.conf"), before);
    assert_eq!(site.app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_proxy_that_refuses_its_configuration_goes_on_as_before_fault() {
    // A reload that is refused once the new file is there, though all was well before.
    let refuses = "#!/bin/sh\\ngrep -q 18091 /etc/nginx/apps/uniform.conf && { echo it will not; exit 1; }; sudo nginx -s reload";
    let site = Site::up("uniform", Kind::Nginx, "start-first", 18090, "");
    site.app.everywhere(&format!("printf '{refuses}' >~/uniform/reload && chmod +x ~/uniform/reload"));
    site.app.configure("reload = [\"/home/ops/uniform/reload\"]\n");
    let before = site.app.on("web-2", "docker compose ps -q web; cat /etc/nginx/apps/uniform.conf");
    let told = site.app.run(&["deploy", "uniform", "--tag", "1.1", "--yes"]).ends(1);
    assert!(told.text().contains("goes on as before: it will not"), "{}", told.text());
    assert_eq!(site.served(), "1.0");
    assert_eq!(site.app.on("web-2", "docker compose ps -aq web; cat /etc/nginx/apps/uniform.conf"), before);
    // And one that is wrong before is refused before anything is touched. It is wrong for every app there:
    // nothing else may run meanwhile.
    site.app.everywhere("echo 'nonsense;' | sudo tee /etc/nginx/sites-enabled/uniform-wrong >/dev/null");
    let told = site.app.run(&["deploy", "uniform", "--tag", "1.1", "--yes"]);
    site.app.everywhere("sudo rm /etc/nginx/sites-enabled/uniform-wrong");
    assert!(told.text().contains("nginx refuses what it has now"), "{}", told.text());
    told.ends(2);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_that_answers_with_errors_is_put_back_in_its_watch() {
    let site = Site::up("zulu", Kind::Nginx, "start-first", 18092, "watch = \"30s\"");
    site.app.configure("log = \"/var/log/nginx/zulu.log\"\n");
    let load = site.load("/cgi-bin/order", 60);
    site.app.everywhere("until [ $(wc -l </var/log/nginx/zulu.log) -gt 200 ]; do sleep 0.2; done");
    // It is healthy, and all its containers are: only the requests tell.
    let told = site.app.run(&["deploy", "zulu", "--tag", "errors", "--yes"]).ends(1);
    load.end();
    assert!(told.text().contains("answers are errors, before it were 0 of"), "{}", told.text());
    assert_eq!(site.served(), "1.0");
    assert_eq!(site.app.versions("web-2"), ["1.0"]);
    assert_eq!(site.app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_canary_that_answers_worse_gets_no_more_requests() {
    let more = "[apps.alfa.canary]\nshares = [10]\nwindow = \"20s\"\npath = \"/cgi-bin/order\"\n";
    let site = Site::up("alfa", Kind::Caddy, "canary", 18094, more);
    let told = site.app.run(&["deploy", "alfa", "--tag", "errors", "--yes"]).ends(1);
    assert!(told.text().contains("answers are errors"), "{}", told.text());
    assert_eq!(site.served(), "1.0");
    assert_eq!(site.app.on("web-1", "cat /etc/caddy/apps/alfa.conf | tail -1"), "to 127.0.0.1:18094");
}

/// Types what a plan is as shell, on the server, command by command: none may fail.
fn typed(site: &Site, tag: &str) {
    let name = &site.app.name;
    let shell = site.app.run(&["deploy", name, "--tag", tag, "--dry-run", "--shell"]).ends(0).text();
    let server = site.kind.server();
    assert_eq!(site.served(), "1.0", "nothing is changed by showing it");
    let output = site.app.lab.ssh(server, &format!("exec bash -e <<'TYPED'\n{shell}\nTYPED"));
    assert!(output.status.success(), "{shell}\n{}", String::from_utf8_lossy(&output.stderr));
    // What a person types does not wait as the gate does.
    let late = Instant::now() + std::time::Duration::from_secs(30);
    while site.served() != tag {
        assert!(Instant::now() < late, "{} is served: {shell}", site.served());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_switch_that_is_typed_by_hand_serves_the_new_release() {
    let site = Site::up("shnginx", Kind::Nginx, "start-first", 18220, "");
    typed(&site, "1.1");
    assert_eq!(site.app.versions("web-2"), ["1.1"], "the old container is gone");
    let site = Site::up("shcaddy", Kind::Caddy, "blue-green", 18224, "");
    typed(&site, "1.1");
    assert_eq!(site.app.versions("web-1"), ["1.0", "1.1"], "the old container is kept");
}
