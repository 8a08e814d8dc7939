//! Repositories over SFTP, on the lab's real sshd: the real restic reads what is written there by its own ssh.

use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::away::{TABLES, lives, restic};
use super::store::Store;

/// A host of SSH's that is no server of the configuration, by the name `vault`, and a folder there that goes
/// with the test.
pub struct Vault<'a> {
    store: &'a Store,
    on: &'static str,
    folder: String,
}

impl<'a> Vault<'a> {
    /// The store's repository is there from now on, below the folder.
    pub fn on(store: &'a Store, on: &'static str) -> Self {
        let folder = format!("/srv/{}", store.name);
        let it = Self { store, on, folder };
        it.clean();
        it.run(&format!("sudo install -d -m 700 -o ops {}", it.folder));
        let (lab, own) = (store.lab.path("/ssh_config"), store.path("known_hosts"));
        let known = fs::read_to_string(lab.with_file_name("known_hosts")).unwrap();
        fs::write(&own, known).unwrap();
        let text = format!(
            "Host vault\n  HostName 127.0.0.1\n  Port {}\n  User ops\n  HostKeyAlias vault-{2}\n  IdentityFile {1}/keys/id_ed25519\n  \
             UserKnownHostsFile {3}\nMatch all\nInclude {4}\n",
            store.lab.port(on),
            lab.parent().unwrap().display(),
            store.name,
            own.display(),
            lab.display()
        );
        fs::write(store.path("ssh_config"), text).unwrap();
        store.amended(
            &format!("config = \"{}\"", lab.display()),
            &format!("config = \"{}\"", store.path("ssh_config").display()),
        );
        let theirs = lab.with_file_name("known_hosts").display().to_string();
        store.amended(
            &format!("known_hosts = [\"{theirs}\"]"),
            &format!("known_hosts = [\"{}\"]", own.display()),
        );
        it.at(&format!("sftp:vault:{}/repository", it.folder));
        it
    }

    /// Names its address.
    fn at(&self, url: &str) {
        let path = format!("path = \"{}\"", self.store.path("repository").display());
        self.store.amended(&path, &format!("url = \"{url}\""));
    }

    fn url(&self) -> String {
        format!("sftp:vault:{}/repository", self.folder)
    }

    pub fn run(&self, command: &str) -> String {
        let output = self.store.lab.ssh(self.on, command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Takes its host key for good.
    fn accepted(&self) {
        let told = self.store.run(&["doctor", "repository/test", "--accept-host-key", "repository/test"]);
        let told = told.text();
        let known = fs::read_to_string(self.store.path("known_hosts")).unwrap();
        assert!(known.contains(&format!("vault-{} ", self.store.name)), "{told}: {known}");
    }

    /// Its host key is known by the name that ssh itself has it under.
    pub fn known(&self) {
        let file = self.store.path("known_hosts");
        let known = fs::read_to_string(&file).unwrap();
        let port = format!("[127.0.0.1]:{} ", self.store.lab.port(self.on));
        let line = known.lines().find(|line| line.starts_with(&port)).unwrap();
        let line = line.replace(&port, &format!("vault-{} ", self.store.name));
        fs::write(file, format!("{known}{line}\n")).unwrap();
    }

    /// What was begun and is no file yet.
    fn beside(&self) -> String {
        self.run(&format!("find {}/repository -name '*.new' 2>/dev/null; true", self.folder))
    }

    fn clean(&self) {
        self.run(&format!("sudo umount -q {0}; sudo rm -rf {0}", self.folder));
    }
}

impl Drop for Vault<'_> {
    fn drop(&mut self) {
        let _ = self.store.lab.ssh(self.on, &format!("sudo umount -q {0}; sudo rm -rf {0}", self.folder));
    }
}

/// Files on db-1 that do not compress.
fn noise(name: &str, megabytes: u32) -> Store {
    let store = Store::of(name, &format!("kind = \"files\"\npaths = [\"/var/tmp/{name}\"]"));
    store.on(&format!("rm -rf /var/tmp/{name}; mkdir /var/tmp/{name}; head -c {megabytes}M /dev/urandom >/var/tmp/{name}/noise"));
    store
}

/// What those files are, as they lie there.
fn sum(store: &Store) -> String {
    store.on(&format!("sha256sum </var/tmp/{}/noise", store.name))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_repository_over_sftp_is_written_read_checked_and_pruned_as_one_here() {
    let store = Store::postgres("away_sftp", TABLES);
    let vault = Vault::on(&store, "web-2");

    // A host key that nobody knows is told with what accepts it, and is no repository that is not there.
    let told = store.back_up(&[]).ends(3).text();
    let fingerprint = store.lab.server("web-2", "host_key_fingerprint");
    assert!(
        told.contains(&fingerprint) && told.contains("doctor --accept-host-key repository/test"),
        "{told}"
    );
    assert!(!told.contains("there is no repository"), "{told}");
    let told = store.run(&["backups", &store.name, "--json"]).ends(3).json();
    assert_eq!(told["datastores"][0]["health"], "unknown", "{told}");
    let known = fs::read_to_string(store.path("known_hosts")).unwrap();
    assert!(!known.contains("vault"), "nobody accepted it: {known}");
    vault.accepted();

    lives(&store, &vault.url());
    assert_eq!(vault.beside(), "");
    let modes = vault.run(&format!("stat -c %a {0}/repository {0}/repository/config", vault.folder));
    assert_eq!(modes, "700\n600", "nobody else reads it there");
    let doctor = store.run(&["doctor", "repository/test"]).ends(0).text();
    assert!(doctor.contains("free") && doctor.contains("sftp"), "{doctor}");

    // What was left there in the middle is no file of it, for nobody.
    let before = store.backups();
    let id = before[0]["id"].as_str().unwrap();
    vault.run(&format!(
        "cd {}/repository && for f in snapshots/{id} data/$(ls data | head -n 1)/{id} index/{id} locks/{id}; do \
         echo half >$f-0123456789abcdef.new; done",
        vault.folder
    ));
    assert_eq!(store.backups(), before);
    store.run(&["repo", "check", "test", "--read-data"]).ends(0);
    store.back_up(&[]).ends(0);

    // A prune, which is alone there, takes it away; beside a lock, which may be taken at any time, it stays.
    restic(&store, &vault.url(), &["forget", "--keep-last", "1", "--group-by", ""]);
    store.run(&["prune", "test", "--confirm", "test"]).ends(0);
    let left = vault.beside();
    assert!(left.lines().count() == 1 && left.contains("/locks/"), "{left}");
    assert!(restic(&store, &vault.url(), &["check", "--read-data"]).contains("no errors were found"));
}

/// Waits until a command there says so, while the console runs.
fn until(vault: &Vault<'_>, console: &mut Child, what: &str) {
    let start = Instant::now();
    while vault.run(what).is_empty() {
        assert!(console.try_wait().unwrap().is_none(), "it ended before {what}");
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_connection_that_is_cut_in_the_middle_of_a_backup_over_sftp_costs_nothing() {
    let store = noise("sftpcut", 200);
    let vault = Vault::on(&store, "web-1");
    vault.accepted();
    let command = ["backup", "sftpcut", "--yes", "--init"];
    let mut console = store.command(&command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What is being written by a connection that was not cut yet, and the processes of the one that it is on, so
    // that all of it is gone at once.
    vault.run(&format!("touch {}/seen", vault.folder));
    let writing = format!(
        "cd {} && find repository -name '*.new' -size +64k -newer seen 2>/dev/null | grep -q . && touch seen && \
         for p in $(pgrep -u ops -x sftp-server); do q=$(ps -o ppid= -p $p); \
         [ $q -gt 1 ] && sudo kill -9 $q && echo cut; done; true",
        vault.folder
    );
    for _ in 0..2 {
        until(&vault, &mut console, &writing);
        sleep(Duration::from_millis(300));
    }
    let output = console.wait_with_output().unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(vault.beside(), "", "what was left was taken away");
    assert_eq!(store.backups().len(), 1);
    assert!(restic(&store, &vault.url(), &["check", "--read-data"]).contains("no errors were found"));
    store.run(&["restore", "sftpcut", "--to", &format!("{}/", store.path("back").display())]).ends(0);
    let back = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "find {} -name noise -exec sha256sum {{}} + | cut -d' ' -f1",
            store.path("back").display()
        ))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&back.stdout).trim(), sum(&store).split(' ').next().unwrap());
    store.on("rm -rf /var/tmp/sftpcut");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_full_disk_over_sftp_is_told_with_what_is_free_and_leaves_no_backup() {
    let store = noise("sftpfull", 40);
    let vault = Vault::on(&store, "db-1");
    vault.run(&format!("sudo mount -t tmpfs -o size=16m,mode=700,uid=$(id -u) tmpfs {}", vault.folder));
    // By the name of a server of the configuration, whose address, user and key it takes.
    store.amended(&vault.url(), &format!("sftp:db-1:{}/repository", vault.folder));
    let told = store.back_up(&[]).ends(2).text();
    assert!(told.contains("16M free where the repository is, about 40M"), "{told}");
    let told = store.back_up(&["--reason", "a try"]).ends(1).text();
    assert!(told.contains("there is no room in") && told.contains("free"), "{told}");
    assert!(told.contains("make room where the repository is"), "{told}");
    assert_eq!(store.backups(), Vec::<serde_json::Value>::new());
    assert_eq!(vault.run(&format!("ls {}/repository/locks", vault.folder)), "", "its lock was given back");
    vault.run(&format!("sudo mount -o remount,size=200m {}", vault.folder));
    store.back_up(&[]).ends(0);
    vault.known();
    assert!(restic(&store, &vault.url(), &["check", "--read-data"]).contains("no errors were found"));

    // An account that may not go there is told that, and not that there is no repository.
    store.amended(&vault.folder, "/root/vault");
    let told = store.back_up(&[]).text();
    assert!(told.contains("permission denied") && told.contains("what the account"), "{told}");
    assert!(!told.contains("there is no repository"), "{told}");
    store.on("rm -rf /var/tmp/sftpfull");
}
