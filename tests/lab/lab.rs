//! What `lab.json` says of the lab, and its tools as functions.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// The lab that is up.
pub struct Lab {
    json: Value,
}

impl Lab {
    /// The lab that `MIDWATCH_LAB` names.
    pub fn get() -> Self {
        let path = std::env::var_os("MIDWATCH_LAB").expect("MIDWATCH_LAB is not set: run tests/run");
        let text = std::fs::read_to_string(&path).expect("the lab is down: tests/run --lab-only up");
        Self { json: serde_json::from_str(&text).unwrap() }
    }

    /// The text or number at a JSON pointer of `lab.json`, such as `/postgres/here`.
    pub fn at(&self, pointer: &str) -> String {
        match self.json.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => panic!("lab.json has nothing at {pointer}"),
        }
    }

    pub fn path(&self, pointer: &str) -> PathBuf {
        self.at(pointer).into()
    }

    /// A field of the server called `name`: `port`, `host_key_fingerprint`.
    pub fn server(&self, name: &str, field: &str) -> String {
        let servers = self.json["servers"].as_array().unwrap();
        let at = servers.iter().position(|server| server["name"] == name).expect("no such server");
        self.at(&format!("/servers/{at}/{field}"))
    }

    pub fn port(&self, name: &str) -> u16 {
        self.server(name, "port").parse().unwrap()
    }

    /// Runs the OpenSSH client, as a peer that is known to work.
    pub fn ssh(&self, name: &str, command: &str) -> Output {
        Command::new("ssh")
            .arg("-nF")
            .arg(self.path("/ssh_config"))
            .args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=3", name, command])
            .output()
            .unwrap()
    }

    /// Breaks something until the value returned is dropped, however the test ends.
    #[must_use]
    pub fn fault(&self, verb: &str, server: &str, argument: &[&str]) -> Fault {
        // This tree's own, whichever tree the lab was started from.
        let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab/fault");
        let tool = if own.exists() { own } else { self.path("/tools/fault") };
        let fault = Fault { tool, server: server.to_owned() };
        fault.run(verb, argument);
        fault
    }
}

/// A fault that is in force; mended when dropped.
pub struct Fault {
    tool: PathBuf,
    server: String,
}

impl Fault {
    /// Another verb on the same server.
    pub fn run(&self, verb: &str, argument: &[&str]) {
        let done = Command::new(&self.tool).arg(verb).arg(&self.server).args(argument).status().unwrap();
        assert!(done.success(), "fault {verb} {} failed", self.server);
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        let _ = Command::new(&self.tool).args(["reset", &self.server]).status();
    }
}
