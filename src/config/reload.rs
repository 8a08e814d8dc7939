//! Another configuration in place of the one in force: what differs, and keeping the old one when
//! the new one cannot be used. Noticing that the file changed is the runtime's.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;
use super::load::{LoadError, Loaded};
use super::report::Report;
use super::servers::{Jump, ServerConfig};
use crate::domain::ids::{AppId, CheckId, EnvironmentId, ServerId};

/// What differs between two maps, in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta<K> {
    /// Only in the new one.
    pub added: Vec<K>,
    /// Only in the old one.
    pub removed: Vec<K>,
    /// In both, but not the same.
    pub changed: Vec<K>,
}

impl<K: Ord + Clone> Delta<K> {
    fn of<V: PartialEq>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Self {
        let only = |a: &BTreeMap<K, V>, b: &BTreeMap<K, V>| {
            a.keys().filter(|key| !b.contains_key(key)).cloned().collect()
        };
        let changed = |(key, value): (&K, &V)| (new.get(key)? != value).then(|| key.clone());
        Self {
            added: only(new, old),
            removed: only(old, new),
            changed: old.iter().filter_map(changed).collect(),
        }
    }

    /// Whether nothing differs.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// What differs between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one for each section that is taken as a whole")]
pub struct Changes {
    /// Servers.
    pub servers: Delta<ServerId>,
    /// Servers of both whose connection must be made anew: how they are reached has changed, or how
    /// a server on the way to them is.
    pub reconnect: BTreeSet<ServerId>,
    /// Environments.
    pub environments: Delta<EnvironmentId>,
    /// Apps.
    pub apps: Delta<AppId>,
    /// Checks.
    pub checks: Delta<CheckId>,
    /// Sources of series.
    pub prometheus: Delta<String>,
    /// Logins of registries.
    pub registries: Delta<String>,
    /// Who is told of runs.
    pub notify: Delta<String>,
    /// Whether the global limits differ.
    pub thresholds: bool,
    /// Whether `[ui]` differs.
    pub ui: bool,
    /// Whether `[keys]` differs.
    pub keys: bool,
    /// Whether `[intervals]` differs.
    pub intervals: bool,
    /// Whether `[history]` differs.
    pub history: bool,
    /// Whether `[ssh]` differs.
    pub ssh: bool,
    /// Whether `[logs]` differs.
    pub logs: bool,
}

impl Changes {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        let sections =
            [self.thresholds, self.ui, self.keys, self.intervals, self.history, self.ssh, self.logs];
        self.servers.is_empty()
            && self.environments.is_empty()
            && self.apps.is_empty()
            && self.checks.is_empty()
            && self.prometheus.is_empty()
            && self.registries.is_empty()
            && self.notify.is_empty()
            && !sections.contains(&true)
    }
}

/// What differs.
pub fn diff(old: &Config, new: &Config) -> Changes {
    Changes {
        servers: Delta::of(&old.servers, &new.servers),
        reconnect: reconnect(old, new),
        environments: Delta::of(&old.environments, &new.environments),
        apps: Delta::of(&old.apps, &new.apps),
        checks: Delta::of(&old.checks, &new.checks),
        prometheus: Delta::of(&old.prometheus, &new.prometheus),
        registries: Delta::of(&old.registries, &new.registries),
        notify: Delta::of(&old.notify, &new.notify),
        thresholds: old.thresholds != new.thresholds,
        ui: old.ui != new.ui,
        keys: old.keys != new.keys,
        intervals: old.intervals != new.intervals,
        history: old.history != new.history,
        ssh: old.ssh != new.ssh,
        logs: old.logs != new.logs,
    }
}

fn reconnect(old: &Config, new: &Config) -> BTreeSet<ServerId> {
    let way = |it: &ServerConfig| {
        (it.local, it.address.clone(), it.user.clone(), it.port, it.identity.clone(), it.jump.clone())
    };
    let moved = |name: &ServerId| match (old.servers.get(name), new.servers.get(name)) {
        (Some(old), Some(new)) => way(old) != way(new),
        _ => false,
    };
    let ssh = (&old.ssh.config, &old.ssh.known_hosts, old.ssh.agent)
        != (&new.ssh.config, &new.ssh.known_hosts, new.ssh.agent);
    let both = |name: &&ServerId| old.servers.contains_key(*name);
    let mut anew: BTreeSet<ServerId> = new
        .servers
        .keys()
        .filter(both)
        .filter(|name| moved(name) || ssh && new.servers.get(*name).is_some_and(|it| !it.local))
        .cloned()
        .collect();
    // A way may lead over several servers: go on until nothing comes along.
    loop {
        let led_over: Vec<ServerId> = new
            .servers
            .iter()
            .filter(|(name, _)| both(name) && !anew.contains(*name))
            .filter(|(_, it)| {
                it.jump.iter().any(|jump| matches!(jump, Jump::Server(over) if anew.contains(over)))
            })
            .map(|(name, _)| name.clone())
            .collect();
        if led_over.is_empty() {
            return anew;
        }
        anew.extend(led_over);
    }
}

/// How a reload ended.
#[derive(Debug)]
pub enum Reload {
    /// The new configuration is in force.
    Taken {
        /// It.
        config: Box<Config>,
        /// What differs from the one before.
        changes: Box<Changes>,
        /// What looks wrong in it all the same; mostly empty.
        warnings: Report,
    },
    /// The old configuration stays; the console says so, with why.
    Kept(LoadError),
}

/// Reads again. `read` is what read the configuration at the start, layers and all.
pub fn reload(current: &Config, read: impl FnOnce() -> Result<Loaded, LoadError>) -> Reload {
    match read() {
        Ok(Loaded { config, warnings }) => {
            let changes = Box::new(diff(current, &config));
            Reload::Taken { config: Box::new(config), changes, warnings }
        }
        Err(error) => Reload::Kept(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, parse};

    fn config(text: &str) -> Config {
        parse(text, "test", Options::default()).unwrap().config
    }

    const OLD: &str = "
        [servers.gate]
        address = '192.0.2.1'
        [servers.inner]
        jump = 'gate'
        [servers.innermost]
        jump = 'inner'
        [servers.aside]
        [servers.old]
        [checks.ping]
        kind = 'tcp'
        address = '192.0.2.1:22'
        condition = 'latency < 1s'
    ";

    #[test]
    fn the_same_configuration_is_no_change_wherever_its_lines_stand() {
        let moved = format!("# a comment\n\n\n{OLD}");
        assert!(diff(&config(OLD), &config(&moved)).is_empty());
    }

    #[test]
    fn what_leads_over_a_changed_server_is_connected_anew() {
        let new = OLD
            .replace("192.0.2.1'", "192.0.2.2'")
            .replace("[servers.old]", "[servers.new]\n[servers.other]");
        let changes = diff(&config(OLD), &config(&new));
        let names = |all: &[ServerId]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&changes.servers.added), ["new", "other"]);
        assert_eq!(names(&changes.servers.removed), ["old"]);
        assert_eq!(names(&changes.servers.changed), ["gate"]);
        let anew: Vec<_> = changes.reconnect.iter().map(ServerId::as_str).collect();
        assert_eq!(anew, ["gate", "inner", "innermost"]);
        assert!(changes.checks.is_empty() && !changes.ui);
    }

    #[test]
    fn labels_need_no_new_connection() {
        let new = OLD.replace("[servers.aside]", "[servers.aside]\nlabels = { a = 'b' }");
        let changes = diff(&config(OLD), &config(&new));
        assert_eq!(changes.servers.changed.len(), 1);
        assert!(changes.reconnect.is_empty());
    }

    #[test]
    fn what_cannot_be_read_keeps_the_old_one() {
        let old = config(OLD);
        let kept = reload(&old, || parse("\u{0}\u{7f}garbage [[[", "test", Options::default()));
        assert!(matches!(kept, Reload::Kept(LoadError::Mistakes(_))));
    }
}
