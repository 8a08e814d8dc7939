//! The lab that `MIDWATCH_LAB` names (`tests/run --lab-only up`), as far as benches need it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use super::Outcome;

/// The lab that is up.
pub struct Lab(Value);

impl Lab {
    /// The lab; `None` where there is none, after saying so loudly.
    pub fn get(what: &str) -> Option<Self> {
        let path = std::env::var_os("MIDWATCH_LAB");
        let text = path.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let lab = text.and_then(|text| serde_json::from_str(&text).ok()).map(Self);
        if lab.is_none() {
            println!("NOT MEASURED: {what}. It needs the lab: `tests/run --lab-only up`, then");
            println!("`eval \"$(tests/lab/env)\"`, then this again.");
        }
        lab
    }

    /// A path at a JSON pointer of `lab.json`.
    pub fn path(&self, pointer: &str) -> Outcome<PathBuf> {
        let text = self.0.pointer(pointer).and_then(Value::as_str);
        Ok(text.ok_or_else(|| format!("lab.json has nothing at {pointer}"))?.into())
    }

    /// The lab's folder.
    pub fn folder(&self) -> Outcome<PathBuf> {
        let path = self.path("/ssh_config")?;
        Ok(path.parent().ok_or("ssh_config stands in no folder")?.to_owned())
    }

    /// A configuration of these servers and nothing else.
    pub fn config(&self, servers: &[&str]) -> Outcome<String> {
        let (ssh, known) = (self.path("/ssh_config")?, self.folder()?.join("known_hosts"));
        let (ssh, known) = (ssh.display(), known.display());
        let mut text = format!("[ssh]\nconfig = '{ssh}'\nknown_hosts = ['{known}']\nagent = false\n");
        for server in servers {
            writeln!(text, "[servers.{server}]")?;
        }
        Ok(text)
    }

    /// The OpenSSH client with a command there.
    pub fn ssh(&self, server: &str, command: &str) -> Outcome<Command> {
        let mut ssh = Command::new("ssh");
        ssh.arg("-nF").arg(self.path("/ssh_config")?).args(["-o", "BatchMode=yes", server, command]);
        Ok(ssh)
    }

    /// Runs a command there; what it says where it fails is the error.
    pub fn run(&self, server: &str, command: &str) -> Outcome<String> {
        let Output { status, stdout, stderr } = self.ssh(server, command)?.output()?;
        if !status.success() {
            return Err(format!("{server}: {command}: {}", String::from_utf8_lossy(&stderr)).into());
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }
}
