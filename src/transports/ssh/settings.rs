//! How a server is reached: our own configuration, then the SSH configuration, then the defaults.
//! Reads files, opens no connection.

use std::path::{Path, PathBuf};

use super::config_file::{self, ConfigFileError, Said};
use super::target::SshTarget;
use super::words::{Operator, Tokens};

/// The keys that are tried where no configuration names one, as OpenSSH does.
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Everything that connecting needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name or address that is connected to.
    pub host: String,
    /// The name that known-hosts files have it under, where `HostKeyAlias` says another.
    pub key_alias: Option<String>,
    /// The port.
    pub port: u16,
    /// The user there.
    pub user: String,
    /// Private key files, in the order in which they are offered.
    pub identities: Vec<PathBuf>,
    /// Whether only these are offered, of the agent's keys too.
    pub identities_only: bool,
    /// Certificate files that were named; those beside a key are found by themselves.
    pub certificates: Vec<PathBuf>,
    /// The agent's socket.
    pub agent: Option<PathBuf>,
    /// The servers in between, the nearest to us first.
    pub jumps: Vec<String>,
    /// The user's known-hosts files; an accepted key is added to the first.
    pub known_hosts: Vec<PathBuf>,
    /// The system's known-hosts files, only read.
    pub global_known_hosts: Vec<PathBuf>,
}

/// Resolves a target for whoever runs this process.
pub fn resolve(target: &SshTarget, operator: &Operator) -> Result<Settings, ConfigFileError> {
    let original = target.address.as_deref().unwrap_or(target.server.as_str());
    let files = match &target.ssh_config {
        Some(file) => vec![file.clone()],
        None => vec![operator.home.join(".ssh/config"), PathBuf::from("/etc/ssh/ssh_config")],
    };
    let said = config_file::read(&files, original, operator)?;
    let host = match &said.host_name {
        Some(name) => name.replace("%h", original).replace("%%", "%"),
        None => original.to_owned(),
    };
    let user = target.user.clone().or_else(|| said.user.clone()).unwrap_or_else(|| operator.user.clone());
    let port = target.port.or(said.port).unwrap_or(22);
    let tokens = Tokens { operator, host: &host, original, port, user: &user };
    let value = ConfigFileError::Value;
    let paths = |list: &[String]| {
        list.iter()
            .filter(|path| *path != "none")
            .map(|path| tokens.path(path))
            .collect::<Result<Vec<_>, _>>()
            .map_err(value)
    };
    let identities = if target.identity.is_empty() {
        if said.identity_files.is_empty() {
            DEFAULT_KEYS.iter().map(|name| operator.home.join(".ssh").join(name)).collect()
        } else {
            paths(&said.identity_files)?
        }
    } else {
        target.identity.iter().map(|path| home_of(path, operator)).collect()
    };
    let known_hosts = match (&target.known_hosts[..], &said.user_known_hosts) {
        (files @ [_, ..], _) => files.iter().map(|file| home_of(file, operator)).collect(),
        ([], Some(files)) => paths(files)?,
        ([], None) => vec![operator.home.join(".ssh/known_hosts"), operator.home.join(".ssh/known_hosts2")],
    };
    let global_known_hosts = match &said.global_known_hosts {
        _ if !target.known_hosts.is_empty() => Vec::new(),
        Some(files) => paths(files)?,
        None => ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from).to_vec(),
    };
    Ok(Settings {
        key_alias: said.host_key_alias.clone(),
        port,
        identities,
        // A key that our own configuration names is meant to be the one, whatever the agent holds.
        identities_only: said.identities_only.unwrap_or(!target.identity.is_empty()),
        certificates: paths(&said.certificate_files)?,
        agent: if target.agent { agent(&said, &tokens).map_err(value)? } else { None },
        jumps: jumps(target.jump.as_deref().or(said.jump.as_deref())),
        known_hosts,
        global_known_hosts,
        user: user.clone(),
        host: host.clone(),
    })
}

fn home_of(path: &Path, operator: &Operator) -> PathBuf {
    path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| operator.home.join(rest))
}

/// `IdentityAgent`: a path, `SSH_AUTH_SOCK`, `$VARIABLE` or `none`; without it `$SSH_AUTH_SOCK`.
fn agent(said: &Said, tokens: &Tokens) -> Result<Option<PathBuf>, String> {
    let variable = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    match said.identity_agent.as_deref() {
        None | Some("SSH_AUTH_SOCK") => Ok(variable("SSH_AUTH_SOCK")),
        Some("none") => Ok(None),
        Some(text) => match text.strip_prefix('$').filter(|name| !name.starts_with('{')) {
            Some(name) => Ok(variable(name)),
            None => tokens.path(text).map(Some),
        },
    }
}

fn jumps(list: Option<&str>) -> Vec<String> {
    match list {
        None | Some("none" | "") => Vec::new(),
        Some(list) => list.split(',').map(|jump| jump.trim().to_owned()).collect(),
    }
}

/// One jump as a target: `[user@]host[:port]`, `ssh://` before it allowed, IPv6 in brackets.
pub(crate) fn jump_target(spec: &str, like: &SshTarget) -> SshTarget {
    let text = spec.strip_prefix("ssh://").unwrap_or(spec).trim_end_matches('/');
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user.to_owned()), rest),
        None => (None, text),
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|tail| tail.split_once(']')) {
        Some((host, tail)) => (host, tail.strip_prefix(':').and_then(|port| port.parse().ok())),
        None => match rest.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, port.parse().ok()),
            _ => (rest, None),
        },
    };
    SshTarget {
        address: Some(host.to_owned()),
        user,
        port,
        ssh_config: like.ssh_config.clone(),
        known_hosts: like.known_hosts.clone(),
        agent: like.agent,
        ..SshTarget::new(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(config: &str, change: impl FnOnce(&mut SshTarget)) -> Settings {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, config).unwrap();
        let mut target = SshTarget { ssh_config: Some(file), ..SshTarget::new("web") };
        change(&mut target);
        resolve(&target, &Operator::new(Path::new("/home/me"), "me")).unwrap()
    }

    #[test]
    fn without_any_word_the_defaults_hold() {
        let settings = settings("", |_| {});
        assert_eq!((settings.host.as_str(), settings.port, settings.user.as_str()), ("web", 22, "me"));
        assert_eq!(settings.identities[0], Path::new("/home/me/.ssh/id_ed25519"));
        assert_eq!(settings.known_hosts[0], Path::new("/home/me/.ssh/known_hosts"));
        assert!(!settings.identities_only);
    }

    #[test]
    fn the_ssh_configuration_fills_in_and_ours_goes_before() {
        let config = "Host web\nHostName %h.example.net\nUser deploy\nPort 2222\nIdentityFile ~/.ssh/%r\nProxyJump a,b\n";
        let theirs = settings(config, |_| {});
        assert_eq!((theirs.host.as_str(), theirs.port), ("web.example.net", 2222));
        assert_eq!(theirs.identities, [Path::new("/home/me/.ssh/deploy")]);
        assert_eq!(theirs.jumps, ["a", "b"]);
        let ours = settings(config, |target| {
            target.port = Some(22);
            target.user = Some("root".to_owned());
            target.identity = vec!["~/k".into()];
            target.jump = Some("none".to_owned());
        });
        assert_eq!((ours.user.as_str(), ours.port), ("root", 22));
        assert_eq!(
            (ours.identities.as_slice(), ours.identities_only),
            (&[PathBuf::from("/home/me/k")][..], true)
        );
        assert!(ours.jumps.is_empty());
    }

    #[test]
    fn an_address_is_looked_up_as_ssh_would() {
        let settings = settings("Host 10.0.0.*\nUser ops\nHost web\nUser no\n", |target| {
            target.address = Some("10.0.0.7".to_owned());
        });
        assert_eq!((settings.user.as_str(), settings.host.as_str()), ("ops", "10.0.0.7"));
    }

    #[test]
    fn jumps_are_read_in_all_their_forms() {
        let like = SshTarget::new("x");
        let read = |spec| {
            let jump = jump_target(spec, &like);
            (jump.user, jump.address, jump.port)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("gate"), (None, some("gate"), None));
        assert_eq!(read("me@gate:2222"), (some("me"), some("gate"), Some(2222)));
        assert_eq!(read("ssh://me@[2001:db8::7]:22/"), (some("me"), some("2001:db8::7"), Some(22)));
        assert_eq!(read("2001:db8::7"), (None, some("2001:db8::7"), None));
    }
}
