//! The program itself, as a shell runs it: no lab, no terminal, no network.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_midwatch");

/// Runs it with a home of its own, so that nobody's configuration counts.
fn run(args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(PROGRAM)
        .args(args)
        .env_remove("MIDWATCH_CONFIG")
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path())
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Holds a generated document against what the code makes; `UPDATE=1` writes it anew.
fn fresh(path: &str, made: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(here(path), made).unwrap();
    }
    let there = fs::read_to_string(here(path)).unwrap_or_default();
    assert!(there == made, "{path} is not what the code makes; UPDATE=1 writes it anew");
}

#[test]
fn help_names_every_subcommand_and_nonsense_is_a_usage_error() {
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    for word in ["status", "logs", "check", "config", "doctor", "init", "record", "replay", "demo", "keys"] {
        assert!(out(&help).contains(&format!("\n  {word} ")), "{word} is not in the help");
    }
    assert_eq!(code(&run(&["frobnicate"])), 2);
}

#[test]
fn completions_come_for_each_shell() {
    for (shell, word) in
        [("bash", "complete "), ("zsh", "#compdef midwatch"), ("fish", "complete -c midwatch")]
    {
        let made = run(&["completions", shell]);
        assert_eq!(code(&made), 0);
        assert!(out(&made).contains(word) && out(&made).contains("replay"), "{shell}");
    }
}

#[test]
fn the_manual_page_is_one() {
    let page = out(&run(&["man"]));
    assert!(page.contains(".TH midwatch") && page.contains("read\\-only"), "{page}");
}

#[test]
fn the_documents_are_what_the_code_says() {
    let keys = run(&["keys"]);
    assert_eq!(code(&keys), 0);
    assert!(out(&keys).starts_with("## "));
    fresh(
        "docs/keys.md",
        &format!(
            "# Keys\n\nWritten from the actions themselves; `midwatch keys` prints those of your configuration.\n\n{}",
            out(&keys)
        ),
    );
    fresh("docs/cli.md", &midwatch::cli::shell::markdown());
}

#[test]
fn a_configuration_is_checked_with_every_mistake_in_its_place() {
    let good = run(&["config", "check", "--config", here("config.example.toml").to_str().unwrap()]);
    assert_eq!(code(&good), 0, "{}", err(&good));
    assert!(out(&good).contains("is good"));
    let bad =
        run(&["config", "check", "--config", here("tests/config/invalid/checks.toml").to_str().unwrap()]);
    assert_eq!(code(&bad), 2);
    assert!(err(&bad).contains("checks.toml:") && err(&bad).contains('^'), "{}", err(&bad));
    assert_eq!(code(&run(&["config", "check", "--config", "/no/such/file.toml"])), 2);
}

#[test]
fn the_environment_names_a_configuration_and_an_argument_comes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (bad, good) = (folder.path().join("bad.toml"), folder.path().join("good.toml"));
    fs::write(&bad, "[servers.a]\nadress = \"h\"\n").unwrap();
    fs::write(&good, "[servers.a]\naddress = \"h\"\n").unwrap();
    let with = |args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(args).env("MIDWATCH_CONFIG", &bad).env("HOME", folder.path()).output().unwrap()
    };
    let said = with(&["config", "check"]);
    assert_eq!(code(&said), 2);
    assert!(err(&said).contains("bad.toml:2") && err(&said).contains("address"), "{}", err(&said));
    assert_eq!(code(&with(&["config", "check", "--config", good.to_str().unwrap()])), 0);
}

#[test]
fn a_check_that_fails_or_does_not_end_is_in_the_status_and_in_its_exit() {
    // It takes a connection and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let text = format!(
        "[servers.me]\nlocal = true\ncollect = {{ containers = false, units = false }}\n\
         [checks.closed]\nkind = \"tcp\"\naddress = \"127.0.0.1:1\"\n\
         [checks.silent]\nkind = \"http\"\nurl = \"http://{}/\"\ndeadline = \"20s\"\ninterval = \"1m\"\n",
        silent.local_addr().unwrap()
    );
    fs::write(&path, text).unwrap();
    let ran = run(&["status", "--json", "--deadline", "3", "--config", path.to_str().unwrap()]);
    assert_eq!(code(&ran), 1, "{}", err(&ran));
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let health = |n: usize| report["checks"][n]["health"].as_str().unwrap().to_owned();
    assert_eq!((health(0), health(1)), ("down".to_owned(), "unknown".to_owned()), "{}", out(&ran));
    assert!(report["servers"][0]["vitals"]["clock_offset_ms"].is_number(), "{}", out(&ran));
}

#[test]
fn a_check_that_is_not_there_is_named_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, "[checks.front]\nkind = \"tcp\"\naddress = \"127.0.0.1:1\"\ndeadline = \"2s\"\n")
        .unwrap();
    let config = path.to_str().unwrap();
    let unknown = run(&["check", "--config", config, "frnt"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("did you mean front?"), "{}", err(&unknown));
    let failing = run(&["check", "--config", config, "--json", "front"]);
    assert_eq!(code(&failing), 1, "{}", err(&failing));
    let report: Value = serde_json::from_slice(&failing.stdout).unwrap();
    assert_eq!(report["checks"][0]["name"], "front");
    assert_eq!(report["checks"][0]["health"], "down");
    // Where nothing was judged, nothing is said to be well.
    fs::write(&path, "[servers.local]\n").unwrap();
    let none = run(&["check", "--config", config]);
    assert_eq!(code(&none), 2);
    assert!(
        err(&none).contains("none is configured") && err(&none).contains("[checks.NAME]"),
        "{}",
        err(&none)
    );
}

#[test]
fn a_check_of_something_that_listens_is_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(
        &path,
        format!("[checks.front]\nkind = \"tcp\"\naddress = \"{}\"\n", listener.local_addr().unwrap()),
    )
    .unwrap();
    let good = run(&["check", "--config", path.to_str().unwrap()]);
    assert_eq!(code(&good), 0, "{}{}", out(&good), err(&good));
}

/// The fields of an object that are promised, wherever it is.
fn has(value: &Value, at: &str, names: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{at} is no object"));
    for name in names {
        assert!(object.contains_key(*name), "{at} has no {name}");
    }
}

const ROOT: &[&str] = &["as_of", "servers", "apps", "checks", "problems"];
const SERVER: &[&str] =
    &["name", "environment", "health", "reason", "as_of", "vitals", "containers", "units_failed"];
const VITALS: &[&str] = &["cpu_pct", "mem_pct", "swap_pct", "load1", "uptime_s", "clock_offset_ms", "disks"];

#[test]
fn what_is_switched_off_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let path = file.to_str().unwrap();
    for on in ["vitals", "nothing"] {
        let switches = ["vitals", "containers", "units", "journal", "files"];
        let switches: Vec<String> = switches.iter().map(|it| format!("{it} = {}\n", *it == on)).collect();
        fs::write(&file, format!("[servers.me]\nlocal = true\n[servers.me.collect]\n{}", switches.concat()))
            .unwrap();
        let started = std::time::Instant::now();
        let status = run(&["--config", path, "status", "--json", "--deadline", "30"]);
        assert!(started.elapsed().as_secs() < 15, "only {on} on: {:?}", started.elapsed());
        let report: Value = serde_json::from_slice(&status.stdout).unwrap();
        assert_eq!(report["servers"][0]["name"], "me", "{}", err(&status));
        assert_eq!(report["servers"][0]["vitals"]["mem_pct"].is_number(), on == "vitals", "{report}");
    }
}

#[test]
fn the_status_of_this_machine_has_the_promised_fields() {
    let status = run(&["status", "--json", "--deadline", "10"]);
    assert!([0, 1].contains(&code(&status)), "{}", err(&status));
    let report: Value = serde_json::from_slice(&status.stdout).unwrap();
    has(&report, "the report", ROOT);
    let server = &report["servers"][0];
    has(server, "servers[]", SERVER);
    has(&server["vitals"], "vitals", VITALS);
    assert!(server["vitals"]["uptime_s"].as_u64().unwrap() > 0);
    assert!(server["vitals"]["mem_pct"].as_f64().unwrap() > 0.0);
    for disk in server["vitals"]["disks"].as_array().unwrap() {
        has(disk, "disks[]", &["mount", "used_pct", "inodes_pct"]);
    }
}

/// Every path of a JSON value, lists with `[]`.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let list = if value.is_array() { "[]" } else { "" };
                let at = format!("{at}{name}{list}");
                paths(value, &format!("{at}."), found);
                found.insert(at);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, at, found)),
        _ => {}
    }
}

/// The report on the demo at its worst has everything in it: its fields and the document's are the
/// same.
#[test]
fn the_schema_is_described() {
    let report = midwatch::cli::status::report::Report::of(&crate::demo::told(60));
    let report: Value = serde_json::from_str(&report.json()).unwrap();
    let mut printed = BTreeSet::new();
    paths(&report, "", &mut printed);
    // A list that is `null` on one server is a list on another.
    let lists: BTreeSet<String> =
        printed.iter().filter_map(|path| path.strip_suffix("[]").map(str::to_owned)).collect();
    printed.retain(|path| !lists.contains(path));
    let document = fs::read_to_string(here("docs/status.md")).unwrap();
    let told: BTreeSet<String> = document
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
        .collect();
    assert_eq!(told, printed);
}

fn replay(text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it.jsonl");
    fs::write(&path, text).unwrap();
    run(&["replay", path.to_str().unwrap()])
}

#[test]
fn a_bad_recording_is_refused_with_the_line() {
    let good = fs::read_to_string(here("src/cli/demo.jsonl")).unwrap();
    let first: Vec<&str> = good.lines().take(4).collect();
    let cases = [
        (String::new(), "line 1"),
        ("\u{0}\u{1}garbage\n".to_owned(), "line 1"),
        ("{\"midwatch_recording\":99}\n".to_owned(), "format 99"),
        (format!("{}\n", first[0]), "line 2"),
        (format!("{}\n{{\"at\":1}}\n{}\n", first[0], first[1]), "line 2"),
        (format!("{}\n", first[1..].join("\n")), "line 1"),
    ];
    for (text, word) in cases {
        let refused = replay(&text);
        assert_eq!(code(&refused), 2, "{word}: {}", err(&refused));
        assert!(err(&refused).contains(word), "{word} is not in: {}", err(&refused));
    }
    assert_eq!(code(&run(&["replay", "--speed", "0", "x"])), 2);
}

#[test]
fn the_demo_starts_and_ends_under_a_pseudo_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let screen = folder.path().join("screen");
    let line = format!("stty cols 100 rows 30; {PROGRAM} demo --speed 20");
    // `q` after a moment: what the console reads is what this writes.
    let script = Command::new("sh")
        .arg("-c")
        .arg(format!("(sleep 3; printf q) | script -qec '{line}' {}", screen.display()))
        .env("TERM", "xterm-256color")
        .env("SHELL", "/bin/sh")
        .output()
        .unwrap();
    if String::from_utf8_lossy(&script.stderr).contains("not found") {
        eprintln!("LEFT OUT: there is no `script` command here, so the demo was not started");
        return;
    }
    let shown = String::from_utf8_lossy(&fs::read(&screen).unwrap()).into_owned();
    assert!(shown.contains("\x1b[?1049h"), "the screen was not taken: {shown:?}");
    assert!(shown.contains("web-1") && shown.contains("db-1"), "{shown:?}");
    assert!(shown.contains("\x1b[?1049l"), "the screen was not given back");
}

#[test]
fn a_first_configuration_is_written_once_and_loads() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("new/config.toml");
    let init = |args: &[&str]| {
        Command::new(PROGRAM)
            .args(["init", "--deadline", "5", "--config"])
            .arg(&config)
            .args(args)
            .env("HOME", home.path())
            .env_remove("DOCKER_HOST")
            .output()
            .unwrap()
    };
    let unknown = init(&["--server", "locl"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("did you mean local?"), "{}", err(&unknown));
    let written = init(&["--server", "local"]);
    assert_eq!(code(&written), 0, "{}", err(&written));
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("[servers.local]"));
    assert_eq!(code(&run(&["config", "check", "--config", config.to_str().unwrap()])), 0);
    let again = init(&["--server", "local"]);
    assert_ne!(code(&again), 0);
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
}

/// A context of the Docker client for an engine over SSH is a server; one that cannot be reached now too.
#[test]
fn a_docker_context_becomes_a_server() {
    let home = tempfile::tempdir().unwrap();
    let (config, docker) = (home.path().join("config.toml"), home.path().join("docker"));
    // As the client stores it: the folder is the SHA-256 of the name.
    let meta = "contexts/meta/6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77";
    fs::create_dir_all(docker.join(meta)).unwrap();
    let text = r#"{"Name":"prod","Metadata":{"Description":"the shop"},
        "Endpoints":{"docker":{"Host":"ssh://ops@127.0.0.1:1","SkipTLSVerify":false}}}"#;
    fs::write(docker.join(meta).join("meta.json"), text).unwrap();
    let init = |server: &str| {
        Command::new(PROGRAM)
            .args(["init", "--deadline", "3", "--server", server, "--config"])
            .arg(&config)
            .env("HOME", home.path())
            .env("DOCKER_CONFIG", &docker)
            .env_remove("DOCKER_HOST")
            .output()
            .unwrap()
    };
    assert!(err(&init("pord")).contains("did you mean prod?"));
    let written = init("prod");
    assert_eq!(code(&written), 0, "{}", err(&written));
    let text = fs::read_to_string(&config).unwrap();
    let server: toml::Table = text.parse().unwrap();
    let server = server["servers"]["prod"].as_table().unwrap();
    assert_eq!(server["address"].as_str(), Some("127.0.0.1"), "{text}");
    assert_eq!(server["user"].as_str(), Some("ops"), "{text}");
    assert_eq!(server["port"].as_integer(), Some(1), "{text}");
    assert!(!text.contains("[servers.local]"), "only what was picked: {text}");
    assert_eq!(code(&run(&["config", "check", "--config", config.to_str().unwrap()])), 0);
}

#[test]
fn this_machine_is_examined() {
    let doctor = run(&["doctor", "--json", "local"]);
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let steps = report["servers"][0]["steps"].as_array().unwrap();
    let shell = steps.iter().find(|step| step["step"] == "shell").unwrap();
    assert_eq!(shell["outcome"], "good");
    assert_eq!(code(&run(&["doctor", "lcal"])), 2);
}

#[test]
fn lines_of_a_file_are_read_narrowed_and_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "2026-11-20T03:00:01Z INFO begin\n2026-11-20T03:00:02Z ERROR it broke\n2026-11-20T03:00:03Z INFO end\n").unwrap();
    let target = format!("local/{}", path.display());
    let broken = run(&["logs", &target, "--grep", "br[o]ke", "--json"]);
    assert_eq!(code(&broken), 0, "{}", err(&broken));
    let lines: Vec<Value> = out(&broken).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{}", out(&broken));
    assert_eq!(lines[0]["level"], "error");
    assert_eq!(lines[0]["server"], "local");
    let all = out(&run(&["logs", &target]));
    assert_eq!(all.lines().count(), 3);
    assert!(!all.contains('\x1b'));
    let unknown = run(&["logs", "locl"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("did you mean local?"), "{}", err(&unknown));
    assert_eq!(code(&run(&["logs", "--grep", "(", "local"])), 2);
    assert_eq!(code(&run(&["logs", "--since", "yesterday", "local"])), 2);
}
