//! What a release is watched for, beside the errors of its requests: how long they take, and restarts.

use super::faults::struck_at;
use super::project::Project;
use super::site::{Kind, Site};

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_that_takes_longer_at_p95_is_put_back_in_its_watch() {
    let site = Site::up("wslow", Kind::Nginx, "start-first", 18230, "watch = \"60s\"");
    site.app.configure("log = \"/var/log/nginx/wslow.log\"\n");
    // A log that tells times.
    site.app.everywhere(
        "sudo tee /etc/nginx/sites-enabled/wslow >/dev/null <<'END'\n\
         log_format wslow '$remote_addr - - [$time_local] \"$request\" $status $body_bytes_sent \"-\" \"-\" rt=$request_time';\n\
         include /etc/nginx/apps/wslow.conf;\n\
         server { listen 80; server_name wslow.lab; access_log /var/log/nginx/wslow.log wslow; location / { proxy_pass http://wslow; } }\n\
         END\nsudo nginx -s reload",
    );
    let load = site.load("/cgi-bin/slow", 120);
    // What it takes when it has begun, or while another test has the cores, is not what it takes: until 95
    // of 100 take less than a second.
    site.app.everywhere(
        "log=/var/log/nginx/wslow.log; settled() { sed 's/.*rt=//' $log | sort -n | \
         awk '{t[NR]=$1} END {exit !(NR>=100 && t[int(NR*0.95)]<1)}'; }\n\
         for n in 1 2 3 4 5; do\n\
         sudo truncate -s 0 $log; until [ $(wc -l <$log) -ge 100 ]; do sleep 0.2; done; settled && exit 0\n\
         done; exit 1",
    );
    // 0.7 s before, three seconds then; not one request fails, and its health check passes.
    let told = site.app.run(&["deploy", "wslow", "--tag", "slow", "--yes"]).ends(1).text();
    load.end();
    assert!(told.contains("ok  web-2: wait until web is good"), "{told}");
    let why =
        told.lines().find(|line| line.contains("NO  web-2: watch for")).unwrap_or_else(|| panic!("{told}"));
    assert!(why.contains("ms at p95, before it took"), "{why}");
    assert_eq!(site.served(), "1.0");
    assert_eq!(site.app.versions("web-2"), ["1.0"]);
    assert_eq!(site.app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_release_that_restarts_once_in_its_watch_is_put_back() {
    let app = Project::up("wagain", &["web-2"], "watch = \"30s\"");
    // Its process ends by itself, and its policy starts it again: it is well a moment later.
    // Whoever is in the container goes with its first process, so that the command's own end says nothing.
    let strike = || app.everywhere("cd ~/wagain && docker exec $(docker compose ps -q web) kill 1; true");
    let struck = struck_at(&app, "1.1", 1, "watch for", strike).unwrap();
    assert_eq!(struck.code, 1, "{}", struck.text);
    assert!(struck.text.contains("ok  web-2: wait until web is good"), "{}", struck.text);
    assert!(struck.text.contains("a container of web restarted"), "{}", struck.text);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    assert_eq!(app.outcomes("web-2"), ["2 rolled-back", "1 good"]);
    let log = app.on("web-2", "cat .midwatch/releases/0002/log-web.txt");
    assert!(log.matches("shop 1.1 listening").count() == 2, "both its lives: {log}");
}
