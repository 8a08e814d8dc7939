//! The lab itself: its servers answer, and its faults do what they say.

use crate::lab::Lab;

fn out(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn every_server_answers() {
    let lab = Lab::get();
    for name in ["web-1", "web-2", "db-1", "busy-1"] {
        assert_eq!(out(&lab.ssh(name, "hostname")), name);
    }
    assert_eq!(out(&lab.ssh("db-1-via-web-1", "hostname")), "db-1");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_shop_runs_and_the_bad_project_does_not() {
    let lab = Lab::get();
    let running =
        out(&lab.ssh("web-1", "docker ps --filter label=com.docker.compose.project=shop -q | wc -l"));
    assert_eq!(running, "3");
    let states = out(&lab.ssh("web-2", "docker inspect -f '{{.State.ExitCode}}' bad-api-1"));
    assert!(states == "3" || states == "0", "{states}");
    assert_eq!(out(&lab.ssh("db-1", "systemctl is-failed broken.service")), "failed");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn fault_cut_makes_a_server_unreachable_until_mended() {
    let lab = Lab::get();
    {
        let _cut = lab.fault("cut", "web-2", &[]);
        assert!(!lab.ssh("web-2", "true").status.success());
        assert!(lab.ssh("web-1", "true").status.success());
    }
    assert!(lab.ssh("web-2", "true").status.success());
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn fault_new_host_key_is_refused_until_put_back() {
    let lab = Lab::get();
    {
        let _changed = lab.fault("host-key", "web-1", &["new"]);
        let refused = lab.ssh("web-1", "true");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("HOST IDENTIFICATION HAS CHANGED"));
    }
    assert!(lab.ssh("web-1", "true").status.success());
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn fault_full_disk_and_wrong_clock() {
    let lab = Lab::get();
    let disk = lab.fault("fill-disk", "db-1", &[]);
    assert!(!lab.ssh("db-1", "head -c 100000 /dev/zero > /srv/small/x").status.success());
    disk.run("clock", &["+10m"]);
    let there: i64 = out(&lab.ssh("db-1", "date +%s")).parse().unwrap();
    let here: i64 = out(&lab.ssh("web-1", "date +%s")).parse().unwrap();
    assert!((590..=610).contains(&(there - here)), "{}", there - here);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn ports_greet_as_ssh() {
    use std::io::Read;
    let lab = Lab::get();
    for name in ["web-1", "busy-1"] {
        let mut greeting = [0; 8];
        std::net::TcpStream::connect(("127.0.0.1", lab.port(name)))
            .unwrap()
            .read_exact(&mut greeting)
            .unwrap();
        assert_eq!(&greeting, b"SSH-2.0-");
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_labs_configuration_is_good() {
    let lab = Lab::get();
    let options = midwatch::config::Options { home: None, themes: None, actions: &[] };
    match midwatch::config::load(&lab.path("/config"), options) {
        Ok(loaded) => assert!(loaded.warnings.mistakes().is_empty(), "{}", loaded.warnings.render(false)),
        Err(error) => panic!("{}", error.report().map(|it| it.render(false)).unwrap_or_default()),
    }
}
