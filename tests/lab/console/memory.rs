//! What the kernel and the distribution tell of a machine: a process killed for memory, a reboot that
//! is wanted.

use std::time::Duration;

use serde_json::Value;

use super::{Temporary, is_up, open_server, over_one};
use crate::lab::Lab;

/// The mark by which Debian's packages ask for a reboot, taken away when the test ends.
struct Wanted<'a>(&'a Lab);

impl<'a> Wanted<'a> {
    fn on(lab: &'a Lab) -> Self {
        assert!(lab.ssh("web-2", "sudo touch /var/run/reboot-required").status.success());
        Self(lab)
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        self.0.ssh("web-2", "sudo rm -f /var/run/reboot-required");
    }
}

/// The number behind `oom kills` on a server's page.
fn kills(screen: &str) -> Option<u64> {
    screen.split("oom kills ").nth(1)?.split_whitespace().next()?.parse().ok()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_container_killed_for_memory_and_a_wanted_reboot_are_told_fault() {
    let lab = Lab::get();
    let _wanted = Wanted::on(&lab);
    let mut console = over_one(&lab, "web-2");
    console.wait_until("web-2, read", |screen| is_up(screen, "web-2"));
    assert!(!console.screen_text().contains("killed a process for memory"));
    open_server(&console, "web-2");
    console.wait_for("reboot required").wait_for("shop-web-1");
    let before = kills(&console.screen_text()).unwrap_or_default();

    let victim = Temporary { lab: &lab, server: "web-2", name: "e2e-oom" };
    victim.remove();
    // A line without an end, which it has to hold.
    let run = format!("docker run -d --name {} -m 8m registry:5000/shop:noisy tail /dev/zero", victim.name);
    assert!(lab.ssh("web-2", &run).status.success());
    console.wait_until("the kernel's count", |screen| kills(screen).is_some_and(|now| now > before));
    console.press("\x1b");
    console.wait_at_most(Duration::from_secs(10), "both problems", |screen| {
        let problems = screen.split("SERVERS").next().unwrap_or_default();
        problems.contains("the kernel killed a process for memory")
            && problems.contains("e2e-oom ended, out of memory")
    });
    console.quit();

    let status = std::process::Command::new(env!("CARGO_BIN_EXE_midwatch"))
        .args(["status", "--json", "--config"])
        .arg(console.home().join("midwatch.toml"))
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&status.stdout).unwrap();
    let all = report["servers"][0]["containers"].as_array().unwrap();
    let killed = all.iter().find(|it| it["name"] == "e2e-oom").unwrap();
    assert_eq!((&killed["oom_killed"], &killed["exit_code"]), (&Value::Bool(true), &Value::from(137)));
    assert!(all.iter().filter(|it| it["name"] != "e2e-oom").all(|it| it["oom_killed"] == false));
}
