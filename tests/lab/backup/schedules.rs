//! Timers that back datastores up: written, run by systemd itself, seen, and taken away.

use std::process::{Command, Stdio};

use super::sftp::Vault;
use super::store::{Store, quoted};

const TABLES: &str = "create table t as select n, md5(n::text) as text from generate_series(1, 2000) n";

/// What systemd has of ours for a datastore on a server, and what is left of its secrets.
fn left(store: &Store, server: &str) -> String {
    let command = format!(
        "ls /etc/systemd/system | grep -F midwatch-backup-{0}; sudo ls /etc/midwatch/credentials 2>/dev/null | grep -F {0}; true",
        store.name
    );
    String::from_utf8(store.lab.ssh(server, &command).stdout).unwrap()
}

/// A folder on a server that goes with the test, and the units with it.
struct There<'a>(&'a Store, &'static str);

impl<'a> There<'a> {
    fn made(store: &'a Store, server: &'static str, owner: &str) -> Self {
        let it = Self(store, server);
        it.clean();
        it.run(&format!(
            "sudo install -d -m 700 -o {owner} /srv/{0} && cd / && sudo -u {owner} env RESTIC_PASSWORD='four bells' \
             restic --no-cache -r /srv/{0}/repository init",
            store.name
        ));
        it
    }

    fn run(&self, command: &str) -> String {
        let output = self.0.lab.ssh(self.1, command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn clean(&self) {
        let unit = format!("midwatch-backup-{}", self.0.name);
        let command = format!(
            "sudo systemctl disable --now {unit}.timer 2>/dev/null; sudo sh -c 'rm -rf /etc/systemd/system/{unit}.* \
             /etc/midwatch/credentials/{unit}.*'; sudo rm -rf /srv/{0} ~/.local/state/midwatch/schedules/{0}; \
             sudo systemctl daemon-reload; sudo systemctl reset-failed '{unit}*' 2>/dev/null; true",
            self.0.name
        );
        self.run(&command);
    }

    /// What restic says there.
    fn restic(&self, owner: &str, words: &str) -> String {
        self.run(&format!(
            "cd / && sudo -u {owner} env RESTIC_PASSWORD='four bells' restic --no-cache -r /srv/{}/repository {words}",
            self.0.name
        ))
    }
}

impl Drop for There<'_> {
    fn drop(&mut self) {
        self.clean();
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_timer_on_the_server_backs_up_by_restic_alone_and_is_judged() {
    let store = Store::postgres("scheduled", TABLES);
    let there = There::made(&store, "db-1", "postgres");
    let install = ["schedule", "install", "scheduled", "--on", "db-1", "--confirm", "scheduled"];
    let told = store.run(&install).ends(2).text();
    assert!(told.contains("--to ADDRESS"), "{told}");
    let install = [&install[..], &["--to", "/srv/scheduled/repository", "--start"]].concat();

    // What fails on its first run leaves nothing.
    let mut absent = store.command(&install);
    store.sql("postgres", "alter database scheduled rename to scheduled_again");
    let output = absent.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("database \"scheduled\" does not exist") && told.contains("put back"), "{told}");
    assert_eq!(left(&store, "db-1"), "");
    store.sql("postgres", "alter database scheduled_again rename to scheduled");

    let told = store.run(&install).ends(0).text();
    for part in
        ["OnCalendar=*-*-* 02:00:00", "NoNewPrivileges=yes", "it ran, and ended well", "its next run: "]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("four bells"), "{told}");
    let secret = there.run("sudo stat -c %a-%U /etc/midwatch/credentials/midwatch-backup-scheduled.repository; grep -rc 'four bells' /etc/systemd/system/midwatch-* | grep -v :0; true");
    assert_eq!(secret, "600-root");

    // systemd runs it once more; restic finds both to be whole, and midwatch brings one back.
    there.run("sudo systemctl start midwatch-backup-scheduled.service");
    assert!(there.restic("postgres", "check --read-data").contains("no errors were found"));
    let mut sent = Command::new("ssh")
        .arg("-nF")
        .arg(store.lab.path("/ssh_config"))
        .args(["db-1", "sudo tar -C /srv/scheduled -c repository"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let taken = Command::new("tar")
        .arg("-C")
        .arg(store.path(""))
        .arg("-x")
        .stdin(sent.stdout.take().unwrap())
        .status();
    assert!(taken.unwrap().success() && sent.wait().unwrap().success());
    let backups = store.backups();
    assert_eq!((backups.len(), backups[0]["server"].as_str()), (2, Some("db-1")), "{backups:?}");
    assert!(backups[0]["bytes"].as_u64().unwrap() > 50_000, "{backups:?}");
    store.run(&["drill", "scheduled", "--yes"]).ends(0);
    let list = ["schedule", "list", "--on", "db-1", "--json"];
    let row = store.run(&list).ends(0).json()["schedules"][0].clone();
    assert_eq!((&row["health"], &row["by"], &row["enabled"]), (&"up".into(), &"restic".into(), &true.into()));

    // One that fails leaves no backup, and its datastore is degraded with the words.
    store.sql("postgres", "alter database scheduled rename to scheduled_again");
    assert!(
        !store.lab.ssh("db-1", "sudo systemctl start midwatch-backup-scheduled.service").status.success()
    );
    assert_eq!(there.restic("postgres", "snapshots --json --tag datastore:scheduled | jq length"), "2");
    store.run(&list).ends(1);
    let status = store.run(&["status", "--json", "--deadline", "8"]).json();
    let all = status["datastores"].as_array().unwrap();
    let it = all.iter().find(|it| it["name"] == "scheduled").unwrap();
    assert_eq!(
        (&it["health"], &it["reason"]),
        (&"degraded".into(), &"its scheduled backup on db-1 failed (exit-code)".into())
    );
    store.run(&["schedule", "remove", "scheduled", "--confirm", "scheduled"]).ends(0);
    assert_eq!(left(&store, "db-1"), "");
}

/// PostgreSQL's own user on db-1, who has nothing of SSH's before and after, and a login on web-2 that its key has.
struct Own<'a>(&'a Store, &'a Vault<'a>);

impl Own<'_> {
    /// A shell's command as that user, in its folder of SSH.
    fn run(&self, command: &str) -> String {
        self.0.on(&format!(
            "cd /; sudo -n -u postgres sh -c {}",
            quoted(&format!("umask 077; mkdir -p ~/.ssh && cd ~/.ssh && {command}"))
        ))
    }

    /// Whether web-2 lets its key in.
    fn lets_in(&self, does: bool) {
        self.1.run("sed -i '/ scheduled-by-sftp$/d' ~/.ssh/authorized_keys");
        if does {
            let key = self.run("cat id_ed25519.pub");
            self.1.run(&format!("echo {} >>~/.ssh/authorized_keys", quoted(&key)));
        }
    }
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        self.lets_in(false);
        self.0.on("sudo rm -rf ~postgres/.ssh");
        let unit = format!("midwatch-backup-{}", self.0.name);
        self.0.on(&format!(
            "sudo systemctl disable --now {unit}.timer 2>/dev/null; sudo sh -c 'rm -rf /etc/systemd/system/{unit}.* \
             /etc/midwatch/credentials/{unit}.*'; sudo rm -rf ~/.local/state/midwatch/schedules/{0}; \
             sudo systemctl daemon-reload; sudo systemctl reset-failed '{unit}*' 2>/dev/null; true",
            self.0.name
        ));
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_timer_on_the_server_backs_up_over_sftp_and_is_refused_where_it_would_be_asked() {
    let store = Store::postgres("sftptimer", TABLES);
    let vault = Vault::on(&store, "web-2");
    vault.known();
    store.back_up(&[]).ends(0);
    let own = Own(&store, &vault);
    let to = "sftp:ops@web-2:/srv/sftptimer/repository";
    let install = |to: &str| {
        store.run(&[
            "schedule",
            "install",
            "sftptimer",
            "--on",
            "db-1",
            "--to",
            to,
            "--start",
            "--confirm",
            "sftptimer",
        ])
    };
    let refused = |to: &str, why: &str, helps: &str| {
        let told = install(to).ends(2).text();
        assert!(told.contains(why) && told.contains(helps), "{why}: {told}");
        assert_eq!(left(&store, "db-1"), "", "{told}");
    };
    refused(
        to,
        "postgres does not get to the repository's host: Host key verification failed",
        "accept it, on db-1: sudo -u postgres ssh ops@web-2",
    );
    own.run("ssh-keyscan -t ed25519 web-2 2>/dev/null >known_hosts");
    refused(to, "Permission denied", "a key without a passphrase for postgres on db-1");
    own.run("ssh-keygen -qt ed25519 -N 'five bells' -C scheduled-by-sftp -f id_ed25519");
    own.lets_in(true);
    refused(to, "Permission denied", "a key without a passphrase");
    own.run("ssh-keygen -qp -P 'five bells' -N '' -f id_ed25519");
    refused(
        "sftp:ops@web-2:/srv/sftptimer/nothing",
        "there is none where the service looks for it",
        "restic init",
    );
    own.run("sed -i.good 's/web-2 .*/web-2 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5bU1cJy0i7mnZr7sTn0b2rT1o6c0Yh8m3g2o2m1c5V/' known_hosts");
    refused(to, "its host key is not the one that is known", "known_hosts of postgres on db-1");
    own.run("mv known_hosts.good known_hosts");

    let told = install(to).ends(0).text();
    assert!(
        told.contains("postgres knows the repository's host") && told.contains("it ran, and ended well"),
        "{told}"
    );
    store.on("sudo systemctl start midwatch-backup-sftptimer.service");
    let backups = store.backups();
    assert_eq!((backups.len(), backups[0]["server"].as_str()), (3, Some("db-1")), "{backups:?}");
    store.run(&["drill", "sftptimer", "--yes"]).ends(0);
    store.run(&["repo", "check", "test", "--read-data"]).ends(0);
    let list = ["schedule", "list", "--on", "db-1", "--json"];
    let row = || {
        let told = store.run(&list).json();
        told["schedules"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["datastore"] == "sftptimer")
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&row()["health"], &row()["by"], &row()["enabled"]),
        (&"up".into(), &"restic".into(), &true.into())
    );

    // One that is not let in any more is told of.
    own.lets_in(false);
    assert!(
        !store.lab.ssh("db-1", "sudo systemctl start midwatch-backup-sftptimer.service").status.success()
    );
    assert_eq!(row()["health"], "degraded");
    let status = store.run(&["status", "--json", "--deadline", "8"]).json();
    let it = status["datastores"].as_array().unwrap().iter().find(|it| it["name"] == "sftptimer").unwrap();
    assert_eq!(
        (&it["health"], &it["reason"]),
        (&"degraded".into(), &"its scheduled backup on db-1 failed (exit-code)".into())
    );
    assert_eq!(store.backups().len(), 3);
    store.run(&["schedule", "remove", "sftptimer", "--confirm", "sftptimer"]).ends(0);
    assert_eq!(left(&store, "db-1"), "");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_console_on_the_server_itself_schedules_itself() {
    let store = Store::of("ownwatch", "kind = \"files\"\npaths = [\"/srv/ownwatch/data\"]");
    let there = There::made(&store, "web-1", "ops");
    // The program without what only a debugger wants, with a configuration of its own there.
    let small = store.path("midwatch");
    let stripped = Command::new("strip").arg("-o").arg(&small).arg(env!("CARGO_BIN_EXE_midwatch")).status();
    assert!(stripped.unwrap().success());
    let program = std::fs::File::open(&small).unwrap();
    let sent = Command::new("ssh")
        .arg("-F")
        .arg(store.lab.path("/ssh_config"))
        .args(["web-1", "cat >/srv/ownwatch/midwatch && chmod 755 /srv/ownwatch/midwatch"])
        .stdin(program)
        .status();
    assert!(sent.unwrap().success());
    let config = "[servers.own]\nlocal = true\n[history]\npath = \"/srv/ownwatch/state/history.db\"\n\
        [repositories.main]\npath = \"/srv/ownwatch/repository\"\npassword = { file = \"/srv/ownwatch/password\" }\n\
        [datastores.ownwatch]\nkind = \"files\"\nserver = \"own\"\nrepository = \"main\"\npaths = [\"/srv/ownwatch/data\"]\n";
    there.run(&format!(
        "cd /srv/ownwatch && umask 077 && mkdir -p data state && echo one >data/one && echo 'four bells' >password && printf %s {} >config.toml",
        quoted(config)
    ));
    let midwatch = "/srv/ownwatch/midwatch --config /srv/ownwatch/config.toml";
    let told =
        there.run(&format!("{midwatch} schedule install ownwatch --at '*-*-* 03:30:00' --start --yes"));
    assert!(told.contains("it ran, and ended well") && told.contains("User=ops"), "{told}");
    there.run("echo two >/srv/ownwatch/data/two; sudo systemctl start midwatch-backup-ownwatch.service");
    assert!(there.restic("ops", "check --read-data").contains("no errors were found"));
    assert_eq!(there.restic("ops", "dump latest /ownwatch/files.tar | tar -xO srv/ownwatch/data/two"), "two");
    let said = there.run("journalctl -u midwatch-backup-ownwatch -o cat | grep -c 'read back whole'");
    assert!(said.parse::<u32>().unwrap() >= 2, "it is told to the journal: {said}");

    // By the user's own systemd too, which the same list and the same picture tell of.
    there.run(&format!("{midwatch} schedule remove ownwatch --yes"));
    assert_eq!(left(&store, "web-1"), "");
    there.run(&format!("{midwatch} schedule install ownwatch --user --start --yes"));
    let list = there.run(&format!("{midwatch} schedule list --json"));
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(
        (&list["schedules"][0]["scope"], &list["schedules"][0]["health"]),
        (&"user".into(), &"up".into()),
        "{list}"
    );
    let status = there.run(&format!("{midwatch} status --json --deadline 8; true"));
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let schedule = &status["datastores"][0]["schedules"][0];
    assert!(schedule["next_run_at"].is_string(), "{status}");
    there.run(&format!(
        "{midwatch} schedule remove ownwatch --yes; rm -rf ~/.local/state/midwatch/datastores/ownwatch"
    ));
}
