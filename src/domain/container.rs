//! Containers as the engine tells of them.

use serde::{Deserialize, Serialize};

use super::health::{Health, Verdict};
use super::ids::ContainerId;
use super::quantity::{Bytes, Percent};
use super::time::Timestamp;

/// The engine's word for what a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Its process runs.
    Running,
    /// Frozen.
    Paused,
    /// Between two tries of its restart policy.
    Restarting,
    /// Being removed.
    Removing,
    /// Its process ended.
    Exited,
    /// The engine failed to remove it.
    Dead,
    /// A word that we do not know.
    Unknown,
}

impl ContainerState {
    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
        }
    }
}

/// What the image's own health check says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerHealth {
    /// The image has none.
    #[default]
    None,
    /// Not judged yet.
    Starting,
    /// Passing.
    Healthy,
    /// Failing.
    Unhealthy,
}

/// Whether the engine starts a container again that ended
/// (<https://docs.docker.com/engine/containers/start-containers-automatically/>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// It was not told.
    #[default]
    Unknown,
    /// Never.
    No,
    /// After a failure, perhaps so many times.
    OnFailure,
    /// Always; also when the engine starts.
    Always,
    /// Always, unless a person stopped it.
    UnlessStopped,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Inside.
    pub container: u16,
    /// On the server, with the address it listens on; `None` where it is not published.
    pub host: Option<(String, u16)>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// What a container uses; rates over the time since the sample before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerUsage {
    /// Of one processor: two busy cores are 200 %.
    pub cpu: Percent,
    /// Memory without the page cache.
    pub memory: Bytes,
    /// Its limit; `None` where it has the whole machine.
    pub memory_limit: Option<Bytes>,
    /// Received, bytes a second; `None` where the engine does not count it: a container in its server's
    /// own network has no interface of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Bytes>,
    /// Sent, bytes a second; `None` as for what is received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Bytes>,
    /// Read from block devices, bytes a second; `None` where the kernel counts none for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Bytes>,
    /// Written to block devices, bytes a second; `None` as for what is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Bytes>,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// The engine's id.
    pub id: ContainerId,
    /// Its name, without the leading slash.
    pub name: String,
    /// The Compose project, where it belongs to one.
    pub project: Option<String>,
    /// The Compose service, where it belongs to one.
    pub service: Option<String>,
    /// The image as it was asked for.
    pub image: String,
    /// The digest (`sha256:…`) of what runs, where the engine knows one from a registry.
    pub digest: Option<String>,
    /// What it does.
    pub state: ContainerState,
    /// What its own health check says.
    pub health: ContainerHealth,
    /// Restarts by its policy since it was made.
    pub restarts: u32,
    /// Whether it is started again when it ends.
    #[serde(default)]
    pub restart_policy: RestartPolicy,
    /// Whether the kernel killed it for memory the last time it ended.
    pub oom_killed: bool,
    /// How its process ended, where it did.
    pub exit_code: Option<i32>,
    /// When its process last started (the server's clock).
    pub started_at: Option<Timestamp>,
    /// When its process last ended (the server's clock).
    pub finished_at: Option<Timestamp>,
    /// Its ports.
    pub ports: Vec<Port>,
}

impl Container {
    /// Its verdict. A one-off that ended with zero is up: it did what it was there for. One that the
    /// engine would always start again does not end by itself: someone stopped it, whatever its exit
    /// code is, and it is degraded. Codes from 125 to 128 are the engine's own and the shell's for what
    /// could not be started (<https://docs.docker.com/engine/containers/run/#exit-status>): down.
    pub fn verdict(&self) -> Verdict {
        match (self.state, self.health) {
            (ContainerState::Running, ContainerHealth::Unhealthy) => {
                Verdict::new(Health::Down, format!("{} fails its health check", self.name))
            }
            (ContainerState::Running, ContainerHealth::Starting) => {
                Verdict::new(Health::Unknown, format!("{} is starting", self.name))
            }
            (ContainerState::Running, ContainerHealth::None | ContainerHealth::Healthy) => Verdict::up(),
            (ContainerState::Restarting, _) => {
                Verdict::new(Health::Down, format!("{} keeps restarting{}", self.name, self.ending()))
            }
            (ContainerState::Exited, _) if self.was_stopped() => Verdict::new(
                Health::Degraded,
                format!("{} was stopped and is not started again{}", self.name, self.ending()),
            ),
            (ContainerState::Exited, _) if self.exit_code == Some(0) && !self.oom_killed => Verdict::up(),
            (ContainerState::Exited | ContainerState::Dead, _) => {
                Verdict::new(Health::Down, format!("{} ended{}", self.name, self.ending()))
            }
            (ContainerState::Paused, _) => Verdict::new(Health::Degraded, format!("{} is paused", self.name)),
            (ContainerState::Created | ContainerState::Removing | ContainerState::Unknown, _) => {
                Verdict::new(Health::Unknown, format!("{} is {}", self.name, self.state.word()))
            }
        }
    }

    fn was_stopped(&self) -> bool {
        let always = matches!(self.restart_policy, RestartPolicy::Always | RestartPolicy::UnlessStopped);
        always && !self.oom_killed && self.exit_code.is_some_and(|code| !(125..=128).contains(&code))
    }

    fn ending(&self) -> String {
        match (self.oom_killed, self.exit_code) {
            (true, _) => ", out of memory".to_owned(),
            (false, Some(code)) => format!(", exit {code}"),
            (false, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, restart_policy: RestartPolicy, oom_killed: bool) -> Verdict {
        Container {
            id: ContainerId::from("c1"),
            name: "shop-web-1".into(),
            project: None,
            service: None,
            image: "shop:1.0".into(),
            digest: None,
            state: ContainerState::Exited,
            health: ContainerHealth::None,
            restarts: 0,
            restart_policy,
            oom_killed,
            exit_code: Some(code),
            started_at: None,
            finished_at: None,
            ports: Vec::new(),
        }
        .verdict()
    }

    #[test]
    fn what_the_engine_would_start_again_was_stopped() {
        for policy in [RestartPolicy::Always, RestartPolicy::UnlessStopped] {
            let stopped = |code| {
                Verdict::new(
                    Health::Degraded,
                    format!("shop-web-1 was stopped and is not started again, exit {code}"),
                )
            };
            assert_eq!([ended(0, policy, false), ended(137, policy, false)], [stopped(0), stopped(137)]);
            assert_eq!(ended(127, policy, false).health, Health::Down, "it could not be started");
            assert_eq!(ended(137, policy, true).health, Health::Down, "the kernel is not a hand");
        }
    }

    #[test]
    fn what_nothing_starts_again_is_judged_by_its_exit_code() {
        for policy in [RestartPolicy::Unknown, RestartPolicy::No, RestartPolicy::OnFailure] {
            assert_eq!(ended(0, policy, false), Verdict::up());
            assert_eq!(ended(1, policy, false), Verdict::new(Health::Down, "shop-web-1 ended, exit 1"));
        }
    }
}
