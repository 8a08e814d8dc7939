//! A second person: the run waits, and goes on by the signature of another operator's own key, by nothing else.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::console::on_the_app;
use super::project::{Project, Told};
use crate::pty::Start;

/// The environment of these tests.
const TWO: &str = "environment = \"two\"\n[environments.two]\nguard = \"two-person\"\n";

/// An app whose changes take two, and a second operator with a key of their own.
struct Pair {
    app: Project,
    key: PathBuf,
}

impl Pair {
    fn up(name: &str, servers: &[&str]) -> Self {
        Self::with_key(name, servers, "ed25519")
    }

    /// The second operator's key is of this kind.
    fn with_key(name: &str, servers: &[&str], kind: &str) -> Self {
        let pair = Self::unknown(name, servers, kind);
        pair.let_in();
        pair
    }

    /// The second operator is let in by a certificate alone, of the authority that the servers trust.
    fn certified(name: &str, servers: &[&str]) -> Self {
        let pair = Self::unknown(name, servers, "ed25519");
        let authority = pair.app.lab.path("/keys/accepted").with_file_name("user_ca");
        certify(&authority, &pair.key, "ben");
        pair
    }

    /// No server knows the second operator yet.
    fn unknown(name: &str, servers: &[&str], kind: &str) -> Self {
        let app = Project::up(name, servers, TWO);
        let key = app.scratch("ben");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", "", "-C", &format!("ben-{name}"), "-f"])
            .arg(&key)
            .status();
        assert!(made.unwrap().success());
        let pair = Self { app, key };
        let text = fs::read_to_string(pair.app.scratch("config.toml")).unwrap();
        let mut own = String::new();
        for line in text.lines() {
            // This operator's key instead of the lab's; whatever SSH's configuration names is not used then.
            let line = if line.starts_with("identity = ") { "" } else { line };
            own = own + line + "\n";
            if ["[servers.web-1]", "[servers.web-2]"].contains(&line) {
                own = own + "identity = [\"" + &pair.key.display().to_string() + "\"]\n";
            }
        }
        own = own.replace("/history.db", "/of-ben/history.db");
        fs::write(pair.config(), own).unwrap();
        pair
    }

    fn config(&self) -> PathBuf {
        self.app.scratch("ben.toml")
    }

    /// Everywhere: all apps are looked at for what waits.
    fn let_in(&self) {
        let public = fs::read_to_string(self.key.with_extension("pub")).unwrap();
        for server in ["web-1", "web-2"] {
            self.app.lab.ssh(
                server,
                &format!("echo '{}' | flock ~/.ssh tee -a ~/.ssh/authorized_keys", public.trim()),
            );
        }
    }

    fn shut_out(&self) {
        for server in ["web-1", "web-2"] {
            let clean = format!("flock ~/.ssh sed -i '/ ben-{}$/d' ~/.ssh/authorized_keys", self.app.name);
            let _ = self.app.lab.ssh(server, &clean);
        }
    }

    /// The program, as the second operator.
    fn ben(&self, args: &[&str]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.args(args).arg("--config").arg(self.config()).env("USER", "ben");
        Told(command.output().unwrap())
    }

    /// A deploy that waits.
    fn asks(&self, tag: &str) -> Asking {
        let child = self
            .app
            .bare(&["deploy", &self.app.name, "--tag", tag, "--yes"])
            .env("USER", "anna")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let asking = Asking::of(child);
        // What it says is a moment before it lies on the servers.
        let waits = format!("test -e .midwatch/waiting/{}/alive", asking.run);
        for _ in 0..100 {
            if self.app.servers.iter().all(|it| {
                self.app.lab.ssh(it, &format!("cd ~/{} && {waits}", self.app.name)).status.success()
            }) {
                return asking;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("nothing lies on the servers")
    }

    /// Nothing was changed, and nothing is left of what was asked for.
    fn is_untouched(&self) {
        for server in &self.app.servers {
            assert_eq!(self.app.versions(server), ["1.0"]);
            let left =
                self.app.on(server, "ls .midwatch/waiting; ls .midwatch/lock .midwatch/runs 2>/dev/null");
            assert_eq!(left, "", "{server}");
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.shut_out();
    }
}

/// A run that waits for a second person.
pub struct Asking {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Its name.
    pub run: String,
}

impl Asking {
    /// Reads what the program says until it waits.
    pub fn of(mut child: Child) -> Self {
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (mut text, mut run) = (String::new(), None);
        let mut line = String::new();
        while run.is_none() && out.read_line(&mut line).unwrap() > 0 {
            run = line.split("midwatch approve ").nth(1).map(|run| run.trim().to_owned());
            text.push_str(&line);
            line.clear();
        }
        let run = run.unwrap_or_else(|| {
            child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
            panic!("it does not wait: {text}")
        });
        Self { child, out, run }
    }

    /// Reads on until a line has these words.
    fn until(&mut self, words: &str) {
        let mut line = String::new();
        let mut text = String::new();
        while self.out.read_line(&mut line).unwrap() > 0 {
            if line.contains(words) {
                return;
            }
            text += &std::mem::take(&mut line);
        }
        panic!("it never said {words}: {text}");
    }

    /// Its end.
    #[track_caller]
    pub fn ends(mut self, code: i32) -> String {
        let mut text = String::new();
        self.out.read_to_string(&mut text).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{text}");
        text
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn another_operator_approves_and_the_signature_can_be_verified_by_anybody() {
    let pair = Pair::with_key("apone", &["web-1", "web-2"], "rsa");
    let app = &pair.app;
    let asking = pair.asks("1.1");
    let run = asking.run.clone();
    assert_eq!(app.versions("web-2"), ["1.0"], "changed before it was approved");
    let told = pair.ben(&["runs"]).ends(1);
    assert!(told.text().contains("WAITS") && told.text().contains(&run), "{}", told.text());
    // It is shown and asked for; nobody is there to answer.
    let told = pair.ben(&["approve", &run]).ends(2);
    assert!(told.text().contains("anna@") && told.text().contains("steps"), "{}", told.text());
    let told = pair.ben(&["approve", &run, "--yes"]).ends(0);
    assert!(told.text().contains("the run knows it"), "{}", told.text());
    let text = asking.ends(0);
    assert!(text.contains("approved by ben@") && text.contains("(ben-apone)"), "{text}");
    assert_eq!(app.versions("web-2"), ["1.1"]);
    // By OpenSSH's own tool, with what lies on the server.
    for server in ["web-1", "web-2"] {
        let verified = app.on(
            server,
            &format!(
                "cd .midwatch/runs/{run} && sed 's/^/operators /' ~/.ssh/authorized_keys >/tmp/signers-{run} && \
                 ssh-keygen -Y verify -f /tmp/signers-{run} -I operators -n midwatch-approve -s approval.sig <approval.txt 2>&1; \
                 rm /tmp/signers-{run}; sha256sum plan.json >/dev/null; grep plan approval.txt"
            ),
        );
        assert!(verified.contains("Good \"midwatch-approve\" signature for operators"), "{verified}");
        let digest = app.on(server, &format!("head -c -1 .midwatch/runs/{run}/plan.json | sha256sum"));
        assert!(verified.contains(digest.split_whitespace().next().unwrap()), "{verified} {digest}");
    }
    let told = app.run(&["journal", "show", &run]).ends(0).text();
    assert!(told.contains("asks for a second person") && told.contains("approves plan"), "{told}");
    assert!(pair.ben(&["journal", "show", &run]).ends(0).text().contains("approves plan"));
    app.run(&["journal", "verify"]).ends(0);
    app.run(&["runs"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn who_asked_cannot_approve_and_neither_can_a_key_that_the_server_does_not_let_in() {
    let pair = Pair::up("aptwo", &["web-2"]);
    let mut asking = pair.asks("1.1");
    // The same key, on whatever console.
    let told = Told(pair.app.bare(&["approve", &asking.run, "--yes"]).output().unwrap()).ends(1);
    assert!(told.text().contains("holds the key"), "{}", told.text());
    let told = pair.ben(&["approve", &asking.run, "--yes", "--read-only"]);
    assert!(told.code() != 0 && told.text().contains("read-only"), "{}", told.text());
    // By hand: a signature with the asker's own key, one with a key that is not let in, one for another run,
    // and what is no signature at all. None of them counts, and each is said.
    let dir = format!("~/aptwo/.midwatch/waiting/{}", asking.run);
    let put = |signature: &str| {
        let by = r#"{"by":{"user":"mallory","machine":"x"}}"#;
        pair.app.everywhere(&format!(
            "cd {dir} && printf '%s\\n' '{signature}' >s && echo '{by}' >approval.json && mv s approval.sig"
        ));
    };
    let digest = pair.app.on("web-2", &format!("head -c -1 {dir}/plan.json | sha256sum | cut -d' ' -f1"));
    let signed = |key: &str, run: &str| {
        let message = pair.app.scratch("message");
        fs::write(&message, format!("midwatch approve 1\nrun {run}\nplan {digest}\n")).unwrap();
        let _ = fs::remove_file(message.with_extension("sig"));
        let made = Command::new("ssh-keygen")
            .args(["-q", "-Y", "sign", "-n", "midwatch-approve", "-f", key])
            .arg(&message)
            .status();
        assert!(made.unwrap().success());
        fs::read_to_string(message.with_extension("sig")).unwrap().trim().to_owned()
    };
    let stranger = pair.app.scratch("stranger").display().to_string();
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &stranger]).status();
    assert!(made.unwrap().success());
    let ben = pair.key.display().to_string();
    let own = pair.app.lab.path("/keys/accepted").display().to_string();
    for (signature, why) in [
        (signed(&own, &asking.run), "whoever asked holds that key"),
        (signed(&stranger, &asking.run), "does not let that key"),
        (signed(&ben, "20200101000000000-00000000"), "not over this run"),
        ("-----BEGIN SSH SIGNATURE-----".to_owned(), "cannot be read as a signature"),
    ] {
        put(&signature);
        asking.until(why);
    }
    pair.is_still(&asking);
    // The real one counts after all that.
    pair.ben(&["approve", &asking.run, "--yes"]).ends(0);
    asking.ends(0);
    assert_eq!(pair.app.versions("web-2"), ["1.1"]);
}

impl Pair {
    fn is_still(&self, asking: &Asking) {
        let told = self.ben(&["runs"]);
        assert!(told.text().contains("WAITS") && told.text().contains(&asking.run), "{}", told.text());
        assert_eq!(self.app.versions("web-2"), ["1.0"]);
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn denied_cancelled_or_too_late_nothing_is_changed_and_nothing_is_left() {
    let pair = Pair::up("apthree", &["web-2"]);
    let asking = pair.asks("1.1");
    pair.ben(&["approve", &asking.run, "--deny", "--reason", "not on a Friday", "--yes"]).ends(0);
    let text = asking.ends(2);
    assert!(text.contains("ben@") && text.contains("not on a Friday"), "{text}");
    pair.is_untouched();

    let asking = pair.asks("1.1");
    let old = asking.run.clone();
    asking.signal("INT");
    let text = asking.ends(2);
    assert!(text.contains("cancelled after"), "{text}");
    pair.is_untouched();
    let told = pair.ben(&["approve", &old, "--yes"]).ends(2);
    assert!(told.text().contains("no run of that name waits"), "{}", told.text());

    // Its ten minutes are over by the server's clock.
    let asking = pair.asks("1.1");
    pair.app.everywhere(&format!("echo 1 >~/apthree/.midwatch/waiting/{}/until", asking.run));
    let told = pair.ben(&["approve", &asking.run, "--yes"]).ends(2);
    assert!(told.text().contains("no run of that name waits"), "{}", told.text());
    asking.signal("INT");
    asking.ends(2);
    pair.is_untouched();
    pair.app.run(&["runs"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_approval_counts_for_no_other_run() {
    let pair = Pair::up("apfour", &["web-2"]);
    let first = pair.asks("1.1");
    let second = pair.asks("1.2");
    let waiting = "~/apfour/.midwatch/waiting";
    // Two approvers at once: one is the one.
    let (one, two) = thread::scope(|scope| {
        let approve = || pair.ben(&["approve", &first.run, "--yes"]);
        let (one, two) = (scope.spawn(approve), scope.spawn(approve));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert!(one.code() == 0 || two.code() == 0, "{} {}", one.text(), two.text());
    let run = first.run.clone();
    first.ends(0);
    // What approved the first is put before the second.
    pair.app.everywhere(&format!(
        "cp ~/apfour/.midwatch/runs/{run}/approval.json {waiting}/{0}/ && cp ~/apfour/.midwatch/runs/{run}/approval.sig {waiting}/{0}/",
        second.run
    ));
    let mut second = second;
    second.until("not over this run");
    // One of its own counts; but what its plan was made of is not there any more.
    pair.ben(&["approve", &second.run, "--yes"]).ends(0);
    let text = second.ends(2);
    assert!(text.contains("since the plan was made"), "{text}");
    assert_eq!(pair.app.versions("web-2"), ["1.1"]);
    pair.app.run(&["runs"]).ends(0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_console_killed_while_it_waits_has_changed_nothing_and_nothing_begins() {
    let pair = Pair::up("apfive", &["web-2"]);
    let mut asking = pair.asks("1.1");
    asking.child.kill().unwrap();
    asking.child.wait().unwrap();
    thread::sleep(Duration::from_secs(1));
    let told = pair.ben(&["approve", &asking.run, "--yes"]).ends(1);
    assert!(told.text().contains("not connected"), "{}", told.text());
    assert_eq!(pair.app.versions("web-2"), ["1.0"]);
    // Nobody else is held up, and once its time is over it is named for what it is.
    pair.app.everywhere(&format!("echo 1 >~/apfive/.midwatch/waiting/{}/until", asking.run));
    let told = pair.app.run(&["runs"]).ends(0);
    assert!(
        told.text().contains("not begun") && told.text().contains("nothing was changed"),
        "{}",
        told.text()
    );
    pair.app.run(&["resume", &asking.run, "finish"]).ends(1);
    pair.app.run(&["resume", &asking.run, "leave"]).ends(0);
    assert!(pair.app.run(&["runs"]).ends(0).text().contains("cancelled"));
    let again = pair.asks("1.1");
    pair.ben(&["approve", &again.run, "--yes"]).ends(0);
    again.ends(0);
    assert!(pair.app.on("web-2", "ls .midwatch/waiting").is_empty(), "what was left goes with the next");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_connection_cut_while_it_waits_ends_nothing_fault() {
    let pair = Pair::up("apsix", &["web-2"]);
    let asking = pair.asks("1.1");
    drop(pair.app.lab.fault("kill-connections", "web-2", &[]));
    // It comes back, and shows that it is there.
    thread::sleep(Duration::from_secs(8));
    pair.ben(&["approve", &asking.run, "--yes"]).ends(0);
    asking.ends(0);
    assert_eq!(pair.app.versions("web-2"), ["1.1"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_is_finished_was_approved() {
    let pair = Pair::up("apseven", &["web-2"]);
    let mut asking = pair.asks("1.1");
    pair.ben(&["approve", &asking.run, "--yes"]).ends(0);
    asking.until("replace");
    asking.child.kill().unwrap();
    asking.child.wait().unwrap();
    let run = asking.run;
    // By another operator, on whose console it never was.
    let told = pair.ben(&["resume", &run]).ends(1);
    assert!(told.text().contains("finish it"), "{}", told.text());
    pair.app.everywhere(&format!("cd ~/apseven/.midwatch/runs/{run} && mv approval.sig kept"));
    let told = pair.ben(&["resume", &run, "finish"]).ends(4);
    assert!(told.text().contains("no approval"), "{}", told.text());
    pair.app.everywhere(&format!("cd ~/apseven/.midwatch/runs/{run} && mv kept approval.sig"));
    pair.ben(&["resume", &run, "finish"]).ends(0);
    assert_eq!(pair.app.versions("web-2"), ["1.1"]);
    // The journal of whoever began it knows no end; the server does.
    let told = pair.app.run(&["runs"]).ends(0);
    assert!(told.text().contains("done") && !told.text().contains("NO END"), "{}", told.text());
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_run_that_another_operator_left_is_found_by_a_console_that_is_open_and_is_undone_there() {
    let pair = Pair::up("apnine", &["web-2"]);
    let ben = Start::new(&["--config", &pair.config().display().to_string()]).size(120, 40).spawn();
    ben.wait_for("apnine");
    let mut asking = pair.asks("1.1");
    pair.ben(&["approve", &asking.run, "--yes"]).ends(0);
    asking.until("replace");
    asking.child.kill().unwrap();
    asking.child.wait().unwrap();
    ben.wait_at_most(Duration::from_secs(45), "it is named", |screen| {
        screen.contains("interrupted, u ends it: deploy apnine")
    });
    ben.press("u").wait_for("WHAT STANDS").wait_for("by anna@");
    ben.press("u").wait_for("What was changed is put back");
    ben.wait_until("it is undone", |screen| {
        if screen.contains("What was changed is put back as it was") {
            ben.press("y");
            thread::sleep(Duration::from_millis(150));
        }
        screen.contains("undone: everything stands as before")
    });
    assert_eq!(pair.app.versions("web-2"), ["1.0"]);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn every_console_shows_it_and_two_keys_approve() {
    let pair = Pair::up("apeight", &["web-2"]);
    let ben = Start::new(&["--config", &pair.config().display().to_string()])
        .size(120, 40)
        .env("USER", "ben")
        .spawn();
    ben.wait_for("apeight");
    let anna = on_the_app(&pair.app);
    anna.press("d").wait_for("version:");
    anna.press("1.1").wait_for("version: 1.1");
    anna.press("\r").wait_for("Enter asks for a second person");
    anna.wait_until("it asks", |screen| {
        if screen.contains("Enter asks for a second person") {
            anna.press("\r");
            thread::sleep(Duration::from_millis(150));
        }
        screen.contains("midwatch approve")
    });
    ben.wait_at_most(Duration::from_secs(40), "the other console shows it", |screen| {
        screen.contains("waits for a second person, A shows it")
    });
    ben.press("A").wait_for("a approves, x denies").wait_for("STEPS").wait_for("asked by ");
    ben.press("a").wait_for("Your key signs this very plan");
    ben.wait_until("it is approved", |screen| {
        if screen.contains("Your key signs this very plan") {
            ben.press("y");
            thread::sleep(Duration::from_millis(150));
        }
        screen.contains("approved: the run goes on") || screen.contains("it does not wait any more")
    });
    anna.wait_at_most(Duration::from_secs(60), "done", |screen| screen.contains("done and verified"));
    assert!(anna.screen_text().contains("approved by ben@"), "{}", anna.screen_text());
    assert_eq!(pair.app.versions("web-2"), ["1.1"]);
}

/// A certificate for the account of the lab, for an hour, beside a key.
fn certify(authority: &Path, key: &Path, name: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-I", name, "-n", "ops", "-V", "-1m:+1h", "-s"])
        .arg(authority)
        .arg(key.with_extension("pub"))
        .status();
    assert!(made.unwrap().success());
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn an_operator_with_a_certificate_approves_and_one_of_another_authority_does_not() {
    let pair = Pair::certified("apfive", &["web-2"]);
    let mut asking = pair.asks("1.1");
    // By hand: a good signature of a key that an authority certified which the server does not know.
    let stranger = pair.app.scratch("stranger");
    let authority = pair.app.scratch("authority");
    for key in [&stranger, &authority] {
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key).status();
        assert!(made.unwrap().success());
    }
    certify(&authority, &stranger, "ben");
    let certificate = fs::read_to_string(stranger.with_file_name("stranger-cert.pub")).unwrap();
    fs::remove_file(stranger.with_file_name("stranger-cert.pub")).unwrap();
    let dir = format!("~/apfive/.midwatch/waiting/{}", asking.run);
    let digest = pair.app.on("web-2", &format!("head -c -1 {dir}/plan.json | sha256sum | cut -d' ' -f1"));
    let message = pair.app.scratch("message");
    fs::write(&message, format!("midwatch approve 1\nrun {}\nplan {digest}\n", asking.run)).unwrap();
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "midwatch-approve", "-f"])
        .args([&stranger, &message])
        .status();
    assert!(signed.unwrap().success());
    let signature = fs::read_to_string(message.with_extension("sig")).unwrap();
    let by =
        serde_json::json!({"by": {"user": "mallory", "machine": "x"}, "certificate": certificate.trim()});
    pair.app.everywhere(&format!(
        "cd {dir} && printf '%s\\n' '{}' >s && echo '{by}' >approval.json && mv s approval.sig",
        signature.trim()
    ));
    asking.until("it knows no authority");
    assert_eq!(pair.app.versions("web-2"), ["1.0"]);
    // The server's own authority: that counts, and who it is stands in the record.
    pair.ben(&["approve", &asking.run, "--yes"]).ends(0);
    let run = asking.run.clone();
    let text = asking.ends(0);
    assert!(text.contains("approved by ben@") && text.contains("certified as ben"), "{text}");
    assert_eq!(pair.app.versions("web-2"), ["1.1"]);
    let kept = pair.app.on("web-2", &format!("cat .midwatch/runs/{run}/approval.json"));
    assert!(kept.contains("ssh-ed25519-cert-v01@openssh.com"), "{kept}");
}
